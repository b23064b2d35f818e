"""SQL functions `top_k` and `top_k_approximate`: the k best items by dot product for each user of a block.

    top_k(users, items, k [, adjustments])               the k best
    top_k_approximate(users, items, k [, adjustments])   the same where approximate.py looks, in large catalogues

    users        STRUCT(embedding FLOAT[d], excluded INTEGER[], segment INTEGER, ...)[], fields by name, all but the
                 first optional
    items        STRUCT(embedding FLOAT[d], position INTEGER)[]; on ties the first position is preferred. Or FLOAT[d][]
                 in the order of their positions
    adjustments  STRUCT(position INTEGER, amount FLOAT)[][], for the users of segment 1, 2, ...: what is added to their
                 scores; -inf withholds the item
    result       STRUCT(position INTEGER, score FLOAT)[][], one list per user, best first; positions count from 1

Of items with the same score the one whose position comes first is taken. Excluded positions, and items or users whose
vector is NULL or not finite, never appear; lists are shorter when fewer items are left. Beside arguments and result a
call holds the items rounded to a byte a number, and each thread 2 million scores (exact.py): 8 MB, whatever the numbers
of users and items. The approximate function holds the items once more.
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

from .approximate import NEAR_USERS, near_finder
from .arguments import as_items, as_users
from .exact import MOST_USERS, exact_top_k, is_worth_rounding, used_dimensions, with_rounding
from .types import Best, Users

if TYPE_CHECKING:
    from collections.abc import Iterator

LEAST_USERS = 2**8  # with fewer at once the product becomes slow
RETURN_TYPE = "STRUCT(position INTEGER, score FLOAT)[][]"
RESULT = pa.struct([("position", pa.int32()), ("score", pa.float32())])
# a block uses every thread and much memory, and BLAS has one thread setting per process
ONE_AT_A_TIME = threading.Lock()


def top_k(*columns: pa.ChunkedArray, threads: int = 1, approximate: bool = False) -> pa.Array:
    """One block of users per row. Raises ValueError naming argument and value when they do not fit."""
    lists = []
    for users, items, k, *more in zip(*columns, strict=True):
        parts = [part.values for part in more]
        lists.append(block_top_k(users.values, items.values, k.as_py(), threads, approximate, *parts))
    offsets = np.cumsum([0, *map(len, lists)])
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), pa.concat_arrays([empty(), *lists]))


def block_top_k(
    users: pa.StructArray,
    items: pa.Array,
    k: int,
    threads: int,
    approximate: bool,
    adjustments: pa.ListArray | None = None,
) -> pa.ListArray:
    """Lists of the users of one block."""
    if k < 1:
        raise ValueError(f"top_k: k is {k}; give at least 1")
    catalogue = as_items(items, adjustments)
    block, catalogue = used_dimensions(as_users(users, catalogue), catalogue)
    with ONE_AT_A_TIME, threadpool_limits(1, "blas"), ThreadPoolExecutor(threads) as pool:
        if is_worth_rounding(len(users), len(items)):
            catalogue = with_rounding(catalogue, pool.map)
        exact = partial(exact_top_k, items=catalogue, k=k)
        best = near_finder(block, catalogue, k, pool.map) if approximate else exact
        parts = list(pool.map(best, slices(block, threads, NEAR_USERS if approximate else MOST_USERS)))
    return pa.concat_arrays([empty(), *map(as_lists, parts)])


def slices(users: Users, threads: int, most: int) -> Iterator[Users]:
    """The block in slices, enough of them for every thread."""
    n = len(users.vectors)
    step = min(max(-(-n // (2 * threads)), LEAST_USERS), most)
    for start in range(0, n, step):
        yield users.rows(np.arange(start, min(start + step, n)))


def as_lists(found: Best) -> pa.ListArray:
    """Arrow lists of structs."""
    kept = np.arange(found.numbers.shape[1]) < found.counts[:, None]
    positions = pa.array(found.numbers[kept] + 1, pa.int32())
    structs = pa.StructArray.from_arrays([positions, pa.array(found.scores[kept])], fields=list(RESULT))
    return pa.ListArray.from_arrays(pa.array(np.cumsum([0, *found.counts]), pa.int32()), structs)


def empty() -> pa.ListArray:
    """No lists, of the right type."""
    return pa.array([], pa.list_(RESULT))
