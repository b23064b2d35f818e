"""Lists with items pinned to places and at most so many items of a kind, best first otherwise.

Greedy: a user's items in the order of their scores, each taken unless one of its kinds is full. A kind stays full, so
where the best items do not fill a list, only those of other kinds are looked at again.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from ..arrays import Integers
from .exact import best_items, score
from .types import Best, Items, Users

DEPTH = 4  # times k: as many items of a user are looked at at once


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

    def full(self) -> npt.NDArray[np.bool_]:
        """Whether a kind of the item is full: [m]."""
        found = np.zeros(len(self.rules.kinds), np.bool_)
        for (column, kind), count in self.taken.items():
            if count >= self.rules.caps[column]:
                found |= self.rules.kinds[:, column] == kind
        return found


def arranged_items(users: Users, items: Items, k: int, rules: Rules) -> Best:
    """Lists of each user. Pins come first: they may exceed a cap, and fill it for the others."""
    n = len(users.vectors)
    numbers, scores = np.zeros((n, k), np.int64), np.zeros((n, k), np.float32)
    counts = np.zeros(n, np.int64)
    best = best_items(users, items, DEPTH * k)
    for row in range(n):
        user = users.rows(np.array([row]))
        pins, known = allowed_pins(user, items)
        first = Best(best.numbers[[row]], best.scores[[row]], best.counts[[row]])
        free = allowed_items(user, items, first, k, Quota(rules), set(pins.values()))
        chosen = in_places(list(free), pins, k)
        known |= free
        counts[row] = len(chosen)
        numbers[row, : len(chosen)] = chosen
        scores[row, : len(chosen)] = [known[number] for number in chosen]
    return Best(numbers, scores, counts)


def allowed_pins(user: Users, items: Items) -> tuple[dict[int, int], dict[int, float]]:
    """The pins that one user may get, and the score of each pinned item."""
    (pins,) = user.pins or ({},)
    scores = {n: float(score(user.among(n, n + 1), items.among(n, n + 1), 1)[0, 0]) for n in pins.values()}
    return {place: n for place, n in pins.items() if np.isfinite(scores[n])}, scores


def allowed_items(user: Users, items: Items, best: Best, k: int, quota: Quota, pinned: set[int]) -> dict[int, float]:
    """Scores of what fills one user's list beside what is pinned, best first. best: what is looked at first."""
    for number in pinned:
        quota.add(number)
    chosen: dict[int, float] = {}
    while True:
        (count,) = best.counts
        for number, found in zip(best.numbers[0, :count].tolist(), best.scores[0, :count].tolist(), strict=True):
            if len(chosen) + len(pinned) == k:
                break
            if number not in pinned and quota.allows(number):
                quota.add(number)
                chosen[number] = found
        closed = quota.full()
        if len(chosen) + len(pinned) == k or count < DEPTH * k or closed.all():
            return chosen
        closed[[*pinned, *chosen]] = True
        best = best_items(user.without(np.flatnonzero(closed)), items, DEPTH * k)


def in_places(free: list[int], pins: dict[int, int], k: int) -> list[int]:
    """One list in its order; without enough items for the places before it, a pin moves up."""
    following = iter(free)
    chosen = (pins[place] if place in pins else next(following, None) for place in range(k))
    return [number for number in chosen if number is not None]
