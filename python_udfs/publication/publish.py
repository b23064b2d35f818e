"""Publication: the tables of the warehouse that others read, written into a file of their own."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from .. import installation
from ..told_error import ToldError
from .exports import Exports
from .files import PublishedFile

COLUMNS = {
    "set_id": "varchar", "published_at": "timestamp", "schema_name": "varchar", "warehouse": "varchar",
    "towers_run_id": "varchar", "ranker_run_id": "varchar", "as_of": "timestamp", "previous_set_id": "varchar",
    "version": "varchar", "published_tables": "integer", "published_rows": "bigint",
}  # fmt: skip
OF_THIS_RUN = {"seconds": "double", "bytes": "bigint"}  # known when the set is written
ALIAS = "two_tower_publication"
STORAGE = "v1.4.0"  # the oldest DuckDB that reads the file: tools of readers lag behind the writer's


@dataclass(frozen=True)
class Relation:
    """A table, view or table macro to be published; `statement` creates a macro, which `reads` other models."""

    model: str
    name: str
    schema: str
    kind: str
    is_public: bool
    statement: str
    reads: tuple[str, ...]


def file_of(connection: duckdb.DuckDBPyConnection, name: str) -> PublishedFile | None:
    """The file called `name` beside the warehouse's; None without a name, and where the warehouse is in memory."""
    path = warehouse_of(connection)
    return PublishedFile(path.parent / name) if name and path else None


def warehouse_of(connection: duckdb.DuckDBPyConnection) -> Path | None:
    """File of the database that the connection writes to; None in memory."""
    query = "select path from duckdb_databases() where database_name = current_database()"
    ((path,),) = connection.execute(query).fetchall()
    return Path(path) if path and Path(path).is_file() else None


def publish(
    connection: duckdb.DuckDBPyConnection, relations: list[Relation], name: str, keep: int, exports: str = ""
) -> duckdb.DuckDBPyRelation:
    """Write the relations into a new set and put it in place; keep: most sets of the archive besides the served one.

    exports: folder of the exports, beside the warehouse; empty for none.
    Returns the row of the set, none where there is no file to publish to. Until the last rename nothing has changed for
    readers; a set that is not written to its end is deleted. Raises ToldError where it cannot be written.
    """
    file = file_of(connection, name)
    if file is None:
        return _row(connection, {}).filter("false")
    try:
        return _row(connection, _published(connection, relations, file, keep, exports))
    except (OSError, ValueError, duckdb.Error) as error:
        raise ToldError(
            f"publication: no set could be written to '{file.path}' ({str(error).splitlines()[0]}). Readers keep the "
            "set that they have.\nRemedy: make room on the disk or mend what is named, and publish: "
            "dbt run --select two_tower,publication+"
        ) from None


def _published(
    connection: duckdb.DuckDBPyConnection, relations: list[Relation], file: PublishedFile, keep: int, exports: str
) -> dict[str, Any]:
    """Columns of the set that was written and put in place."""
    started = time.perf_counter()
    keep = 0 if file.forgets.exists() else keep
    set_id = file.next_id()
    written = file.being_written(set_id)
    about = _about(connection, relations, file, set_id)
    try:
        with _attached(connection, written):
            rows = _write(connection, relations)
            about |= {"published_tables": len(rows), "published_rows": sum(rows.values())}
            _describe(connection, about, rows)
        size = written.stat().st_size
        folder = Exports(file.path.parent / exports) if exports else None
        with folder.next_of(written, keep) if folder else nullcontext():
            file.put_in_place(written, set_id, keep)
        file.forgets.unlink(missing_ok=True)
    finally:
        for path in file.unfinished():
            path.unlink(missing_ok=True)
    return {**about, "seconds": time.perf_counter() - started, "bytes": size}


def _row(connection: duckdb.DuckDBPyConnection, values: dict[str, Any]) -> duckdb.DuckDBPyRelation:
    """A row of the columns with their types, which an empty table needs as well."""
    kinds = COLUMNS | OF_THIS_RUN
    query = "select " + ", ".join(f"cast(? as {kind}) as {name}" for name, kind in kinds.items())
    return connection.sql(query, params=[values.get(name) for name in kinds])


def _about(
    connection: duckdb.DuckDBPyConnection, relations: list[Relation], file: PublishedFile, set_id: str
) -> dict[str, Any]:
    places = {relation.model: _place(relation) for relation in relations}
    schema = next(relation.schema for relation in relations if relation.model == "recommendations")

    def of_production(table: str, column: str) -> Any:
        query = f"select {column} from {places[table]} where stage = 'production'"
        row = connection.execute(query).fetchone()
        return row[0] if row else None

    warehouse = warehouse_of(connection)
    assert warehouse is not None
    return {
        "set_id": set_id,
        "published_at": datetime.now(UTC).replace(tzinfo=None, microsecond=0),
        "schema_name": schema,
        "warehouse": warehouse.name,
        "towers_run_id": of_production("model_registry", "run_id"),
        "ranker_run_id": of_production("ranker_registry", "run_id"),
        "as_of": of_production("stages", "as_of"),
        "previous_set_id": file.described().get("set_id"),
        "version": installation.version(),
    }


@contextmanager
def _attached(connection: duckdb.DuckDBPyConnection, path: Path) -> Iterator[None]:
    home = connection.execute("select current_database(), current_schema()").fetchone()
    assert home is not None
    connection.execute(f"attach '{str(path).replace(chr(39), chr(39) * 2)}' as {ALIAS} (storage_version '{STORAGE}')")
    try:
        yield
        connection.execute(f"checkpoint {ALIAS}")
    finally:
        connection.execute(f"use {_quoted(home[0])}.{_quoted(home[1])}")
        connection.execute(f"detach {ALIAS}")


def _write(connection: duckdb.DuckDBPyConnection, relations: list[Relation]) -> dict[str, int]:
    """Write tables, comments and macros in one transaction, so that all are of one moment; rows by table."""
    warehouse = _quoted(connection.execute("select current_database()").fetchall()[0][0])
    known = _columns(connection)
    rows: dict[str, int] = {}
    connection.execute("begin")
    try:
        for schema in {relation.schema for relation in relations}:
            connection.execute(f"create schema if not exists {ALIAS}.{_quoted(schema)}")
        for relation in relations:
            columns = known.get((relation.schema, relation.name))
            if relation.kind == "table" and columns is not None:
                place = _place(relation)
                query = f"create table {ALIAS}.{place} as from {warehouse}.{place}{_of_now(relation, columns)}"
                rows[relation.model] = connection.execute(query).fetchall()[0][0]
        _comment(connection, [relation for relation in relations if relation.model in rows])
        connection.execute(f"use {ALIAS}")  # a macro is created in the database in use, and finds its tables there
        for relation in relations:
            if relation.kind == "macro" and set(relation.reads) <= rows.keys():
                connection.execute(relation.statement)
        connection.execute("commit")
    except BaseException:
        with suppress(duckdb.Error):  # a full disk has ended the transaction already
            connection.execute("rollback")
        raise
    return rows


def _of_now(relation: Relation, columns: list[str]) -> str:
    """Of users and items by stage, and of what only macros read by cutoff, the rows of today."""
    if "stage" in columns and {"user_id", "item_id"} & set(columns):
        return " where stage = 'production'"
    by_cutoff = not relation.is_public and "cutoff" in columns and "stage" not in columns
    return " where cutoff = 0" if by_cutoff else ""


def _place(relation: Relation) -> str:
    return f"{_quoted(relation.schema)}.{_quoted(relation.name)}"


def _columns(connection: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], list[str]]:
    query = (
        "select schema_name, table_name, list(column_name) from duckdb_columns() "
        "where database_name = current_database() group by all"
    )
    return {(schema, table): columns for schema, table, columns in connection.execute(query).fetchall()}


def _comment(connection: duckdb.DuckDBPyConnection, written: list[Relation]) -> None:
    places = {(relation.schema, relation.name) for relation in written}
    query = """
        select 'table', schema_name, table_name, null, comment from duckdb_tables()
        where database_name = current_database() and comment is not null
        union all
        select 'table', schema_name, view_name, null, comment from duckdb_views()
        where database_name = current_database() and comment is not null
        union all
        select 'column', schema_name, table_name, column_name, comment from duckdb_columns()
        where database_name = current_database() and comment is not null and not internal
    """
    for kind, schema, table, column, comment in connection.execute(query).fetchall():
        if (schema, table) in places:
            names = ".".join(_quoted(name) for name in (schema, table, column) if name)
            text = comment.replace("'", "''")
            connection.execute(f"comment on {kind} {ALIAS}.{names} is '{text}'")


def _describe(connection: duckdb.DuckDBPyConnection, about: dict[str, Any], rows: dict[str, int]) -> None:
    place = f"{ALIAS}.{_quoted(about['schema_name'])}"
    columns = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
    connection.execute(f"create table {place}.published_set ({columns})")
    marks = ", ".join("?" * len(COLUMNS))
    connection.execute(f"insert into {place}.published_set values ({marks})", [about[name] for name in COLUMNS])
    connection.execute(f"create table {place}.published_tables (table_name varchar, published_rows bigint)")
    connection.executemany(
        f"insert into {place}.published_tables values (?, ?)", [list(entry) for entry in rows.items()]
    )


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
