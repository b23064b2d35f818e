"""Factors: the linear model is EASE when its rank is full, and items that share a value of a feature come together."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
import torch
from scipy.sparse import csr_matrix
from two_tower.training.baselines.models import fit_ease
from two_tower.training.config import TrainingConfig
from two_tower.training.factorization.factors import (
    factor_choices,
    feature_values,
    fit_factors,
    fit_vectors,
    fold_in,
    weights_of_values,
)
from two_tower.training.factorization.linear import fit_linear, ridge
from two_tower.training.inputs.arrays import HISTORY
from two_tower.training.inputs.examples import Examples, build_examples

USERS, ITEMS = 60, 25
WIDTH = 4  # of factors


def histories(seed: int = 0) -> csr_matrix:
    random = np.random.default_rng(seed)
    likes = random.random((USERS, 3)) @ random.random((3, ITEMS)) + random.random((USERS, ITEMS))
    had = likes > np.quantile(likes, 0.7, axis=1, keepdims=True)
    had[:2] = np.arange(ITEMS) % 2 == np.arange(2)[:, None]  # nothing that nobody had
    return csr_matrix(had.astype(np.float32))


def weights_of(rank: int) -> np.ndarray:
    history, items = fit_linear(histories(), rank, 5.0, seed=0)
    return np.asarray(history @ items.T)


def test_at_full_rank_the_linear_model_is_ease() -> None:
    score = fit_ease(histories(), regularization=5.0)
    expected = score(np.arange(USERS))
    np.testing.assert_allclose(histories() @ weights_of(ITEMS), expected, atol=1e-4)


def test_a_reduced_rank_keeps_the_predictions_better_than_the_weights() -> None:
    """The truncated singular value decomposition of the weights themselves is what it has to beat."""
    full = weights_of(ITEMS)
    left, values, right = np.linalg.svd(full)
    truncated = (left[:, :4] * values[:4]) @ right[:4]
    length = np.sqrt(np.diff(histories().indptr))[:, None]

    def error(weights: np.ndarray) -> float:
        return float(np.linalg.norm(histories() @ (weights - full) / length))

    assert error(weights_of(4)) < error(truncated)


def test_items_that_nobody_had_have_no_vectors() -> None:
    some = histories().tolil()
    some[:, 7] = 0
    history, items = fit_linear(csr_matrix(some), 10, 5.0, seed=0)
    assert not history[7].any()
    assert not items[7].any()
    assert items[6].any()


def users_of(carts: list[list[str]], code: dict[str, int]) -> list[dict[str, object]]:
    """Rows of users u00, u01 and so on at two cutoffs, each of whom had the items of a cart once."""
    return [
        {"cutoff": cutoff, "user_id": f"u{user:02d}", "history_items": [code[item] for item in cart]}
        | {name: [1.0] * len(cart) for name in HISTORY[1:]}
        for cutoff in (1, 2)
        for user, cart in enumerate(carts)
    ]


def shop(words: list[int] | None = None, told: int = 8) -> Examples:
    """Two shelves of four items; users keep to one shelf, but none had p3 or q3. The first `told` have words."""
    names = [f"{shelf}{number}" for shelf in "pq" for number in range(4)]
    code = {name: place + 1 for place, name in enumerate(names)}
    carts = [["p0", "p1", "p2"], ["q0", "q1", "q2"]] * 3 + [["p3"], ["q3"]]
    users = users_of(carts, code)
    items = [
        {"cutoff": cutoff, "item_id": name, "item_index": code[name], "shelf": 1 if name[0] == "p" else 2,
         "tags": [3, 3, 4 + place], "users": 1.0, "recent_users": 1.0}
        | ({"words": words if place < told else [1]} if words else {})
        for cutoff in (1, 2)
        for place, name in enumerate(names)
    ]  # fmt: skip
    wanted = [{"cutoff": 2, "user_id": "u00", "item_id": "p3", "is_repeat": False}]
    had = [{"cutoff": 2, "user_id": "u00", "item_id": "p0"}]
    return build_examples(
        *(pa.Table.from_pylist(rows) for rows in (users, items, items, wanted, had)),
        {"user": {}, "item": {"item_index": 8, "shelf": 2, "tags": 12, "words": 99}},
        {"users", "recent_users", "item_index"}, 1,
    )  # fmt: skip


def test_values_of_two_items_and_more_count_once_per_item() -> None:
    values = feature_values(shop(), 2).toarray()
    assert values.shape == (16, 9), "a row for each code of shelves and tags, unknown ones included"
    assert values.max() == 1.0
    assert sorted(values.sum(1))[-4:] == [0.0, 4.0, 4.0, 8.0], "two shelves and the tag that all have, not tags of one"


@pytest.mark.parametrize("features", [0.0, 1.0])
def test_only_features_bring_the_items_of_a_shelf_together(features: float) -> None:
    config = TrainingConfig(factors_alpha=20.0, factors_regularization=1.0, factors_features=features, threads=1)
    items = fit_factors(shop(), 2, config, WIDTH).items.numpy().astype(np.float64)
    directions = items / np.maximum(np.linalg.norm(items, axis=1, keepdims=True), 1e-9)
    nearness = directions @ directions.T
    own, other = nearness[4, 1:4].mean(), nearness[4, 5:8].mean()  # of p3 to its own shelf and to the other one
    assert (own - other > 0.15) == bool(features)


def test_a_text_has_no_say_in_als() -> None:
    """Its words are forty times as many as the values of other features."""
    config = TrainingConfig(factors_alpha=20.0, factors_regularization=1.0, threads=1)
    text, rare = shop(words=list(range(2, 42))), shop(words=list(range(2, 42)), told=2)
    few = shop(words=[2, 3])
    without, silent, rarely, heard = (
        fit_vectors(examples, 2, config, WIDTH)[0] for examples in (shop(), text, rare, few)
    )
    np.testing.assert_array_equal(without, silent)
    np.testing.assert_array_equal(without, rarely, "though most items have none")
    assert np.abs(heard - without).max() > 0.01, "two words are no text"


def test_a_value_counts_less_the_more_values_its_items_have() -> None:
    config = TrainingConfig(factors_alpha=20.0)
    weights = {n: shop(words=list(range(1, n + 1))) for n in (2, 10, 20)}
    found = {
        n: weights_of_values(examples, feature_values(examples, 2), config)[-100:] for n, examples in weights.items()
    }
    assert found[2].max() == pytest.approx(20.0)
    assert found[10].max() == pytest.approx(10.0)
    assert found[20].max() == pytest.approx(5.0)


def test_a_linear_model_may_be_shorter_than_the_factors() -> None:
    config = TrainingConfig(factors_alpha=1.0, factors_regularization=1.0, factors_linear=1, threads=1)
    whole, shorter = (fit_vectors(shop(), 2, replace(config, factors_rank=rank), WIDTH) for rank in (0, 1))
    for full, short in zip(whole[:2], shorter[:2], strict=True):
        assert short.shape == full.shape
        assert full[:, 1:].any()
        assert short[:, :1].any()
        assert not short[:, 1:].any()


@pytest.mark.parametrize(("ordered", "width", "tried"), [(0, 446, {0, 128}), (1, 446, {0}), (0, 128, {0})])
def test_a_shorter_model_is_tried_where_factors_are_long_and_all_there_is(
    ordered: int, width: int, tried: set[int]
) -> None:
    choices = factor_choices(TrainingConfig(ordered=ordered), width)
    assert {choice.factors_rank for choice in choices if choice.factors_linear} == tried
    assert not any(choice.factors_rank for choice in choices if not choice.factors_linear)


def test_an_even_sample_of_users_is_enough_to_try_settings() -> None:
    config = TrainingConfig(factors_alpha=20.0, factors_regularization=1.0, factors_features=0.0, threads=1)
    whole, of_all, of_two = (fit_vectors(shop(), 2, config, WIDTH, most)[0] for most in (None, 100, 2))
    assert (whole == of_all).all(), "there are no more than a hundred"
    assert of_two[1:4].any()
    assert not of_two[5:8].any(), "the first and the last of the eight users had nothing of them"


def test_few_rounds_solve_a_users_own_equations() -> None:
    """As Hu, Koren and Volinsky (2008) have them."""
    config = TrainingConfig(factors_alpha=3.0, factors_regularization=2.0, factors_features=0.0, threads=1)
    random = np.random.default_rng(0)
    vectors = random.standard_normal((30, 4))
    gram = vectors.T @ vectors + 2.0 * np.eye(4)
    whitened = np.linalg.solve(np.linalg.cholesky(gram), vectors.T).T
    whitened[0] = 0.0
    places, weights = np.array([[3, 9, 11], [4, 0, 0], [0, 0, 0]]), np.array([[0.2, 1.0, 2.0], [1.0, 0, 0], [0, 0, 0]])
    user = fold_in(*(torch.tensor(array) for array in (whitened, places, weights)), config).numpy()
    for row in range(2):
        v, c = vectors[places[row]], 3.0 * weights[row]
        expected = vectors[1:] @ np.linalg.solve(gram + (v.T * c) @ v, ((1 + c) * (c > 0)) @ v)
        np.testing.assert_allclose(whitened[1:] @ user[row], expected, rtol=0.02, atol=0.02 * np.abs(expected).max())
    assert not user[2].any(), "without a history there is nothing to solve"


def test_a_new_item_is_expected_where_the_items_of_its_shelf_are() -> None:
    config = TrainingConfig(factors_alpha=20.0, factors_regularization=1.0, threads=1)
    factors = fit_factors(shop(), 2, config, WIDTH)
    shelf = {name: factors.values[place].numpy() for name, place in (("p", 1), ("q", 2))}
    for name, own in shelf.items():
        found = factors.items.numpy() @ own
        assert (found[1:4].mean() > found[5:8].mean()) == (name == "p")


def test_ridge_is_the_exact_solution() -> None:
    random = np.random.default_rng(0)
    inputs = csr_matrix((random.random((40, 6)) < 0.4).astype(np.float32))
    inputs[:, 3] = 0.0
    outputs = random.standard_normal((40, 2)).astype(np.float32)
    dense = inputs.toarray()
    expected = np.linalg.solve(dense.T @ dense + 5.0 * np.eye(6), dense.T @ outputs)
    np.testing.assert_allclose(ridge(inputs, outputs, 5.0), expected, atol=1e-4)
    assert not ridge(inputs, outputs, 5.0)[3].any(), "nothing is learned of what no row has"
