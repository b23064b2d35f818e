"""The k largest dot products per user in the parts of a large catalogue where they most likely are.

Items are dealt into lists around centroids. A user's scores are worked out, exactly, in the lists whose centroids score
highest; in how many is found out on a sample of the users, against the exact answer. The lists cost about as much as
scoring some thousand users, so they are made anew in each call and nothing can be out of date.
Shapes: n users, m items, d dimensions, l lists.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from .best_items import Finder, as_best, best_items, exact_finder, improve, used_dimensions
from .rounded import Each, finite
from .top_k_types import Adjustment, Best, Floats, Integers, Items, Users

LEAST_ITEMS = 2**14  # fewer are scored whole
NEAR_USERS = 2**15  # looked for at once: enough for each list
SAMPLE_USERS = 256
FOUND = 0.996  # share of the sample's exact k best that lie in the lists that are looked into
WORTH = 4  # looking into a larger share of the lists than 1 / WORTH takes as long as scoring all
ROUNDS, PER_LIST = 8, 48  # k-means: iterations, and items per list to learn from
SLICE = 2**12  # rows whose distances to all centroids are worked out at once


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
        by_list = np.argsort(lists, kind="stable")
        reached = np.searchsorted(lists[by_list], np.arange(len(self.centroids) + 1))
        users = replace(users, excluded=self.places[users.excluded])
        keys = np.zeros((len(users.vectors), k), np.uint64)
        for number in np.flatnonzero(np.diff(reached)):
            rows = by_list[reached[number] : reached[number + 1]] // probes
            start, stop = self.bounds[number : number + 2]
            best = keys[rows]
            some, items = users.rows(rows).among(start, stop), self.items.among(start, stop)
            improve(best, some, items, self.numbers[start:stop])
            keys[rows] = best
        return as_best(keys)

    def nearest_lists(self, users: Floats, probes: int) -> Integers:
        """The lists [n, probes] whose centroids score highest."""
        parts = [users[start : start + SLICE] for start in range(0, len(users), SLICE)]
        found = [np.argpartition(-self.centroid_scores(part), probes - 1, axis=1)[:, :probes] for part in parts]
        return np.concatenate(found) if found else np.zeros((0, probes), np.int64)

    def centroid_scores(self, users: Floats) -> Floats:
        """Dot products with the centroids: [n, l]."""
        with np.errstate(invalid="ignore", over="ignore"):
            return users @ self.centroids.T

    def probes(self, sample: Users, exact: Best) -> int:
        """In how many lists one has to look for FOUND of the exact best of a sample."""
        list_of = np.searchsorted(self.bounds, self.places[exact.numbers], side="right") - 1  # [sample, k]
        ranks = np.argsort(np.argsort(-self.centroid_scores(sample.vectors), axis=1, kind="stable"), axis=1)
        wanted = np.take_along_axis(ranks, list_of, axis=1)
        meant = wanted[np.arange(wanted.shape[1]) < exact.counts[:, None]]
        return int(np.quantile(meant, FOUND, method="higher")) + 1 if len(meant) else 1


def near_finder(users: Users, items: Items, k: int, each: Each) -> Finder:
    """best_items for these users and items, or where the catalogue is large what looks into a few lists of it."""
    usual, k = users.rows(np.flatnonzero(is_usual(users))), min(k, len(items.vectors))
    if len(items.vectors) < LEAST_ITEMS or not len(usual.vectors):
        return exact_finder(users, items, k)
    near = near_lists(usual.vectors, items, each)
    sample = usual.rows(np.unique(np.linspace(0, len(usual.vectors) - 1, SAMPLE_USERS).astype(np.int64)))
    probes = near.probes(sample, best_items(sample, items, k))
    if probes * WORTH > len(near.centroids):  # nothing is near anything
        return exact_finder(users, items, k)

    def find(some: Users) -> Best:
        known = is_usual(some)
        found = near.best(some, k, probes)
        # too few: so many are excluded, or withheld, that the lists are empty
        left = np.flatnonzero(~known | (found.counts < k))
        exact = best_items(*used_dimensions(some.rows(left), items), k)
        for part, whole in ((exact.numbers, found.numbers), (exact.scores, found.scores), (exact.counts, found.counts)):
            whole[left] = part
        return found

    return find


def is_usual(users: Users) -> npt.NDArray[np.bool_]:
    """Whether most numbers of the vector are not 0. Those of whom nothing is known are alone in their corner: [n]."""
    usual: npt.NDArray[np.bool_] = np.isfinite(users.vectors).all(1) & (
        2 * (users.vectors != 0).sum(1) > users.vectors.shape[1]
    )
    return usual


def near_lists(users: Floats, items: Items, each: Each) -> Near:
    """Lists around centroids, about as many as there are items in each of them."""
    m = len(items.vectors)
    vectors = finite(items.vectors)
    # items are alike whose scores are: distance is the expected square of the difference of the scores
    scaled = users.astype(np.float64) / np.abs(users).max()  # else huge numbers overflow
    values, axes = np.linalg.eigh(scaled.T @ scaled / len(users))
    projected = vectors @ (axes * np.sqrt(np.maximum(values, 0))).astype(np.float32)
    list_of = nearest(projected, means(projected, int(m**0.5), each), each)
    numbers = np.argsort(list_of, kind="stable")
    bounds = np.append(np.unique(list_of[numbers], return_index=True)[1], m)
    places = np.argsort(numbers)
    listed = in_order(items, numbers, places)
    sums = np.add.reduceat(finite(listed.vectors), bounds[:-1], axis=0)
    centroids = (sums / np.diff(bounds)[:, None]).astype(np.float32)
    return Near(listed, numbers, places, bounds, centroids)


def in_order(items: Items, numbers: Integers, places: Integers) -> Items:
    """The items in another order, number numbers[i] at place i; not rounded, for in a list items are too much alike."""
    adjustments = []
    for known in items.adjustments:
        moved = places[known.numbers]
        order = np.argsort(moved)
        adjustments.append(Adjustment(moved[order], known.amounts[order]))
    return Items(items.vectors.take(numbers, axis=0), np.sort(places[items.broken]), tuple(adjustments))


def means(vectors: Floats, count: int, each: Each) -> Floats:
    """Centroids [count, d] by k-means on a sample; the same for the same vectors."""
    random = np.random.default_rng(0)
    sample = vectors[random.permutation(len(vectors))[: PER_LIST * count]]
    centroids = sample[:count].copy()
    for _ in range(ROUNDS):
        list_of = nearest(sample, centroids, each)
        order = np.argsort(list_of, kind="stable")
        filled, starts, counts = np.unique(list_of[order], return_index=True, return_counts=True)
        centroids[filled] = np.add.reduceat(sample[order], starts, axis=0) / counts[:, None].astype(np.float32)
    return centroids


def nearest(vectors: Floats, centroids: Floats, each: Each) -> Integers:
    """Number of each vector's nearest centroid: [n]."""
    half = (centroids * centroids).sum(1) / 2

    def of_slice(start: int) -> Integers:
        numbers: Integers = np.argmax(vectors[start : start + SLICE] @ centroids.T - half, axis=1)
        return numbers

    return np.concatenate(list(each(of_slice, range(0, len(vectors), SLICE))))
