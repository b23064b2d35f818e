"""A linear model of which items go together, in closed form and of reduced rank."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, get_lapack_funcs
from scipy.sparse import csr_matrix, diags

MOST_ITEMS = 8192  # the most popular ones; time grows with their third power, memory with their square (2 x 268 MB)
SPARE = 16  # dimensions beyond the rank, which make few rounds enough
ROUNDS = 5


def fit_linear(
    histories: csr_matrix, rank: int, regularization: float, seed: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """History vectors and item vectors [items, rank], whose products are about the weights of EASE (Steck 2019).

    Those weights B [items, items] predict histories X [users, items] from themselves with a zero diagonal. Of all
    matrices of the rank, B V V' is the one whose predictions are closest to X B, where V are the first right singular
    vectors of it (reduced rank regression, Izenman 1975), each user's row divided by the root of its length, or long
    histories would decide alone. Vectors of items that are not among the MOST_ITEMS most popular are zeros.
    """
    popularity = np.diff(histories.tocsc().indptr)
    items = np.sort(np.argsort(-popularity, kind="stable")[: min(MOST_ITEMS, int((popularity > 0).sum()))])
    known = csr_matrix(histories[:, items], dtype=np.float32)
    weights = ease_weights(known, regularization)
    lengths = np.maximum(np.diff(known.indptr), 1)
    basis = _right_singular_vectors(csr_matrix(diags(lengths**-0.5) @ known, dtype=np.float32), weights, rank, seed)
    history, item = (np.zeros((histories.shape[1], rank)) for _ in range(2))
    history[items, : basis.shape[1]], item[items, : basis.shape[1]] = weights @ basis, basis
    return history, item


def ease_weights(histories: csr_matrix, regularization: float) -> NDArray[np.float32]:
    """B [items, items] = -P / diag P with a zero diagonal, where P = (X'X + regularization I)^-1."""
    gram = (histories.T @ histories).toarray().astype(np.float32)
    diagonal = np.diag_indices_from(gram)
    gram[diagonal] += np.float32(regularization)
    inverse = inverse_of(gram)
    weights: NDArray[np.float32] = -inverse / inverse[diagonal]
    weights[diagonal] = 0.0
    return weights


def inverse_of(matrix: NDArray[Any]) -> NDArray[Any]:
    """Inverse of a positive definite matrix, which is overwritten: half the work of solving for the identity."""
    factor, lower = cho_factor(matrix, lower=True, overwrite_a=True, check_finite=False)
    invert: Any = get_lapack_funcs("potri", (factor,))
    inverse, _ = invert(factor, lower=lower, overwrite_c=True)
    low = np.tril(inverse)
    result: NDArray[Any] = low + low.T
    result[np.diag_indices_from(result)] /= 2
    return result


def _right_singular_vectors(
    histories: csr_matrix, weights: NDArray[np.float32], rank: int, seed: int
) -> NDArray[np.float32]:
    """First right singular vectors [items, rank or fewer] of histories @ weights, by subspace iteration."""
    width = min(rank + SPARE, len(weights))
    basis = np.random.default_rng(seed).standard_normal((len(weights), width), dtype=np.float32)
    transposed = histories.T.tocsr()
    for _ in range(ROUNDS):
        basis = np.linalg.qr(basis)[0]
        basis = weights.T @ (transposed @ (histories @ (weights @ basis)))
    basis = np.linalg.qr(basis)[0]
    small = histories @ (weights @ basis)
    strength, turn = np.linalg.eigh(small.T @ small)
    first: NDArray[np.float32] = basis @ turn[:, np.argsort(-strength)[:rank]]
    return first
