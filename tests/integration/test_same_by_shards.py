"""The same SQL by shards of users: every table as without them, and one clear error for each thing that cannot be."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import duckdb
import fsspec
import pytest
import yaml
from helpers.dbt_runner import REPO
from helpers.demo_project import Shop
from helpers.same_tables import Warehouses

SHARDS = 4
SETTINGS: dict[str, Any] = {
    "two_tower_training": {
        "epochs": 2, "features": 16, "threads": 1, "batch_size": 32, "learning_rate": 0.005, "id_dropout": 0.3,
        "ranker_folds": 2, "ranker_epochs": 4,
    },
    "two_tower_dim": 64,
    "two_tower_training_cutoffs": 2,
    "two_tower_min_recall": {"allow_repeats": 0.0, "unseen_only": 0.0},
    "two_tower_min_lift_over_als": {"allow_repeats": -1.0, "unseen_only": -1.0},
    "two_tower_min_lift_over_popularity": {"allow_repeats": -1.0, "unseen_only": -1.0},
    "two_tower_min_list_lift": {},
    "two_tower_max_calibration_error": 2.0,
}  # fmt: skip
# what learns stays as it is: a last bit of what it reads would make another model
LEARNS = ("training_runs", "ranker_runs", "als", "ease", "item_knn", "item_weights")


def profile_with(folder: Path, filesystems: Sequence[dict[str, Any]] = (), **config: Any) -> Path:
    """A folder with the project's profile and the plugin of shards."""
    profile = yaml.safe_load((REPO / "profiles.yml").read_text())
    output = profile["two_tower"]["outputs"]["dev"]
    output["plugins"].append({"module": "two_tower.python_udfs.shards", "config": config})
    if filesystems:
        output["filesystems"] = list(filesystems)
    folder.mkdir(exist_ok=True)
    (folder / "profiles.yml").write_text(yaml.safe_dump(profile))
    return folder


@pytest.fixture(scope="module")
def whole(make_shop: Callable[..., Shop]) -> Shop:
    """A shop after one run without shards."""
    shop = make_shop(users=120, items=60, days=200)
    shop.dbt("run", **SETTINGS).must_pass()
    return shop


@pytest.fixture(scope="module")
def sharded(whole: Shop, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """The same shop, made anew by shards, its data tests included; the models are those of the first run."""
    folder = tmp_path_factory.mktemp("shards") / "shop"
    shutil.copytree(whole.folder, folder, ignore=shutil.ignore_patterns("published*", "target", "logs"))
    shop = Shop(whole.world, folder, profiles=profile_with(folder / "profile", engine="in_turn", threads=1))
    with duckdb.connect(str(shop.database)) as connection:
        connection.execute("drop table run_history")
    build = ("build", "--exclude-resource-type", "unit_test", "--exclude", *LEARNS)
    shop.dbt(*build, two_tower_shards=SHARDS, **SETTINGS).must_pass()
    return shop


def refused(shop: Shop, *arguments: str, **variables: Any) -> str:
    """The error of a run, in one line."""
    return " ".join(shop.dbt(*arguments, **(SETTINGS | variables)).must_fail().errors.split())


def test_every_table_is_the_same(whole: Shop, sharded: Shop) -> None:
    both = Warehouses(whole.database, sharded.database)
    assert len(both.tables("one")) > 90
    assert both.differences(leaving_out={"run_history", "publication"}) == {}


def test_models_of_users_are_views_over_one_file_per_shard(sharded: Shop) -> None:
    read = "regexp_extract_all(sql, '\\d+-of-4.parquet')"
    views = dict(sharded.rows(f"select view_name, len({read}) from duckdb_views() where sql like '%-of-4.parquet%'"))
    assert len(views) == 24
    assert set(views.values()) == {SHARDS}
    ((users, shards),) = sharded.rows("select count(*), count(distinct user_id) from user_segments")
    assert users == shards  # nobody is in two


def test_readers_get_tables(whole: Shop, sharded: Shop) -> None:
    def published(shop: Shop) -> dict[str, int]:
        with duckdb.connect(str(shop.folder / "published.duckdb"), read_only=True) as connection:
            assert not connection.execute("select 1 from duckdb_views() where not internal").fetchall()
            ((comment,),) = connection.execute(
                "select comment from duckdb_tables() where table_name = 'recommendations'"
            ).fetchall()
            assert comment
            assert connection.execute("select count(*) from recommend_for('1')").fetchall() == [(10,)]
            return dict(connection.execute("from published_tables").fetchall())

    assert published(sharded) == published(whole)


def test_another_number_of_shards_needs_all_of_them_anew(sharded: Shop) -> None:
    said = refused(sharded, "run", "--select", "user_features", two_tower_shards=3)
    assert "user_histories: it was made in 4 shards, and var two_tower_shards is 3." in said
    assert "Remedy: build everything anew (dbt build), or set two_tower_shards: 4" in said


def test_a_missing_file_is_named_with_what_builds_it(sharded: Shop) -> None:
    ((sql,),) = sharded.rows("select sql from duckdb_views() where view_name = 'user_histories'")
    file = next(Path(part) for part in sql.split("'") if part.endswith("2-of-4.parquet"))
    kept = file.rename(file.with_suffix(".kept"))
    try:
        said = refused(sharded, "run", "--select", "item_features", two_tower_shards=SHARDS)
        assert "user_histories: 3 of its 4 files are in" in said
        assert "Remedy: build it and what reads it again: dbt build --select user_histories+" in said
    finally:
        kept.rename(file)


def test_the_plugin_and_its_engine_are_named(sharded: Shop, tmp_path: Path) -> None:
    without = Shop(sharded.world, sharded.folder)
    said = refused(without, "run", "--select", "user_segments", two_tower_shards=SHARDS)
    assert "add to plugins: `- {module: two_tower.python_udfs.shards, config: {engine: processes}}`" in said
    said = refused(
        sharded, "run", "--select", "user_segments", two_tower_shards=4, two_tower_shard_dir="s3://shop/shards"
    )
    assert "var two_tower_shard_dir: value 's3://shop/shards': profiles.yml has no settings for s3." in said
    assert "add to your output: `filesystems: [{fs: s3}]`" in said
    other = Shop(sharded.world, sharded.folder, profiles=profile_with(tmp_path / "profile", engine="dask"))
    said = refused(other, "run", "--select", "user_segments", two_tower_shards=SHARDS)
    assert "engine 'dask' is not known" in said


def test_old_files_go_with_the_next_build(sharded: Shop) -> None:
    def folders() -> set[Path]:
        return set((sharded.folder / "shop.duckdb.shards" / "main").glob("*/*"))

    before = folders()
    sharded.dbt("run", "--select", "user_features", two_tower_shards=SHARDS, **SETTINGS).must_pass()
    after = folders()
    assert any(path.name == "user_features" for path in after - before)
    assert not any("-for-" in path.name for path in after & before)  # dealt out for a run that is over
    sharded.dbt("run-operation", "two_tower.prune", two_tower_shards=SHARDS, **SETTINGS).must_pass()
    assert len(folders()) == 24
    assert sharded.rows("select count(*) from user_features") == [(len(sharded.rows("from user_features")),)]


def test_files_of_shards_lie_in_an_object_store(sharded: Shop, tmp_path: Path) -> None:
    names = ("user_features", "user_segments")
    before = {name: sorted(map(repr, sharded.rows(f"from {name}"))) for name in names}
    profiles = profile_with(tmp_path / "profile", [{"fs": "memory"}], engine="in_turn", threads=1)
    remote = Shop(sharded.world, sharded.folder, profiles=profiles)
    given = {"two_tower_shards": SHARDS, "two_tower_shard_dir": "memory://shop/shards", **SETTINGS}
    remote.dbt("build", "--exclude-resource-type", "unit_test", "--select", *names, **given).must_pass()
    store = fsspec.filesystem("memory")
    assert len(store.glob("memory://shop/shards/main/*/user_features/*-of-4.parquet")) == SHARDS
    with duckdb.connect(str(sharded.database), read_only=True) as connection:
        connection.register_filesystem(store)
        after = {name: sorted(map(repr, connection.sql(f"from {name}").fetchall())) for name in names}
    assert after == before
    remote.dbt("run", "--select", *names, **given).must_pass()
    assert len(store.glob("memory://shop/shards/main/*/user_features")) == 2  # those before stay until the next run
    remote.dbt("run-operation", "two_tower.prune", **given).must_pass()
    assert len(store.glob("memory://shop/shards/main/*/*")) == len(names)
    sharded.dbt("run", "--select", *names, two_tower_shards=SHARDS, **SETTINGS).must_pass()


def test_without_the_var_tables_are_whole_again(sharded: Shop) -> None:
    before = sorted(map(repr, sharded.rows("from user_features")))
    whole_again = Shop(sharded.world, sharded.folder)
    whole_again.dbt("run", "--select", "user_features", **SETTINGS).must_pass()
    assert sharded.rows("select 1 from duckdb_tables() where table_name = 'user_features'") == [(1,)]
    assert sorted(map(repr, sharded.rows("from user_features"))) == before
