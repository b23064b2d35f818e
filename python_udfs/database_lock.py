"""A database file that another process holds: told in two lines, where dbt-duckdb shows a traceback."""

from __future__ import annotations

from pathlib import Path

import duckdb
from dbt_common.exceptions import DbtRuntimeError


def refuse_locked(path: str) -> None:
    """Raises DbtRuntimeError naming the holder when another process has the file at `path` open."""
    if not Path(path).is_file():
        return
    try:
        duckdb.connect(path).close()
    except duckdb.IOException as error:
        if "lock" not in str(error):
            return  # dbt-duckdb's own attempt says what is wrong
        holder = str(error).split("Conflicting lock is ")[-1].split(". See")[0]
        raise DbtRuntimeError(
            f"{path}: another process has the database open ({holder}).\n"
            "Remedy: close it there, or let dbt wait by `retries: {connect_attempts: 30, retryable_exceptions: "
            "[IOException]}` in profiles.yml."
        ) from None
    except duckdb.Error:
        return  # open in this process already, with other settings
