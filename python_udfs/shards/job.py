"""One shard of a model: its SQL over the files of some of the users, in a DuckDB of its own. Knows no engine."""

from __future__ import annotations

import contextlib
import glob
import re
import socket
import tempfile
from dataclasses import dataclass
from pathlib import Path

import duckdb

from .. import installation
from ..plugin import register
from .storage import Filesystems, filesystem, put


class ShardError(RuntimeError):
    """What went wrong and what to do about it, as text, since it travels between processes."""


@dataclass(frozen=True)
class Parent:
    """A table that the SQL reads. A shard reads its own part of `folder`, or the whole where `kind` says so."""

    schema: str
    name: str
    kind: str  # by_user: made by shards; dealt: dealt out by user; whole: the same for all shards
    folder: str
    columns: dict[str, str]

    def files(self, shard: int, shards: int, known: Filesystems) -> list[str]:
        """Files of a shard; none where no row of a table that was dealt out fell to it."""
        storage = filesystem(self.folder, known)
        if self.kind == "dealt":
            part = f"{self.folder}/two_tower_shard={shard}"
            return [f"{part}/{Path(found).name}" for found in sorted(storage.glob(f"{glob.escape(part)}/*.parquet"))]
        path = f"{self.folder}/{'whole.parquet' if self.kind == 'whole' else file_of(shard, shards)}"
        if not storage.exists(path):
            raise ShardError(
                f"{self.name}: its file {path} is not there.\nRemedy: let all machines see this folder "
                f"(var two_tower_shard_dir), or build the table again: dbt run --select {self.name}+"
            )
        return [path]


@dataclass(frozen=True)
class Job:
    """What one task does: the SQL of a model over its parents, for one shard, into one file of `folder`."""

    database: str
    schema: str
    name: str
    sql: str
    shard: int
    shards: int
    folder: str
    columns: dict[str, str]
    not_null: tuple[str, ...]
    parents: tuple[Parent, ...]
    project: str  # where relative paths of the towers' files start
    settings: dict[str, str]  # of DuckDB
    version: str
    filesystems: Filesystems = ()  # of profiles.yml

    def __str__(self) -> str:
        return f"{self.name}, shard {self.shard} of {self.shards}"


@dataclass(frozen=True)
class Done:
    """What a task tells of itself. peak: most memory that its process has held, in MB."""

    rows: int
    peak: int


def file_of(shard: int, shards: int) -> str:
    """Name of the file of a shard, which holds the number of shards."""
    return f"{shard}-of-{shards}.parquet"


def run_shard(job: Job) -> Done:
    """Write the file of a shard, whole or not at all. Raises ShardError."""
    if job.version != installation.version():
        raise ShardError(
            f"{job}: {socket.gethostname()} has two-tower {installation.version()}, and dbt runs {job.version}.\n"
            f"Remedy: install the same version on every machine: pip install two-tower=={job.version}"
        )
    if not Path(job.project).is_dir():
        raise ShardError(
            f"{job}: {socket.gethostname()} has no folder {job.project}.\n"
            "Remedy: run dbt in a folder that all machines see under the same path."
        )
    file = file_of(job.shard, job.shards)
    near = None if "://" in job.folder else job.folder
    try:
        with (
            tempfile.TemporaryDirectory(prefix=f"{file}.", dir=near, ignore_cleanup_errors=True) as own,
            contextlib.chdir(job.project),
            duckdb.connect() as connection,
        ):
            given = {**job.settings, "temp_directory": f"{own}/spill", "enable_progress_bar": "false"}
            for name, value in given.items():
                connection.execute(f"set {name} = {literal(value)}")
            register(connection)
            for settings in job.filesystems:
                connection.register_filesystem(filesystem(f"{settings['fs']}://", job.filesystems))
            _show_parents(connection, job)
            rows = _write(connection, job, Path(own, file))
            put(Path(own, file), f"{job.folder}/{file}", job.filesystems)
    except (duckdb.Error, OSError) as error:
        raise ShardError(f"{job}: {error}") from None
    return Done(rows, peak_memory())


def _show_parents(connection: duckdb.DuckDBPyConnection, job: Job) -> None:
    """A view for each parent under its full name, with the types it has for dbt: parquet knows fewer."""
    connection.execute(f"attach ':memory:' as {quoted(job.database)}")
    for schema in {job.schema, *(parent.schema for parent in job.parents)}:
        connection.execute(f"create schema if not exists {quoted(job.database)}.{quoted(schema)}")
    for parent in job.parents:
        files = parent.files(job.shard, job.shards, job.filesystems)
        source = f"read_parquet({literal(files)}, hive_partitioning = false)" if files else "(select 1 where false)"
        columns = ", ".join(
            f"cast({quoted(name) if files else 'null'} as {kind}) as {quoted(name)}"
            for name, kind in parent.columns.items()
        )
        place = ".".join(map(quoted, (job.database, parent.schema, parent.name)))
        connection.execute(f"create view {place} as select {columns} from {source}")
    connection.execute(f"use {quoted(job.database)}.{quoted(job.schema)}")


def _write(connection: duckdb.DuckDBPyConnection, job: Job, part: Path) -> int:
    ((rows,),) = connection.execute(f"copy ({job.sql}\n) to {literal(str(part))} (format parquet)").fetchall()
    for column in job.not_null:
        query = f"select count(*) from read_parquet({literal(str(part))}) where {quoted(column)} is null"
        ((nulls,),) = connection.execute(query).fetchall()
        if nulls:
            raise ShardError(f"{job}: column {column} is NULL in {nulls} rows, and its contract says not_null.")
    return int(rows)


def peak_memory() -> int:
    """Most memory that this process has held, in MB; 0 where the system does not say."""
    status = Path("/proc/self/status")
    found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text()) if status.is_file() else None
    return int(found[1]) // 1024 if found else 0


def quoted(name: str) -> str:
    """A name in SQL."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: str | list[str]) -> str:
    """Text, or a list of texts, in SQL."""
    if isinstance(value, list):
        return "[" + ", ".join(map(literal, value)) + "]"
    return "'" + value.replace("'", "''") + "'"
