"""From the warehouse's input tables (Arrow) to the arrays that the towers are fitted on."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import torch
from numpy.typing import NDArray

Array = NDArray[np.generic]
HISTORY = ("history_items", "history_days", "history_interactions", "history_recency_weights", "history_intervals")
NOT_INPUTS = {"stage", "cutoff", "user_id", "item_id", "has_features", "has_history"}


@dataclass(frozen=True)
class Column:
    """One network input. `size`: number of codes (category, categories), length (vector) or 1 (number)."""

    name: str
    kind: str
    size: int
    changes: bool = False  # from cutoff to cutoff: what was done until then


@dataclass(frozen=True)
class Ragged:
    """Lists of different length: row r is values[offsets[r]:offsets[r + 1]]."""

    offsets: NDArray[np.int64]
    values: Array

    def cells(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Places in `values` of the lists of the rows, one list after another."""
        starts, lengths = self.offsets[rows], np.diff(self.offsets)[rows]
        within = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        places: NDArray[np.int64] = np.repeat(starts, lengths) + within
        return places

    def of(self, rows: NDArray[np.int64]) -> Ragged:
        """The lists of the rows, in their order."""
        lengths = np.diff(self.offsets)[rows]
        return Ragged(np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64), self.values[self.cells(rows)])

    def padded(self, rows: NDArray[np.int64], width: int | None = None) -> Array:
        """Rows as one array [len(rows), width], filled with zeros (width: the longest of them, at least 1)."""
        starts = self.offsets[rows]
        lengths = self.offsets[rows + 1] - starts
        width = max(int(lengths.max(initial=0)), 1) if width is None else width
        places = np.arange(width)
        inside = places < lengths[:, None]
        index = np.where(inside, starts[:, None] + places, 0)
        if not len(self.values):
            return np.zeros((len(rows), width), self.values.dtype)
        return np.where(inside, self.values[index], np.zeros(1, self.values.dtype))


@dataclass(frozen=True)
class Inputs:
    """One input table: its network columns, their arrays, and which cutoff each row is of."""

    columns: tuple[Column, ...]
    arrays: dict[str, Array | Ragged]
    cutoffs: NDArray[np.int64]


def tensor(values: Array) -> torch.Tensor:
    """An array as a tensor: integers int64, floats float32."""
    return torch.from_numpy(np.ascontiguousarray(values, np.int64 if values.dtype.kind in "iu" else np.float32))


def tensors(arrays: dict[str, Array]) -> dict[str, torch.Tensor]:
    """Arrays as tensors by name."""
    return {name: tensor(values) for name, values in arrays.items()}


def columns_of(table: pa.Table, sizes: dict[str, int], changing: Collection[str]) -> tuple[Column, ...]:
    """Network columns of an input table, kind by Arrow type; `sizes`: number of codes by column.

    changing: columns that say what was done until the cutoff, and so change from one to the next.

    Raises TypeError naming a column of a type that no encoding takes.
    """
    columns = []
    for field in table.schema:
        if field.name in NOT_INPUTS or field.name in HISTORY:
            continue
        if pa.types.is_integer(field.type):
            columns.append(Column(field.name, "category", sizes.get(field.name, 0) + 1))
        elif pa.types.is_floating(field.type):
            columns.append(Column(field.name, "number", 1, field.name in changing))
        elif pa.types.is_fixed_size_list(field.type):
            columns.append(Column(field.name, "vector", field.type.list_size))
        elif pa.types.is_list(field.type) and pa.types.is_integer(field.type.value_type):
            columns.append(Column(field.name, "categories", sizes.get(field.name, 0) + 1))
        else:
            raise TypeError(
                f"input column {field.name} has type {field.type}; text, numbers, lists of text and FLOAT[n] are "
                "features; set two_tower_encoding: ignore in the column's meta to leave it out"
            )
    return tuple(columns)


def _array(column: pa.ChunkedArray) -> Array | Ragged:
    kind = column.type
    chunk = column.combine_chunks()
    if isinstance(chunk, pa.ChunkedArray):
        chunk = pa.concat_arrays(chunk.chunks) if chunk.num_chunks else pa.array([], kind)
    if pa.types.is_fixed_size_list(kind):
        rows = np.full((len(chunk), kind.list_size), np.nan, np.float32)
        valid = np.asarray(chunk.is_valid())
        flat = chunk.drop_null().flatten().to_numpy(zero_copy_only=False)
        rows[valid] = flat.reshape(-1, kind.list_size)
        return rows
    if pa.types.is_list(kind):
        lengths = pc.fill_null(pc.list_value_length(chunk), 0).to_numpy(zero_copy_only=False)
        offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        return Ragged(offsets, chunk.flatten().to_numpy(zero_copy_only=False))
    return np.asarray(chunk.to_numpy(zero_copy_only=False))


def read_inputs(table: pa.Table, sizes: dict[str, int], changing: Collection[str]) -> Inputs:
    """Arrays of an input table (user_inputs or item_inputs of one stage); see columns_of."""
    columns = columns_of(table, sizes, changing)
    names = [column.name for column in columns] + [name for name in HISTORY if name in table.column_names]
    arrays = {name: _array(table[name]) for name in names}
    for column in columns:
        values = arrays[column.name]
        if column.kind == "number" and isinstance(values, np.ndarray):
            arrays[column.name] = values.astype(np.float32)
    return Inputs(columns, arrays, table["cutoff"].to_numpy().astype(np.int64))
