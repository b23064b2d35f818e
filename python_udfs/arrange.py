"""Lists with items pinned to places and at most so many items of a kind, best first otherwise.

Greedy: a user's items in the order of their scores, each taken unless one of its kinds is full. That is exact
for every depth that fills the list, so it looks deeper only for users whose list is short.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from .best_items import best_items, score
from .top_k_types import Best, Integers, Items, Users

FIRST_DEPTH, DEEPER = 4, 8  # times k


@dataclass(frozen=True)
class Rules:
    """`kinds` [m, c] of the items, at most caps[c] of one kind in a list."""

    kinds: Integers
    caps: Integers


@dataclass
class Quota:
    """What of each kind a list has already."""

    rules: Rules
    taken: dict[tuple[int, int], int] = field(default_factory=dict)

    def add(self, number: int) -> None:
        """Count an item."""
        for key in enumerate(self.rules.kinds[number].tolist()):
            self.taken[key] = self.taken.get(key, 0) + 1

    def allows(self, number: int) -> bool:
        """Whether no kind of the item is full."""
        kinds = enumerate(self.rules.kinds[number].tolist())
        return all(self.taken.get(key, 0) < self.rules.caps[key[0]] for key in kinds)


def arranged_items(users: Users, items: Items, k: int, rules: Rules) -> Best:
    """Lists of each user. Pins come first: they may exceed a cap, and fill it for the others."""
    n = len(users.vectors)
    numbers, scores = np.zeros((n, k), np.int64), np.zeros((n, k), np.float32)
    counts = np.zeros(n, np.int64)
    waiting, depth = np.arange(n), FIRST_DEPTH * k
    while len(waiting):
        best = best_items(users.rows(waiting), items, depth)
        short = []
        for row, user in enumerate(waiting):
            found = best.numbers[row, : best.counts[row]].tolist()
            pins, known = allowed_pins(users.rows(np.array([user])), items)
            chosen = choose(found, pins, Quota(rules), k)
            if len(chosen) < k and len(found) == depth:
                short.append(user)
            known |= dict(zip(found, best.scores[row], strict=False))
            counts[user] = len(chosen)
            numbers[user, : len(chosen)] = chosen
            scores[user, : len(chosen)] = [known[number] for number in chosen]
        waiting, depth = np.array(short, np.int64), depth * DEEPER
    return Best(numbers, scores, counts)


def allowed_pins(user: Users, items: Items) -> tuple[dict[int, int], dict[int, float]]:
    """The pins that one user may get, and the score of each pinned item."""
    (pins,) = user.pins or ({},)
    scores = {n: float(score(user.among(n, n + 1), items.among(n, n + 1), 1)[0, 0]) for n in pins.values()}
    return {place: n for place, n in pins.items() if np.isfinite(scores[n])}, scores


def choose(found: list[int], pins: dict[int, int], quota: Quota, k: int) -> list[int]:
    """Items of one list in their order; without enough items for the places before it, a pin moves up."""
    pinned = set(pins.values())
    for number in pinned:
        quota.add(number)
    free = iter(found)
    chosen = []
    for place in range(k):
        if place in pins:
            chosen.append(pins[place])
            continue
        following = next((n for n in free if n not in pinned and quota.allows(n)), None)
        if following is not None:
            quota.add(following)
            chosen.append(following)
    return chosen
