"""SQL function `history_weights(user, history)`: how much of each history item is in a user's embedding.

    user     FLOAT[d], the user's embedding
    history  FLOAT[d][], the embeddings of the items of the history
    result   FLOAT[], weights w with sum(w_j history_j) as near to the user's embedding as a small penalty allows

Ridge regression: minimises |user - sum(w_j history_j)|^2 + penalty |w|^2. It needs not know how the tower came to the
embedding. The score of an item splits into w_j (history_j . item), which add up to the history's part, and a rest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from .top_k_inputs import as_matrix

if TYPE_CHECKING:
    from .best_items import Floats

PENALTY = 0.01  # share of the mean squared length of the history's vectors; keeps near twins from cancelling each other


def history_weights(users: pa.ChunkedArray, histories: pa.ChunkedArray) -> pa.Array:
    """Weights of each user's history, in its order."""
    vectors = as_matrix(users.combine_chunks(), "user")
    lists = [weights(u, as_matrix(h.values, "history")) for u, h in zip(vectors, histories, strict=True)]
    offsets = np.cumsum([0, *map(len, lists)])
    values = np.concatenate([np.zeros(0), *lists]).astype(np.float32)
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), pa.array(values))


def weights(user: Floats, history: Floats) -> npt.NDArray[Any]:
    """Ridge weights [n] of the rows of `history` [n, d] for `user` [d]."""
    gram = history.astype(np.float64) @ history.T
    gram[np.diag_indices_from(gram)] += PENALTY * gram.trace() / len(gram) + 1e-12
    solution: npt.NDArray[Any] = np.linalg.solve(gram, history @ user)
    return solution
