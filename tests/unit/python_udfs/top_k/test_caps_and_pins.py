"""Lists under caps and pins are the greedy choice from the whole ranking, also where caps cannot fill a list."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from two_tower.python_udfs.top_k import caps_and_pins
from two_tower.python_udfs.top_k.caps_and_pins import Rules, arranged_items
from two_tower.python_udfs.top_k.exact import best_items
from two_tower.python_udfs.top_k.types import Items, Users

NONE = np.zeros(0, np.int64)


def users_of(rng: np.random.Generator, n: int, m: int, share: float, pins: tuple[dict[int, int], ...] = ()) -> Users:
    """Users of 4 dimensions, each without a share of the items."""
    excluded = [np.flatnonzero(rng.random(m) < share) for _ in range(n)]
    bounds = np.cumsum([0, *map(len, excluded)])
    vectors = rng.standard_normal((n, 4)).astype(np.float32)
    return Users(vectors, np.concatenate(excluded), bounds, np.full(n, -1), np.ones(n, np.float32), pins)


def greedy(users: Users, items: Items, k: int, rules: Rules, row: int) -> list[int]:
    """One user's list, item by item from the whole ranking."""
    user = users.rows(np.array([row]))
    best = best_items(user, items, len(items.vectors))
    ranking = best.numbers[0, : best.counts[0]].tolist()
    pins = {place: number for place, number in (user.pins or ({},))[0].items() if number in ranking}
    kinds = [list(enumerate(kind)) for kind in rules.kinds.tolist()]
    taken = Counter(key for number in pins.values() for key in kinds[number])
    chosen: list[int] = []
    for place in range(k):
        if place in pins:
            chosen.append(pins[place])
            continue
        for number in ranking:
            if number in {*chosen, *pins.values()} or any(taken[key] >= rules.caps[key[0]] for key in kinds[number]):
                continue
            chosen.append(number)
            taken.update(kinds[number])
            break
    return chosen


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 60), st.integers(1, 6), st.integers(0, 2), st.floats(0, 0.9))
def test_lists_are_the_greedy_choice_from_the_whole_ranking(
    seed: int, m: int, k: int, columns: int, share: float
) -> None:
    rng = np.random.default_rng(seed)
    items = Items(rng.standard_normal((m, 4)).astype(np.float32), NONE, ())
    # some kinds are rare, and few kinds cannot fill a list
    kinds = np.minimum(rng.geometric(0.5, (m, columns)), 4)
    rules = Rules(kinds, rng.integers(1, 4, columns))
    pins = tuple({int(rng.integers(k)): int(rng.integers(m))} for _ in range(3))
    users = users_of(rng, 3, m, share, pins)
    found = arranged_items(users, items, k, rules)
    for row in range(3):
        assert found.numbers[row, : found.counts[row]].tolist() == greedy(users, items, k, rules, row)


@pytest.mark.parametrize("rare", [0, 1], ids=["no kind is left", "all of the kind that is left are withheld"])
def test_a_list_that_caps_cannot_fill_is_given_up(monkeypatch: pytest.MonkeyPatch, rare: int) -> None:
    rng = np.random.default_rng(0)
    m, k = 2000, 10
    kinds = rng.integers(0, 4, (m, 1))
    kinds[0, 0] -= rare * 10
    users = users_of(rng, 5, m, 0.0)
    if rare:
        users = users.without(np.array([0]))
    looked_at = []

    def watched(some: Users, items: Items, depth: int) -> Any:
        best = best_items(some, items, depth)
        looked_at.append(int(best.counts.sum()))
        return best

    monkeypatch.setattr(caps_and_pins, "best_items", watched)
    items = Items(rng.standard_normal((m, 4)).astype(np.float32), NONE, ())
    found = arranged_items(users, items, k, Rules(kinds, np.array([2])))
    assert found.counts.tolist() == [8] * 5
    assert sum(looked_at) <= 5 * 5 * caps_and_pins.DEPTH * k
