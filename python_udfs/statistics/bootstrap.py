"""SQL functions for 95 % bootstrap intervals over users.

    bootstrap_interval(values, seed)              STRUCT(low, high) of mean(values)
    bootstrap_ratio(values, baseline, seed)       STRUCT(ratio, low, high) of the means' ratio minus 1
    bootstrap_difference(values, baseline, seed)  STRUCT(difference, low, high) of their means

`values` and `baseline` are DOUBLE[], `seed` is BIGINT. Percentile bootstrap (Efron 1979): users are drawn
with replacement, n of n, 1,000 times; the 2.5 % and 97.5 % quantiles of the statistic. The draws depend on n
and the seed alone, so all lists of one length are judged on the same draws: order the lists by user, and two
models are paired. NULL list -> NULL; no values -> all fields NULL; one value -> zero width; baseline mean 0
-> all fields NULL, draws with baseline mean 0 are left out. NULL among the values is an error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt
import pyarrow as pa

DRAWS = 1000
LEVELS = (0.025, 0.975)
WEIGHTS_BYTES = 2**21  # draws are made in portions that stay in a core's cache while every list reads them

Doubles = npt.NDArray[np.float64]
Row = list[float | None]  # value, low, high
Sample = tuple[Doubles, ...]  # lists of one length, paired by place
Statistic = Callable[[Doubles], Doubles]  # means [lists, any] -> statistic [any], NaN where it is not defined


def interval(values: pa.ChunkedArray, seeds: pa.ChunkedArray) -> pa.Array:
    """Interval of the mean."""
    return structs(("low", "high"), [row[1:] for row in bootstrap((values,), seeds, lambda means: means[0])])


def ratio(values: pa.ChunkedArray, baseline: pa.ChunkedArray, seeds: pa.ChunkedArray) -> pa.Array:
    """Ratio of two means minus 1, and its interval."""
    return structs(("ratio", "low", "high"), bootstrap((values, baseline), seeds, relative_lift))


def difference(values: pa.ChunkedArray, baseline: pa.ChunkedArray, seeds: pa.ChunkedArray) -> pa.Array:
    """Difference of two means, and its interval."""
    rows = bootstrap((values, baseline), seeds, lambda means: means[0] - means[1])
    return structs(("difference", "low", "high"), rows)


def relative_lift(means: Doubles) -> Doubles:
    """means[0] / means[1] - 1; NaN where means[1] is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(means[1] == 0, np.nan, means[0] / means[1] - 1)


def bootstrap(columns: tuple[pa.ChunkedArray, ...], seeds: pa.ChunkedArray, statistic: Statistic) -> list[Row]:
    """Value, low, high per row, None where the statistic is not defined. Rows of one length share draws."""
    rows = [as_sample(row) for row in zip(*columns, strict=True)]
    results: list[Row] = [[None, None, None] for _ in rows]
    alike: dict[tuple[int, int], list[int]] = {}
    for place, (sample, seed) in enumerate(zip(rows, seeds.to_pylist(), strict=True)):
        if len(sample[0]):
            alike.setdefault((len(sample[0]), seed), []).append(place)
    for (n, seed), places in alike.items():
        drawn = np.empty((len(places), len(columns), DRAWS))  # means of each draw
        for start, weights in draws(n, seed):
            for i, place in enumerate(places):
                for j, values in enumerate(rows[place]):
                    # one product per list, not one for all: the result must not depend on who shares the call
                    drawn[i, j, start : start + len(weights)] = weights @ values / n
        for i, place in enumerate(places):
            results[place] = summary(rows[place], drawn[i], statistic)
    return results


def summary(sample: Sample, drawn: Doubles, statistic: Statistic) -> Row:
    """Value, low, high of one row."""
    value = statistic(np.array([[values.mean()] for values in sample]))[0]
    defined = statistic(drawn)
    defined = defined[~np.isnan(defined)]
    if np.isnan(value) or not len(defined):
        return [None, None, None]
    low, high = np.quantile(defined, LEVELS)
    return [float(value), float(low), float(high)]


def draws(n: int, seed: int) -> Iterator[tuple[int, Doubles]]:
    """How often each of n users is drawn, [some draws, n], with the number of the first of these draws."""
    generator = np.random.default_rng([abs(seed), int(seed < 0), n])
    portion = max(WEIGHTS_BYTES // (8 * n), 1)
    for start in range(0, DRAWS, portion):
        count = min(portion, DRAWS - start)
        weights = np.empty((count, n))
        for draw in weights:
            draw[:] = np.bincount(generator.integers(0, n, n, dtype=np.int32), minlength=n)
        yield start, weights


def as_sample(row: tuple[pa.ListScalar, ...]) -> Sample:
    """The lists of one row. Raises ValueError when they hold NULL or are not of one length."""
    if any(scalar.values.null_count for scalar in row):
        raise ValueError("bootstrap: the list of values holds NULL; give every user a value")
    sample = tuple(scalar.values.to_numpy(zero_copy_only=False) for scalar in row)
    if len({len(values) for values in sample}) > 1:
        lengths = " and ".join(str(len(values)) for values in sample)
        raise ValueError(f"bootstrap: lists of {lengths} values; pair them by user")
    return sample


def structs(names: tuple[str, ...], rows: list[Row]) -> pa.Array:
    """Arrow structs of doubles."""
    columns = [pa.array([row[i] for row in rows], pa.float64()) for i in range(len(names))]
    return pa.StructArray.from_arrays(columns, names=list(names))
