"""Runs of integration_tests, the second project that uses this one as a package, in this process by dbtRunner."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
from helpers.dbt_runner import REPO, Outcome, invoke

SOURCE = REPO / "integration_tests"
MADE = ("target", "logs", "dbt_packages", "artifacts", "*.duckdb*", "package-lock.yml", ".user.yml")


@dataclass
class PackageProject:
    """A copy of the project with a database of its own."""

    folder: Path

    @property
    def database(self) -> Path:
        return self.folder / "garden_shop.duckdb"

    @property
    def published(self) -> Path:
        return self.folder / "published.duckdb"

    def dbt(self, *arguments: str, closing: bool = True, **variables: Any) -> Outcome:
        """Run `dbt <arguments>`; `variables` become --vars."""
        given = ["--vars", json.dumps(variables)] if variables else []
        return invoke(self.folder, *arguments, *given, closing=closing)

    def dbt_command(self, *arguments: str) -> Outcome:
        """The same from the command line, in a process of its own."""
        command = [sys.executable, "-c", "from dbt.cli.main import cli; cli()", "--no-use-colors", *arguments]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, timeout=900, check=False)
        output = done.stdout + done.stderr
        return Outcome(done.returncode == 0, output, output)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of a query."""
        with duckdb.connect(str(self.database), read_only=True) as connection:
            return connection.sql(sql).fetchall()

    def published_rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of a query as readers of the published file get them."""
        with duckdb.connect(str(self.published), read_only=True) as connection:
            return connection.sql(sql).fetchall()

    def change(self, *statements: str) -> None:
        """Change the shop's own tables."""
        with duckdb.connect(str(self.database)) as connection:
            for statement in statements:
                connection.execute(statement)

    def content(self, schema: str = "main__recommender") -> dict[str, tuple[Any, ...]]:
        """Rows and checksum of every table of a schema."""
        with duckdb.connect(str(self.database), read_only=True) as connection:
            found = connection.execute(
                "select table_name from information_schema.tables where table_schema = ? and table_type = 'BASE TABLE'",
                [schema],
            )
            return {
                table: connection.execute(f"select count(*), bit_xor(hash(t)) from {schema}.{table} as t").fetchall()[0]
                for (table,) in found.fetchall()
            }

    @contextlib.contextmanager
    def restored(self) -> Iterator[PackageProject]:
        """Project and database are afterwards what they were before."""
        kept = self.folder.with_suffix(".kept")
        shutil.copytree(self.folder, kept, symlinks=True, ignore=shutil.ignore_patterns("target", "logs", "artifacts"))
        try:
            yield self
        finally:
            for path in [self.folder / "models", self.folder / "macros", self.folder / "seeds"]:
                shutil.rmtree(path, ignore_errors=True)
            for path in self.folder.glob("*.duckdb*"):
                shutil.rmtree(path) if path.is_dir() else path.unlink()
            shutil.copytree(
                kept, self.folder, symlinks=True, dirs_exist_ok=True, ignore=shutil.ignore_patterns("dbt_packages")
            )
            shutil.rmtree(kept)


def shop_maker() -> Callable[..., None]:
    """`make` of integration_tests/make_shop.py."""
    spec = importlib.util.spec_from_file_location("make_shop", SOURCE / "make_shop.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    make: Callable[..., None] = module.make
    return make


def make_package_project(folder: Path) -> PackageProject:
    """Copy the project, make its shop and install the package; nothing has been run yet."""
    shutil.copytree(SOURCE, folder, ignore=shutil.ignore_patterns(*MADE), dirs_exist_ok=True)
    packages = folder / "packages.yml"
    packages.write_text(packages.read_text().replace("local: ..", f"local: {os.path.relpath(REPO, folder)}"))
    garden = PackageProject(folder)
    shop_maker()(str(garden.database))
    garden.dbt("deps").must_pass()
    return garden
