"""What a profile names and DuckDB cannot use, told in two lines before dbt-duckdb shows a traceback of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
from dbt_common.exceptions import DbtRuntimeError

MEMORY = ("memory_limit", "max_memory")
LEAST_MEMORY = 95  # MiB, as DuckDB says 100MB; below, not even a shop of a hundred users is read


def refuse_database(path: str, waits: bool) -> None:
    """Raises DbtRuntimeError when another process has the file at `path` open, naming it, or when it is damaged.

    waits: whether dbt-duckdb waits for another process by itself.
    """
    if not Path(path).exists():
        return
    try:
        duckdb.connect(path).close()
    except duckdb.ConnectionException:
        return  # open in this process already, with other settings
    except duckdb.Error as error:
        said = str(error)
        if "Could not set lock" not in said:
            raise DbtRuntimeError(
                f"{path}: DuckDB {duckdb.__version__} cannot open it as a database ({said.splitlines()[0]}).\n"
                "Remedy: put a copy of the file back, or move it away with its .wal and run `dbt build`, which finds "
                "the trained models; of a newer DuckDB, install that one. Readers keep the published set."
            ) from None
        if not waits:
            holder = said.split("Conflicting lock is ")[-1].split(". See")[0]
            raise DbtRuntimeError(
                f"{path}: another process has the database open ({holder}).\n"
                "Remedy: close it there, or let dbt wait by `retries: {connect_attempts: 30, retryable_exceptions: "
                "[IOException]}` in profiles.yml."
            ) from None


def refuse_memory(settings: dict[str, Any]) -> None:
    """Raises DbtRuntimeError when a memory limit of the profile is none, or too low for any shop."""
    for name, value in settings.items():
        if name.lower() in MEMORY and (problem := problem_of_memory(str(value))):
            raise DbtRuntimeError(
                f"profiles.yml, {name} '{value}': {problem}.\n"
                f"Remedy: write {name}: '4GB', or half of what the machine has; see docs/reference/requirements.md."
            )


def problem_of_memory(limit: str) -> str:
    """Why a memory limit cannot be worked with; empty where it can."""
    with duckdb.connect() as connection:
        try:
            connection.execute(f"set memory_limit = '{limit.replace(chr(39), chr(39) * 2)}'")
        except duckdb.Error as error:
            return str(error).splitlines()[0]
        number, _, unit = connection.execute("select current_setting('memory_limit')").fetchall()[0][0].partition(" ")
    is_low = unit in ("byte", "bytes", "KiB") or (unit == "MiB" and float(number) < LEAST_MEMORY)
    return "is too low: no shop can be read with less than 100MB" if is_low else ""
