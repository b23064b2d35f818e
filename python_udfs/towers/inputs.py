"""Columns of a DuckDB row (Arrow) as ONNX inputs (numpy): one function per shape an input can have.

NULL becomes 0 in an integer input (the code of "unknown") and NaN in a float input (the tower knows what to
do with it).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Rows = npt.NDArray[np.int64] | slice
ARROW_TYPES = {np.dtype(np.int64): pa.int64(), np.dtype(np.float32): pa.float32()}


@dataclass(frozen=True)
class Lists:
    """Lists of different length: `values` [sum of lengths], `starts` and `lengths` [n]."""

    values: npt.NDArray[Any]
    starts: npt.NDArray[np.int64]
    lengths: npt.NDArray[np.int64]

    def padded(self, rows: Rows, width: int) -> npt.NDArray[Any]:
        """The lists of `rows`, filled up with 0: [len(rows), width]."""
        place = np.arange(width)
        filled = place < self.lengths[rows][:, None]
        result = np.zeros(filled.shape, self.values.dtype)
        result[filled] = self.values[(self.starts[rows][:, None] + place)[filled]]
        return result


def scalars(column: pa.Array, name: str, dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    """One number per row: [n]. Raises ValueError naming the column when it holds something else."""
    kind = column.type
    numeric = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    if not (numeric or pa.types.is_boolean(kind) or pa.types.is_null(kind)):
        raise ValueError(f"embed: column '{name}' is {kind}, the model reads {dtype}; make it a number or a code")
    whole, fraction = pa.types.is_integer(kind) or pa.types.is_boolean(kind), pa.types.is_floating(kind)
    if fraction if dtype.kind == "i" else whole:
        was = "a category" if dtype.kind == "i" else "a number"
        raise ValueError(
            f"embed: column '{name}' is {kind}, and was {was} when the model was trained: train again, or cast it back"
        )
    try:
        # a fraction must not become a code; a float may lose digits
        numbers = column.cast(ARROW_TYPES[dtype], safe=dtype.kind == "i")
    except pa.ArrowInvalid as error:
        raise ValueError(f"embed: column '{name}' is {kind}, the model reads {dtype}: {error}") from None
    filler = pa.scalar(0 if dtype.kind == "i" else float("nan"), numbers.type)
    filled: npt.NDArray[Any] = pc.fill_null(numbers, filler).to_numpy(zero_copy_only=False)
    return filled


def lists(column: pa.Array, name: str, dtype: np.dtype[Any]) -> Lists:
    """A list per row; NULL is an empty list. Raises ValueError naming the column when it holds no lists."""
    if pa.types.is_null(column.type):
        nothing = np.zeros(len(column), np.int64)
        return Lists(np.zeros(0, dtype), nothing, nothing)
    if not _is_list(column.type):
        raise ValueError(f"embed: column '{name}' is {column.type}, the model reads a list of {dtype}")
    lengths = pc.fill_null(pc.list_value_length(column), 0).to_numpy(zero_copy_only=False).astype(np.int64)
    # flatten() leaves out what lies under a NULL, so that the values are exactly the lists one after another
    return Lists(scalars(column.flatten(), name, dtype), np.cumsum(lengths) - lengths, lengths)


def vectors(column: pa.Array, name: str, dtype: np.dtype[Any], size: int) -> npt.NDArray[Any]:
    """A vector per row; NULL is a row of NaN: [n, size]. Raises ValueError naming column and both lengths."""
    if size == 1 and not _is_list(column.type):
        return scalars(column, name, dtype)[:, None]
    ragged = lists(column, name, dtype)
    given = column.is_valid().to_numpy(zero_copy_only=False)
    wrong = ragged.lengths[given & (ragged.lengths != size)]
    if len(wrong):
        raise ValueError(f"embed: column '{name}' has a vector of {wrong[0]} numbers, the model reads {size}")
    result = np.full((len(column), size), np.nan if dtype.kind == "f" else 0, dtype)
    result[given] = ragged.values.reshape(-1, size)
    return result


def _is_list(kind: pa.DataType) -> bool:
    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind))
