"""The k largest dot products per user, exactly and with a fixed order on ties.

Scores are worked out block by block of users and items so that they stay in the cache, and read once: the k-th best so
far is a bound that few of a block's scores reach, and only these are sorted. In the first block, whose scores are
floats, that is the k-th largest maximum of groups of items. In the others scores are products of vectors rounded to 8
bits (int8.py), and what may reach the bound, for it is known how far they can be off, is scored again in floats;
where that would be too much, or scores are adjusted by amounts, they are floats, too. A row of scores is an item's: so
the product is a third faster.
Shapes: n users, m items, d dimensions, w groups of items.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from ..arrays import Floats, Integers
from .int8 import Each, Int8Users, Scores, multiply, round_items, round_users
from .types import Best, Items, Users

Keys = npt.NDArray[np.uint64]
Finder = Callable[[Users], Best]

LOW_HALF = np.uint64(2**32 - 1)
LOWEST = np.finfo(np.float32).min  # -inf is not for recommending
LOWEST_ROUNDED = np.iinfo(np.int32).min  # nor is this
SCORES = 2**21  # worked out at once by one thread: 8 MB stay in the cache
MOST_USERS = 2**10  # of these scores
IN_QUESTION = 32  # where more than 1 / 32 of the items may reach the bound, floats are faster
WORTH = 4  # blocks that a user is compared with; for fewer, rounding takes longer than it saves


def exact_top_k(users: Users, items: Items, k: int) -> Best:
    """Best items of each user; on ties the lower number wins."""
    m = len(items.vectors)
    keys = np.zeros((len(users.vectors), min(k, m)), np.uint64)
    has_blocks = min(len(users.vectors), MOST_USERS) * m > SCORES
    rounded = round_users(users.vectors, items.rounded) if items.rounded and has_blocks else None
    improve(keys, users, items, np.arange(m), rounded)
    return as_best(keys)


def improve(keys: Keys, users: Users, items: Items, numbers: Integers, rounded: Int8Users | None) -> None:
    """Let items of the numbers [m] join the keys [n, k] of each user's best so far (0 = none, in any order), in place.

    Blocks of both, so that memory is bounded; of users up to twice as many, since approximate.py often has a few more.
    """
    (n, k), m = keys.shape, len(items.vectors)
    for a in range(0, n if k else 0, 2 * MOST_USERS):
        rows = np.arange(a, min(a + 2 * MOST_USERS, n))
        some, of_some = (users, rounded) if len(rows) == n else (users.rows(rows), rounded and rounded.rows(rows))
        best = keys[rows[0] : rows[-1] + 1]
        step = SCORES // len(best)
        for b in range(0, m, step):
            c = min(b + step, m)
            offered = some.among(b, c), items.among(b, c), numbers[b:c]
            if not of_some or not improve_int8(best, *offered, of_some):
                improve_block(best, *offered)


def improve_block(keys: Keys, users: Users, items: Items, numbers: Integers) -> None:
    """`improve` where all scores fit into memory."""
    k, groups = keys.shape[1], groups_of(len(items.vectors), keys.shape[1])
    scores = score(users, items, groups)
    maxima = group_maxima(scores, groups)
    if not (maxima < np.inf).all():  # products of huge numbers: infinity or NaN, which one depends on the processor
        np.copyto(scores, -np.inf, where=~(scores < np.inf))
        maxima = group_maxima(scores, groups)
    bounds = np.fmax(scores_of(keys.min(axis=1)), LOWEST)
    item, user = reaching(scores, maxima, tightened(bounds, maxima, k))
    found = scores[item, user]
    if items.rounded:  # as improve_int8 has them, so that equal vectors have equal scores
        found = dot(users, items, user, item)
        kept = found < np.inf  # in another order of additions huge products may overflow
        item, user, found = item[kept], user[kept], found[kept]
    join(keys, user, as_keys(found, numbers[item]))


def improve_int8(keys: Keys, users: Users, items: Items, numbers: Integers, rounded: Int8Users) -> bool:
    """`improve_block` by way of rounded scores; False, and nothing done, where too many items may reach the bound."""
    if not keys.any():  # nobody has a bound
        return False
    groups = groups_of(len(items.vectors), keys.shape[1])
    scores = rounded_score(users, items, rounded.codes, groups)
    bounds = rounded.bounds(scores_of(keys.min(axis=1)))
    item, user = reaching(scores, group_maxima(scores, groups), bounds)
    if len(item) * IN_QUESTION > scores.size:
        return False
    join(keys, user, as_keys(dot(users, items, user, item), numbers[item]))
    return True


def groups_of(items: int, k: int) -> int:
    """How many groups balance what is sorted: items / groups maxima and k x groups candidates."""
    return max(int((items / k) ** 0.5), 1)


def join(keys: Keys, user: Integers, found: Keys) -> None:
    """Let keys found of users, in ascending order, join the keys [n, k] of the best so far, in place."""
    n, k = keys.shape
    counts = np.bincount(user, minlength=n)
    for alike in ((counts > 0) & (counts <= 2 * k), counts > 2 * k):  # a table is as wide as the longest row
        rows, sizes = np.flatnonzero(alike), counts[alike]
        table = np.zeros((len(rows), k + int(sizes.max(initial=0))), np.uint64)
        table[:, :k] = keys[rows]
        places = k + np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        table[np.repeat(np.arange(len(rows)), sizes), places] = found[np.repeat(alike, counts)]
        keys[rows] = np.partition(table, table.shape[1] - k, axis=1)[:, table.shape[1] - k :]


def as_best(keys: Keys) -> Best:
    """Best items from their keys [n, k]; 0 = none."""
    best = np.sort(keys, axis=1)[:, ::-1]
    numbers = (LOW_HALF - (best & LOW_HALF)).astype(np.int64)
    numbers[best == 0] = 0
    return Best(numbers, scores_of(best), (best > 0).sum(1))


def used_dimensions(users: Users, items: Items) -> tuple[Users, Items]:
    """Both without the dimensions in which all users are 0, as where a part of the embeddings is left out."""
    used = users.vectors.any(axis=0)
    if used.all() or not len(users.vectors) or not len(items.vectors):
        return users, items
    fewer = replace(items, vectors=items.vectors.compress(used, axis=1), rounded=None)
    return replace(users, vectors=users.vectors.compress(used, axis=1)), fewer


def with_rounding(items: Items, each: Each) -> Items:
    """Items with what rounded scores need, unless scores are adjusted by amounts."""
    only_withheld = all(np.isneginf(adjustment.amounts).all() for adjustment in items.adjustments)
    return replace(items, rounded=round_items(items.vectors, each)) if only_withheld and items.vectors.size else items


def is_worth_rounding(users: int, items: int) -> bool:
    """Whether so many users compared with so many items at once save more than rounding takes."""
    return min(users, MOST_USERS) * items > WORTH * SCORES


def score(users: Users, items: Items, groups: int) -> Floats:
    """Dot products [width, n], adjusted; -inf for what may not be recommended, and in rows that fill up the groups."""
    n, m = len(users.vectors), len(items.vectors)
    scores = np.empty((-(-m // groups) * groups, n), np.float32)
    with np.errstate(invalid="ignore", over="ignore"):
        np.matmul(items.vectors, users.vectors.T, out=scores[:m])
        for number, adjustment in enumerate(items.adjustments):
            meant = np.flatnonzero(users.segments == number)
            scores[np.ix_(adjustment.numbers, meant)] += adjustment.amounts[:, None]
    withhold(scores, users, items, -np.inf)
    return scores


def rounded_score(users: Users, items: Items, codes: npt.NDArray[np.int8], groups: int) -> Scores:
    """Products [width, n] with the codes [d, n] of the users; the lowest number where `score` has -inf."""
    n, m = len(users.vectors), len(items.vectors)
    scores = np.empty((-(-m // groups) * groups, n), np.int32)
    assert items.rounded
    multiply(items.rounded.codes, codes, scores[:m])
    for number, adjustment in enumerate(items.adjustments):
        scores[np.ix_(adjustment.numbers, np.flatnonzero(users.segments == number))] = LOWEST_ROUNDED
    withhold(scores, users, items, LOWEST_ROUNDED)
    return scores


def withhold(scores: Floats | Scores, users: Users, items: Items, lowest: float) -> None:
    """Put the lowest number in the place of scores [width, n] that mean nothing or may not be recommended."""
    scores[len(items.vectors) :] = lowest
    scores[:, ~np.isfinite(users.vectors).all(1)] = lowest
    scores[items.broken] = lowest
    scores[users.excluded, np.repeat(np.arange(len(users.vectors)), np.diff(users.bounds))] = lowest


def dot(users: Users, items: Items, user: Integers, item: Integers) -> Floats:
    """Dot products of pairs, in the same order of additions wherever they stand: [pairs]."""
    found = np.empty(len(user), np.float32)
    step = max(SCORES // 4 // items.vectors.shape[1], 1)
    for start in range(0, len(user), step):
        part = slice(start, start + step)
        pairs = users.vectors.take(user[part], axis=0), items.vectors.take(item[part], axis=0)
        np.einsum("cd,cd->c", *pairs, out=found[part])
    return found


def group_maxima(scores: Floats | Scores, groups: int) -> Floats | Scores:
    """The best score of each group and user: [w, n]. The items of a group lie w apart."""
    maxima: Floats | Scores = scores.reshape(groups, -1, scores.shape[1]).max(axis=0)
    return maxima


def tightened(bounds: Floats | Scores, maxima: Floats | Scores, k: int) -> Floats | Scores:
    """Bounds [n]; of users of whom little is known so far the k-th largest maximum of a group, which is one, too."""
    last = len(maxima) - k
    loose = np.flatnonzero((maxima >= bounds).sum(axis=0) > 2 * k)
    if last <= 0 or not len(loose):
        return bounds
    tight = bounds.copy()
    tight[loose] = np.maximum(bounds[loose], np.partition(maxima[:, loose], last, axis=0)[last])
    return tight


def reaching(scores: Floats | Scores, maxima: Floats | Scores, bounds: Floats | Scores) -> tuple[Integers, Integers]:
    """Item and user of all scores [width, n] that reach the user's bound, user by user."""
    n = scores.shape[1]
    reached = np.flatnonzero(maxima >= bounds)  # place of a group x n + user
    hits = scores.reshape(-1, maxima.size).take(reached, axis=1, mode="clip") >= bounds[reached % n]
    group, number = np.divmod(np.flatnonzero(hits), len(reached)) if len(reached) else (reached, reached)
    place, user = np.divmod(reached[number], n)
    by_user = np.argsort(user.astype(np.uint16), kind="stable")
    return (group * len(maxima) + place)[by_user], user[by_user]


def as_keys(scores: Floats, numbers: Integers) -> Keys:
    """One integer per candidate that sorts as (score ascending, number descending); never 0."""
    bits = (scores + np.float32(0)).view(np.uint32)  # + 0 makes -0.0 equal to 0.0
    ordered = np.where(bits >> 31, ~bits, bits | np.uint32(2**31)).astype(np.uint64)
    return (ordered << np.uint64(32)) | (LOW_HALF - numbers.astype(np.uint64))


def scores_of(keys: Keys) -> Floats:
    """Scores of keys; NaN for 0."""
    ordered = (keys >> np.uint64(32)).astype(np.uint32)
    return np.where(ordered >> 31, ordered ^ np.uint32(2**31), ~ordered).view(np.float32)
