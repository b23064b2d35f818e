"""What the kernels of `top_k` are given and what they find.

Shapes: n users, m items, d dimensions.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..arrays import Floats, Integers
from .int8 import Int8Items


@dataclass(frozen=True)
class Users:
    """`vectors` [n, d]; user i must not get the items excluded[bounds[i]:bounds[i + 1]] (numbers from 0)."""

    vectors: Floats
    excluded: Integers
    bounds: Integers
    segments: Integers  # [n], number of the adjustment that is meant for the user; -1 = none

    def rows(self, rows: Integers) -> Users:
        """Some of the users."""
        lengths = np.diff(self.bounds)[rows]
        bounds = np.concatenate([[0], np.cumsum(lengths)])
        places = np.repeat(self.bounds[:-1][rows] - bounds[:-1], lengths) + np.arange(bounds[-1])
        vectors = self.vectors.take(rows, axis=0)  # some times as fast as self.vectors[rows]
        return Users(vectors, self.excluded[places], bounds, self.segments[rows])

    def among(self, start: int, stop: int) -> Users:
        """The same users where items start to stop, numbered from 0, are all there is."""
        inside = (self.excluded >= start) & (self.excluded < stop)
        bounds = np.concatenate([[0], np.cumsum(inside)])[self.bounds]
        return replace(self, excluded=self.excluded[inside] - start, bounds=bounds)


@dataclass(frozen=True)
class Adjustment:
    """What is added to the scores of some items `numbers`, ascending, for the users of one segment; -inf withholds."""

    numbers: Integers
    amounts: Floats


@dataclass(frozen=True)
class Items:
    """`vectors` [m, d]; nobody gets the numbers `broken`, whose vectors are not finite."""

    vectors: Floats
    broken: Integers
    adjustments: tuple[Adjustment, ...]  # by segment
    rounded: Int8Items | None = None

    def among(self, start: int, stop: int) -> Items:
        """Items start to stop alone, numbered from 0."""
        inside = slice(*np.searchsorted(self.broken, [start, stop]))
        adjustments = []
        for known in self.adjustments:
            part = slice(*np.searchsorted(known.numbers, [start, stop]))
            adjustments.append(Adjustment(known.numbers[part] - start, known.amounts[part]))
        rounded = self.rounded and self.rounded.among(start, stop)
        return Items(self.vectors[start:stop], self.broken[inside] - start, tuple(adjustments), rounded)


@dataclass(frozen=True)
class Best:
    """Item `numbers` and `scores` [n, k], best first; of user i the first counts[i] are meant."""

    numbers: Integers
    scores: Floats
    counts: Integers
