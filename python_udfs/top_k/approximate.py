"""The k largest dot products per user in the parts of a large catalogue where they most likely are.

Items are dealt into lists around centroids. A user's scores are worked out, exactly, in the lists whose centroids score
highest; in how many is found out on a sample of the users, against the exact answer. In a list what an item has beyond
its centroid is rounded first (int8.py), where many users look into lists. The lists cost about as much as
scoring some thousand users, so they are made anew in each call and nothing can be out of date.
Shapes: n users, m items, d dimensions, l lists.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import numpy.typing as npt

from ..arrays import Floats, Integers
from .exact import SCORES, Finder, Keys, as_best, exact_top_k, improve, used_dimensions
from .int8 import Each, finite, round_items, round_users
from .types import Adjustment, Best, Items, Users

LEAST_ITEMS = 2**14  # fewer are scored whole
NEAR_USERS = 2**15  # looked for at once: enough for each list
SAMPLE_USERS = 2**10
FOUND = 0.994  # share of the sample's exact k best that lie in the lists that are looked into
WORTH = 4  # with fewer users than WORTH samples, or a larger share of the lists than 1 / WORTH, scoring all is faster
MOST_LISTS = 2**16  # integers of 16 bits are sorted in no time
ROUNDS, PER_LIST = 8, 48  # k-means: iterations, and items per list to learn from
PARTS = 4  # of the sample, by as many threads
SLICE = 2**10  # rows whose scores with all centroids are worked out at once: they stay in the cache


@dataclass(frozen=True)
class Near:
    """The catalogue as lists, one after the other: list i holds items bounds[i] to bounds[i + 1]."""

    items: Items
    numbers: Integers  # [m], the item's number in the catalogue, ascending within a list
    places: Integers  # [m], where in the lists the item of a number is
    bounds: Integers  # [l + 1]
    centroids: Floats  # [l, d]

    def best(self, users: Users, k: int, probes: int) -> Best:
        """Best items of each user in the user's `probes` lists; on ties the lower number wins."""
        lists = self.nearest_lists(users.vectors, probes).ravel()
        by_list = np.argsort(lists.astype(np.uint16), kind="stable")
        reached = np.searchsorted(lists[by_list], np.arange(len(self.centroids) + 1))
        users = replace(users, excluded=self.places[users.excluded])
        rounded = round_users(users.vectors, self.items.rounded) if self.items.rounded else None
        keys = np.zeros((len(users.vectors), k), np.uint64)
        for number in np.flatnonzero(np.diff(reached)):
            rows = by_list[reached[number] : reached[number + 1]] // probes
            start, stop = self.bounds[number : number + 2]
            for some in by_bound(rows, keys) if rounded else [rows]:
                best, asked = keys[some], users.rows(some)
                base = self.centroid_scores(asked.vectors, int(number))
                of_some = rounded and replace(rounded.rows(some), base=base)
                offered = self.items.among(start, stop), self.numbers[start:stop]
                improve(best, asked.among(start, stop), *offered, of_some)
                keys[some] = best
        return as_best(keys)

    def with_rounding(self, each: Each) -> Near:
        """The same lists with what rounded scores need: of each item what tells it from its centroid."""
        list_of = np.repeat(np.arange(len(self.centroids)), np.diff(self.bounds))
        rounded = round_items(self.items.vectors, each, self.centroids, list_of)
        return replace(self, items=replace(self.items, rounded=rounded))

    def nearest_lists(self, users: Floats, probes: int) -> Integers:
        """The lists [n, probes] whose centroids score highest."""
        parts = [users[start : start + SLICE] for start in range(0, len(users), SLICE)]
        found = [np.argpartition(-self.centroid_scores(part), probes - 1, axis=1)[:, :probes] for part in parts]
        return np.concatenate(found) if found else np.zeros((0, probes), np.int64)

    def centroid_scores(self, users: Floats, numbers: int | slice = slice(None)) -> Floats:
        """Dot products with the centroids, [n, l], or with one of them, [n]."""
        with np.errstate(invalid="ignore", over="ignore"):
            return users @ self.centroids[numbers].T

    def probes(self, sample: Users, exact: Best) -> int:
        """In how many lists one has to look for FOUND of the exact best of a sample."""
        list_of = np.searchsorted(self.bounds, self.places[exact.numbers], side="right") - 1  # [sample, k]
        ranks = np.argsort(np.argsort(-self.centroid_scores(sample.vectors), axis=1, kind="stable"), axis=1)
        wanted = np.take_along_axis(ranks, list_of, axis=1)
        meant = wanted[np.arange(wanted.shape[1]) < exact.counts[:, None]]
        return int(np.quantile(meant, FOUND, method="higher")) + 1 if len(meant) else 1


def by_bound(rows: Integers, keys: Keys) -> Iterable[Integers]:
    """Rows whose keys are fewer than k, and the others."""
    is_open = keys[rows].min(axis=1) == 0
    return filter(len, (rows[is_open], rows[~is_open]))


def near_finder(users: Users, items: Items, k: int, each: Each) -> Finder:
    """exact_top_k for these users and items, or where the catalogue is large what looks into a few lists of it."""
    usual, k = users.rows(np.flatnonzero(is_usual(users))), min(k, len(items.vectors))
    if len(items.vectors) < LEAST_ITEMS or len(usual.vectors) < WORTH * SAMPLE_USERS:
        return partial(exact_top_k, items=items, k=k)
    near = near_lists(usual.vectors, items, each)
    sample = usual.rows(np.linspace(0, len(usual.vectors) - 1, SAMPLE_USERS).astype(np.int64))
    probes = near.probes(sample, exact_top_k_in_parts(sample, items, k, each))
    if probes * WORTH > len(near.centroids):  # nothing is near anything
        return partial(exact_top_k, items=items, k=k)
    if items.rounded and probes * len(users.vectors) > SCORES:  # else less is saved than rounding takes
        near = near.with_rounding(each)

    def find(some: Users) -> Best:
        known = is_usual(some)
        found = near.best(some, k, probes)
        # too few: so many are excluded, or withheld, that the lists are empty
        left = np.flatnonzero(~known | (found.counts < k))
        exact = exact_top_k(*used_dimensions(some.rows(left), items), k)
        for part, whole in ((exact.numbers, found.numbers), (exact.scores, found.scores), (exact.counts, found.counts)):
            whole[left] = part
        return found

    return find


def exact_top_k_in_parts(users: Users, items: Items, k: int, each: Each) -> Best:
    """exact_top_k, by several threads."""
    parts = np.array_split(np.arange(len(users.vectors)), PARTS)
    found = list(each(lambda part: exact_top_k(users.rows(parts[part]), items, k), range(PARTS)))
    columns = zip(*((best.numbers, best.scores, best.counts) for best in found), strict=True)
    return Best(*map(np.concatenate, columns))


def is_usual(users: Users) -> npt.NDArray[np.bool_]:
    """Whether most numbers of the vector are not 0. Those of whom nothing is known are alone in their corner: [n]."""
    usual: npt.NDArray[np.bool_] = np.isfinite(users.vectors).all(1) & (
        2 * (users.vectors != 0).sum(1) > users.vectors.shape[1]
    )
    return usual


def near_lists(users: Floats, items: Items, each: Each) -> Near:
    """Lists around centroids, each of about nine times as many items as there are lists."""
    m = len(items.vectors)
    # items are alike whose scores are: distance is the expected square of the difference of the scores
    scaled = users.astype(np.float64) / np.abs(users).max()  # else huge numbers overflow
    metric = (scaled.T @ scaled / len(users)).astype(np.float32)
    list_of = nearest(items.vectors, means(items.vectors, min(int(m**0.5 / 3), MOST_LISTS), metric, each), metric, each)
    numbers = np.argsort(list_of.astype(np.uint16), kind="stable")
    sizes = np.bincount(list_of)
    bounds = np.concatenate([[0], np.cumsum(sizes[sizes > 0])])
    places = np.empty(m, np.int64)
    places[numbers] = np.arange(m)
    listed = in_order(items, numbers, places, each)
    means_of_lists = each(lambda i: finite(listed.vectors[bounds[i] : bounds[i + 1]]).mean(0), range(len(bounds) - 1))
    return Near(listed, numbers, places, bounds, np.array(list(means_of_lists)))


def in_order(items: Items, numbers: Integers, places: Integers, each: Each) -> Items:
    """The items in another order, number numbers[i] at place i; not rounded."""
    vectors = np.empty_like(items.vectors)

    def fill(start: int) -> None:
        part = slice(start, start + SLICE)
        items.vectors.take(numbers[part], axis=0, out=vectors[part], mode="clip")  # "raise" would buffer

    list(each(fill, range(0, len(vectors), SLICE)))
    adjustments = []
    for known in items.adjustments:
        moved = places[known.numbers]
        order = np.argsort(moved)
        adjustments.append(Adjustment(moved[order], known.amounts[order]))
    return Items(vectors, np.sort(places[items.broken]), tuple(adjustments))


def means(vectors: Floats, count: int, metric: Floats, each: Each) -> Floats:
    """Centroids [count, d] by k-means on a sample; the same for the same vectors."""
    random = np.random.default_rng(0)
    sample = finite(vectors.take(random.permutation(len(vectors))[: PER_LIST * count], axis=0))
    centroids = sample[:count].copy()
    for _ in range(ROUNDS):
        list_of = nearest(sample, centroids, metric, each)
        order = np.argsort(list_of, kind="stable")
        filled, starts, counts = np.unique(list_of[order], return_index=True, return_counts=True)
        centroids[filled] = np.add.reduceat(sample[order], starts, axis=0) / counts[:, None].astype(np.float32)
    return centroids


def nearest(vectors: Floats, centroids: Floats, metric: Floats, each: Each) -> Integers:
    """Number of each vector's nearest centroid, [n], where metric [d, d] gives the square of a difference."""
    directions = metric @ centroids.T
    half = (directions.T * centroids).sum(1) / 2
    numbers = np.empty(len(vectors), np.int64)

    def fill(start: int) -> None:
        part = slice(start, start + SLICE)
        np.argmax(finite(vectors[part]) @ directions - half, axis=1, out=numbers[part])

    list(each(fill, range(0, len(vectors), SLICE)))
    return numbers
