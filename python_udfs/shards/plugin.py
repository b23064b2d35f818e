"""Plugin of dbt-duckdb: what materialization `by_user` hands over becomes one job per shard."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dbt.adapters.duckdb.plugins import BasePlugin
from dbt.adapters.events.logging import AdapterLogger
from dbt_common.exceptions import DbtRuntimeError

from .. import installation
from .engines import ENGINES
from .job import Job, Parent, ShardError
from .storage import Filesystems, drop_shards, make_folder

KNOWN = {"engine", "address", "workers", "threads", "memory"}


def jobs_of(target: Any, settings: dict[str, Any], filesystems: Filesystems = ()) -> list[Job]:
    """The jobs of a model, one per shard, from what the materialization hands over."""
    given = dict(target.config)
    parents = tuple(Parent(**parent) for parent in given.pop("parents"))
    limits = {"threads": settings.get("threads"), "memory_limit": settings.get("memory")}
    given["settings"] |= {name: str(value) for name, value in limits.items() if value}
    relation = target.relation
    return [
        Job(
            database=relation.database,
            schema=relation.schema,
            name=relation.identifier,
            shard=shard,
            folder=target.location.path,
            parents=parents,
            project=str(Path.cwd()),
            version=installation.version(),
            filesystems=filesystems,
            **given,
        )
        for shard in range(given["shards"])
    ]


class Plugin(BasePlugin):
    """Found by dbt-duckdb under this name."""

    def initialize(self, config: dict[str, Any]) -> None:
        """Called before the database is opened. Without a config dbt-duckdb hands over the settings of DuckDB."""
        self.filesystems = tuple((self.creds and self.creds.filesystems) or ())
        self.settings = {name: value for name, value in config.items() if name in KNOWN}
        self.engine = self.settings.get("engine", "processes")
        if self.engine not in ENGINES:
            raise DbtRuntimeError(
                f"profiles.yml, plugin two_tower.python_udfs.shards: engine '{self.engine}' is not known.\n"
                f"Remedy: give `config: {{engine: ...}}` one of {', '.join(ENGINES)}."
            )

    def configure_connection(self, conn: Any) -> None:
        """Called once per database connection."""
        present = {name for (name,) in conn.execute("select function_name from duckdb_functions()").fetchall()}
        if "two_tower_shard_folder" not in present:
            text, known = "VARCHAR", self.filesystems

            def make(path: str) -> str:
                return make_folder(path, known)

            def drop(root: str, invocation: str, named: str) -> str:
                return drop_shards(root, invocation, named, known)

            conn.create_function("two_tower_shard_folder", make, [text], text, side_effects=True)
            conn.create_function("two_tower_drop_shards", drop, [text] * 3, text, side_effects=True)

    def store(self, target_config: Any) -> None:
        """Called by the materialization; returns when the files of all shards are there."""
        try:
            done = ENGINES[self.engine](jobs_of(target_config, self.settings, self.filesystems), self.settings)
        except ShardError as error:
            raise DbtRuntimeError(str(error)) from None
        AdapterLogger("TwoTower").debug(
            f"{target_config.relation.identifier}: {sum(each.rows for each in done)} rows in {len(done)} shards, "
            f"at most {max(each.peak for each in done)} MB in a process"
        )
