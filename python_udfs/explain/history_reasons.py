"""SQL function `history_reasons(users, items, k)`: what the history gives to the scores of each user's listed items.

    users   STRUCT(history STRUCT(item_id VARCHAR, position INTEGER, weight DOUBLE)[],
            listed STRUCT(item_id VARCHAR, position INTEGER)[], ...)[], positions in `items` from 1
    items   FLOAT[d][]
    result  STRUCT(item_id VARCHAR, history_score DOUBLE, reasons MAP(VARCHAR, DOUBLE))[][], one for each listed item:
            the sum of the contributions weight (history item . listed item), and the k largest of them, largest first

Weights are those of attribute_history.py. In SQL alone this is a row for each pair of a listed and a history item,
grouped again: at 10 million list rows the groups took more than 28 GB of disk.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from ..arrays import as_matrix, as_numbers

if TYPE_CHECKING:
    from ..arrays import Floats, Integers

RETURN_TYPE = "STRUCT(item_id VARCHAR, history_score DOUBLE, reasons MAP(VARCHAR, DOUBLE))[][]"
RESULT = pa.struct(
    [("item_id", pa.string()), ("history_score", pa.float64()), ("reasons", pa.map_(pa.string(), pa.float64()))]
)
NOTHING = pa.array([], pa.list_(RESULT))
MOST_NUMBERS = 2**20  # of vectors that are multiplied together: 4 MB


def history_reasons(users: pa.ChunkedArray, items: pa.ChunkedArray, counts: pa.ChunkedArray) -> pa.Array:
    """One block of users per row. Raises ValueError naming a position that there is not."""
    blocks = [
        block_reasons(block.values, as_matrix(rows.values, "history_reasons: items"), k.as_py())
        for block, rows, k in zip(users, items, counts, strict=True)
    ]
    offsets = np.cumsum([0, *map(len, blocks)])
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), pa.concat_arrays([NOTHING, *blocks]))


def block_reasons(users: pa.StructArray, items: Floats, k: int) -> pa.ListArray:
    """Reasons of the users of one block: those with histories and lists of one length are worked out together."""
    history, listed = users.field("history"), users.field("listed")
    of_history, of_listed = history.flatten(), listed.flatten()
    had = as_numbers(of_history.field("position"), "history_reasons: users.history", len(items))
    wanted = as_numbers(of_listed.field("position"), "history_reasons: users.listed", len(items))
    weights = of_history.field("weight").to_numpy(zero_copy_only=False)
    lengths, widths = (lists.value_lengths().fill_null(0).to_numpy(zero_copy_only=False) for lists in (history, listed))
    history_starts, listed_starts = (np.cumsum([0, *counts[:-1]]) for counts in (lengths, widths))
    kept = np.minimum(lengths, k)  # reasons of each listed item of a user
    offsets = np.cumsum([0, *np.repeat(kept, widths)])
    totals, places, values = np.zeros(len(wanted)), np.zeros(offsets[-1], np.int64), np.zeros(offsets[-1])
    for (length, width), rows in alike(lengths, widths):
        for part in np.array_split(rows, -(-len(rows) * (length + width) * items.shape[1] // MOST_NUMBERS)):
            at = history_starts[part][:, None] + np.arange(length)  # [b, h]
            to = listed_starts[part][:, None] + np.arange(width)  # [b, l]
            given = (items[wanted[to]] @ items[had[at]].transpose(0, 2, 1)) * weights[at][:, None, :]  # [b, l, h]
            most = np.argsort(-given, axis=2, kind="stable")[:, :, :k]
            totals[to] = given.sum(axis=2)
            into = offsets[to][:, :, None] + np.arange(most.shape[2])
            places[into] = history_starts[part][:, None, None] + most
            values[into] = np.take_along_axis(given, most, 2)
    names = of_history.field("item_id").take(pa.array(places))
    reasons = pa.MapArray.from_arrays(pa.array(offsets, pa.int32()), names, pa.array(values))
    rows = pa.StructArray.from_arrays([of_listed.field("item_id"), pa.array(totals), reasons], fields=list(RESULT))
    return pa.ListArray.from_arrays(pa.array(np.cumsum([0, *widths]), pa.int32()), rows)


def alike(lengths: npt.NDArray[Any], widths: npt.NDArray[Any]) -> list[tuple[tuple[int, int], Integers]]:
    """The users of each length of the history and of the list, where neither is 0."""
    pairs, inverse = np.unique(np.stack([lengths, widths], 1), axis=0, return_inverse=True)
    order = np.argsort(inverse.ravel(), kind="stable")
    groups = np.split(order, np.cumsum(np.bincount(inverse.ravel(), minlength=len(pairs))))[:-1]
    return [((int(a), int(b)), rows) for (a, b), rows in zip(pairs, groups, strict=True) if a and b]
