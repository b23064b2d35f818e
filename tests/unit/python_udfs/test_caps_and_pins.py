"""Lists under caps and pins against their definition, place by place, also where caps cannot fill a list."""

from __future__ import annotations

from collections import Counter

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from two_tower.python_udfs.caps_and_pins import capped_and_pinned
from two_tower.python_udfs.plugin import register

FREE = [None] * 6  # pins of six items, none of which is pinned


@pytest.fixture(scope="module")
def connection() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    register(connection)
    return connection


def definition(pins: list[int | None], kinds: list[list[int]], k: int, caps: list[int]) -> list[int]:
    """Pins first. Then place after place the best item that is left and whose kinds are not full."""
    items = range(len(pins))
    pinned = {place: item for item, place in enumerate(pins) if place is not None and place <= k}
    chosen: list[int] = []
    for place in range(1, k + 1):
        listed = {*chosen, *pinned.values()}

        def fits(item: int, listed: set[int] = listed) -> bool:
            alike = [sum(kinds[other][c] == kinds[item][c] for other in listed) for c in range(len(caps))]
            return item not in listed and all(count < cap for count, cap in zip(alike, caps, strict=True))

        following = [pinned[place]] if place in pinned else [item for item in items if fits(item)][:1]
        chosen += following
    return [item + 1 for item in chosen]


@st.composite
def requests(draw: st.DrawFn) -> tuple[list[int | None], list[list[int]], int, list[int]]:
    m, k, columns = draw(st.integers(0, 25)), draw(st.integers(1, 8)), draw(st.integers(0, 3))
    kinds = draw(st.lists(st.lists(st.integers(1, 4), min_size=columns, max_size=columns), min_size=m, max_size=m))
    for item in draw(st.sets(st.integers(0, m - 1), max_size=m // 2)) if m and columns else ():
        kinds[item][0] = -item - 1  # of no kind
    caps = draw(st.lists(st.integers(1, 3), min_size=columns, max_size=columns))
    pins: list[int | None] = [None] * m
    for place in draw(st.sets(st.integers(1, k + 3), max_size=4)) if m else ():
        pins[draw(st.integers(0, m - 1))] = place
    return pins, kinds, k, caps


@settings(max_examples=500, deadline=None)
@given(requests())
def test_lists_are_what_the_definition_says(request: tuple[list[int | None], list[list[int]], int, list[int]]) -> None:
    pins, kinds, k, caps = request
    found = capped_and_pinned(pins, kinds, k, caps)
    assert found == definition(pins, kinds, k, caps)
    pinned = {item + 1 for item, place in enumerate(pins) if place is not None and place <= k}
    assert pinned <= set(found)
    assert len(set(found)) == len(found) <= k
    free = [item for item in found if item not in pinned]
    assert free == sorted(free)
    for column, cap in enumerate(caps):
        of_pins = Counter(kinds[item - 1][column] for item in pinned)
        for kind, count in Counter(kinds[item - 1][column] for item in found).items():
            assert count <= max(cap, of_pins[kind])


@settings(max_examples=50, deadline=None)
@given(st.lists(requests(), min_size=1, max_size=6))
def test_sql_gives_each_row_its_own_list(
    connection: duckdb.DuckDBPyConnection,
    rows: list[tuple[list[int | None], list[list[int]], int, list[int]]],
) -> None:
    columns = "number integer, pins integer[], kinds integer[][], k integer, caps integer[]"
    connection.execute(f"create or replace table requests ({columns})")
    connection.executemany("insert into requests values (?, ?, ?, ?, ?)", [[n, *row] for n, row in enumerate(rows)])
    found = connection.execute("select cap_and_pin(pins, kinds, k, caps) from requests order by number").fetchall()
    assert [chosen for (chosen,) in found] == [definition(*row) for row in rows]


def test_without_pins_and_caps_a_list_is_the_first_k_items() -> None:
    assert capped_and_pinned(FREE, [[]] * 6, 4, []) == [1, 2, 3, 4]


def test_a_pin_stands_on_its_place_and_the_others_keep_their_order() -> None:
    assert capped_and_pinned([None, None, None, 1, None, 3], [[]] * 6, 4, []) == [4, 1, 6, 2]


def test_a_pin_on_the_last_place_comes_in_from_the_end_of_the_ranking() -> None:
    assert capped_and_pinned([None, None, None, None, None, 4], [[]] * 6, 4, []) == [1, 2, 3, 6]


def test_a_pin_beyond_k_counts_for_nothing() -> None:
    assert capped_and_pinned([None, None, None, None, None, 5], [[]] * 6, 4, []) == [1, 2, 3, 4]
    assert capped_and_pinned([5, None, None, None, None, None], [[]] * 6, 4, []) == [1, 2, 3, 4]


def test_a_pin_moves_up_where_there_are_too_few_items_before_it() -> None:
    assert capped_and_pinned([5, None, 6], [[]] * 3, 6, []) == [2, 1, 3]


def test_pins_may_take_the_whole_list() -> None:
    assert capped_and_pinned([3, 2, 1, None], [[]] * 4, 3, []) == [3, 2, 1]


def test_a_cap_lets_the_next_kinds_in() -> None:
    assert capped_and_pinned(FREE, [[1], [1], [1], [2], [1], [2]], 4, [2]) == [1, 2, 4, 6]


def test_pins_exceed_a_cap_and_fill_it_for_the_others() -> None:
    kinds = [[1], [2], [1], [1], [2], [3]]
    assert capped_and_pinned([None, None, 1, 2, None, None], kinds, 4, [1]) == [3, 4, 2, 6], (
        "two of kind 1, and no third"
    )
    assert capped_and_pinned([None, None, 1, None, None, None], kinds, 4, [2]) == [3, 1, 2, 5], "one more of kind 1"


def test_a_pin_fills_a_cap_also_for_better_items_before_its_place() -> None:
    assert capped_and_pinned([None, None, 3], [[1], [2], [1]], 3, [1]) == [2, 3]


def test_an_item_must_fit_under_each_of_several_caps() -> None:
    kinds = [[1, 1], [1, 2], [2, 1], [2, 2], [3, 2], [3, 3]]
    assert capped_and_pinned(FREE, kinds, 6, [1, 6]) == [1, 3, 5]
    assert capped_and_pinned(FREE, kinds, 6, [6, 1]) == [1, 2, 6]
    assert capped_and_pinned(FREE, kinds, 6, [1, 1]) == [1, 4, 6]


def test_the_same_number_of_two_caps_is_not_the_same_kind() -> None:
    assert capped_and_pinned([None] * 3, [[1, 2], [2, 1], [1, 1]], 3, [1, 1]) == [1, 2]


def test_no_cap_is_for_items_without_a_kind() -> None:
    """SQL numbers them below 0, each on its own, from rows whose column is NULL."""
    assert capped_and_pinned(FREE, [[1], [-2], [-3], [1], [-5], [1]], 5, [1]) == [1, 2, 3, 5]


@pytest.mark.parametrize(("k", "listed"), [(3, [1, 2, 3]), (6, [1, 2, 3, 4, 5, 6]), (9, [1, 2, 3, 4, 5, 6])])
def test_with_fewer_items_than_k_all_are_listed(k: int, listed: list[int]) -> None:
    assert capped_and_pinned(FREE, [[]] * 6, k, []) == listed


@pytest.mark.parametrize("caps", [[], [1], [1, 2]])
def test_nothing_to_rank_gives_an_empty_list(connection: duckdb.DuckDBPyConnection, caps: list[int]) -> None:
    assert capped_and_pinned([], [], 3, caps) == []
    query = f"select cap_and_pin(cast([] as integer[]), cast([] as integer[][]), 3, cast({caps} as integer[]))"
    assert connection.execute(query).fetchall() == [([],)]


def test_a_list_that_caps_cannot_fill_ends_early() -> None:
    assert capped_and_pinned([None] * 2000, [[item % 4] for item in range(2000)], 10, [2]) == [*range(1, 9)]


def test_sql_works_on_lists_that_were_aggregated(connection: duckdb.DuckDBPyConnection) -> None:
    query = """
        select reader, cap_and_pin(list(place order by score desc), list([kind] order by score desc), 3, [1])
        from (values
            ('a', 9, null, 1), ('a', 8, null, 1), ('a', 7, null, 2), ('a', 6, 1, 3), ('b', 5, null, 4)
        ) as ranked (reader, score, place, kind)
        group by reader
        order by reader
    """
    assert connection.execute(query).fetchall() == [("a", [4, 1, 3]), ("b", [1])]


def test_sql_has_null_for_null(connection: duckdb.DuckDBPyConnection) -> None:
    query = (
        "select cap_and_pin(case when n = 1 then [null::integer] end, [[1]], 1, [1]) from range(2) as t (n) order by n"
    )
    assert connection.execute(query).fetchall() == [(None,), ([1],)]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("cap_and_pin([1], [[1]], 0, [1])", "cap_and_pin: k is 0; give at least 1"),
        ("cap_and_pin([1], [[1]], 1, [0])", "cap_and_pin: caps hold 0; give at least 1"),
        ("cap_and_pin([1, null], [[1]], 1, [1])", "cap_and_pin: 1 items have kinds and 2 have pins"),
        (
            "cap_and_pin([1, null], [[1, 2], [1]], 1, [1, 1])",
            "cap_and_pin: kinds hold 1 numbers of an item; there are 2 caps",
        ),
        (
            "cap_and_pin([1], [[1]], 1, cast([] as integer[]))",
            "cap_and_pin: kinds hold 1 numbers of an item; there are 0 caps",
        ),
        ("cap_and_pin([0], [[1]], 1, [1])", "cap_and_pin: pins hold place 0; places count from 1"),
        ("cap_and_pin([null, 2, 1, 2], [[1], [1], [1], [1]], 3, [1])", "cap_and_pin: pins hold place 2 2 times"),
        ("cap_and_pin([1], [[null::integer]], 1, [1])", "cap_and_pin: kinds hold NULL"),
        ("cap_and_pin([1, 2], [[1], null], 1, [1])", "cap_and_pin: kinds hold NULL"),
        ("cap_and_pin([1], [[1]], 1, [null::integer])", "cap_and_pin: caps hold NULL"),
    ],
)
def test_wrong_arguments_are_named(connection: duckdb.DuckDBPyConnection, call: str, message: str) -> None:
    with pytest.raises(duckdb.Error, match=message):
        connection.execute(f"select {call}").fetchall()
