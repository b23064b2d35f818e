"""The evaluation SQL against an independent library (ranx), against pandas and against sums by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb
import numpy as np
import pandas as pd
import pytest
from helpers.evaluation_sql import Evaluation

if TYPE_CHECKING:
    from pathlib import Path

KS = [5, 10, 20]
ITEMS = 80
EXACT = {"rtol": 0, "atol": 1e-9}
KEY = ["model", "policy", "k", "slice", "user_id"]


def random_lists(model: str, users: int, length: int, generator: np.random.Generator) -> pd.DataFrame:
    """Lists of distinct items, of any length from 0 to `length`, so that some are shorter than k."""
    rows = [
        (model, "allow_repeats", f"user {user}", rank, f"item {item}")
        for user in range(users)
        for rank, item in enumerate(generator.permutation(ITEMS)[: generator.integers(length + 1)], start=1)
    ]
    return pd.DataFrame(rows, columns=["model", "policy", "user_id", "rank", "item_id"])


def random_pairs(users: range, most: int, generator: np.random.Generator) -> pd.DataFrame:
    rows = [
        (1, f"user {user}", f"item {item}")
        for user in users
        for item in generator.permutation(ITEMS)[: generator.integers(1, most)]
    ]
    return pd.DataFrame(rows, columns=["cutoff", "user_id", "item_id"])


@pytest.fixture(scope="module")
def world() -> dict[str, pd.DataFrame]:
    generator = np.random.default_rng(7)
    histories = random_pairs(range(90), 12, generator)
    had = histories.groupby("item_id").size()
    items = pd.DataFrame({"cutoff": 1, "item_id": [f"item {item}" for item in range(ITEMS)]})
    items["users"] = items["item_id"].map(had).fillna(0)
    return {
        "evaluation_recommendations": random_lists("two_tower", 120, 50, generator),
        "als": random_lists("als", 100, 8, generator),
        "cutoff_targets": random_pairs(range(120), 30, generator).assign(is_repeat=False),
        "user_histories": histories,
        "cutoffs": pd.DataFrame({"cutoff": [1], "known_users": [histories["user_id"].nunique()]}),
        "item_features": items.assign(interactions=items["users"]),
    }


@pytest.fixture(scope="module")
def evaluation(world: dict[str, pd.DataFrame], tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    return Evaluation.of(tmp_path_factory.mktemp("evaluation"), world, two_tower_ks=KS).run()


def by_user(rows: pd.DataFrame, value: str) -> dict[str, dict[str, float]]:
    return {user: own.set_index("item_id")[value].to_dict() for user, own in rows.groupby("user_id")}


@pytest.mark.filterwarnings("ignore")  # of numba, inside ranx
@pytest.mark.parametrize("model", ["two_tower", "als"])
def test_users_agree_with_ranx(model: str, evaluation: Evaluation, world: dict[str, pd.DataFrame]) -> None:
    ranx = pytest.importorskip("ranx", reason="pip install -c constraints.txt -e '.[test]'")
    lists = pd.concat([world["evaluation_recommendations"], world["als"]])
    targets, lists = world["cutoff_targets"], lists[lists["model"] == model]
    relevant = ranx.Qrels(by_user(targets.assign(gain=1), "gain"))
    run = ranx.Run(by_user(lists.assign(score=1 / lists["rank"]), "score"))
    metrics = [f"{name}@{k}" for k in KS for name in ("hits", "recall", "ndcg", "hit_rate")]
    ranx.evaluate(relevant, run, metrics, make_comparable=True)

    ours = evaluation.table("recall_by_user").query("model == @model and slice == 'all'")
    assert len(ours) == 120 * len(KS)
    theirs = {
        name: [run.scores[f"{name}@{k}"][user] for k, user in zip(ours["k"], ours["user_id"], strict=True)]
        for name in ("hits", "recall", "ndcg", "hit_rate")
    }
    reachable = np.minimum(ours["k"], ours["user_id"].map(targets.groupby("user_id").size()))
    np.testing.assert_allclose(ours["hits"], theirs["hits"], **EXACT)
    np.testing.assert_allclose(ours["recall_all"], theirs["recall"], **EXACT)
    np.testing.assert_allclose(ours["recall"], theirs["hits"] / reachable, **EXACT)
    np.testing.assert_allclose(ours["ndcg"], theirs["ndcg"], **EXACT)
    np.testing.assert_allclose(ours["hit"], theirs["hit_rate"], **EXACT)


def test_means_and_intervals_are_those_of_the_users(evaluation: Evaluation) -> None:
    users, models = evaluation.table("recall_by_user"), evaluation.table("recall_by_model")
    key = KEY[:-1]
    means = users.groupby(key).agg(
        n_users=("user_id", "size"), recall=("recall", "mean"), recall_all=("recall_all", "mean"),
        ndcg=("ndcg", "mean"), hit_rate=("hit", "mean"),
    )  # fmt: skip
    both = models.set_index(key).join(means.add_suffix("_expected"), how="outer")
    for name in means.columns:
        np.testing.assert_allclose(both[name], both[f"{name}_expected"], **EXACT)
    assert (both["recall_low"] <= both["recall"]).all()
    assert (both["recall_high"] >= both["recall"]).all()
    wide = both.query("n_users >= 30 and recall > 0")
    assert (wide["recall_low"] < wide["recall_high"]).all()


def test_coverage_and_popularity_agree_with_pandas(evaluation: Evaluation, world: dict[str, pd.DataFrame]) -> None:
    models = evaluation.table("recall_by_model").query("slice == 'all'").set_index(["model", "k"])
    known = world["user_histories"]["user_id"].nunique()
    popularity = world["item_features"].set_index("item_id")["users"] / known
    lists = pd.concat([world["evaluation_recommendations"], world["als"]])
    for (model, k), row in models.iterrows():
        top = lists[(lists["model"] == model) & (lists["rank"] <= k)]
        bias = top["item_id"].map(popularity).groupby(top["user_id"]).mean().mean()
        assert row["coverage"] == pytest.approx(top["item_id"].nunique() / ITEMS, abs=1e-9)
        assert row["popularity_bias"] == pytest.approx(bias, abs=1e-9)


def test_analysts_ask_for_recall_without_the_plugin(evaluation: Evaluation) -> None:
    models = evaluation.table("recall_by_model").query("slice == 'warm_user' and k == 5")
    with duckdb.connect(evaluation.folder / "evaluation.duckdb", read_only=True) as connection:
        asked = connection.sql("from recall_at(5, 'warm_user')").df()
    assert asked.recall.tolist() == sorted(models.recall, reverse=True)
    assert set(asked.model) == set(models.model)


def test_comparisons_pair_the_same_users(evaluation: Evaluation) -> None:
    users, rows = evaluation.table("recall_by_user"), evaluation.table("model_comparisons")
    wide = users.pivot_table(index=["k", "slice", "user_id"], columns="model", values="recall")
    rows = rows.set_index(["k", "slice"])
    means = wide.groupby(["k", "slice"]).mean().loc[rows.index]
    assert set(zip(rows["model"], rows["baseline"], strict=True)) == {("two_tower", "als")}
    np.testing.assert_allclose(rows["lift"], means["two_tower"] / means["als"] - 1, **EXACT)
    np.testing.assert_allclose(rows["difference"], means["two_tower"] - means["als"], **EXACT)
    assert (rows["lift_low"] <= rows["lift"]).all()
    assert (rows["lift"] <= rows["lift_high"]).all()
    wide = users.pivot_table(index=["k", "slice", "user_id"], columns="model", values="ndcg")
    means = wide.groupby(["k", "slice"]).mean().loc[rows.index]
    np.testing.assert_allclose(rows["ndcg_difference"], means["two_tower"] - means["als"], **EXACT)
    assert (rows["ndcg_difference_low"] <= rows["ndcg_difference"]).all()
    assert (rows["ndcg_difference"] <= rows["ndcg_difference_high"]).all()


def test_a_teams_own_lists_are_measured_beside_ours(tmp_path: Path) -> None:
    lists = pd.DataFrame({"user_id": ["ann", "bob"], "rank": 1, "item_id": "a"})
    lists = lists.assign(model="two_tower", policy="unseen_only")
    targets = pd.DataFrame({"user_id": ["ann", "bob"], "item_id": ["a", "b"], "is_repeat": False, "cutoff": 1})
    tables = {"evaluation_recommendations": lists, "cutoff_targets": targets}
    project = Evaluation.of(tmp_path, tables, two_tower_policies=["unseen_only"], two_tower_own_baselines=["shelf"])
    own = "select * replace ('shelf' as model, 'b' as item_id) from {{ ref('evaluation_recommendations') }}"
    (tmp_path / "models" / "shelf.sql").write_text(own + " where user_id = 'bob'")
    ran = project.run()
    rows = ran.table("recall_by_model").query("slice == 'all' and k == 5").set_index("model")
    assert rows.loc[["two_tower", "shelf"], "recall"].tolist() == [0.5, 0.5]
    compared = ran.table("model_comparisons").query("baseline == 'shelf' and slice == 'all' and k == 5")
    assert compared["difference"].tolist() == [0]


def test_by_hand(tmp_path: Path) -> None:
    """Ann finds 2 of 3 (ranks 1, 3), Bob 0 of 1, Cat has no list, Dan only repeats and does not count."""
    rows = [("ann", 1, "a"), ("ann", 2, "x"), ("ann", 3, "b"), ("bob", 1, "x"), ("dan", 1, "d")]
    lists = pd.DataFrame(rows, columns=["user_id", "rank", "item_id"]).assign(model="two_tower", policy="unseen_only")
    pairs = [("ann", "a", False), ("ann", "b", False), ("ann", "c", False), ("bob", "b", False)]
    pairs += [("cat", "a", False), ("dan", "d", True)]
    targets = pd.DataFrame(pairs, columns=["user_id", "item_id", "is_repeat"]).assign(cutoff=1)
    tables = {"evaluation_recommendations": lists, "cutoff_targets": targets}
    ran = Evaluation.of(tmp_path, tables, two_tower_policies=["unseen_only"], two_tower_ks=[2, 3]).run()
    rows = ran.table("recall_by_model").query("slice == 'all'").set_index("k").sort_index()
    ideal = 1 + 1 / np.log2(3)
    assert rows["n_users"].tolist() == [3, 3]
    assert rows["recall"].tolist() == pytest.approx([1 / 2 / 3, 2 / 3 / 3])
    assert rows["recall_all"].tolist() == pytest.approx([1 / 3 / 3, 2 / 3 / 3])
    assert rows["ndcg"].tolist() == pytest.approx([1 / ideal / 3, 1.5 / (ideal + 0.5) / 3])
    assert rows["hit_rate"].tolist() == pytest.approx([1 / 3, 1 / 3])


def test_failed_gate_says_what_failed_and_what_to_do(evaluation: Evaluation) -> None:
    variables = {
        "two_tower_min_recall": {"allow_repeats": 0.99},
        "two_tower_min_lift_over_als": {"allow_repeats": -1, "unseen_only": -1},
    }
    result = evaluation.dbt("build", "--select", "gates", **variables)
    result.must_fail()
    (line,) = [line for line in result.output.splitlines() if "Gate minimum_recall failed" in line]
    assert "model two_tower, policy allow_repeats, slice all: lower bound of recall@10 is 0." in line
    assert "threshold 0.99" in line
    assert "var two_tower_min_recall" in line
    assert "Gate not_below_als" not in result.output
    assert "there is no lift of recall@10 over popularity" in result.output
