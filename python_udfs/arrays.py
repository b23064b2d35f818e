"""Arrow columns as numpy arrays, for every function that reads vectors or positions in a list."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Floats = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]


def as_numbers(positions: pa.Array, name: str, there_are: int, least: int = 0) -> Integers:
    """Positions from 1 as numbers from 0. Raises ValueError naming one that there is not.

    name: of the function and its argument, as an error has it.
    """
    if positions.null_count:
        raise ValueError(f"{name} holds NULL; filter it out of the list")
    numbers: npt.NDArray[Any] = positions.to_numpy(zero_copy_only=False).astype(np.int64) - 1
    if len(numbers) and (numbers.min() < least or numbers.max() >= there_are):
        wrong = numbers.min() if numbers.min() < least else numbers.max()
        raise ValueError(f"{name} holds position {wrong + 1}; there are {there_are}")
    return numbers


def as_matrix(vectors: pa.Array, name: str) -> Floats:
    """FLOAT[d][] as a matrix [n, d], a NULL vector as NaN. Raises ValueError naming any other type.

    name: of the function and its argument, as an error has it.
    """
    kind = vectors.type
    if not pa.types.is_fixed_size_list(kind) or not pa.types.is_float32(kind.value_type):
        if len(vectors) == vectors.null_count:
            return np.full((len(vectors), 0), np.nan, np.float32)
        raise ValueError(f"{name} is {kind}; cast it to FLOAT[n]")
    known: Floats = vectors.flatten().to_numpy(zero_copy_only=False).reshape(-1, kind.list_size)
    if not vectors.null_count:
        return known
    matrix = np.full((len(vectors), kind.list_size), np.nan, np.float32)
    matrix[vectors.is_valid().to_numpy(zero_copy_only=False)] = known
    return matrix
