"""The k largest dot products per user, exactly and with a fixed order on ties.

Score matrix by BLAS, then a selection that reads it once: items are dealt into groups, the k-th largest
group maximum is a lower bound of the k-th largest score, so only the few scores that reach it have to be
sorted. Costs a quarter of the product. Large catalogues are read in parts, so that scores stay in the cache.
Shapes: n users, m items, d dimensions, g groups of w items.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]
Keys = npt.NDArray[np.uint64]

LOW_HALF = np.uint64(2**32 - 1)
SCORES = 2**21  # worked out at once by one thread: 8 MB stay in the last-level cache
LEAST_USERS, MOST_USERS = 2**8, 2**10  # with fewer the product becomes slow
MOST_ITEMS = 2**15


@dataclass(frozen=True)
class Users:
    """`vectors` [n, d]; user i must not get the items excluded[bounds[i]:bounds[i + 1]] (numbers from 0)."""

    vectors: Floats
    excluded: Integers
    bounds: Integers
    segments: Integers  # [n], number of the adjustment that is meant for the user; -1 = none
    scales: Floats  # [n], what the amounts of the adjustment are multiplied by
    pins: tuple[dict[int, int], ...]  # place in the list -> item number, from 0; arranged lists only

    def rows(self, rows: Integers) -> Users:
        """Some of the users."""
        lengths = np.diff(self.bounds)[rows]
        bounds = np.concatenate([[0], np.cumsum(lengths)])
        places = np.repeat(self.bounds[:-1][rows] - bounds[:-1], lengths) + np.arange(bounds[-1])
        pins = tuple(self.pins[row] for row in rows)
        return Users(self.vectors[rows], self.excluded[places], bounds, self.segments[rows], self.scales[rows], pins)

    def among(self, start: int, stop: int) -> Users:
        """The same users where items start to stop, numbered from 0, are all there is."""
        inside = (self.excluded >= start) & (self.excluded < stop)
        bounds = np.concatenate([[0], np.cumsum(inside)])[self.bounds]
        return Users(self.vectors, self.excluded[inside] - start, bounds, self.segments, self.scales, self.pins)


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

    def among(self, start: int, stop: int) -> Items:
        """Items start to stop alone, numbered from 0."""
        inside = slice(*np.searchsorted(self.broken, [start, stop]))
        adjustments = []
        for known in self.adjustments:
            part = slice(*np.searchsorted(known.numbers, [start, stop]))
            adjustments.append(Adjustment(known.numbers[part] - start, known.amounts[part]))
        return Items(self.vectors[start:stop], self.broken[inside] - start, tuple(adjustments))


@dataclass(frozen=True)
class Best:
    """Item `numbers` and `scores` [n, k], best first; of user i the first counts[i] are meant."""

    numbers: Integers
    scores: Floats
    counts: Integers


Finder = Callable[[Users], Best]


def best_items(users: Users, items: Items, k: int) -> Best:
    """Best items of each user; on ties the lower number wins. Blocks of both, so that memory is bounded."""
    n, m = len(users.vectors), len(items.vectors)
    k = min(k, m)
    keys = np.zeros((n, k), np.uint64)
    step = min(max(SCORES // max(m, 1), LEAST_USERS), MOST_USERS)
    for a in range(0, n if k else 0, step):
        some = users.rows(np.arange(a, min(a + step, n)))
        parts = [(b, min(b + MOST_ITEMS, m)) for b in range(0, m, MOST_ITEMS)]
        found = [best_keys(some.among(b, c), items.among(b, c), min(k, c - b), b) for b, c in parts]
        keys[a : a + step] = largest(np.concatenate(found, axis=1), k)
    return as_best(keys)


def best_keys(users: Users, items: Items, k: int, first: int) -> Keys:
    """Keys of the best items of each user, k or more per row, in any order. The items are numbered from `first`."""
    n, m = len(users.vectors), len(items.vectors)
    # balances what is sorted: m / groups maxima and k x groups candidates
    groups = max(int((m / k) ** 0.5), 1)
    scores = score(users, items, -(-m // groups) * groups)
    row, number = candidates(scores, groups, k)
    counts = np.bincount(row, minlength=n)
    table = np.zeros((n, max(int(counts.max()), k)), np.uint64)  # [n, most candidates]; 0 = none
    places = np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts)
    table[row, places] = as_keys(scores[row, number], number + first)
    return largest(table, k)


def largest(keys: Keys, k: int) -> Keys:
    """The k largest keys of each row, in any order."""
    if keys.shape[1] > k:
        keys.partition(keys.shape[1] - k, axis=1)
    return keys[:, keys.shape[1] - k :]


def as_best(keys: Keys) -> Best:
    """Best items from their keys [n, k]; 0 = none."""
    best = np.sort(keys, axis=1)[:, ::-1]
    numbers = (LOW_HALF - (best & LOW_HALF)).astype(np.int64)
    numbers[best == 0] = 0
    ordered = (best >> np.uint64(32)).astype(np.uint32)
    scores = np.where(ordered >> 31, ordered ^ np.uint32(2**31), ~ordered).view(np.float32)
    return Best(numbers, scores, (best > 0).sum(1))


def exact_finder(_: Users, items: Items, k: int) -> Finder:
    """best_items of one catalogue; near_finder alone learns from the users."""
    return partial(best_items, items=items, k=k)


def within_finder(users: Users, items: Items, k: int, sizes: Integers, finder: Callable[..., Finder]) -> Finder:
    """Best items of each user in each run of `sizes` consecutive items, one run after the other."""
    stops = np.cumsum(sizes)
    starts = stops - sizes
    runs = list(zip(starts, stops, strict=True))
    finders = [finder(users.among(a, b), items.among(a, b), k) for a, b in runs]

    def find(some: Users) -> Best:
        found = [find_run(some.among(a, b)) for find_run, (a, b) in zip(finders, runs, strict=True)]
        kept = np.concatenate([np.arange(best.numbers.shape[1]) < best.counts[:, None] for best in found], axis=1)
        order = np.argsort(~kept, axis=1, kind="stable")  # what is meant moves to the front
        numbers = np.concatenate([best.numbers + a for best, a in zip(found, starts, strict=True)], axis=1)
        scores = np.concatenate([best.scores for best in found], axis=1)
        return Best(np.take_along_axis(numbers, order, 1), np.take_along_axis(scores, order, 1), kept.sum(1))

    return find


def used_dimensions(users: Users, items: Items) -> tuple[Users, Items]:
    """Both without the dimensions in which all users are 0: half of them, the recall part, under policy new."""
    used = users.vectors.any(axis=0)
    if used.all() or not len(users.vectors) or not len(items.vectors):
        return users, items
    return replace(users, vectors=users.vectors[:, used]), replace(items, vectors=items.vectors[:, used])


def score(users: Users, items: Items, width: int) -> Floats:
    """Dot products [n, width], adjusted; -inf for what may not be recommended and in the columns beyond m."""
    n, m = len(users.vectors), len(items.vectors)
    scores = np.empty((n, width), np.float32)
    scores[:, m:] = -np.inf
    with np.errstate(invalid="ignore", over="ignore"):
        np.matmul(users.vectors, items.vectors.T, out=scores[:, :m])
    for number, adjustment in enumerate(items.adjustments):
        rows = np.flatnonzero(users.segments == number)
        scores[np.ix_(rows, adjustment.numbers)] += users.scales[rows, None] * adjustment.amounts
    scores[~np.isfinite(users.vectors).all(1)] = -np.inf
    scores[:, items.broken] = -np.inf
    scores[np.repeat(np.arange(n), np.diff(users.bounds)), users.excluded] = -np.inf
    return scores


def candidates(scores: Floats, groups: int, k: int) -> tuple[Integers, Integers]:
    """Rows and columns of all scores that can be among the k best, row by row; k is at most m."""
    n, width = scores.shape
    grouped = scores.reshape(n, groups, width // groups)  # the items of a group lie width / groups apart
    maxima = grouped.max(axis=1)  # [n, w]
    if not (maxima < np.inf).all():  # products of huge numbers: infinity or NaN, which one depends on the processor
        np.copyto(scores, -np.inf, where=~(scores < np.inf))
        maxima = grouped.max(axis=1)
    bound = np.partition(maxima, maxima.shape[1] - k, axis=1)[:, maxima.shape[1] - k]  # [n]
    bound = np.maximum(bound, np.finfo(np.float32).min)  # -inf is not for recommending
    row, place = np.nonzero(maxima >= bound[:, None])
    reached, group = np.nonzero(grouped[row, :, place] >= bound[row][:, None])
    return row[reached], group * (width // groups) + place[reached]


def as_keys(scores: Floats, numbers: Integers) -> Keys:
    """One integer per candidate that sorts as (score ascending, number descending); never 0."""
    bits = (scores + np.float32(0)).view(np.uint32)  # + 0 makes -0.0 equal to 0.0
    ordered = np.where(bits >> 31, ~bits, bits | np.uint32(2**31)).astype(np.uint64)
    return (ordered << np.uint64(32)) | (LOW_HALF - numbers.astype(np.uint64))
