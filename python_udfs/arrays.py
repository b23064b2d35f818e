"""Arrow columns as numpy arrays, for every function that reads vectors or positions in a list."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Floats = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]
LISTS = (pa.types.is_list, pa.types.is_large_list, pa.types.is_list_view, pa.types.is_large_list_view)


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


def plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """The column with lists and strings as DuckDB has them by default; its settings may make large ones or views."""
    kind = plain_type(column.type)
    return column if kind == column.type else pa.chunked_array([relaid(part, kind) for part in column.chunks], kind)


def plain_type(kind: pa.DataType) -> pa.DataType:
    """A type without large lists and strings and without views of either."""
    if pa.types.is_struct(kind):
        return pa.struct([pa.field(field.name, plain_type(field.type)) for field in kind])
    if pa.types.is_fixed_size_list(kind):
        return pa.list_(plain_type(kind.value_type), kind.list_size)
    if any(test(kind) for test in LISTS):
        return pa.list_(plain_type(kind.value_type))
    if pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return pa.string()
    return pa.binary() if pa.types.is_large_binary(kind) or pa.types.is_binary_view(kind) else kind


def relaid(values: pa.Array, kind: pa.DataType) -> pa.Array:
    """An array as the plain type of its own."""
    if values.type == kind:
        return values
    if pa.types.is_struct(kind):
        fields = [relaid(values.field(number), field.type) for number, field in enumerate(kind)]
        return pa.StructArray.from_arrays(fields, fields=list(kind), mask=values.is_null())
    if pa.types.is_fixed_size_list(kind):
        inner = relaid(values.values, kind.value_type)
        return pa.FixedSizeListArray.from_arrays(inner, kind.list_size, mask=values.is_null())
    if pa.types.is_list(kind):
        lengths = values.value_lengths().fill_null(0).to_numpy(zero_copy_only=False)
        offsets = pa.array(np.append(0, np.cumsum(lengths)), pa.int32())
        return pa.ListArray.from_arrays(offsets, relaid(values.flatten(), kind.value_type), mask=values.is_null())
    return values.cast(kind)
