"""Runs the recommendation types on given embeddings and events: what comes before them are given tables."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import yaml
from helpers.dbt_runner import Outcome, invoke

REPOSITORY = Path(__file__).resolve().parents[2]
PARTS = ("merchandising", "ranking", "recommendations")
TRAINS = ("item_weights", "learning_candidates", "ranker_examples", "ranker_runs", "ranker_registry")
EVALUATES = ("evaluated_candidates", "evaluation_recommendations")


@dataclass(frozen=True)
class Published:
    """A folder with a dbt project of which merchandising, ranking, recommendations and macros are the real ones."""

    folder: Path

    @classmethod
    def of(cls, folder: Path, tables: dict[str, tuple[dict[str, str], pd.DataFrame]], **variables: Any) -> Published:
        """Write the project. tables: types by column, and rows."""
        for part in (*(f"models/{part}" for part in PARTS), "macros", "tests/dbt/generic"):
            shutil.copytree(REPOSITORY / part, folder / part)
        (folder / "models" / "recommendations" / "_recommendations_exposures.yml").unlink()  # it reads the evaluation
        for name in (*TRAINS, *EVALUATES):
            for path in (folder / "models" / "ranking").glob(f"{name}.*"):
                path.unlink()
        leave_out(folder / "models" / "ranking" / "_ranking_models.yml", {*TRAINS, *EVALUATES})
        shutil.copy(REPOSITORY / "models" / "terms.md", folder / "models")
        (folder / "models" / "upstream").mkdir()
        real = yaml.safe_load((REPOSITORY / "dbt_project.yml").read_text())
        hooks = {
            part: {name: config for name, config in real["models"]["two_tower"][part].items() if name[0] != "+"}
            for part in PARTS
        }
        project = {
            "name": "two_tower", "version": "0.0.0", "profile": "two_tower", "vars": real["vars"] | variables,
            "models": {"+materialized": "table", "two_tower": hooks},
            "test-paths": ["tests/dbt"],
        }  # fmt: skip
        output = {"type": "duckdb", "path": "shop.duckdb", "plugins": [{"module": "two_tower.python_udfs.plugin"}]}
        profile = {"two_tower": {"target": "test", "outputs": {"test": output}}}
        (folder / "dbt_project.yml").write_text(yaml.safe_dump(project))
        (folder / "profiles.yml").write_text(yaml.safe_dump(profile))
        published = cls(folder)
        for name, (types, rows) in tables.items():
            published.give(name, types, rows)
        return published

    def give(self, name: str, types: dict[str, str], rows: pd.DataFrame) -> None:
        """Write an upstream table."""
        rows.reindex(columns=list(types)).to_parquet(self.folder / f"{name}.parquet")
        columns = ", ".join(f"cast({column} as {kind}) as {column}" for column, kind in types.items())
        query = f"select {columns} from read_parquet('{self.folder / name}.parquet')"
        (self.folder / "models" / "upstream" / f"{name}.sql").write_text(query)

    def dbt(self, *arguments: str, **variables: Any) -> Outcome:
        """Run `dbt <arguments>`; `variables` become --vars."""
        return invoke(self.folder, *arguments, "--vars", json.dumps(variables))

    def table(self, query: str) -> pd.DataFrame:
        """Rows of a query, without the plugin."""
        with duckdb.connect(str(self.folder / "shop.duckdb"), read_only=True) as connection:
            return connection.sql(query).df()


def leave_out(path: Path, names: set[str]) -> None:
    """Take models out of a properties file."""
    content = yaml.safe_load(path.read_text())
    content["models"] = [model for model in content["models"] if model["name"] not in names]
    path.write_text(yaml.safe_dump(content))
