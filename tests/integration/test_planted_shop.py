"""The whole DAG on a small planted shop: what is published, what training adds, and what a refresh does without it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
import yaml
from helpers.demo_project import Shop
from helpers.synthetic_shop import INCOMES

SETTINGS = {
    # small batches and large steps: there are only a few hundred users to learn from
    "two_tower_training": {
        "epochs": 6,
        "threads": 1,
        "batch_size": 32,
        "learning_rate": 0.005,
        "id_dropout": 0.3,
        "ranker_folds": 2,
    },
    # the gates are judged on a real shop; here the assertions below are the judge
    "two_tower_min_recall": {"allow_repeats": 0.0, "unseen_only": 0.0},
    "two_tower_min_lift_over_als": {"allow_repeats": -1.0, "unseen_only": -1.0},
    "two_tower_min_lift_over_popularity": {"allow_repeats": -1.0, "unseen_only": -1.0},
    "two_tower_min_list_lift": {},
    # the test window has items and users that came at once, and no window before it has: chances cannot know
    "two_tower_max_calibration_error": 2.0,
}


@pytest.fixture(scope="module")
def built(make_shop: Callable[..., Shop]) -> Shop:
    """A shop after one `dbt build`, its tests included."""
    shop = make_shop()
    shop.dbt("build", **SETTINGS).must_pass()
    return shop


def test_every_user_has_a_full_list(built: Shop) -> None:
    lengths = built.rows("select user_id, count(distinct item_id), max(rank) from recommendations group by user_id")
    buyers = {str(user) for user in built.world.transactions["household_id"]}
    assert {user for user, _, _ in lengths} == buyers | {str(user) for user in built.world.demographics["household_id"]}
    assert {(items, rank) for _, items, rank in lengths} == {(10, 10)}


def test_evaluated_lists_of_new_items_hold_nothing_that_was_had(built: Shop) -> None:
    had = built.rows(
        "select count(*), count(histories.item_id) from evaluation_recommendations as lists "
        "left join user_histories as histories "
        "on lists.user_id = histories.user_id and lists.item_id = histories.item_id and histories.cutoff = 1 "
        "where lists.policy = 'unseen_only'"
    )
    assert had[0][0] > 1000
    assert had[0][1] == 0


def test_own_most_bought_has_the_popular_items_where_nothing_was_had(built: Shop) -> None:
    lists = "select user_id, rank, item_id from {} where policy = 'unseen_only' order by all"
    assert built.rows(lists.format("own_most_bought")) == built.rows(lists.format("recent_popularity")) != []


def test_users_without_history_get_what_is_popular_among_users_like_them(built: Shop) -> None:
    silent = built.world.demographics.set_index("household_id").loc[[int(user) for user in built.world.silent_users]]
    category = built.world.products.set_index("product_id")["product_category"]
    listed = pd.DataFrame(
        built.rows("select user_id, item_id, source from recommendations"), columns=["user", "item", "source"]
    ).astype({"user": int, "item": int})
    listed = listed[listed["user"].isin(silent.index)]
    assert set(listed["source"]) == {"popularity"}
    # the income tells the cluster, and the category what a cluster likes
    liked = listed["item"].map(category) == "CATEGORY " + listed["user"].map(
        silent["income"].map(INCOMES.index)
    ).astype(str)
    assert liked.mean() > 0.8
    # two users of whom the same is known get the same list
    lists = listed.groupby("user")["item"].agg(tuple)
    alike = silent.fillna("").groupby(list(silent.columns)).groups.values()
    assert all(lists[list(users)].nunique() == 1 for users in alike)


def test_lifts_of_groups_are_ratios_drawn_towards_one(built: Shop) -> None:
    lifts = pd.DataFrame(
        built.rows(
            "select value, item_id, users, expected_users, lift from group_lifts "
            "where cutoff = 0 and feature = 'income'"
        ),
        columns=["value", "item", "users", "expected", "lift"],
    )
    members = built.rows(
        "select income, item_id, count(*) from user_histories join stg_users using (user_id) "
        "where cutoff = 0 and is_recent and income is not null group by all"
    )
    taken = (
        pd.DataFrame(members, columns=["value", "item", "taken"])
        .pivot(index="value", columns="item", values="taken")
        .fillna(0)
    )
    expected = np.outer(taken.sum(axis=1), taken.sum()) / taken.to_numpy().sum()
    joined = lifts.set_index(["value", "item"])
    assert np.allclose(taken.stack().reindex(joined.index), joined["users"])
    assert np.allclose(
        pd.DataFrame(expected, taken.index, taken.columns).stack().reindex(joined.index), joined["expected"]
    )
    # one prior weight for the feature: lift = (users + a) / (expected + a)
    differ = joined[(joined["users"] - joined["expected"]).abs() > 1]
    weights = (differ["users"] - differ["lift"] * differ["expected"]) / (differ["lift"] - 1)
    assert weights.min() > 0
    assert np.allclose(weights, weights.iloc[0])


def test_the_towers_beat_popularity(built: Shop) -> None:
    lifts = built.rows(
        "select policy, lift_low from model_comparisons "
        "where model = 'two_tower' and baseline = 'popularity' and k = 10 and slice = 'all'"
    )
    assert {policy for policy, _ in lifts} == {"allow_repeats", "unseen_only"}
    assert all(low > 0 for _, low in lifts), lifts


def test_new_items_are_ranked_by_their_features(built: Shop) -> None:
    # items that nobody had before the cutoff, ranked for the users who came to buy them, by embedding alone
    (share,) = built.rows(
        """
        with cold as (
            select e.item_id, e.embedding
            from item_embeddings e join item_features f on f.item_id = e.item_id and f.cutoff = 1
            where e.stage = 'evaluation' and f.interactions = 0
        ),
        pairs as (
            select t.user_id, t.item_id, c.item_id as other,
                list_dot_product(u.embedding::float[], own.embedding::float[]) as score,
                list_dot_product(u.embedding::float[], c.embedding::float[]) as other_score
            from cutoff_targets t
            join user_embeddings u on u.user_id = t.user_id and u.stage = 'evaluation'
            join cold own on own.item_id = t.item_id
            join cold c on c.item_id not in (
                select item_id from cutoff_targets b where b.cutoff = 1 and b.user_id = t.user_id)
            where t.cutoff = 1
        )
        select avg(case when score > other_score then 1.0 when score = other_score then 0.5 else 0 end) from pairs
        """
    )
    assert share[0] > 0.6, share


def test_unchanged_inputs_skip_training(built: Shop) -> None:
    before = built.rows("select run_id, trained_at from model_registry order by stage")
    ranker_before = built.rows("select run_id, trained_at from ranker_registry order by stage")
    select = ["training_runs", "model_registry", "ranker_runs", "ranker_registry"]
    done = built.dbt("run", "--select", *select, **SETTINGS).must_pass()
    assert done.output.count("training skipped") == 4  # towers and ranker of both stages
    assert built.rows("select run_id, trained_at from model_registry order by stage") == before
    assert built.rows("select run_id, trained_at from ranker_registry order by stage") == ranker_before


def test_loss_curve_and_parameters_are_rows(built: Shop) -> None:
    curve = built.rows(
        "select stage, phase, count(*), bool_and(loss > 0) from training_epochs group by all order by all"
    )
    epochs = {(stage, phase): count for stage, phase, count, _ in curve}
    assert all(is_loss for *_, is_loss in curve)
    # the first stage searches, both are fitted with everything for as many epochs as were found
    assert 0 < epochs.pop(("evaluation", "preference")) <= 6
    assert set(epochs) <= {("evaluation", "final"), ("production", "final")}
    assert epochs.get(("evaluation", "final")) == epochs.get(("production", "final"))
    assert built.rows("select distinct value from training_runs where kind = 'parameter' and name = 'epochs'") == [
        (6.0,)
    ]


LEARNED = (
    "training_runs", "model_registry", "learning_candidates", "ranker_examples", "ranker_runs", "ranker_registry",
    "evaluated_candidates", "evaluation_recommendations",
)  # fmt: skip


def kept_by_a_refresh(shop: Shop) -> dict[str, list[tuple[object, ...]]]:
    """Rows and checksum of what a refresh must not touch."""
    return {table: shop.rows(f"select count(*), bit_xor(hash(t)) from {table} as t") for table in LEARNED}


def assert_same_embedding(shop: Shop, features: dict[str, Any], where: str) -> None:
    """What-if gives the embedding that the table of items has, and users."""
    query = f"{{{{ two_tower.what_if_item({json.dumps(features)}, 3) }}}}"
    shown = shop.dbt("show", "--inline", query, "--limit", "9", "--output", "json", "--log-format", "text").must_pass()
    rows = json.loads(shown.output[shown.output.index("{") :])["show"]
    assert [row["rank"] for row in rows] == [1, 2, 3]
    (expected,) = shop.rows(f"select embedding from item_embeddings {where} and stage = 'production'")
    assert json.loads(rows[0]["embedding"]) == pytest.approx(list(expected[0]), abs=1e-5)


def test_refresh_serves_a_new_user_and_a_new_item_without_training(built: Shop) -> None:
    world = built.world
    before = (world.transactions, world.products, world.demographics)
    runs = kept_by_a_refresh(built)
    user = world.demographics.iloc[[0]].assign(household_id=900_001)
    item = world.products.iloc[[0]].assign(product_id=900_002, package_size=None)
    try:
        world.demographics = pd.concat([world.demographics, user])
        world.products = pd.concat([world.products, item])
        world.write()
        built.dbt("run", "--exclude", "tag:train", **SETTINGS).must_pass()
        assert built.rows(
            "select distinct source, count(*) from recommendations where user_id = '900001' group by 1"
        ) == [("popularity", 10)]
        assert built.rows("select count(*) from item_embeddings where item_id = '900002'") == [(2,)]
        assert kept_by_a_refresh(built) == runs
        # what-if answers for the same features as the tables do
        features = {
            k: v for k, v in item.iloc[0].items() if k in ("department", "brand", "product_category", "product_type")
        }
        features["manufacturer_id"] = str(item.iloc[0]["manufacturer_id"])
        assert_same_embedding(built, features, "where item_id = '900002'")
    finally:
        world.transactions, world.products, world.demographics = before
        world.write()
        built.dbt("run", "--exclude", "tag:train", **SETTINGS).must_pass()


def test_after_a_refresh_with_new_interactions_the_tests_pass(built: Shop) -> None:
    world = built.world
    before = world.transactions
    newest = before[before["transaction_timestamp"] > before["transaction_timestamp"].max() - pd.Timedelta(days=3)]
    later = newest["transaction_timestamp"] + pd.Timedelta(days=3)
    # products that they never had, most of them
    products = 1000 + (newest["product_id"] - 1000 + 40) % 135
    try:
        more = newest.assign(
            transaction_timestamp=later, product_id=products, basket_id=newest["basket_id"] + before["basket_id"].max()
        )
        world.transactions = pd.concat([before, more.drop_duplicates(["basket_id", "product_id"])])
        world.write()
        built.dbt("run", "--exclude", "tag:train", **SETTINGS).must_pass()
        built.dbt("test", "--exclude", "test_type:unit", **SETTINGS).must_pass()
    finally:
        world.transactions = before
        world.write()
        built.dbt("run", "--exclude", "tag:train", **SETTINGS).must_pass()


def test_a_refresh_gives_what_a_full_run_gives(built: Shop) -> None:
    tables = ("user_embeddings", "item_embeddings", "recommendations", "similar_items", "item_audiences")
    select = ["run", "--select", "package:two_tower", "--exclude", "tag:evaluate"]

    def published() -> dict[str, list[tuple[object, ...]]]:
        # the validation stage, from which rankers learn, is left out by a refresh
        served = dict.fromkeys(("user_embeddings", "item_embeddings"), "where stage != 'validation'")
        return {name: built.rows(f"from {name} {served.get(name, '')} order by all") for name in tables}

    built.dbt(*select, **SETTINGS).must_pass()
    full, cutoffs = published(), built.rows("select count(*) from cutoffs")
    built.dbt("run", "--exclude", "tag:train", **SETTINGS).must_pass()
    assert published() == full
    assert built.rows("select count(*) from cutoffs") == [(2,)] != cutoffs  # what trains was left out
    for learns in ("training_runs", "learning_candidates"):
        failed = built.dbt("run", "--select", learns, **SETTINGS).must_fail()
        assert "dbt run --select +training_runs+" in failed.output


def test_a_user_with_nothing_at_all_gets_the_popular_items(built: Shop) -> None:
    world = built.world
    before = world.demographics
    blank = before.iloc[[0]].copy()
    for column in blank.columns:
        blank[column] = None
    blank["household_id"] = 900_003
    try:
        world.demographics = pd.concat([before, blank])
        world.write()
        built.dbt("run", "--exclude", "tag:train", **SETTINGS).must_pass()
        assert built.rows(
            "select distinct source, count(*) from recommendations where user_id = '900003' group by 1"
        ) == [("popularity", 10)]
    finally:
        world.demographics = before
        world.write()


def test_a_lost_artifact_is_trained_again_and_the_lists_stay_readable(built: Shop) -> None:
    (path,) = built.rows("select user_model from model_registry where stage = 'production'")[0]
    with (built.folder / "artifacts" / path).open("r+b") as file:
        file.truncate(1000)
    failed = built.dbt("run", "--select", "user_embeddings", **SETTINGS).must_fail()
    assert path in failed.output
    assert built.rows("select count(*) > 0 from recommendations") == [(True,)]
    built.dbt("run", "--select", "+training_runs", "model_registry", "user_embeddings", **SETTINGS).must_pass()


def test_embeddings_of_another_length_are_refused_before_anything_runs(built: Shop) -> None:
    said = built.dbt("run", "--exclude", "tag:train", two_tower_dim=256, **SETTINGS).must_fail().errors
    assert "var two_tower_dim: it is 256, and the trained towers give 512 numbers." in said
    assert "Remedy: set it to 512, or train again: run `dbt build`." in said


def test_the_file_is_one_that_older_duckdb_opens(built: Shop) -> None:
    assert built.rows("select distinct tags['storage_version'] from duckdb_databases() where path is not null") == [
        ("v1.5.0+",)
    ]


SEARCHES = {"tune": [], "tune-baselines": ["--dataset", "planted"]}


def search(name: str, database: Path, *more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "two_tower.training.cli", name, "--database", str(database), *more]
    return subprocess.run(command, check=False, capture_output=True, text=True)


def tune(database: Path, trials: int) -> str:
    done = search("tune", database, "--trials", str(trials))
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_search_of_settings_needs_a_built_project(tmp_path: Path) -> None:
    database = tmp_path / "empty.duckdb"
    duckdb.connect(str(database)).close()
    for name, more in SEARCHES.items():
        failed = search(name, database, *more)
        assert failed.returncode == 1
        assert failed.stderr.count("\n") <= 5, failed.stderr
        assert "schema main" in failed.stderr
        assert "with --schema, or build the project once: dbt build" in failed.stderr


def test_a_search_after_a_refresh_says_what_is_left_out(built: Shop, tmp_path: Path) -> None:
    database = tmp_path / "refreshed.duckdb"
    shutil.copy(built.database, database)
    with duckdb.connect(str(database)) as connection:
        connection.execute("delete from cutoff_targets where cutoff > 1")
    for name, more in SEARCHES.items():
        failed = search(name, database, *more)
        assert failed.returncode == 1
        assert "cutoff_targets ends at cutoff 1" in failed.stderr
        assert "first dbt run --select +training_runs" in failed.stderr


def test_a_search_of_settings_goes_on_and_never_reads_the_test_window(built: Shop, tmp_path: Path) -> None:
    database = tmp_path / "searched.duckdb"
    shutil.copy(built.database, database)
    assert "trial 1: recall@10" in tune(database, 2)
    with duckdb.connect(str(database)) as connection:
        connection.execute("delete from cutoff_targets where cutoff = 1")
        connection.execute("delete from interaction_splits where window_number = 0")
    again = tune(database, 3)
    assert "trial 2: recall@10" in again
    assert "trial 1: recall@10" not in again, "earlier trials count"
    assert "with the settings before" in again
    assert yaml.safe_load(again[again.index("vars:") :])["vars"]["two_tower_training"]["batch_size"] == 32
    with duckdb.connect(str(database)) as connection:
        trials = connection.sql(
            "select trial_id, state, recall, settings, epochs from tower_trials order by 1"
        ).fetchall()
    assert [number for number, *_ in trials] == [0, 1, 2]
    _, state, recall, settings, epochs = trials[0]
    assert (state, settings["id_dropout"], settings["epochs"]) == ("complete", 0.3, 6), (
        "the settings in force come first"
    )
    assert recall > max(epochs.values()) / 2
    assert trials[2][3] != trials[1][3]
