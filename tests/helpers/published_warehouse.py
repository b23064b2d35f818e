"""A small warehouse with lists of one run, and the file that it publishes."""

from __future__ import annotations

from pathlib import Path

import duckdb
from two_tower.python_udfs.publication.files import PublishedFile
from two_tower.python_udfs.publication.publish import Relation, publish

TABLES = ("recommendations", "model_registry", "ranker_registry", "stages")


class Warehouse:
    """A small warehouse whose lists are of one run."""

    def __init__(self, folder: Path, schema: str = "main") -> None:
        self.connection = duckdb.connect(str(folder / "shop's.duckdb"))
        self.file = PublishedFile(folder / "published.duckdb")
        self.schema = schema
        self.connection.execute(f"create schema if not exists {schema}; use {schema}")
        self.connection.execute(
            "create table stages as select 'production' as stage, 0 as cutoff, timestamp '2026-01-01' as as_of"
        )
        self.connection.execute("create view unavailable_items as select 'i9' as item_id")
        self.connection.execute("create table user_histories as select unnest([0, 1]) as cutoff, 'u1' as user_id")
        self.connection.execute(
            "create table item_embeddings as select unnest(['production', 'evaluation']) as stage, 'i1' as item_id, "
            "[1.0::float] as embedding"
        )
        self.lists("a")

    def lists(self, run: str) -> Warehouse:
        for registry in ("model_registry", "ranker_registry"):
            self.connection.execute(
                f"create or replace table {registry} as select 'production' as stage, '{run}' as run_id"
            )
        self.connection.execute(f"create or replace table recommendations as select 'u1' as user_id, '{run}' as run_id")
        self.connection.execute("comment on column recommendations.run_id is 'The run''s id.'")
        return self

    def publish(self, keep: int = 2) -> str:
        found = publish(self.connection, self.relations(), "published.duckdb", keep)
        return str(found.select("set_id").fetchall()[0][0])

    def relations(self) -> list[Relation]:
        tables = [*TABLES, "item_embeddings", "user_histories", "unavailable_items", "gates"]
        lists = f"{self.schema}.recommendations"
        macro = f"create or replace macro {self.schema}.lists_of(u) as table from {lists} where user_id = u"
        return [
            *(Relation(name, name, self.schema, "table", name != "user_histories", "", ()) for name in tables),
            Relation("lists_of", "lists_of", self.schema, "macro", True, macro, ("recommendations",)),
            Relation("why", "why", self.schema, "macro", True, "create macro why() as table from gates", ("gates",)),
        ]

    def read(self, sql: str) -> list[tuple[object, ...]]:
        with duckdb.connect(str(self.file.path), read_only=True) as reader:
            return reader.execute(sql).fetchall()
