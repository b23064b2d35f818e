"""SQL functions `top_k...`: the k best items by dot product for each user of a block.

    top_k(users, items, k [, adjustments])               the k best
    top_k_within(users, items, k, adjustments, sizes)    the k best in each group of consecutive items
    top_k_arranged(users, items, k, adjustments, kinds, caps)  k items by pins, caps and then score
    top_k_approximate, top_k_approximate_within          the first two where approximate.py looks, in large catalogues

    users        STRUCT(embedding FLOAT[d], excluded INTEGER[], segment INTEGER, scale FLOAT, pins
                 STRUCT(position INTEGER, place INTEGER)[], ...)[], fields by name, all but the first optional
    items        STRUCT(embedding FLOAT[d], position INTEGER)[]; on ties the first position is preferred. Or FLOAT[d][]
                 in the order of their positions
    adjustments  STRUCT(position INTEGER, amount FLOAT)[][], for the users of segment 1, 2, ...: what times the user's
                 scale (1) is added to their scores; -inf withholds the item
    sizes        INTEGER[], lengths of the groups
    kinds, caps  INTEGER[][] of each item, and INTEGER[]: at most caps[c] items of a list agree in kinds[c]
    result       STRUCT(position INTEGER, score FLOAT)[][], one list per user, best first; positions count from 1

Exact but for the last two. Of items with the same score the one whose position comes first is taken. Excluded
positions, and items or users whose vector is NULL or not finite, never appear; lists are shorter when fewer
items are left. Beside arguments and result a call holds the items rounded to a byte a number, and each thread
2 million scores (exact.py): 8 MB, whatever the numbers of users and items.
The approximate ones hold the items once more.
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
from .arguments import as_items, as_rules, as_sizes, as_users
from .caps_and_pins import arranged_items
from .exact import (
    MOST_USERS,
    exact_finder,
    is_worth_rounding,
    used_dimensions,
    with_rounding,
    within_finder,
)
from .types import Best, Users

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

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
    *choice: pa.Array,
) -> pa.ListArray:
    """Lists of the users of one block. choice: the sizes, or kinds and caps, or nothing."""
    if k < 1:
        raise ValueError(f"top_k: k is {k}; give at least 1")
    catalogue = as_items(items, adjustments)
    block, catalogue = used_dimensions(as_users(users, catalogue, k), catalogue)
    sizes = as_sizes(*choice, len(items)) if len(choice) == 1 else np.array([len(items)])
    with ONE_AT_A_TIME, threadpool_limits(1, "blas"), ThreadPoolExecutor(threads) as pool:
        if is_worth_rounding(len(users), int(sizes.max(initial=0))):
            catalogue = with_rounding(catalogue, pool.map)
        if len(choice) == 2:
            rules = as_rules(*choice, len(items))
            best: Callable[[Users], Best] = partial(arranged_items, items=catalogue, k=k, rules=rules)
        elif len(choice) == 1:
            find = partial(near_finder, each=pool.map) if approximate else exact_finder
            best = within_finder(block, catalogue, k, sizes, find)
        else:
            best = near_finder(block, catalogue, k, pool.map) if approximate else exact_finder(block, catalogue, k)
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
