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


def refuse_settings(settings: dict[str, Any], options: dict[str, Any], are_all_known: bool) -> None:
    """Raises DbtRuntimeError when DuckDB has no such setting, or the memory limit is too low for any shop.

    options: those that are given when the file is opened. are_all_known: whether no extension brings settings.
    """
    for name, value in {**options, **settings}.items():
        is_memory = name.lower() in MEMORY
        if is_memory or (are_all_known and name in settings):
            problem = problem_of(name, str(value), is_memory)
            if problem:
                remedy = "'4GB', or half of what the machine has" if is_memory else "as DuckDB knows it, or take it out"
                raise DbtRuntimeError(
                    f"profiles.yml, {name} '{value}': {problem}.\n"
                    f"Remedy: write {name}: {remedy}; see docs/reference/requirements.md."
                )


def problem_of(name: str, value: str, is_memory: bool) -> str:
    """Why a setting cannot be worked with; empty where it can."""
    with duckdb.connect() as connection:
        try:
            connection.execute(f"set {name} = '{value.replace(chr(39), chr(39) * 2)}'")
        except duckdb.Error as error:
            return " ".join(str(error).split())
        number, _, unit = connection.execute("select current_setting('memory_limit')").fetchall()[0][0].partition(" ")
    is_low = unit in ("byte", "bytes", "KiB") or (unit == "MiB" and float(number) < LEAST_MEMORY)
    return "is too low: no shop can be read with less than 100MB" if is_memory and is_low else ""
