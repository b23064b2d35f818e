"""SQL function `cap_and_pin(pins, kinds, k, caps)`: which items of a user's ranked list are shown, and in which order.

    pins    INTEGER[] of the items in the order of their scores: the place in the list where the item is pinned, or NULL
    kinds   INTEGER[][] of the items: a number for each cap. Items of one kind have the same number there; an item
            without a kind has a number of its own
    k       INTEGER, length of the list
    caps    INTEGER[]: at most caps[c] items of a list agree in kinds[c]
    result  INTEGER[]: numbers of the chosen items, from 1, in the order in which they are shown

Greedy: items in the order of their scores, each taken unless one of its kinds is full. Pins come first: they may exceed
a cap, and fill it for the others. A pin beyond k counts for nothing. Without enough items for the places before it, a
pin moves up.
"""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Sequence


def cap_and_pin(pins: pa.ChunkedArray, kinds: pa.ChunkedArray, k: pa.ChunkedArray, caps: pa.ChunkedArray) -> pa.Array:
    """Which items of each ranked list are shown. Raises ValueError naming argument and value when they do not fit."""
    of_items = pc.list_flatten(kinds)
    for name, values in (("kinds", of_items), ("kinds", pc.list_flatten(of_items)), ("caps", pc.list_flatten(caps))):
        if values.null_count:
            raise ValueError(f"cap_and_pin: {name} hold NULL; an item without a kind has a number of its own")
    rows = zip(pins.to_pylist(), map(as_lists, kinds), k.to_pylist(), caps.to_pylist(), strict=True)
    return pa.array([capped_and_pinned(*row) for row in rows], pa.list_(pa.int32()))


def as_lists(kinds: pa.ListScalar) -> list[list[int]]:
    """The lists of one row, for which to_pylist would take several times as long."""
    numbers = kinds.values.flatten().to_numpy().tolist()
    stops = np.cumsum([0, *kinds.values.value_lengths().to_numpy()]).tolist()
    return [numbers[start:stop] for start, stop in pairwise(stops)]


def capped_and_pinned(
    pins: Sequence[int | None], kinds: Sequence[Sequence[int]], k: int, caps: Sequence[int]
) -> list[int]:
    """The list of one user, see above. Raises ValueError naming argument and value when they do not fit."""
    check(pins, kinds, k, caps)
    places = {place: number for number, place in enumerate(pins) if place is not None and place <= k}
    pinned = set(places.values())
    taken = Counter(pair for number in pinned for pair in enumerate(kinds[number]))
    free: list[int] = []
    for number, own in enumerate(kinds):
        if len(free) + len(pinned) == k:
            break
        if number not in pinned and all(taken[pair] < caps[pair[0]] for pair in enumerate(own)):
            taken.update(enumerate(own))
            free.append(number)
    following = iter(free)
    shown = (places[place] if place in places else next(following, None) for place in range(1, k + 1))
    return [number + 1 for number in shown if number is not None]


def check(pins: Sequence[int | None], kinds: Sequence[Sequence[int]], k: int, caps: Sequence[int]) -> None:
    """Raises ValueError naming the argument that cannot be followed, and its value."""
    if k < 1:
        raise ValueError(f"cap_and_pin: k is {k}; give at least 1")
    if min(caps, default=1) < 1:
        raise ValueError(f"cap_and_pin: caps hold {min(caps)}; give at least 1, and leave out what nobody may get")
    if len(kinds) != len(pins):
        raise ValueError(
            f"cap_and_pin: {len(kinds)} items have kinds and {len(pins)} have pins; give one of each per item"
        )
    widths = set(map(len, kinds)) - {len(caps)}
    if widths:
        raise ValueError(f"cap_and_pin: kinds hold {min(widths)} numbers of an item; there are {len(caps)} caps")
    places = [place for place in pins if place is not None]
    if min(places, default=1) < 1:
        raise ValueError(f"cap_and_pin: pins hold place {min(places)}; places count from 1")
    if len(set(places)) < len(places):
        (place, times), *_ = Counter(places).most_common(1)
        raise ValueError(f"cap_and_pin: pins hold place {place} {times} times; pin one item to a place")
