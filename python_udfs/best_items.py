"""The k largest dot products per user, exactly and with a fixed order on ties.

Scores by BLAS, block by block of users and items so that they stay in the cache, then a selection that reads them
once: the k-th best so far is a bound that few of a block's scores reach, and only these are sorted. The first bound is
the k-th largest maximum of groups of items. A row of scores is an item's: so the product of many items and few users
is a third faster than the other way round.
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
LOWEST = np.finfo(np.float32).min  # -inf is not for recommending
SCORES = 2**20  # worked out at once by one thread: 4 MB stay in the cache
LEAST_USERS, MOST_USERS = 2**8, 2**10  # with fewer the product becomes slow
MOST_ITEMS = SCORES // LEAST_USERS


@dataclass(frozen=True)
class Users:
    """`vectors` [n, d]; user i must not get the items excluded[bounds[i]:bounds[i + 1]] (numbers from 0)."""

    vectors: Floats
    excluded: Integers
    bounds: Integers
    segments: Integers  # [n], number of the adjustment that is meant for the user; -1 = none
    scales: Floats  # [n], what the amounts of the adjustment are multiplied by
    pins: tuple[dict[int, int], ...]  # place in the list -> item number, from 0; empty where nobody has any

    def rows(self, rows: Integers) -> Users:
        """Some of the users."""
        lengths = np.diff(self.bounds)[rows]
        bounds = np.concatenate([[0], np.cumsum(lengths)])
        places = np.repeat(self.bounds[:-1][rows] - bounds[:-1], lengths) + np.arange(bounds[-1])
        pins = tuple(self.pins[row] for row in rows) if self.pins else ()
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
    """Best items of each user; on ties the lower number wins."""
    m = len(items.vectors)
    keys = np.zeros((len(users.vectors), min(k, m)), np.uint64)
    improve(keys, users, items, np.arange(m))
    return as_best(keys)


def improve(keys: Keys, users: Users, items: Items, numbers: Integers) -> None:
    """Let items of the numbers [m] join the keys [n, k] of each user's best so far (0 = none, in any order), in place.

    Blocks of both, so that memory is bounded.
    """
    (n, k), m = keys.shape, len(items.vectors)
    step = min(max(SCORES // max(m, 1), LEAST_USERS), MOST_USERS)
    for a in range(0, n if k else 0, step):
        some = users.rows(np.arange(a, min(a + step, n)))
        for b in range(0, m, MOST_ITEMS):
            c = min(b + MOST_ITEMS, m)
            improve_block(keys[a : a + step], some.among(b, c), items.among(b, c), numbers[b:c])


def improve_block(keys: Keys, users: Users, items: Items, numbers: Integers) -> None:
    """`improve` where all scores fit into memory."""
    (n, k), m = keys.shape, len(items.vectors)
    # balances what is sorted: m / groups maxima and k x groups candidates
    groups = max(int((m / k) ** 0.5), 1)
    scores = score(users, items, -(-m // groups) * groups)
    item, user = candidates(scores, groups, scores_of(keys.min(axis=1)), k)
    counts = np.bincount(user, minlength=n)
    better = np.flatnonzero(counts)
    counts = counts[better]
    table = np.zeros((len(better), k + int(counts.max(initial=0))), np.uint64)
    table[:, :k] = keys[better]
    places = k + np.arange(len(user)) - np.repeat(np.cumsum(counts) - counts, counts)
    table[np.repeat(np.arange(len(better)), counts), places] = as_keys(scores[item, user], numbers[item])
    keys[better] = np.partition(table, table.shape[1] - k, axis=1)[:, table.shape[1] - k :]


def as_best(keys: Keys) -> Best:
    """Best items from their keys [n, k]; 0 = none."""
    best = np.sort(keys, axis=1)[:, ::-1]
    numbers = (LOW_HALF - (best & LOW_HALF)).astype(np.int64)
    numbers[best == 0] = 0
    return Best(numbers, scores_of(best), (best > 0).sum(1))


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
    """Dot products [width, n], adjusted; -inf for what may not be recommended and in the rows beyond m."""
    n, m = len(users.vectors), len(items.vectors)
    scores = np.empty((width, n), np.float32)
    scores[m:] = -np.inf
    with np.errstate(invalid="ignore", over="ignore"):
        np.matmul(items.vectors, users.vectors.T, out=scores[:m])
    for number, adjustment in enumerate(items.adjustments):
        meant = np.flatnonzero(users.segments == number)
        scores[np.ix_(adjustment.numbers, meant)] += adjustment.amounts[:, None] * users.scales[meant]
    scores[:, ~np.isfinite(users.vectors).all(1)] = -np.inf
    scores[items.broken] = -np.inf
    scores[users.excluded, np.repeat(np.arange(n), np.diff(users.bounds))] = -np.inf
    return scores


def candidates(scores: Floats, groups: int, bounds: Floats, k: int) -> tuple[Integers, Integers]:
    """Item and user of all scores [width, n] that reach the user's bound and can be among the k best, user by user."""
    width, n = scores.shape
    grouped = scores.reshape(groups, width // groups, n)  # the items of a group lie width / groups apart
    maxima = grouped.max(axis=0)  # [w, n]
    if not (maxima < np.inf).all():  # products of huge numbers: infinity or NaN, which one depends on the processor
        np.copyto(scores, -np.inf, where=~(scores < np.inf))
        maxima = grouped.max(axis=0)
    bounds = np.fmax(bounds, LOWEST)
    reached = maxima >= bounds
    last = len(maxima) - k
    if last > 0 and reached.sum() > n * k:  # nothing, or little, is known of these users so far
        bounds = np.maximum(bounds, np.partition(maxima, last, axis=0)[last])
        reached = maxima >= bounds
    user, place = np.divmod(np.flatnonzero(reached.T), len(maxima))
    hit, group = np.nonzero(bounds[user, None] <= grouped[:, place, user].T)
    return group * (width // groups) + place[hit], user[hit]


def as_keys(scores: Floats, numbers: Integers) -> Keys:
    """One integer per candidate that sorts as (score ascending, number descending); never 0."""
    bits = (scores + np.float32(0)).view(np.uint32)  # + 0 makes -0.0 equal to 0.0
    ordered = np.where(bits >> 31, ~bits, bits | np.uint32(2**31)).astype(np.uint64)
    return (ordered << np.uint64(32)) | (LOW_HALF - numbers.astype(np.uint64))


def scores_of(keys: Keys) -> Floats:
    """Scores of keys; NaN for 0."""
    ordered = (keys >> np.uint64(32)).astype(np.uint32)
    return np.where(ordered >> 31, ordered ^ np.uint32(2**31), ~ordered).view(np.float32)
