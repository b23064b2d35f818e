"""The tables of a built project that the searches of parameters read."""

from __future__ import annotations

from collections.abc import Iterable

import duckdb

VALIDATION_CUTOFF = 2  # a refresh leaves it and older ones out


def built_tables(
    connection: duckdb.DuckDBPyConnection, database: str, schema: str, names: Iterable[str]
) -> dict[str, duckdb.DuckDBPyRelation]:
    """Relations by name, cutoff_targets among them. Exits with what to do where one is not there or too short."""
    try:
        tables = {name: connection.table(f"{schema}.{name}") for name in names}
    except duckdb.CatalogException as error:
        raise SystemExit(
            f"{database}, schema {schema}: {error}; name the schema of the package's models with --schema, "
            "or build the project once: dbt build"
        ) from None
    ((oldest,),) = tables["cutoff_targets"].aggregate("coalesce(max(cutoff), 0)").fetchall()
    if oldest < VALIDATION_CUTOFF:
        raise SystemExit(
            f"{database}, schema {schema}: cutoff_targets ends at cutoff {oldest}, and a search needs "
            f"{VALIDATION_CUTOFF}; a refresh leaves them out: first dbt run --select +training_runs. Where that "
            "makes none, lower two_tower_test_days or load a longer past"
        )
    return tables
