"""The fitted baselines: ALS, EASE and ItemKNN on a weighted user x item matrix.

Each fit returns a Scorer: users in, their scores of every item out. No baseline knows of ids, lists or policies.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_matrix, vstack

from ..factorization.als import als
from ..factorization.linear import EaseByItems, EaseByUsers
from .matrix import FloatArray, IntArray

if TYPE_CHECKING:
    from numpy.typing import NDArray

# users [block] -> scores [block, items]; -inf = the model has nothing to say about this pair
Scorer = Callable[[IntArray], FloatArray]

EASE_LIMIT = 12_500  # rows of the matrix EASE inverts: 0.6 GB in float32, 1.2 GB in float64
KNN_BLOCK = 1_000  # items whose similarities are held at once


def unserved(matrix: csr_matrix) -> tuple[FloatArray, FloatArray]:
    """-inf where a user [users, 1] or an item [1, items] has no interaction at all, 0 elsewhere."""
    users = np.where(np.diff(matrix.indptr) > 0, 0, -np.inf)
    items = np.where(np.bincount(matrix.indices, minlength=matrix.shape[1]) > 0, 0, -np.inf)
    return users.astype(np.float32)[:, None], items.astype(np.float32)[None, :]


def nothing(matrix: csr_matrix) -> Scorer:
    """What a model fitted on no interactions has to say."""
    return lambda rows: np.full((len(rows), matrix.shape[1]), -np.inf, dtype=np.float32)


def fit_als(
    matrix: csr_matrix,
    *,
    factors: int = 64,
    regularization: float = 0.1,
    alpha: float = 1.0,
    iterations: int = 15,
    seed: int = 0,
    threads: int = 0,
) -> Scorer:
    """Implicit ALS; threads 0 = all cores, same result.

    Minimises sum c_ui (p_ui - x_u . y_i)^2 + regularization (|x_u|^2 + |y_i|^2), with p = 1 and c = alpha * matrix
    where the user has had the item, p = 0 and c = 1 elsewhere. A small alpha makes it a weighted SVD of the matrix:
    frequency shows in the score. A large one makes it a classifier of had / not had.
    """
    if not matrix.nnz:
        return nothing(matrix)
    left, right = als(
        matrix, factors, regularization=regularization, alpha=alpha, iterations=iterations, seed=seed, threads=threads
    )
    users, items = unserved(matrix)

    def score(rows: IntArray) -> FloatArray:
        scores: FloatArray = left[rows] @ right.T
        scores += items
        scores += users[rows]
        return scores

    return score


def fit_ease(
    matrix: csr_matrix, *, regularization: float = 500.0, own_weight: float = 0.0, limit: int = EASE_LIMIT
) -> Scorer:
    """EASE (Steck 2019): X B with B = I - P diag(1 / diag P), P = (X'X + regularization I)^-1, zero diagonal.

    own_weight w blends the user's own weights back in, (1 - w) X B + w X: where repeats count, the zero diagonal
    forbids an item to speak for itself. With fewer users than items the same B is applied through
    (XX' + regularization I)^-1 and the whole catalogue fits; otherwise, or beyond `limit` users, the `limit` items of
    most users are scored.
    """
    if not matrix.nnz:
        return nothing(matrix)
    by_users = matrix.shape[0] <= min(matrix.shape[1], limit)
    popularity = np.bincount(matrix.indices, minlength=matrix.shape[1])
    known = int((popularity > 0).sum())
    kept = np.sort(np.argsort(-popularity, kind="stable")[: known if by_users else min(known, limit)])
    within = csr_matrix(matrix[:, kept])
    weights = EaseByUsers(within, regularization) if by_users else EaseByItems(within, regularization)
    unserved_users = unserved(matrix)[0]

    def score(rows: IntArray) -> FloatArray:
        scores = np.full((len(rows), matrix.shape[1]), -np.inf, dtype=np.float32)
        scores[:, kept] = (1 - own_weight) * weights.transposed_times(within[rows].toarray().T).T
        own = matrix[rows].tocoo()
        scores[own.row, own.col] += own_weight * own.data
        scores += unserved_users[rows]
        return scores

    return score


def fit_item_knn(
    matrix: csr_matrix, *, neighbours: int = 200, shrinkage: float = 10.0, own_weight: float = 0.0
) -> Scorer:
    """Item-item nearest neighbours: (1 - w) X S + w X, S_ij = x_i . x_j / (|x_i| |x_j| + shrinkage), diagonal zero.

    For each item j the `neighbours` most similar items i are kept; an item without a neighbour in the user's history is
    left to the fallback. own_weight w is the similarity of an item to itself, for where repeats count.
    """
    if not matrix.nnz:
        return nothing(matrix)
    by_item = matrix.T.tocsr()
    norms = np.sqrt(np.asarray(by_item.multiply(by_item).sum(axis=1)).ravel())
    similar = vstack(
        [
            _neighbours_of(by_item, norms, start, neighbours, shrinkage)
            for start in range(0, by_item.shape[0], KNN_BLOCK)
        ]
    ).T.tocsr()  # [items i, items j]

    def score(rows: IntArray) -> FloatArray:
        scores: FloatArray = (matrix[rows] @ similar).toarray()
        scores *= 1 - own_weight
        own = matrix[rows].tocoo()
        scores[own.row, own.col] += own_weight * own.data
        scores[scores <= 0] = -np.inf
        return scores

    return score


def _neighbours_of(
    by_item: csr_matrix, norms: NDArray[np.float32], start: int, neighbours: int, shrinkage: float
) -> csr_matrix:
    """The `neighbours` largest similarities of each item of one block to any other; [block, items]."""
    block = (by_item[start : start + KNN_BLOCK] @ by_item.T).tocsr()
    counts = np.diff(block.indptr)
    rows = np.repeat(np.arange(len(counts)), counts)
    block.data /= norms[start + rows] * norms[block.indices] + np.float32(shrinkage)
    block.data[block.indices == start + rows] = 0
    kept = np.zeros(block.nnz, dtype=np.bool_)
    for row in np.flatnonzero(counts):
        cells = slice(block.indptr[row], block.indptr[row + 1])
        if counts[row] > neighbours:
            best = np.argpartition(block.data[cells], counts[row] - neighbours)[counts[row] - neighbours :]
            kept[cells.start + best] = True
        else:
            kept[cells] = True
    values = (block.data[kept], (rows[kept], block.indices[kept]))
    return csr_matrix(values, shape=block.shape)
