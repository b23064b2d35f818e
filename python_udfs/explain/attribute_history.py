"""SQL function `attribute_history(users, items)`: how much of each history item is in the users' embeddings.

    users   STRUCT(embedding FLOAT[d], history INTEGER[], ...)[], positions of the history's items in `items`, from 1
    items   FLOAT[d][]
    result  FLOAT[][], weights w of each user with sum(w_j history_j) as near to the embedding as a penalty allows

Ridge regression: minimises |user - sum(w_j history_j)|^2 + penalty |w|^2. It needs not know how the tower came to the
embedding. The score of an item splits into w_j (history_j . item), which add up to the history's part, and a rest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from ..arrays import as_matrix, as_numbers

if TYPE_CHECKING:
    from ..arrays import Floats

# times the mean squared length of the history's vectors: hundreds of them add up to any user in many ways, of which the
# one is wanted in which an item speaks for itself and for what is like it
PENALTY = 1.0
MOST_NUMBERS = 2**20  # of histories that are solved together: 8 MB as doubles


def attribute_history(users: pa.ChunkedArray, items: pa.ChunkedArray) -> pa.Array:
    """One block of users per row; weights in the order of each history."""
    blocks = [
        block_weights(block.values, as_matrix(rows.values, "attribute_history: items"))
        for block, rows in zip(users, items, strict=True)
    ]
    offsets = np.cumsum([0, *map(len, blocks)])
    values = pa.concat_arrays([pa.array([], pa.list_(pa.float32())), *blocks])
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), values)


def block_weights(users: pa.StructArray, items: Floats) -> pa.ListArray:
    """Weights of the users of one block: those with histories of one length are solved together."""
    vectors, histories = (
        as_matrix(users.field("embedding"), "attribute_history: users.embedding"),
        users.field("history"),
    )
    positions = as_numbers(histories.flatten(), "attribute_history: users.history", len(items))
    lengths = histories.value_lengths().fill_null(0).to_numpy(zero_copy_only=False)  # NULL is no history
    bounds = np.cumsum([0, *lengths])
    values = np.zeros(len(positions), np.float32)
    for length in np.unique(lengths[lengths > 0]).tolist():
        rows = np.flatnonzero(lengths == length)
        for part in np.array_split(rows, -(-len(rows) * length * items.shape[1] // MOST_NUMBERS)):
            places = bounds[part][:, None] + np.arange(length)
            values[places] = weights(vectors[part], items[positions[places]])
    return pa.ListArray.from_arrays(pa.array(bounds, pa.int32()), pa.array(values))


def weights(users: Floats, histories: Floats) -> npt.NDArray[Any]:
    """Ridge weights [b, n] of the rows of `histories` [b, n, d] for `users` [b, d]."""
    n = histories.shape[1]
    gram = histories.astype(np.float64) @ histories.transpose(0, 2, 1)
    gram[:, np.arange(n), np.arange(n)] += PENALTY * gram.trace(axis1=1, axis2=2)[:, None] / n + 1e-12
    solution: npt.NDArray[Any] = np.linalg.solve(gram, histories @ users[:, :, None])
    return solution[:, :, 0]
