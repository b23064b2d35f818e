"""Runs of the project itself, each shop with a database, artifacts and target folder of its own."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import duckdb
from helpers.dbt_runner import REPO, Outcome, invoke
from helpers.synthetic_shop import PlantedWorld


@dataclass
class Shop:
    """A planted world and the project that is run on it."""

    world: PlantedWorld
    folder: Path  # database, artifacts, target and logs
    project: Path = REPO
    profiles: Path | None = None  # folder of another profile than the project's

    @property
    def database(self) -> Path:
        return self.folder / "shop.duckdb"

    def dbt(self, *arguments: str, **variables: Any) -> Outcome:
        """Run `dbt <arguments>`; `variables` are added to --vars."""
        given = {
            "two_tower_data_dir": str(self.world.folder),
            "two_tower_model_dir": str(self.folder / "artifacts"),
            **variables,
        }
        places = [
            "--project-dir", str(self.project), "--profiles-dir", str(self.profiles or self.project),
            "--target-path", str(self.folder / "target"), "--log-path", str(self.folder / "logs"),
        ]  # fmt: skip
        with patch.dict(os.environ, TWO_TOWER_DATABASE=str(self.database)):
            return invoke(self.folder, *arguments, *places, "--vars", json.dumps(given))

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of a query on the shop's database, read-only."""
        with duckdb.connect(str(self.database), read_only=True) as connection:
            return connection.sql(sql).fetchall()
