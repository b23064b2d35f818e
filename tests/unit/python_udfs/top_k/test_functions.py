from __future__ import annotations

import hashlib
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from helpers.top_k_tables import fill, lists, top_k_query
from hypothesis import given, settings
from hypothesis import strategies as st
from two_tower.python_udfs.plugin import register
from two_tower.python_udfs.top_k import exact
from two_tower.python_udfs.top_k.exact import as_keys
from two_tower.python_udfs.top_k.types import Items, Users

BRUTE_FORCE = """
    select
        users.user_id,
        items.item_id,
        list_inner_product(users.embedding::float[], items.embedding::float[]) as score
    from users
    cross join items
    anti join exclusions on users.user_id = exclusions.user_id and items.item_id = exclusions.item_id
    where isfinite(score)
    qualify row_number() over (partition by user_id order by score desc, md5(item_id || '|')) <= {k}
    order by user_id, score desc, md5(item_id || '|')
"""


@pytest.fixture(scope="module")
def connection() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    register(connection)
    return connection


def assert_same(connection: duckdb.DuckDBPyConnection, k: int) -> None:
    assert lists(connection, k) == lists(connection, k, BRUTE_FORCE)


small = st.integers(-2, 2)  # few values: many ties, and sums that are exact in any order


@settings(max_examples=150, deadline=None)
@given(st.data(), st.integers(1, 7), st.integers(1, 40), st.integers(1, 3), st.integers(1, 45))
def test_equals_brute_force(
    connection: duckdb.DuckDBPyConnection, data: st.DataObject, n: int, m: int, dim: int, k: int
) -> None:
    vector = st.lists(small, min_size=dim, max_size=dim)
    users = data.draw(st.lists(vector, min_size=n, max_size=n))
    items = data.draw(st.lists(vector, min_size=m, max_size=m))
    pairs = data.draw(st.sets(st.tuples(st.integers(0, n - 1), st.integers(0, m - 1)), max_size=n * m))
    fill(connection, users, items, pairs)
    assert_same(connection, k)


def test_blocks_of_users_and_items_change_nothing(
    connection: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exact, "SCORES", 28)
    monkeypatch.setattr(exact, "MOST_USERS", 4)
    random = np.random.default_rng(0)
    exclusions = {(int(random.integers(30)), int(random.integers(60))) for _ in range(300)}
    fill(connection, random.integers(-2, 3, (30, 3)).tolist(), random.integers(-2, 3, (60, 3)).tolist(), exclusions)
    for k in (1, 9, 70):
        assert_same(connection, k)


@pytest.mark.parametrize("sign", [1, -1])
def test_blocks_may_get_better_and_better_or_worse_and_worse(monkeypatch: pytest.MonkeyPatch, sign: int) -> None:
    monkeypatch.setattr(exact, "SCORES", 9 * 64)
    random = np.random.default_rng(0)
    vectors, offers = (
        1 + random.random((9, 1), np.float32),
        np.sort(sign * random.random((1000, 1), np.float32), axis=0),
    )
    none = np.zeros(0, np.int64)
    users = Users(vectors, none, np.zeros(10, np.int64), np.full(9, -1))
    found = exact.exact_top_k(users, Items(sign * offers, none, ()), 10)
    expected = np.argsort(-sign * offers[:, 0])[:10]
    assert (found.numbers == expected).all()
    assert found.scores == pytest.approx(vectors * sign * offers[expected, 0])


@pytest.mark.parametrize(
    ("n", "m", "dim", "k"), [(300, 5000, 16, 10), (130, 1200, 8, 50), (5, 20000, 4, 1), (70, 99, 4, 99)]
)
def test_equals_brute_force_at_size(connection: duckdb.DuckDBPyConnection, n: int, m: int, dim: int, k: int) -> None:
    random = np.random.default_rng(m)
    exclusions = {(int(random.integers(n)), int(random.integers(m))) for _ in range(500)}
    users, items = random.integers(-3, 4, (n, dim)), random.integers(-3, 4, (m, dim))
    fill(connection, users.tolist(), items.tolist(), exclusions)
    assert_same(connection, k)


def test_real_numbers_give_the_largest_products(connection: duckdb.DuckDBPyConnection) -> None:
    random = np.random.default_rng(0)
    users, items = (
        random.standard_normal((40, 32), np.float32),
        random.standard_normal((3000, 32), np.float32),
    )
    fill(connection, users.tolist(), items.tolist())
    scores = users.astype(float) @ items.T.astype(float)
    found = lists(connection, 10)
    assert len(found) == 400
    for user in range(40):
        mine = [(int(item[1:]), score) for u, item, score in found if u == f"u{user}"]
        assert {item for item, _ in mine} == set(np.argsort(-scores[user])[:10])
        np.testing.assert_allclose([s for _, s in mine], np.sort(scores[user])[:-11:-1], rtol=1e-4)


def test_ties_go_by_the_hash_of_the_id_also_at_the_end_of_the_list(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    fill(connection, [[1, 0]], [[1, i] for i in range(500)])
    expected = sorted((f"i{i}" for i in range(500)), key=lambda i: hashlib.md5(f"{i}|".encode()).hexdigest())
    assert [item for _, item, _ in lists(connection, 7)] == expected[:7]
    assert expected[:7] != sorted(expected)[:7]


def test_excluded_items_are_replaced_by_the_next_best(connection: duckdb.DuckDBPyConnection) -> None:
    fill(connection, [[1]], [[i] for i in range(1000)], [(0, i) for i in range(100, 1000)])
    assert [item for _, item, _ in lists(connection, 3)] == ["i99", "i98", "i97"]


def test_user_who_had_everything_gets_nothing(connection: duckdb.DuckDBPyConnection) -> None:
    fill(connection, [[1], [2]], [[1], [2]], [(0, 0), (0, 1)])
    assert [(user, item) for user, item, _ in lists(connection, 5)] == [("u1", "i1"), ("u1", "i0")]


@pytest.mark.parametrize("bad", [[None, 1.0], [float("nan"), 1.0], [float("inf"), 1.0], [float("-inf"), 0.0], None])
def test_broken_vectors_get_and_are_given_nothing(
    connection: duckdb.DuckDBPyConnection, bad: list[float | None] | None
) -> None:
    fill(connection, [[1.0, 1.0], bad], [[1.0, 1.0], bad, [-9.0, -9.0]])
    assert lists(connection, 5) == [("u0", "i0", 2.0), ("u0", "i2", -18.0)]


def test_items_broken_where_all_users_are_0_are_not_given(connection: duckdb.DuckDBPyConnection) -> None:
    fill(connection, [[1.0, 0.0], [2.0, 0.0]], [[1.0, 5.0], [2.0, float("nan")], [0.0, 5.0]])
    assert lists(connection, 5) == [("u0", "i0", 1.0), ("u0", "i2", 0.0), ("u1", "i0", 2.0), ("u1", "i2", 0.0)]


def test_products_that_overflow_to_nan_are_not_given_and_hide_nothing(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    fill(connection, [[3e38, 3e38]], [[3e38, -3e38]] + [[i * 1e-38, 0.0] for i in range(200)])
    assert [item for _, item, _ in lists(connection, 3)] == ["i200", "i199", "i198"]


@pytest.mark.parametrize(("users", "items"), [([], [[1.0]]), ([[1.0]], []), ([], [])])
def test_nobody_or_nothing_gives_no_rows(
    connection: duckdb.DuckDBPyConnection, users: list[Any], items: list[Any]
) -> None:
    fill(connection, users, items)
    assert lists(connection, 3) == []


def test_keys_sort_by_score_then_by_place() -> None:
    scores = np.array([-np.inf, -2.0, -1.0, -0.0, 0.0, 1e-40, 1.0, 1.0, 3e38, np.inf], np.float32)
    order = np.argsort(as_keys(scores, np.arange(10)))
    assert order.tolist() == [0, 1, 2, 4, 3, 5, 7, 6, 8, 9]  # of equals, the later place is the lesser
    assert as_keys(scores, np.arange(10)).min() > 0


def test_items_may_come_in_any_order(connection: duckdb.DuckDBPyConnection) -> None:
    items = "[{'position': 2, 'embedding': [5]::float[1]}, {'position': 1, 'embedding': [3]::float[1]}]"
    found = connection.execute(f"select top_k([{{'embedding': [1]::float[1]}}], {items}, 2)").fetchall()
    assert found == [([[{"position": 2, "score": 5.0}, {"position": 1, "score": 3.0}]],)]


def test_nothing_is_remembered_between_calls(connection: duckdb.DuckDBPyConnection) -> None:
    fill(connection, [[1.0]], [[1.0], [2.0]])
    first = lists(connection, 1)
    fill(connection, [[1.0]], [[4.0], [3.0]])
    assert (first, lists(connection, 1)) == ([("u0", "i1", 2.0)], [("u0", "i0", 4.0)])


def test_memory_stays_far_below_users_times_items() -> None:
    import tracemalloc

    from two_tower.python_udfs.top_k.functions import block_top_k

    random = np.random.default_rng(0)
    users = pa.FixedSizeListArray.from_arrays(pa.array(random.standard_normal(4000 * 4, np.float32)), 4)
    items = pa.FixedSizeListArray.from_arrays(pa.array(random.standard_normal(50_000 * 4, np.float32)), 4)
    tracemalloc.start()
    found = block_top_k(pa.StructArray.from_arrays([users], ["embedding"]), items, 10, 2, approximate=False)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(found) == 4000
    assert peak < 4000 * 50_000 * 4 / 8


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("top_k([{'embedding': [1]::float[1]}], [[1]::float[1]], 0)", "k is 0"),
        ("top_k([{'embedding': [1, 2]::float[2]}], [[1]::float[1]], 1)", "2 dimensions and items 1"),
        ("top_k([{'embedding': [1, 2]::float[]}], [[1]::float[1]], 1)", "users.embedding is list"),
        ("top_k([{'embedding': [1]::float[1]}], [[1]::double[1]], 1)", "items is"),
        ("top_k([{'vector': [1]::float[1]}], [[1]::float[1]], 1)", "field 'embedding'"),
        ("top_k([{'embedding': [1]::float[1]}], [{'embedding': [1]::float[1]}], 1)", "'embedding' and 'position'"),
        (
            "top_k([{'embedding': [1]::float[1]}], [{'embedding': [1]::float[1], 'position': 2}], 1)",
            "items.position holds position 2; there are 1",
        ),
        (
            "top_k([{'embedding': [1]::float[1]}], list_transform([1, 2, 2], lambda p: "
            "{'embedding': [p]::float[1], 'position': p}), 1)",
            "items.position lacks 3",
        ),
        (
            "top_k([{'embedding': [1]::float[1], 'excluded': [2]}], [[1]::float[1]], 1)",
            "position 2; there are 1",
        ),
        ("top_k([{'embedding': [1]::float[1], 'excluded': [0]}], [[1]::float[1]], 1)", "position 0"),
        (
            "top_k([{'embedding': [1]::float[1], 'excluded': [null::int]}], [[1]::float[1]], 1)",
            "excluded holds NULL",
        ),
    ],
)
def test_wrong_arguments_are_named(connection: duckdb.DuckDBPyConnection, call: str, message: str) -> None:
    with pytest.raises(duckdb.Error, match=message):
        connection.execute(f"select {call}").fetchall()


ADJUSTED = """
    select users.user_id, items.item_id, coalesce(adjustments.amount, 0)
        + list_inner_product(users.embedding::float[], items.embedding::float[]) as score
    from users cross join items
    left join adjustments on adjustments.segment = users.segment and adjustments.item_id = items.item_id
    anti join exclusions on users.user_id = exclusions.user_id and items.item_id = exclusions.item_id
    where isfinite(score)
    qualify row_number() over (partition by user_id order by score desc, md5(items.item_id || '|')) <= {k}
    order by user_id, score desc, md5(items.item_id || '|')
"""


@settings(max_examples=40, deadline=None)
@given(st.data(), st.integers(1, 5), st.integers(1, 25), st.integers(1, 6))
def test_adjusted_by_segment_equals_brute_force(
    connection: duckdb.DuckDBPyConnection, data: st.DataObject, n: int, m: int, k: int
) -> None:
    vector = st.lists(small, min_size=2, max_size=2)
    users = data.draw(st.lists(vector, min_size=n, max_size=n))
    items = data.draw(st.lists(vector, min_size=m, max_size=m))
    pairs = st.tuples(st.integers(0, n - 1), st.integers(0, m - 1))
    fill(connection, users, items, data.draw(st.sets(pairs, max_size=10)))
    amounts = st.sampled_from([-np.inf, 1.0, -2.0])
    adjustments = data.draw(
        st.dictionaries(st.tuples(st.sampled_from("ab"), st.integers(0, m - 1)), amounts, max_size=12)
    )
    connection.execute("alter table users add column segment varchar")
    connection.execute(
        "update users set segment = case when user_id in ('u0', 'u2') then 'a' when user_id = 'u1' then 'b' end"
    )
    connection.execute("create or replace table adjustments (segment varchar, item_id varchar, amount double)")
    for (segment, item), amount in adjustments.items():
        connection.execute("insert into adjustments values (?, ?, ?)", [segment, f"i{item}", amount])
    assert lists(connection, k, top_k_query(", 'adjustments'")) == lists(connection, k, ADJUSTED)
