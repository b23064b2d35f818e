"""A linear model of which items go together, in closed form and of reduced rank."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, get_lapack_funcs
from scipy.sparse import csr_matrix, diags

MOST_IN_FLOATS = 1e5  # times the regularization: up to there 24 bits invert well
MOST = 8192  # users or items, whichever are fewer; time grows with their third power, memory with their square
BLOCK = 1024  # rows of a matrix that are copied at once
SPARE = 16  # dimensions beyond the rank, which make few rounds enough
ROUNDS = 5
RARE = 0.25  # power of an item's popularity by which errors in its scores count less


def fit_linear(
    histories: csr_matrix, rank: int, regularization: float, seed: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """History vectors and item vectors [items, rank], whose products are about the weights of EASE (Steck 2019).

    Those weights B [items, items] predict histories X [users, items] from themselves with a zero diagonal. Of all
    matrices of the rank, B V V' is the one whose predictions are closest to X B, where V are the first right singular
    vectors of it (reduced rank regression, Izenman 1975), each user's row divided by the root of its length, or long
    histories would decide alone, and each item's column by popularity ** RARE. With more than MOST of users and of
    items, the vectors of items beyond the MOST most popular are zeros.
    """
    popularity = np.diff(histories.tocsc().indptr)
    items = np.flatnonzero(popularity)
    by_users = histories.shape[0] <= min(len(items), MOST)
    if not by_users:
        items = np.sort(np.argsort(-popularity, kind="stable")[: min(MOST, len(items))])
    known = csr_matrix(histories[:, items], dtype=np.float32)
    weights = EaseByUsers(known, regularization) if by_users else EaseByItems(known, regularization)
    lengths = np.maximum(np.diff(known.indptr), 1)
    shorter = csr_matrix(diags(lengths**-0.5) @ known, dtype=np.float32)
    columns = (popularity[items, None] ** -RARE).astype(np.float32)
    basis = _right_singular_vectors(shorter, weights, columns, rank, seed)
    history, item = (np.zeros((histories.shape[1], rank)) for _ in range(2))
    history[items, : basis.shape[1]] = weights.times(columns * basis)
    item[items, : basis.shape[1]] = basis / columns
    return history, item


class EaseByItems:
    """The weights B of EASE [items, items], to be multiplied with."""

    def __init__(self, histories: csr_matrix, regularization: float):
        self.weights = ease_weights(histories, regularization)

    def times(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """B vectors; vectors [items, any]."""
        return self.weights @ vectors

    def transposed_times(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """B' vectors."""
        return self.weights.T @ vectors


class EaseByUsers:
    """The same weights by way of a matrix [users, users].

    B = I - P diag(1 / diag P) with P = (I - X'KX) / r, K = (XX' + r I)^-1, r = regularization (push-through identity).
    """

    def __init__(self, histories: csr_matrix, regularization: float):
        self.histories, self.transposed, self.regularization = histories, histories.T.tocsr(), regularization
        kind = precision(histories, regularization)
        gram = (histories.astype(kind) @ self.transposed.astype(kind)).toarray()
        gram[np.diag_indices_from(gram)] += gram.dtype.type(regularization)
        self.kernel = inverse_of(gram).astype(np.float32, copy=False)
        explained = np.zeros(histories.shape[1])
        for start in range(0, len(explained), MOST):
            block = self.transposed[start : start + MOST]
            explained[start : start + MOST] = np.asarray(block.multiply(block @ self.kernel).sum(axis=1)).ravel()
        self.diagonal = (regularization / (1 - explained)).astype(np.float32)[:, None]  # 1 / diag P

    def times(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """B vectors; vectors [items, any]."""
        return vectors - self._inverse_times(self.diagonal * vectors)

    def transposed_times(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """B' vectors."""
        return vectors - self.diagonal * self._inverse_times(vectors)

    def _inverse_times(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        left: NDArray[np.float32] = vectors - self.transposed @ (self.kernel @ (self.histories @ vectors))
        return left / np.float32(self.regularization)


def ease_weights(histories: csr_matrix, regularization: float) -> NDArray[np.float32]:
    """B [items, items] = -P / diag P with a zero diagonal, where P = (X'X + regularization I)^-1.

    Histories of 64 bits are inverted as such, of 32 bits where that is precise enough.
    """
    histories = histories.astype(np.promote_types(histories.dtype, precision(histories, regularization)))
    gram = (histories.T @ histories).toarray()
    diagonal = np.diag_indices_from(gram)
    gram[diagonal] += gram.dtype.type(regularization)
    inverse = inverse_of(gram)
    inverse /= -inverse[diagonal]
    weights: NDArray[np.float32] = inverse.astype(np.float32, copy=False)
    weights[diagonal] = 0.0
    return weights


def precision(histories: csr_matrix, regularization: float) -> type[np.float32] | type[np.float64]:
    """The kind of numbers in which X'X + regularization I, or XX' + regularization I, inverts well."""
    largest = histories.sum(axis=0).max() * histories.sum(axis=1).max()  # no eigenvalue is larger
    return np.float32 if largest <= MOST_IN_FLOATS * regularization else np.float64


def inverse_of(matrix: NDArray[Any]) -> NDArray[Any]:
    """Inverse of a positive definite matrix, which is overwritten: half the work of solving for the identity."""
    factor, lower = cho_factor(matrix, lower=True, overwrite_a=True, check_finite=False)
    invert: Any = get_lapack_funcs("potri", (factor,))
    inverse, _ = invert(factor, lower=lower, overwrite_c=True)
    result: NDArray[Any] = inverse
    for start in range(0, len(result), BLOCK):  # the upper triangle is that of the lower one, without a second matrix
        block = slice(start, start + BLOCK)
        corner = np.tril(result[block, block])
        result[block, block] = corner + np.tril(corner, -1).T
        result[block, start + BLOCK :] = result[start + BLOCK :, block].T
    return result


def _right_singular_vectors(
    histories: csr_matrix, weights: EaseByItems | EaseByUsers, columns: NDArray[np.float32], rank: int, seed: int
) -> NDArray[np.float32]:
    """First right singular vectors [items, rank or fewer] of histories @ B diag(columns), by subspace iteration."""
    width = min(rank + SPARE, histories.shape[1])
    basis = np.random.default_rng(seed).standard_normal((histories.shape[1], width), dtype=np.float32)
    transposed = histories.T.tocsr()
    for _ in range(ROUNDS):
        basis = np.linalg.qr(basis)[0]
        predictions = histories @ weights.times(columns * basis)
        basis = columns * weights.transposed_times(transposed @ predictions)
    basis = np.linalg.qr(basis)[0]
    small = histories @ weights.times(columns * basis)
    strength, turn = np.linalg.eigh(small.T @ small)
    first: NDArray[np.float32] = basis @ turn[:, np.argsort(-strength)[:rank]]
    return first


def ridge(inputs: csr_matrix, outputs: NDArray[np.float32], penalty: float, rounds: int = 8) -> NDArray[np.float32]:
    """Weights [n_inputs, n_outputs] with the least squares |inputs @ weights - outputs|^2 + penalty |weights|^2.

    inputs [rows, n_inputs], outputs [rows, n_outputs]; by conjugate gradients with a diagonal preconditioner.
    """
    weights = np.zeros((inputs.shape[1], outputs.shape[1]), np.float32)
    used = np.flatnonzero(np.diff(inputs.tocsc().indptr))  # of the others nothing is learned
    inputs, transposed = csr_matrix(inputs[:, used]), csr_matrix(inputs[:, used].T)
    diagonal = 1.0 / (penalty + np.asarray(transposed.multiply(transposed).sum(axis=1), np.float32))  # [used, 1]
    residual: NDArray[np.float32] = transposed @ outputs
    solution = np.zeros_like(residual)
    direction = scaled = diagonal * residual
    length = (residual * scaled).sum(0)
    for _ in range(rounds):
        turned = penalty * direction + transposed @ (inputs @ direction)
        step = length / np.maximum((direction * turned).sum(0), 1e-30)
        solution += step * direction
        residual -= step * turned
        scaled = diagonal * residual
        before, length = length, (residual * scaled).sum(0)
        direction = scaled + length / np.maximum(before, 1e-30) * direction
    weights[used] = solution
    return weights
