from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import onnx
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from two_tower.python_udfs.arrays import Floats
from two_tower.python_udfs.top_k import exact
from two_tower.python_udfs.top_k.exact import with_rounding
from two_tower.python_udfs.top_k.functions import block_top_k
from two_tower.python_udfs.top_k.int8 import ZERO, multiply, product_model, round_items, round_users
from two_tower.python_udfs.top_k.types import Adjustment, Best, Items, Users

NONE = np.zeros(0, np.int64)
K = 10


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exact, "SCORES", 2**15)


def users_of(vectors: Floats, excluded: np.ndarray = NONE, bounds: np.ndarray | None = None) -> Users:
    n = len(vectors)
    bounds = np.zeros(n + 1, np.int64) if bounds is None else bounds
    return Users(vectors, excluded, bounds, np.zeros(n, np.int64))


def uneven(random: np.random.Generator, rows: int, d: int) -> Floats:
    """Vectors of unequal lengths whose dimensions, too, have unequal scales."""
    return (random.standard_t(3, (rows, d)) * random.lognormal(0, 2, d) * random.lognormal(0, 1, (rows, 1))).astype(
        np.float32
    )


def both_ways(users: Users, items: Items) -> tuple[Best, Best]:
    return exact.exact_top_k(users, with_rounding(items, map), K), exact.exact_top_k(users, items, K)


def assert_same(rounded: Best, plain: Best) -> None:
    """Rank by rank the same score but for the last digits, and but for those the same items."""
    assert (rounded.counts == plain.counts).all()
    kept = np.arange(K) < plain.counts[:, None]
    assert rounded.scores[kept] == pytest.approx(plain.scores[kept], rel=1e-4, abs=1e-5)
    apart = np.abs(np.diff(plain.scores, axis=1)) > 1e-4 * np.abs(plain.scores[:, 1:])
    clear = kept & np.pad(apart, ((0, 0), (1, 0)), constant_values=True)
    clear[:, :-1] &= clear[:, 1:] | ~kept[:, 1:]
    clear[:, -1] = False  # what comes next is not known
    assert (rounded.numbers[clear] == plain.numbers[clear]).all()


def test_the_product_is_valid_onnx_and_exact_for_the_largest_codes() -> None:
    onnx.checker.check_model(onnx.load_from_string(product_model()), full_check=True)
    random = np.random.default_rng(0)
    items = random.choice(np.array([1, ZERO, 127], np.uint8), (70, 33))
    users = random.choice(np.array([-127, 0, 127], np.int8), (9, 33))
    items[0], users[0], users[1] = 127, 127, -127
    scores = np.empty((70, 9), np.int32)
    multiply(items, np.ascontiguousarray(users.T), scores)
    assert (scores == items.astype(int) @ users.astype(int).T).all()


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.integers(-12, 8))
def test_no_score_falls_below_its_bound(seed: int, d: int, exponent: int) -> None:
    random = np.random.default_rng(seed)
    items, users = uneven(random, 60, d), uneven(random, 7, d) * np.float32(10.0**exponent)
    rounded = round_items(items, map)
    asked = round_users(users, rounded)
    assert asked is not None
    scores = np.empty((60, 7), np.int32)
    multiply(rounded.codes, asked.codes, scores)
    products = np.einsum("nd,md->mn", users, items)  # as exact_top_k works them out
    for item in range(60):
        assert (scores[item] >= asked.bounds(products[item])).all()


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.integers(-3, 3))
def test_no_score_falls_below_its_bound_where_centres_are_left_out(seed: int, d: int, exponent: int) -> None:
    random = np.random.default_rng(seed)
    centres, users = uneven(random, 5, d) * np.float32(10.0**exponent), uneven(random, 7, d)
    of = np.sort(random.integers(0, 5, 60))
    items = centres[of] + uneven(random, 60, d)
    rounded = round_items(items, map, centres, of)
    asked = round_users(users, rounded)
    assert asked is not None
    scores = np.empty((60, 7), np.int32)
    multiply(rounded.codes, asked.codes, scores)
    products = np.einsum("nd,md->mn", users, items)
    for item in range(60):
        assert (scores[item] >= replace(asked, base=users @ centres[of[item]]).bounds(products[item])).all()


def test_the_bounds_are_close() -> None:
    random = np.random.default_rng(0)
    items, users = uneven(random, 5000, 64), uneven(random, 20, 64)
    rounded = round_items(items, map)
    asked = round_users(users, rounded)
    assert asked is not None
    scores = np.empty((5000, 20), np.int32)
    multiply(rounded.codes, asked.codes, scores)
    tenth = np.sort(users @ items.T, axis=1)[:, -10]
    assert (scores >= asked.bounds(tenth)).sum() < 20 * 100


@pytest.mark.parametrize("d", [1, 16, 200])
def test_rounding_finds_the_same_with_few_products_of_floats(monkeypatch: pytest.MonkeyPatch, d: int) -> None:
    random = np.random.default_rng(d)
    items, users = (random.standard_normal((rows, d), np.float32) * random.lognormal(0, 1, d) for rows in (9000, 300))
    items, users = items.astype(np.float32), users.astype(np.float32)
    users[3], items[5] = np.nan, np.inf
    excluded = [np.sort(random.choice(9000, 30, replace=False)) for _ in range(300)]
    asked = users_of(users, np.concatenate(excluded), np.arange(0, 30 * 301, 30))
    offered = Items(items, np.array([5]), (Adjustment(np.arange(0, 9000, 7), np.full(1286, -np.inf, np.float32)),))
    plain = exact.exact_top_k(asked, offered, K)
    blocks, in_floats = exact.improve_block, 0

    def counted(*block: Any) -> None:
        nonlocal in_floats
        in_floats += 1
        blocks(*block)

    with monkeypatch.context() as patch:
        patch.setattr(exact, "improve_block", counted)
        found = exact.exact_top_k(asked, with_rounding(offered, map), K)
    assert in_floats < 25  # of 83
    assert_same(found, plain)
    assert found.counts[3] == 0
    assert not (found.numbers[np.arange(300) != 3] % 7 == 0).any()


@pytest.mark.parametrize(("n", "is_rounded"), [(40, True), (20, False)])
def test_the_sql_function_rounds_where_there_are_many_blocks(
    monkeypatch: pytest.MonkeyPatch, n: int, is_rounded: bool
) -> None:
    random = np.random.default_rng(0)
    users, items = (random.standard_normal((rows, 16), np.float32) for rows in (n, 5000))
    blocks, rounded = exact.improve_int8, 0

    def counted(*block: Any) -> bool:
        nonlocal rounded
        rounded += 1
        return blocks(*block)

    monkeypatch.setattr(exact, "improve_int8", counted)
    vectors = [pa.FixedSizeListArray.from_arrays(pa.array(side.ravel()), 16) for side in (users, items)]
    found = block_top_k(pa.StructArray.from_arrays(vectors[:1], ["embedding"]), vectors[1], K, 1, approximate=False)
    assert (rounded > 0) == is_rounded
    assert found.flatten().field("score").to_numpy().reshape(n, K) == pytest.approx(
        np.sort(users @ items.T, axis=1)[:, : -K - 1 : -1], rel=1e-5
    )


def test_where_rounding_tells_nothing_apart_floats_decide() -> None:
    random = np.random.default_rng(0)
    items = 1 + 1e-4 * random.standard_normal((5000, 24)).astype(np.float32)
    assert_same(*both_ways(users_of(1 + random.random((40, 24), np.float32)), Items(items, NONE, ())))


def test_equal_vectors_of_different_blocks_are_in_the_order_of_their_numbers() -> None:
    random = np.random.default_rng(0)
    items = np.tile(uneven(random, 3000, 48), (4, 1))
    found, _ = both_ways(users_of(uneven(random, 50, 48)), Items(items, NONE, ()))
    assert (found.numbers[:, :4] == found.numbers[:, :1] + 3000 * np.arange(4)).all()


def test_amounts_and_scores_beyond_floats_are_left_to_floats() -> None:
    random = np.random.default_rng(0)
    items = Items(uneven(random, 50, 8), NONE, ())
    boosted = replace(items, adjustments=(Adjustment(np.array([0]), np.array([2.0], np.float32)),))
    assert with_rounding(boosted, map).rounded is None
    huge = users_of(np.full((2, 8), 3e37, np.float32))
    assert_same(*both_ways(huge, replace(items, vectors=items.vectors * np.float32(1e6))))


def test_infinite_scores_are_not_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exact, "SCORES", 2**15)
    random = np.random.default_rng(0)
    items = Items((random.standard_normal((3000, 8)) * 3e19).astype(np.float32), NONE, ())
    users = users_of((random.standard_normal((40, 8)) * 4e18).astype(np.float32))
    found = exact.exact_top_k(users, with_rounding(items, map), 5)
    assert np.isfinite(found.scores[np.arange(5) < found.counts[:, None]]).all()


@pytest.mark.parametrize("value", [0.0, 1e-44, 1e-20])
def test_vectors_of_next_to_nothing(value: float) -> None:
    items = np.full((500, 4), value, np.float32)
    assert_same(*both_ways(users_of(items[:3]), Items(items, NONE, ())))
