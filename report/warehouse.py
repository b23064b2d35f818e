"""The database that dbt built, opened read-only, and the queries of the page on it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb
import jinja2

QUERIES = Path(__file__).parent / "queries"
MEMORY = "1GB"  # what does not fit goes to disk
LABELS = ("label", "name", "title", "display_name", "full_name")


class ReportError(Exception):
    """What stops the page, in words for the person who asked for it."""


@dataclass(frozen=True)
class Answer:
    """Rows of a query with the names of its columns, and the query as it ran."""

    columns: list[str]
    rows: list[tuple[Any, ...]]
    query: str

    @property
    def records(self) -> list[dict[str, Any]]:
        """The rows as dictionaries by column."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


@dataclass
class Warehouse:
    """Tables of one recommender. labels: the column with names, by "item" and "user", where it is not found by itself.

    items, users: ids that the page shows beside its sample. picture: column of the items with pictures, as content or
    as paths below the folder pictures_root.
    """

    connection: duckdb.DuckDBPyConnection
    labels: dict[str, str] = field(default_factory=dict)
    items: list[str] = field(default_factory=list)
    users: list[str] = field(default_factory=list)
    picture: str = ""
    pictures_root: str = "."

    @cached_property
    def tables(self) -> dict[str, dict[str, str]]:
        """Columns of every table and view that a query can name, each with its type, by table."""
        found: dict[str, dict[str, str]] = {}
        query = """select table_name, column_name, data_type from duckdb_columns()
            where database_name = current_database() and list_contains(current_schemas(false), schema_name)
            qualify dense_rank() over (
                partition by table_name order by list_position(current_schemas(false), schema_name)
            ) = 1
            order by table_name, column_index"""
        for table, column, type_ in self.connection.execute(query).fetchall():
            found.setdefault(table, {})[column] = type_
        return found

    def has(self, table: str, *columns: str) -> bool:
        """Whether there is a table with all of these columns."""
        return table in self.tables and self.tables[table].keys() >= set(columns)

    def label(self, kind: str) -> str | None:
        """Column of stg_items ("item") or stg_users ("user") that holds names for people; None = there is none.

        Raises ReportError where the column that was asked for is not there.
        """
        columns = self.tables.get(f"stg_{kind}s", {})
        given = self.labels.get(kind)
        if given and given not in columns:
            raise ReportError(f"stg_{kind}s has no column {given!r}; it has {', '.join(sorted(columns))}")
        ours = f"{kind}_label"
        if not given and ours in columns and self.value(f"select count({ours}) from stg_{kind}s"):
            return ours
        likely = (f"own_{ours}", f"{kind}_name", f"product_{LABELS[1]}", *LABELS)
        return given or next((name for name in likely if name in columns), None)

    def text(self, name: str, **values: Any) -> str:
        """The query of a file, with the columns of names and `values` put in."""
        return self._templates.get_template(f"{name}.sql").render(**values).strip()

    def missing(self, query: str) -> list[str]:
        """Tables that a query reads and that are not there."""
        return sorted(self.connection.get_table_names(query) - self.tables.keys())

    def answer(self, name: str, **values: Any) -> Answer:
        """Run the query of a file."""
        query = self.text(name, **values)
        result = self.connection.execute(query)
        return Answer([column[0] for column in result.description or []], result.fetchall(), query)

    def records(self, name: str, **values: Any) -> list[dict[str, Any]]:
        """Rows of a query as dictionaries; none where a table that it reads is missing."""
        return [] if self.missing(self.text(name, **values)) else self.answer(name, **values).records

    def value(self, query: str) -> Any:
        """The first value of a short query; None where it has no row, or where a table that it reads is missing."""
        if self.missing(query):
            return None
        row = self.connection.execute(query).fetchone()
        return row[0] if row else None

    @cached_property
    def served_policy(self) -> str:
        """Policy of the published lists: what users had is excluded, or it is not."""
        had = self.value("select count(*) from excluded_items where reason = 'had before'")
        return "unseen_only" if had else "allow_repeats"

    @cached_property
    def measured_length(self) -> int:
        """Length of the lists that the page speaks of in the evaluation: 10 where it was measured, else the longest."""
        return int(self.value("select coalesce(max(k) filter (where k = 10), max(k), 10) from recall_by_model") or 10)

    @cached_property
    def _templates(self) -> jinja2.Environment:
        templates = jinja2.Environment(  # SQL, not HTML: names and texts are quoted by the functions below
            loader=jinja2.FileSystemLoader(QUERIES),
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        templates.filters["literal"] = literal
        templates.globals.update(
            item_name=lambda table, key="item_id": self._name("item", table, key),
            user_name=lambda table, key="user_id": self._name("user", table, key),
            policy=self.served_policy,
            k=self.measured_length,
            has_rules=bool(self.value("select count(*) from active_rules")),
        )
        return templates

    def _name(self, kind: str, table: str, key: str) -> str:
        label = self.label(kind)
        return f"coalesce(cast({table}.{quoted(label)} as varchar), {key})" if label else key


def quoted(name: str) -> str:
    """A name as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: str) -> str:
    """A text as SQL writes it."""
    return "'" + value.replace("'", "''") + "'"


def opened(database: Path, schema: str | None = None) -> duckdb.DuckDBPyConnection:
    """The database, read-only, with the recommender's schema first in its search path.

    Raises:
        ReportError: there is no such file, a writer holds it, or it holds no lists.
    """
    if not database.is_file():
        raise ReportError(f"there is no database {database}; `dbt build` makes it")
    try:
        connection = duckdb.connect(str(database), read_only=True, config={"memory_limit": MEMORY})
    except duckdb.IOException as error:
        if "lock" not in str(error):
            raise ReportError(str(error)) from None
        raise ReportError(f"another process is writing to {database}; try again when dbt is done") from None
    connection.execute("set enable_progress_bar = false")
    query = "select distinct schema_name from duckdb_tables() where table_name = 'recommendations' order by 1"
    found = [name for (name,) in connection.execute(query).fetchall()]
    if schema not in found and (schema or len(found) != 1):
        connection.close()
        where = f"schemas {', '.join(found)}; choose one with --schema" if found else "no schema; `dbt build` makes it"
        raise ReportError(f"table recommendations is in {where}")
    look_first_in(connection, schema or found[0])
    return connection


def look_first_in(connection: duckdb.DuckDBPyConnection, schema: str) -> None:
    """Let queries name tables of all schemas, and find them in this one first."""
    query = """select distinct schema_name from duckdb_tables()
        where not internal and database_name = current_database() order by 1"""
    others = [name for (name,) in connection.execute(query).fetchall() if name != schema]
    connection.execute(f"set search_path = {literal(','.join(map(quoted, [schema, *others])))}")
