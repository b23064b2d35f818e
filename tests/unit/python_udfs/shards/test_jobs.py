"""One shard of a model, and what is left of it when something is wrong."""

from __future__ import annotations

import dataclasses
import socket
import sys
from pathlib import Path
from types import SimpleNamespace

import duckdb
import fsspec
import pytest
from two_tower.python_udfs import installation
from two_tower.python_udfs.shards.engines import in_turn, ray
from two_tower.python_udfs.shards.job import Job, Parent, ShardError, file_of, run_shard
from two_tower.python_udfs.shards.plugin import jobs_of
from two_tower.python_udfs.shards.storage import drop_shards


@pytest.fixture
def job(tmp_path: Path) -> Job:
    """Counts of events by user, of the second of two shards."""
    (tmp_path / "made").mkdir()
    dealt = tmp_path / "dealt" / "two_tower_shard=1"
    dealt.mkdir(parents=True)
    duckdb.execute(f"copy (select 'ann' as user_id, [1.5, 2] as embedding) to '{dealt / 'data_0.parquet'}'")
    parent = Parent("raw", "events", "dealt", str(tmp_path / "dealt"), {"user_id": "VARCHAR", "embedding": "FLOAT[2]"})
    return Job(
        database="shop", schema="main", name="counts", shard=1, shards=2, folder=str(tmp_path / "made"),
        sql='select user_id, count(*) as n, max(embedding) as embedding from "shop"."raw"."events" group by 1 -- a',
        columns={"user_id": "VARCHAR", "n": "BIGINT", "embedding": "FLOAT[2]"}, not_null=("user_id",),
        parents=(parent,), project=str(tmp_path), settings={"threads": "1"}, version=installation.version(),
    )  # fmt: skip


def test_a_shard_reads_its_own_rows_with_their_types(job: Job) -> None:
    done = run_shard(job)
    assert done.rows == 1
    assert done.peak > 0
    assert duckdb.sql(f"from '{job.folder}/1-of-2.parquet'").fetchall() == [("ann", 1, [1.5, 2.0])]


def test_a_shard_without_rows_has_an_empty_file(job: Job) -> None:
    done = in_turn([dataclasses.replace(job, shard=0)], {})
    assert [each.rows for each in done] == [0]
    assert duckdb.sql(f"from '{job.folder}/0-of-2.parquet'").columns == ["user_id", "n", "embedding"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"version": "0.0.9"}, "install the same version on every machine: pip install two-tower==0.0.9"),
        ({"project": "/nowhere"}, "has no folder /nowhere"),
        ({"sql": "select nothing"}, "counts, shard 1 of 2: Binder Error"),
        ({"sql": "select null as user_id"}, "column user_id is NULL in 1 rows"),
    ],
)
def test_what_is_wrong_leaves_no_file(job: Job, change: dict[str, str], says: str) -> None:
    with pytest.raises(ShardError, match=says.replace("(", "\\(")):
        run_shard(dataclasses.replace(job, **change))
    assert list(Path(job.folder).iterdir()) == []


def test_a_file_of_a_parent_that_is_not_there_is_named(job: Job) -> None:
    lost = dataclasses.replace(job.parents[0], kind="by_user")
    with pytest.raises(ShardError, match=r"events: its file .*1-of-2\.parquet is not there"):
        run_shard(dataclasses.replace(job, parents=(lost,)))


def test_each_shard_is_a_job_with_the_limits_of_the_plugin(tmp_path: Path) -> None:
    config = {
        "sql": "select 1", "shards": 3, "columns": {}, "not_null": [], "parents": [], "settings": {"TimeZone": "UTC"},
    }  # fmt: skip
    target = SimpleNamespace(
        config=config,
        relation=SimpleNamespace(database="shop", schema="main", identifier="counts"),
        location=SimpleNamespace(path=str(tmp_path)),
    )
    jobs = jobs_of(target, {"memory": "2GB", "engine": "in_turn"})
    assert [str(job) for job in jobs] == [f"counts, shard {n} of 3" for n in range(3)]
    assert jobs[0].settings == {"TimeZone": "UTC", "memory_limit": "2GB"}


def test_only_what_no_view_reads_is_dropped(tmp_path: Path) -> None:
    for folder in ("main/old/counts", "main/old/lists", "main/now/events-for-counts"):
        (tmp_path / folder).mkdir(parents=True)
    views = f"create view lists as from read_parquet(['{tmp_path}/main/old/lists/{file_of(0, 1)}'])"
    assert drop_shards(str(tmp_path), "now", views, ()) == '["main/old/counts"]'
    assert drop_shards(str(tmp_path), "", views, ()) == '["main/now/events-for-counts"]'
    assert [path.name for path in tmp_path.glob("*/*/*")] == ["lists"]


def test_an_object_store_holds_the_files_of_shards(job: Job) -> None:
    store = fsspec.filesystem("memory")
    root = f"memory://{Path(job.project).name}"
    events = f"{root}/main/one/events-for-counts"
    with store.open(f"{events}/two_tower_shard=1/data_0.parquet", "wb") as file:
        file.write(next(Path(job.project).glob("dealt/*/*")).read_bytes())
    parents = (dataclasses.replace(job.parents[0], folder=events),)
    remote = dataclasses.replace(
        job, folder=f"{root}/main/one/counts", parents=parents, filesystems=({"fs": "memory"},)
    )
    assert run_shard(remote).rows == 1
    with duckdb.connect() as connection:
        connection.register_filesystem(store)
        found = connection.sql(f"from '{remote.folder}/1-of-2.parquet'").fetchall()
    assert found == [("ann", 1, [1.5, 2.0])]
    views = f"create view counts as from read_parquet(['{remote.folder}/1-of-2.parquet'])"
    assert drop_shards(root, "", views, remote.filesystems) == '["main/one/events-for-counts"]'
    assert store.exists(f"{remote.folder}/1-of-2.parquet")


def test_an_address_at_which_nothing_answers_is_said_at_once(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", SimpleNamespace(is_initialized=lambda: False))
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(ShardError, match=f"nothing answers at address '127.0.0.1:{port}'"):
        ray([job], {"address": f"127.0.0.1:{port}"})
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ShardError, match="pip install 'two-tower"):
        ray([job], {})
