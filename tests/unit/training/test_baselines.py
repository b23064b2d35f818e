"""The fitted baselines on frames small enough to be computed by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from scipy.sparse import csr_matrix
from two_tower.training.baselines.lists import World, best_lists, fill, list_table, read_world, top_codes
from two_tower.training.baselines.matrix import Interactions, Weighting, codes_of, scale, weigh
from two_tower.training.baselines.models import Scorer, fit_als, fit_ease, fit_item_knn
from two_tower.training.baselines.table import baseline_table, fit_baseline

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

# seven events: user 0 has items 0 (twice, 0 and 10 days ago) and 1, user 1 has 0, 1, 2, user 2 has 3
USERS = np.array([0, 0, 0, 1, 1, 1, 2])
ITEMS = np.array([0, 0, 1, 0, 1, 2, 3])
AGES = np.array([0.0, 10.0, 0.0, 0.0, 0.0, 20.0, 0.0])
SEVEN = Interactions.of(USERS, ITEMS, AGES, (4, 5))  # user 3 and item 4 have no events
Relations = tuple[duckdb.DuckDBPyRelation, ...]
EVERYONE = np.arange(4)


def world_of(interactions: Interactions, popular: list[int]) -> World:
    users, items = interactions.shape
    return World(
        pa.array([f"u{user}" for user in range(users)]),
        pa.array([f"i{item}" for item in range(items)]),
        interactions,
        weigh(interactions, "binary"),
        np.array(popular, dtype=np.int64),
        np.arange(items, dtype=np.float64) * 100,
    )


@pytest.mark.parametrize(
    ("weighting", "expected"),
    [
        ("count", [[1.5, 1, 0, 0, 0], [1, 1, 0.25, 0, 0], [0, 0, 0, 1, 0], [0] * 5]),
        ("binary", [[1, 1, 0, 0, 0], [1, 1, 0.25, 0, 0], [0, 0, 0, 1, 0], [0] * 5]),
        ("log", np.log1p([[1.5, 1, 0, 0, 0], [1, 1, 0.25, 0, 0], [0, 0, 0, 1, 0], [0] * 5])),
    ],
)
def test_weigh_halves_an_event_every_half_life(weighting: Weighting, expected: list[list[float]]) -> None:
    np.testing.assert_allclose(weigh(SEVEN, weighting, 10).toarray(), expected, rtol=1e-6)


def test_weigh_without_half_life_counts_and_keeps_very_old_events() -> None:
    np.testing.assert_array_equal(weigh(SEVEN, "count").toarray()[0], [2, 1, 0, 0, 0])
    ancient = Interactions.of(np.array([0]), np.array([0]), [1e6], (1, 1))
    assert weigh(ancient, "count", 1.0).toarray()[0, 0] > 0


def test_weigh_falls_by_the_step_not_by_the_clock() -> None:
    """User 0 in years, user 1 in minutes; items of one moment are one step, what was had again is new."""
    users, items = np.array([0, 0, 0, 1, 1, 1, 1]), np.array([0, 1, 0, 0, 1, 2, 3])
    ages = np.array([700.0, 300.0, 0.0, 5e-4, 4e-4, 4e-4, 3e-4])
    events = Interactions.of(users, items, ages, (3, 4))
    np.testing.assert_allclose(
        weigh(events, "count", step_decay=0.5).toarray(), [[2, 0.5, 0, 0], [0.25, 0.5, 0.5, 1], [0, 0, 0, 0]]
    )
    order = np.random.default_rng(0).permutation(7)
    shuffled = Interactions.of(users[order], items[order], ages[order], (3, 4))
    np.testing.assert_array_equal(shuffled.steps, events.steps)


@pytest.mark.parametrize(("weighting", "expected"), [("count", [1.25, 0.5]), ("binary", [1, 0.5])])
def test_an_event_weighs_what_its_type_does(weighting: Weighting, expected: list[float]) -> None:
    events = Interactions.of(np.zeros(3, int), np.array([1, 0, 0]), [8.0, 0.0, 16.0], (1, 2), [1.0, 1.0, 1.0])
    assert weigh(events, weighting, 8.0).toarray()[0].tolist() == [expected[0], 0.5]
    events = Interactions.of(np.zeros(3, int), np.array([1, 0, 0]), [8.0, 0.0, 16.0], (1, 2), [1.0, 0.2, 0.4])
    np.testing.assert_allclose(weigh(events, weighting, 8.0).toarray()[0], [0.3 if weighting == "count" else 0.2, 0.5])


def test_scale_makes_users_equally_heavy_at_power_one() -> None:
    scaled = scale(weigh(SEVEN), user_power=1.0)
    np.testing.assert_allclose(scaled.toarray().sum(axis=1), [7 / 3, 7 / 3, 7 / 3, 0], rtol=1e-6)
    np.testing.assert_array_equal(scale(weigh(SEVEN)).toarray(), weigh(SEVEN).toarray())


def test_bad_input_is_named() -> None:
    with pytest.raises(ValueError, match="half_life_days must be positive or null, got 0"):
        weigh(SEVEN, "count", 0)
    with pytest.raises(ValueError, match="weighting must be binary, count or log, got 'tf'"):
        weigh(SEVEN, "tf")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"step_decay must be above 0 and at most 1, got 1\.5"):
        weigh(SEVEN, step_decay=1.5)
    with pytest.raises(ValueError, match=r"item codes span 0\.\.3, outside of 0\.\.2"):
        Interactions.of(USERS, ITEMS, AGES, (4, 3))
    with pytest.raises(ValueError, match="not finite"):
        Interactions.of(USERS, ITEMS, np.where(AGES > 5, np.nan, AGES), (4, 5))
    with pytest.raises(ValueError, match="id 'b' has interactions"):
        codes_of(pa.array(["a", "b"]), pa.array(["a"]))
    with pytest.raises(ValueError, match="als: unknown parameter 'factor'; known are"):
        fit_baseline("als", SEVEN, {"factor": 8})
    with pytest.raises(ValueError, match=r"own_weight must be in 0\.\.1"):
        fit_baseline("ease", SEVEN, {"own_weight": 2})


def ease_by_definition(matrix: np.ndarray[Any, Any], regularization: float) -> np.ndarray[Any, Any]:
    inverse = np.linalg.inv(matrix.T @ matrix + regularization * np.eye(matrix.shape[1]))
    weights = np.eye(matrix.shape[1]) - inverse / np.diag(inverse)
    np.testing.assert_allclose(np.diag(weights), 0, atol=1e-12)
    return np.asarray(matrix @ weights)


@pytest.mark.parametrize("shape", [(4, 9), (9, 4)], ids=["fewer users", "fewer items"])
def test_ease_is_its_closed_form_in_both_of_its_ways(shape: tuple[int, int]) -> None:
    matrix = np.random.default_rng(0).integers(0, 3, shape).astype(float)
    matrix[0, :] = 1
    matrix[:, 0] = 1
    scores = fit_ease(csr_matrix(matrix, dtype=np.float32), regularization=2.0)(np.arange(shape[0]))
    np.testing.assert_allclose(scores, ease_by_definition(matrix, 2.0), rtol=1e-4, atol=1e-4)
    blended = fit_ease(csr_matrix(matrix, dtype=np.float32), regularization=2.0, own_weight=0.25)(np.arange(shape[0]))
    np.testing.assert_allclose(blended, 0.75 * scores + 0.25 * matrix, rtol=1e-4, atol=1e-4)


def test_ease_of_a_till_that_buys_for_everyone_is_that_of_doubles() -> None:
    random = np.random.default_rng(0)
    matrix = (random.random((400, 60)) < 0.1).astype(np.float32)
    matrix[0] = 0
    matrix[0, :3] = 50_000
    scores = fit_ease(csr_matrix(matrix), regularization=10.0)(np.arange(1, 400))
    X = matrix.astype(float)
    P = np.linalg.inv(X.T @ X + 10 * np.eye(60))
    B = np.eye(60) - P / np.diag(P)
    served = np.isfinite(scores)
    assert served.mean() > 0.9
    np.testing.assert_allclose(scores[served], (X @ B)[1:][served], atol=1e-4)


@pytest.mark.parametrize("fit", [fit_ease, fit_item_knn])
def test_the_own_weight_may_be_all(fit: Callable[..., Scorer]) -> None:
    matrix = csr_matrix(np.array([[1, 2, 0], [0, 1, 0], [3, 1, 0]], dtype=np.float32))
    scores = fit(matrix, own_weight=1.0)(np.arange(3))
    assert not np.isnan(scores).any()
    np.testing.assert_allclose(scores[matrix.nonzero()], matrix.data)


def test_ease_beyond_its_limit_scores_the_items_of_most_users() -> None:
    matrix = weigh(SEVEN, "binary")
    scores = fit_ease(matrix, regularization=1.0, limit=2)(EVERYONE)
    np.testing.assert_array_equal(np.isfinite(scores[:3]).any(axis=0), [True, True, False, False, False])
    kept = ease_by_definition(matrix.toarray()[:, :2], 1.0)
    np.testing.assert_allclose(scores[:3, :2], kept[:3], rtol=1e-5)


def test_item_knn_is_cosine_with_shrinkage() -> None:
    matrix = weigh(SEVEN, "binary")
    scores = fit_item_knn(matrix, neighbours=5, shrinkage=1.0)(EVERYONE)
    # |0| = |1| = sqrt 2, |2| = 1: S_01 = 2 / (2 + 1), S_02 = S_12 = 1 / (sqrt 2 + 1)
    near, far = 2 / 3, 1 / (np.sqrt(2) + 1)
    np.testing.assert_allclose(scores[0], [near, near, 2 * far, -np.inf, -np.inf], rtol=1e-6)
    np.testing.assert_allclose(scores[1], [near + far, near + far, 2 * far, -np.inf, -np.inf], rtol=1e-6)
    assert np.isneginf(scores[2:]).all()


def test_item_knn_keeps_the_nearest_neighbours_of_each_item_and_blends_the_own_weight() -> None:
    matrix = weigh(SEVEN, "binary")
    scores = fit_item_knn(matrix, neighbours=1, shrinkage=0.0, own_weight=0.5)(EVERYONE)
    # 0 and 1 are each other's nearest with cosine 1; item 3 has none but itself
    np.testing.assert_allclose(scores[0, :2], [0.5 + 0.5, 0.5 + 0.5], rtol=1e-6)
    np.testing.assert_allclose(scores[2], [-np.inf, -np.inf, -np.inf, 0.5, -np.inf], rtol=1e-6)


def planted_blocks() -> csr_matrix:
    """40 users x 30 items in two groups; each user lacks one item of the own group."""
    matrix = np.zeros((40, 30), dtype=np.float32)
    for user in range(40):
        group = user % 2
        matrix[user, group * 15 : group * 15 + 15] = 1
        matrix[user, group * 15 + user // 2 % 15] = 0
    return csr_matrix(matrix)


def test_als_recovers_planted_blocks() -> None:
    matrix = planted_blocks()
    scores = fit_als(matrix, factors=4, regularization=0.1, alpha=5.0, iterations=20)(np.arange(40))
    scores[matrix.nonzero()] = -np.inf
    missing = np.array([user % 2 * 15 + user // 2 % 15 for user in range(40)])
    np.testing.assert_array_equal(scores.argmax(axis=1), missing)


def test_als_is_the_same_on_each_run_and_number_of_threads() -> None:
    one, again, two = (fit_als(planted_blocks(), factors=8, threads=threads)(np.arange(40)) for threads in (1, 1, 2))
    np.testing.assert_array_equal(one, again)
    np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("fit", [fit_als, fit_ease, fit_item_knn])
def test_users_and_items_without_history_are_left_to_the_fallback(fit: Callable[..., Scorer]) -> None:
    scores = fit(weigh(SEVEN))(EVERYONE)
    assert scores.dtype == np.float32
    assert np.isneginf(scores[3]).all()
    assert np.isneginf(scores[:, 4]).all()
    assert np.isfinite(scores[0, :2]).all()


@pytest.mark.parametrize("fit", [fit_als, fit_ease, fit_item_knn])
def test_an_empty_history_scores_nothing(fit: Callable[..., Scorer]) -> None:
    nobody = Interactions.of(np.array([], int), np.array([], int), np.array([]), (2, 3))
    assert np.isneginf(fit(weigh(nobody))(np.arange(2))).all()
    lists = best_lists(fit(weigh(nobody)), world_of(nobody, [2, 0, 1]), "allow_repeats", 2)
    np.testing.assert_array_equal(lists.codes, [[2, 0], [2, 0]])
    assert not lists.scored.any()


def test_ties_go_to_the_smaller_code_also_at_the_border() -> None:
    scores = np.array([[1, 3, 1, 2, 1], [0, 0, 0, 0, 0], [-np.inf, 1, -np.inf, -np.inf, 1]], dtype=np.float32)
    np.testing.assert_array_equal(top_codes(scores, 3), [[1, 3, 0], [0, 1, 2], [1, 4, -1]])


def test_top_codes_equal_a_full_sort() -> None:
    scores = np.random.default_rng(1).integers(0, 20, (50, 80)).astype(np.float32)
    np.testing.assert_array_equal(top_codes(scores, 10), np.argsort(-scores, axis=1, kind="stable")[:, :10])


def test_top_codes_stop_at_the_catalogue_and_refuse_nan() -> None:
    assert top_codes(np.zeros((2, 3), np.float32), 9).shape == (2, 3)
    assert top_codes(np.zeros((0, 3), np.float32), 2).shape == (0, 2)
    assert top_codes(np.zeros((2, 0), np.float32), 2).shape == (2, 0)
    with pytest.raises(ValueError, match="NaN"):
        top_codes(np.array([[np.nan, 1.0]], np.float32), 1)


def test_fill_skips_listed_and_excluded_and_runs_out() -> None:
    popular = np.array([4, 3, 2, 1, 0])
    np.testing.assert_array_equal(fill(np.array([3, -1, -1]), popular, np.array([4])), [3, 2, 1])
    np.testing.assert_array_equal(fill(np.array([3, -1, -1, -1]), popular, np.array([4, 2, 1])), [3, 0, -1, -1])


def scorer(rows: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return np.tile(np.array([5, 4, 3, -np.inf, -np.inf], np.float32), (len(rows), 1))


def test_new_excludes_what_the_user_has_had_before_the_top_k() -> None:
    lists = best_lists(scorer, world_of(SEVEN, [3, 4, 0, 1, 2]), "unseen_only", 2)
    np.testing.assert_array_equal(lists.codes, [[2, 3], [3, 4], [0, 1], [0, 1]])
    np.testing.assert_array_equal(lists.scored, [[True, False], [False, False], [True, True], [True, True]])
    np.testing.assert_array_equal(lists.scores, [[3, 300], [300, 400], [5, 4], [5, 4]])


def test_a_list_longer_than_the_catalogue_holds_all_of_it() -> None:
    world = world_of(SEVEN, [3, 4, 0, 1, 2])
    np.testing.assert_array_equal(best_lists(scorer, world, "allow_repeats", 99).codes[0], [0, 1, 2, 3, 4])
    table = list_table("als", "unseen_only", best_lists(scorer, world, "unseen_only", 99), world)
    assert table.filter(pc.equal(table["user_id"], "u1")).to_pylist() == [
        {"model": "als", "policy": "unseen_only", "user_id": "u1", "rank": rank, "item_id": item, "score": score}
        | {"run_id": None, "source": "fallback"}
        for rank, item, score in [(1, "i3", 300.0), (2, "i4", 400.0)]
    ]


def test_policy_and_length_are_checked() -> None:
    world = world_of(SEVEN, [0, 1, 2, 3, 4])
    with pytest.raises(ValueError, match="policy must be 'allow_repeats' or 'unseen_only', got 'old'"):
        best_lists(scorer, world, "old", 2)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="k must be at least 1, got 0"):
        best_lists(scorer, world, "unseen_only", 0)


@pytest.fixture
def relations() -> Relations:
    """Events of SEVEN in window 1; targets of all but u2; one event of the test window, which must have no effect."""
    connection = duckdb.connect()
    history = [(f"u{user}", f"i{item}", age, 1) for user, item, age in zip(USERS, ITEMS, AGES.tolist(), strict=True)]
    connection.execute("create table events (user_id varchar, item_id varchar, age double, window_number integer)")
    connection.executemany("insert into events values (?, ?, ?, ?)", [*history, ("cold", "i4", -5.0, 0)])
    age = "timestamp '2026-01-31' - to_seconds(age * 86400)"
    connection.execute(f"create table splits as select * exclude age, {age} as event_at from events")
    connection.execute("create table targets (cutoff integer, user_id varchar, item_id varchar, is_measured boolean)")
    connection.executemany("insert into targets values (1, ?, 'i4', true)", [("cold",), ("u1",), ("u0",)])
    items = ", ".join(f"(1, 'i{item}', {users}.0, {users}.0)" for item, users in enumerate([2, 2, 1, 1, 0]))
    connection.execute(f"create table items as from (values {items}) t(cutoff, item_id, recent_users, users)")
    connection.execute(
        """
        create table interests as from (values
            (1, 'u0', 'i0', 2, 2.0, 2.0, 0.0), (1, 'u0', 'i2', 0, 0.3, 0.2, 4.0), (1, 'guest', 'i3', 0, 0.5, 0.5, 0.0),
            (1, 'u0', 'i3', 0, 0.0, -1.0, 0.0), (0, 'u0', 'i4', 0, 9.0, 9.0, 0.0)
        ) t(cutoff, user_id, item_id, interactions, interest, recency_weight, days_since_last)
        """
    )
    return tuple(connection.table(name) for name in ("splits", "targets", "items", "interests"))


def test_a_world_knows_what_users_turned_to_and_does_not_count_it_as_had(relations: Relations) -> None:
    world = read_world(*relations, 1)
    users, items = world.user_ids.to_pylist(), world.item_ids.to_pylist()
    counts = weigh(world.interactions, "count", 4.0).toarray()
    of_user = dict(zip(items, counts[users.index("u0")].tolist(), strict=True))
    assert of_user == pytest.approx({"i0": 1 + 2**-2.5, "i1": 1, "i2": 0.15, "i3": 0, "i4": 0})
    assert counts[users.index("guest"), items.index("i3")] == 0.5
    had = world.seen[users.index("u0")].toarray()[0] > 0
    assert {item for item, is_had in zip(items, had, strict=True) if is_had} == {"i0", "i1"}


def settings_for(folder: Path, **parameters: float) -> dict[str, Any]:
    both = {"allow_repeats": parameters, "unseen_only": parameters}
    return {
        "parameters": both,
        "policies": ["allow_repeats", "unseen_only"],
        "evaluation_k": 2,
        "seed": 0,
        "model_dir": str(folder),
    }


@pytest.mark.parametrize(("model", "parameters"), [("als", {"factors": 2}), ("ease", {}), ("item_knn", {})])
def test_baseline_table_has_full_lists_for_warm_and_cold(
    model: str, parameters: dict[str, int], relations: Relations, tmp_path: Path
) -> None:
    table = baseline_table(model, settings_for(tmp_path, **parameters), *relations)
    rows = table.to_pandas()
    assert rows.groupby(["policy", "user_id"]).size().eq(2).all()
    assert set(rows["user_id"]) == {"u0", "u1", "cold"}, "of u2 there is nothing to measure"
    splits, targets, *others = relations
    targets = targets.project("* replace (user_id <> 'u1' as is_measured)")
    few = baseline_table(model, settings_for(tmp_path, **parameters), splits, targets, *others).to_pandas()
    assert few.equals(rows[rows["user_id"] != "u1"].reset_index(drop=True)), "of u1 nothing is measured"
    assert set(rows.loc[rows["user_id"] == "cold", "source"]) == {"fallback"}
    assert set(rows.loc[rows["user_id"] == "cold", "item_id"]) == {"i0", "i1"}
    had = {("u0", "i0"), ("u0", "i1"), ("u1", "i0"), ("u1", "i1"), ("u1", "i2"), ("u2", "i3")}
    new = rows[rows["policy"] == "unseen_only"]
    assert had.isdisjoint(zip(new["user_id"], new["item_id"], strict=True))


def test_baseline_table_is_read_back_until_a_setting_changes(relations: Relations, tmp_path: Path) -> None:
    first = baseline_table("ease", settings_for(tmp_path, regularization=1.0), *relations)
    kept = tmp_path / "baselines" / "ease.parquet"
    written = kept.stat().st_mtime_ns
    assert baseline_table("ease", settings_for(tmp_path, regularization=1.0), *relations).equals(first)
    assert kept.stat().st_mtime_ns == written
    baseline_table("ease", settings_for(tmp_path, regularization=2.0), *relations)
    assert kept.stat().st_mtime_ns != written
    kept.write_bytes(b"cut short")
    assert baseline_table("ease", settings_for(tmp_path, regularization=1.0), *relations).equals(first)


def test_a_policy_without_parameters_is_named(relations: Relations, tmp_path: Path) -> None:
    settings = settings_for(tmp_path) | {"parameters": {"allow_repeats": {}}}
    with pytest.raises(ValueError, match="var two_tower_als has no entry for policy 'unseen_only'"):
        baseline_table("als", settings, *relations)
