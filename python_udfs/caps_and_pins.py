"""SQL function `arrange(pins, kinds, k, caps)`: which items of a user's ranked list are shown, and in which order.

    pins    INTEGER[] of the items in the order of their scores: the place in the list where the item is pinned, or NULL
    kinds   INTEGER[][] of the items: a number for each cap; items of one kind have the same number there
    k       INTEGER, length of the list
    caps    INTEGER[]: at most caps[c] items of a list agree in kinds[c]
    result  INTEGER[]: numbers of the chosen items, from 1, in the order in which they are shown

Greedy: items in the order of their scores, each taken unless one of its kinds is full. Pins come first: they may exceed
a cap, and fill it for the others. Without enough items for the places before it, a pin moves up.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Sequence


def arrange(pins: pa.ChunkedArray, kinds: pa.ChunkedArray, k: pa.ChunkedArray, caps: pa.ChunkedArray) -> pa.Array:
    """One list per row. Raises ValueError where the arguments do not fit each other."""
    columns = (column.to_pylist() for column in (pins, kinds, k, caps))
    return pa.array([arranged(*row) for row in zip(*columns, strict=True)], pa.list_(pa.int32()))


def arranged(pins: Sequence[int | None], kinds: Sequence[Sequence[int]], k: int, caps: Sequence[int]) -> list[int]:
    """The list of one user, see above. Raises ValueError naming the argument that does not fit."""
    if k < 1:
        raise ValueError(f"arrange: k is {k}; give at least 1")
    if len(kinds) != len(pins):
        raise ValueError(f"arrange: {len(kinds)} items have kinds and {len(pins)} have pins; give one of each per item")
    if any(len(own) != len(caps) for own in kinds):
        raise ValueError(f"arrange: there are {len(caps)} caps; give each item as many kinds")
    places = {place: number for number, place in enumerate(pins) if place is not None and place <= k}
    taken = Counter(pair for number in places.values() for pair in enumerate(kinds[number]))
    pinned, free = set(places.values()), []
    for number, own in enumerate(kinds):
        if len(free) + len(pinned) == k:
            break
        if number not in pinned and all(taken[pair] < caps[pair[0]] for pair in enumerate(own)):
            taken.update(enumerate(own))
            free.append(number)
    following = iter(free)
    shown = (places[place] if place in places else next(following, None) for place in range(1, k + 1))
    return [number + 1 for number in shown if number is not None]
