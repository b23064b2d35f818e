"""Runs of the project itself, each shop with a database, artifacts and target folder of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
from planted import PlantedWorld

REPO = Path(__file__).parents[1]


@dataclass
class DbtRun:
    """What a run of dbt left: its exit code and its console output without colours."""

    code: int
    output: str

    def must_pass(self) -> DbtRun:
        assert self.code == 0, self.output
        return self

    def must_fail(self) -> DbtRun:
        assert self.code != 0, self.output
        return self


@dataclass
class Shop:
    """A planted world and the project that is run on it."""

    world: PlantedWorld
    folder: Path  # database, artifacts, target and logs
    project: Path = REPO

    @property
    def database(self) -> Path:
        return self.folder / "shop.duckdb"

    def dbt(self, *arguments: str, **variables: Any) -> DbtRun:
        """Run `dbt <arguments>`; `variables` are added to --vars."""
        given = {
            "two_tower_data_dir": str(self.world.folder),
            "two_tower_model_dir": str(self.folder / "artifacts"),
            **variables,
        }
        command = [
            sys.executable, "-c", "from dbt.cli.main import cli; cli()", "--no-use-colors", *arguments,
            "--project-dir", str(self.project), "--profiles-dir", str(self.project),
            "--target-path", str(self.folder / "target"), "--log-path", str(self.folder / "logs"),
            "--vars", json.dumps(given),
        ]  # fmt: skip
        environment = os.environ | {"TWO_TOWER_DATABASE": str(self.database)}
        done = subprocess.run(
            command, cwd=self.folder, env=environment, capture_output=True, text=True, timeout=900, check=False
        )
        return DbtRun(done.returncode, done.stdout + done.stderr)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of a query on the shop's database, read-only."""
        with duckdb.connect(str(self.database), read_only=True) as connection:
            return connection.sql(sql).fetchall()
