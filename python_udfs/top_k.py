"""SQL function `top_k(users, items, k)`: the k items with the largest dot product for each user of a block.

    users   STRUCT(embedding FLOAT[d], excluded INTEGER[], ...)[], fields by name; no or NULL `excluded`: none
    items   FLOAT[d][], in order of preference on ties
    result  STRUCT(position INTEGER, score FLOAT)[][], one list per user, best first; positions count from 1

Exact. Of items with the same score the one that comes first in `items` is taken. Excluded positions, and
items or users whose vector is NULL or not finite, never appear; lists are shorter when fewer items are left.
Data in, data out: nothing is kept between calls. The macro `top_k_lists` writes the statement around it.
"""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from threadpoolctl import threadpool_limits

from .best_items import Best, Floats, Integers, Items, Users, best_items

if TYPE_CHECKING:
    from collections.abc import Iterator

RETURN_TYPE = "STRUCT(position INTEGER, score FLOAT)[][]"
RESULT = pa.struct([("position", pa.int32()), ("score", pa.float32())])
SCORES_BYTES = 2**23  # score matrix of one thread: stays in the last-level cache
# a block uses every thread and much memory, and BLAS has one thread setting per process
ONE_AT_A_TIME = threading.Lock()


def top_k(users: pa.ChunkedArray, items: pa.ChunkedArray, k: pa.ChunkedArray, threads: int = 1) -> pa.Array:
    """One block of users per row. Raises ValueError naming argument and value when they do not fit."""
    rows = zip(users, items, k.to_pylist(), strict=True)
    lists = [block_top_k(block.values, catalogue.values, n, threads) for block, catalogue, n in rows]
    offsets = np.cumsum([0, *map(len, lists)])
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), pa.concat_arrays([empty(), *lists]))


def block_top_k(users: pa.StructArray, items: pa.Array, k: int, threads: int) -> pa.ListArray:
    """Lists of the users of one block."""
    if k < 1:
        raise ValueError(f"top_k: k is {k}; give at least 1")
    vectors = as_matrix(items, "items")
    catalogue = Items(vectors, np.flatnonzero(~np.isfinite(vectors).all(1)))
    block = as_users(users, vectors)
    with ONE_AT_A_TIME, threadpool_limits(1, "blas"), ThreadPoolExecutor(threads) as pool:
        parts = list(pool.map(partial(best_items, items=catalogue, k=k), slices(block, len(vectors))))
    return pa.concat_arrays([empty(), *map(as_lists, parts)])


def as_users(users: pa.StructArray, items: Floats) -> Users:
    """The two fields that matter. Raises ValueError when a length or a position does not fit the items."""
    if not pa.types.is_struct(users.type) or users.type.get_field_index("embedding") < 0:
        raise ValueError(f"top_k: users are {users.type}; give structs with a field 'embedding'")
    fields = dict(zip((field.name for field in users.type), users.flatten(), strict=True))
    vectors = as_matrix(fields["embedding"], "users.embedding")
    if len(vectors) and len(items) and vectors.shape[1] != items.shape[1]:
        raise ValueError(
            f"top_k: users.embedding has {vectors.shape[1]} dimensions and items {items.shape[1]}; "
            "both must come from the same run"
        )
    excluded = fields.get("excluded", pa.nulls(len(users))).cast(pa.list_(pa.int32()))
    lengths = excluded.value_lengths().fill_null(0).to_numpy(zero_copy_only=False)
    positions = excluded.flatten()
    if positions.null_count:
        raise ValueError("top_k: users.excluded holds NULL; filter it out of the list")
    numbers = positions.to_numpy(zero_copy_only=False).astype(np.int64) - 1
    if len(numbers) and (numbers.min() < 0 or numbers.max() >= len(items)):
        wrong = numbers.min() if numbers.min() < 0 else numbers.max()
        raise ValueError(f"top_k: users.excluded holds position {wrong + 1}; there are {len(items)} items")
    return Users(vectors, numbers, np.cumsum([0, *lengths]))


def as_matrix(vectors: pa.Array, name: str) -> Floats:
    """FLOAT[d][] as a matrix [n, d], a NULL vector as NaN. Raises ValueError naming any other type."""
    kind = vectors.type
    if not pa.types.is_fixed_size_list(kind) or not pa.types.is_float32(kind.value_type):
        if len(vectors) == vectors.null_count:
            return np.full((len(vectors), 0), np.nan, np.float32)
        raise ValueError(f"top_k: {name} is {kind}; cast it to FLOAT[n]")
    known: Floats = vectors.flatten().to_numpy(zero_copy_only=False).reshape(-1, kind.list_size)
    if not vectors.null_count:
        return known
    matrix = np.full((len(vectors), kind.list_size), np.nan, np.float32)
    matrix[vectors.is_valid().to_numpy(zero_copy_only=False)] = known
    return matrix


def slices(users: Users, items: int) -> Iterator[Users]:
    """The block in slices whose scores fit the cache; at least 64 users, or the product becomes slow."""
    step = min(max(SCORES_BYTES // (4 * max(items, 1)), 64), 1024)
    for start in range(0, len(users.vectors), step):
        bounds: Integers = users.bounds[start : start + step + 1]
        excluded = users.excluded[bounds[0] : bounds[-1]]
        yield Users(users.vectors[start : start + step], excluded, bounds - bounds[0])


def as_lists(found: Best) -> pa.ListArray:
    """Arrow lists of structs."""
    kept = np.arange(found.numbers.shape[1]) < found.counts[:, None]
    positions = pa.array(found.numbers[kept] + 1, pa.int32())
    structs = pa.StructArray.from_arrays([positions, pa.array(found.scores[kept])], fields=list(RESULT))
    return pa.ListArray.from_arrays(pa.array(np.cumsum([0, *found.counts]), pa.int32()), structs)


def empty() -> pa.ListArray:
    """No lists, of the right type."""
    return pa.array([], pa.list_(RESULT))
