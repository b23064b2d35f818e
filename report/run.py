"""The page of a run of dbt, for model report_page."""

from __future__ import annotations

import time
from datetime import datetime
from pathlib import Path

import duckdb


def page_of_run(connection: duckdb.DuckDBPyConnection, schema: str, out: str, title: str) -> duckdb.DuckDBPyRelation:
    """Write the page from the tables that the run has just built; a row of its path, seconds and bytes.

    Raises:
        ModuleNotFoundError: the extra `report` is not installed.
    """
    try:
        from .page import page, write
        from .warehouse import Warehouse, look_first_in
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"report_page: package {error.name} is not installed. Remedy: pip install './two_tower[report]', "
            "or take var two_tower_report_page away."
        ) from None
    started = time.perf_counter()
    reader = connection.cursor()  # whose search path is its own
    look_first_in(reader, schema)
    path = write(Path(out), page(Warehouse(reader), title, datetime.now()))
    row = [str(path), time.perf_counter() - started, path.stat().st_size]
    columns = "cast(? as varchar) as path, cast(? as double) as seconds, cast(? as bigint) as bytes"
    return connection.sql(f"select {columns}", params=row)
