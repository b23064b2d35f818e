"""Compiles some of the project's models, so that a test can run their SQL on many small shops in one connection."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import yaml
from helpers.dbt_runner import invoke
from two_tower.python_udfs.plugin import register

REPOSITORY = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Models:
    """SQL of models in the order in which they are built, and the types of the tables that they read."""

    sql: dict[str, str]
    upstream: dict[str, dict[str, str]]

    @classmethod
    def of(
        cls,
        folder: Path,
        models: dict[str, str],
        upstream: dict[str, dict[str, str]],
        replaced: dict[str, str] | None = None,
        **variables: Any,
    ) -> Models:
        """Compile `models` (name: folder) in a project of their own.

        upstream: columns and types by table. replaced: by its path, what a file of macros has instead of its own text.
        """
        for name, place in models.items():
            (folder / "models" / place).mkdir(parents=True, exist_ok=True)
            shutil.copy(REPOSITORY / "models" / place / f"{name}.sql", folder / "models" / place)
        (folder / "models" / "upstream").mkdir(parents=True, exist_ok=True)
        for name in upstream:
            (folder / "models" / "upstream" / f"{name}.sql").write_text("select 1 as nothing")
        shutil.copytree(REPOSITORY / "macros", folder / "macros")
        for path, text in (replaced or {}).items():
            assert (folder / "macros" / path).exists()
            (folder / "macros" / path).write_text(text)
        known = yaml.safe_load((REPOSITORY / "dbt_project.yml").read_text())["vars"]
        project = {"name": "two_tower", "version": "0.0.0", "profile": "two_tower", "vars": known | variables}
        output = {"type": "duckdb", "path": ":memory:", "plugins": [{"module": "two_tower.python_udfs.plugin"}]}
        (folder / "dbt_project.yml").write_text(yaml.safe_dump(project))
        (folder / "profiles.yml").write_text(
            yaml.safe_dump({"two_tower": {"target": "test", "outputs": {"test": output}}})
        )
        invoke(folder, "compile", "--write-json").must_pass()
        manifest = json.loads((folder / "target" / "manifest.json").read_text())
        nodes = {node["name"]: node for node in manifest["nodes"].values()}
        compiled = folder / "target" / "compiled" / "two_tower" / "models"
        sql = {}
        for name, place in models.items():
            kind = "view" if nodes[name]["config"]["materialized"] == "view" and place == "merchandising" else "table"
            text = (compiled / place / f"{name}.sql").read_text()
            sql[name] = f"create or replace {kind} {name} as {text}"
        return cls(sql, upstream)

    def connect(self) -> duckdb.DuckDBPyConnection:
        """A connection with the project's functions and empty upstream tables."""
        connection = duckdb.connect(":memory:", config={"threads": 1})
        register(connection)
        for name, types in self.upstream.items():
            columns = ", ".join(f"{column} {kind}" for column, kind in types.items())
            connection.execute(f"create table {name} ({columns})")
        return connection

    def run(self, connection: duckdb.DuckDBPyConnection, tables: dict[str, list[tuple[Any, ...]]]) -> None:
        """Fill the upstream tables, empty where none is given, and build every model."""
        for name, types in self.upstream.items():
            connection.execute(f"delete from {name}")
            rows = tables.get(name, [])
            if rows:
                places = ", ".join("(" + ", ".join("?" * len(types)) + ")" for _ in rows)
                connection.execute(f"insert into {name} values {places}", [value for row in rows for value in row])
        for statement in self.sql.values():
            connection.execute(statement)
