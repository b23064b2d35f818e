"""SQL functions `normal_quantile(p)` and `chi_square_p(statistic, degrees)`, which DuckDB lacks."""

from __future__ import annotations

import math
from statistics import NormalDist

import pyarrow as pa


def normal_quantile(shares: pa.ChunkedArray) -> pa.Array:
    """The number of standard deviations below which each share of a normal distribution lies."""
    return pa.array([quantile(share) for share in shares.to_pylist()], pa.float64())


def quantile(share: float) -> float:
    """Of one share. Raises ValueError when it is none."""
    if not 0 < share < 1:
        raise ValueError(f"normal_quantile: p is {share}; give a share above 0 and below 1")
    return NormalDist().inv_cdf(share)


def chi_square_p(statistics: pa.ChunkedArray, degrees: pa.ChunkedArray) -> pa.Array:
    """Chance of at least such a chi-square statistic with so many degrees of freedom."""
    pairs = zip(statistics.to_pylist(), degrees.to_pylist(), strict=True)
    return pa.array([chi_square_tail(statistic, n) for statistic, n in pairs], pa.float64())


def chi_square_tail(statistic: float, degrees: int) -> float:
    """1 - the distribution function, in closed form for whole degrees; without any, nothing can be unlikely."""
    if not statistic >= 0:
        raise ValueError(f"chi_square_p: the statistic is {statistic}; give a number not below 0")
    if degrees < 1:
        return 1.0
    if math.isinf(statistic):
        return 0.0
    half = statistic / 2
    if degrees % 2 == 0:
        return math.exp(-half) * math.fsum(half**i / math.factorial(i) for i in range(degrees // 2))
    terms = (half ** (i - 0.5) / math.gamma(i + 0.5) for i in range(1, (degrees + 1) // 2))
    return math.erfc(math.sqrt(half)) + math.exp(-half) * math.fsum(terms)
