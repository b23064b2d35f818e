"""Interaction events as weighted user x item matrices: the input of every fitted baseline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_matrix, diags

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float32]
Weighting = Literal["binary", "count", "log"]


@dataclass(frozen=True)
class Interactions:
    """Events sorted by cell (user, item), ready to be weighed again and again.

    cells [cells] is user * n_items + item, ascending; starts [cells] is the first event of each cell, its newest;
    age_days [events] is the time from the event to the point of knowledge, never negative; weights [events] is what it
    counts at age 0; steps [cells] is at how many later moments the user turned to other items.
    """

    cells: IntArray
    starts: IntArray
    age_days: FloatArray
    weights: FloatArray
    steps: IntArray
    shape: tuple[int, int]

    @classmethod
    def of(
        cls,
        users: IntArray,
        items: IntArray,
        age_days: ArrayLike,
        shape: tuple[int, int],
        weights: ArrayLike | None = None,
    ) -> Interactions:
        """Sort events given as row numbers, column numbers, ages and weights (none: 1 each), [events] each.

        Raises ValueError where a number lies outside of shape or an age is not finite.
        """
        ages = np.asarray(age_days, dtype=np.float64)
        for name, codes, size in (("user", users, shape[0]), ("item", items, shape[1])):
            if len(codes) and not 0 <= codes.min() <= codes.max() < size:
                raise ValueError(f"{name} codes span {codes.min()}..{codes.max()}, outside of 0..{size - 1}")
        if not np.isfinite(ages).all():
            raise ValueError("age_days holds a value that is not finite; does an event lack its event_at?")
        cells = users.astype(np.int64) * shape[1] + items
        order = np.lexsort((ages, cells))  # by age within a cell: sums do not depend on the order of the events read
        unique, starts = np.unique(cells[order], return_index=True)
        ages = np.maximum(ages[order], 0)
        counted = np.ones(len(ages), np.float32) if weights is None else np.asarray(weights, np.float32)[order]
        return cls(unique, starts, ages.astype(np.float32), counted, _steps(unique // shape[1], ages[starts]), shape)


def _steps(users: IntArray, ages: NDArray[np.float64]) -> IntArray:
    """Of cells by user and the age of their newest event: how many younger ages the user's other cells have."""
    order = np.lexsort((ages, users))
    is_first = np.diff(users[order], prepend=-1) != 0
    is_older = ~is_first & (np.diff(ages[order], prepend=0.0) != 0)
    places = np.cumsum(is_older)
    steps = np.empty(len(users), np.int64)
    steps[order] = places - np.maximum.accumulate(np.where(is_first, places, 0))
    return steps


def weigh(
    interactions: Interactions,
    weighting: Weighting = "count",
    half_life_days: float | None = None,
    step_decay: float = 1.0,
) -> csr_matrix:
    """One float32 value per (user, item) the user has had; [users, items].

    An event weighs its own weight times 2 ** (-age_days / half_life_days), or that alone without a half-life. A cell
    is, over its events, 'binary': the largest weight, 'count': the sum, 'log': log(1 + sum); times step_decay ** steps,
    which is recency where time passes for some users in minutes and for others in years.
    Raises ValueError for another weighting, a half-life that is not positive or a decay beyond 0..1.
    """
    if not 0 < step_decay <= 1:
        raise ValueError(f"step_decay must be above 0 and at most 1, got {step_decay!r}")
    if half_life_days is not None and not half_life_days > 0:
        raise ValueError(f"half_life_days must be positive or null, got {half_life_days!r}")
    if weighting not in ("binary", "count", "log"):
        raise ValueError(f"weighting must be binary, count or log, got {weighting!r}")
    users, items = interactions.shape
    ages = interactions.age_days
    decay = np.float32(1) if half_life_days is None else np.exp2(-ages / np.float32(half_life_days))
    weights = interactions.weights * decay
    reduce = np.maximum if weighting == "binary" else np.add
    values = reduce.reduceat(weights, interactions.starts) if len(weights) else weights
    values = np.log1p(values) if weighting == "log" else values
    if step_decay < 1:
        values = values * np.float32(step_decay) ** interactions.steps.astype(np.float32)
    # an event older than ~149 half-lives underflows: keep the cell, it is still "had"
    values = np.maximum(values, np.finfo(np.float32).tiny)
    row_ends = np.searchsorted(interactions.cells, np.arange(users + 1, dtype=np.int64) * items)
    return csr_matrix((values, interactions.cells % items, row_ends), shape=interactions.shape)


def scale(matrix: csr_matrix, user_power: float = 0.0, item_power: float = 0.0) -> csr_matrix:
    """Divide each cell by (its user's mean-relative total) ** user_power and the same for its item; [users, items].

    Power 0 leaves the matrix alone, 1 makes all users (items) equally heavy. The mean-relative total is the row's
    (column's) sum over the mean sum of the non-empty ones, so that alpha and regularization keep their meaning.
    """
    scaled = matrix
    for axis, power in ((1, user_power), (0, item_power)):
        if power and matrix.nnz:
            totals = np.asarray(matrix.sum(axis=axis), dtype=np.float64).ravel()
            relative = np.where(totals > 0, totals / totals[totals > 0].mean(), 1)
            factor = diags(relative**-power)
            scaled = csr_matrix(factor @ scaled if axis else scaled @ factor)
    return csr_matrix(scaled, dtype=np.float32)


def codes_of(ids: pa.Array, vocabulary: pa.Array) -> IntArray:
    """Position of each id in the vocabulary, [ids]; both are Arrow arrays of strings.

    Raises ValueError naming an id that is not in the vocabulary (or is null).
    """
    codes = pc.index_in(ids, value_set=vocabulary)
    if codes.null_count:
        missing = ids.filter(codes.is_null())[0].as_py()
        raise ValueError(f"id {missing!r} has interactions but is not in the vocabulary")
    return np.asarray(codes.to_numpy(), dtype=np.int64)
