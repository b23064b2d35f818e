"""Factors of what users had up to one cutoff: two vectors per item, one to be found by, one as part of a history.

An item that nobody had yet is found by what the values of its features say. Each cutoff has factors of its own,
fitted on its histories alone. What is learned on top (scales, features, biases) therefore sees factors as blind for the
targets as they will be when serving.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.linalg import solve_triangular
from scipy.sparse import csr_matrix, diags, vstack
from torch import Tensor

from ..config import TrainingConfig
from ..inputs.arrays import Column, Ragged
from ..inputs.examples import Examples, even_sample
from ..inputs.histories import pool, products
from .als import als
from .linear import fit_linear, ridge

OFTEN = 20  # items of a feature value, above which each of them counts less
MANY = 5.0  # values of one feature that an item has, above which each of them counts less
TEXT = 32.0  # values an item, above which a feature is called a text: words and their parts
ROUNDS = 2  # of conjugate gradients: recall@10 is that of the exact solution, to which 30 would come
RANK = 128  # of the shorter linear model: where users are few and had much, what is longer learns their chance
FEW = 5.0  # items: a feature value that so many share counts half of what they have in common


Vectors = NDArray[np.float32]


@dataclass(frozen=True)
class Factors:
    """Vectors [C, F] by item index: `items` of the item itself, `history` of it as part of a user's history.

    What fold_in makes of the latter, times `fold_in_basis` [F, F], is the user: products with `items` are the scores.
    values [V, F], rows as of feature_places: their sum over an item's features is about its row of `items`.
    """

    items: Tensor
    history: Tensor
    fold_in_basis: Tensor
    values: Tensor


def factor_choices(config: TrainingConfig, width: int) -> list[TrainingConfig]:
    """The settings to choose from: ALS, from shops where counts speak to sparse ones, and linear models."""
    als = ((0.6, 14.0, 0.45), (1.0, 10.0, 0.0), (5.0, 50.0, 0.0), (20.0, 20.0, 0.0), (100.0, 10.0, 0.0))
    linear = [(30.0, 0.3, 0), (200.0, 0.3, 0)]
    if not config.ordered and width > RANK:  # all that there is to rank by, and long enough to be too long
        linear.append((300.0, 0.4, RANK))
    return [
        replace(config, factors_alpha=alpha, factors_regularization=regularization, factors_user_power=power)
        for alpha, regularization, power in als
    ] + [
        replace(
            config, factors_linear=1, factors_alpha=1.0, factors_regularization=regularization,
            factors_user_power=power, factors_features=0.0, factors_rank=rank,
        )
        for regularization, power, rank in linear
    ]  # fmt: skip


def fit_factors(examples: Examples, cutoff: int, config: TrainingConfig, width: int) -> Factors:
    """Factors of a width of the histories of one cutoff, and what feature values say of them, by ridge regression."""
    items, history, fold_in_basis = fit_vectors(examples, cutoff, config, width)
    known = np.flatnonzero(items.any(1))
    values = ridge(csr_matrix(feature_values(examples, cutoff)[:, known].T), items[known], FEW)
    return Factors(*(torch.from_numpy(array) for array in (items, history, fold_in_basis, values)))


def fit_vectors(
    examples: Examples, cutoff: int, config: TrainingConfig, width: int, most_users: int | None = None
) -> tuple[Vectors, Vectors, Vectors]:
    """Items, history and fold_in_basis of Factors, by ALS or by a linear model of reduced rank.

    Implicit ALS (Hu, Koren, Volinsky 2008), item vectors V. Each value of an item's feature counts as one more user,
    who had all items of that value, see weights_of_values. In a history they are L^-1 V, where L L' = V'V + reg I: for
    these, the quadratic form of a user's equations is the identity but for the user's own items, see fold_in. L^-1
    turns the solution back. Item vectors are scaled to a length of about 1 for a popular item. width: length of all
    vectors; most_users: an even sample of so many users, if there are more.
    """
    histories = _confidences(examples, cutoff, config, most_users)
    fold_in_basis = np.eye(width)
    if not histories.nnz:
        nothing = np.zeros((histories.shape[1], width), np.float32)
        return nothing, nothing, fold_in_basis.astype(np.float32)
    if config.factors_linear:
        counts = histories.log1p() / np.log(2.0)
        rank = min(config.factors_rank or width, width)
        spare = ((0, 0), (0, width - rank))
        found = fit_linear(counts, rank, config.factors_regularization, config.seed)
        history, items = (np.pad(vectors, spare) for vectors in found)
    else:
        values = feature_values(examples, cutoff)
        matrix = _with_values(histories, values, weights_of_values(examples, values, config))
        items = als(
            matrix, width, regularization=config.factors_regularization, iterations=config.als_iterations,
            seed=config.seed, threads=config.threads,
        )[1].astype(np.float64)  # fmt: skip
        gram = items.T @ items + config.factors_regularization * np.eye(width)
        fold_in_basis = np.asarray(solve_triangular(np.linalg.cholesky(gram), fold_in_basis, lower=True))
        history = items @ fold_in_basis.T
    return _known(_scaled(items)), _known(history), fold_in_basis.astype(np.float32)


def feature_places(columns: tuple[Column, ...]) -> dict[str, range]:
    """Rows of the codes of each item feature that does not age, one feature after another."""
    places: dict[str, range] = {}
    start = 0
    for column in columns:
        if column.kind in ("category", "categories") and not column.changes and column.name != "item_index":
            places[column.name] = range(start, start + column.size)
            start += column.size
    return places


def feature_values(examples: Examples, cutoff: int) -> csr_matrix:
    """Which items had which value of a feature that does not age: 1 in [V, C], where at least two items had it."""
    item_indexes = examples.item_indexes(cutoff)
    size, blocks = len(examples.items_by_index), [csr_matrix(np.zeros((0, len(examples.items_by_index)), np.float32))]
    for name, places in feature_places(examples.item_columns).items():
        array = examples.item_values(name, cutoff)
        values = array.values if isinstance(array, Ragged) else array
        items = np.repeat(item_indexes, np.diff(array.offsets)) if isinstance(array, Ragged) else item_indexes
        known = (values.astype(np.int64) > 0) & (items > 0)
        cells = (values[known].astype(np.int64), items[known])
        block = csr_matrix((np.ones(len(cells[0]), np.float32), cells), shape=(len(places), size))
        block.data[:] = 1.0  # a list may hold a value twice
        block.data[np.repeat(np.diff(block.indptr) < 2, np.diff(block.indptr))] = 0.0
        block.eliminate_zeros()
        blocks.append(block)
    return csr_matrix(vstack(blocks))


def weights_of_values(examples: Examples, values: csr_matrix, config: TrainingConfig) -> Vectors:
    """How much each value of feature_values counts as a user, [V]: less if many items have it, or its items many."""
    weights = np.minimum(1.0, OFTEN / np.maximum(np.diff(values.indptr), 1)) ** 0.5
    for places, mean in zip(feature_places(examples.item_columns).values(), values_an_item(examples), strict=True):
        weights[places] *= min(1.0, MANY / max(mean, 1.0)) if mean <= TEXT else 0.0
    weights *= (np.diff(values.indptr) > 0) * config.factors_features * config.factors_alpha
    return weights.astype(np.float32)


def values_an_item(examples: Examples) -> list[float]:
    """How many values of each feature of feature_places an item has that has any, on average; a text: that has one."""
    means = []
    for name in feature_places(examples.item_columns):
        array = (examples.items.arrays | examples.behaviour.arrays)[name]
        lengths = np.diff(array.offsets) if isinstance(array, Ragged) else np.ones(1)
        several = lengths[lengths > 1]  # NO_TEXT is one
        counted = several if several.any() and several.mean() > TEXT else lengths[lengths > 0]
        means.append(float(counted.mean()) if counted.any() else 0.0)
    return means


def fold_in(vectors: Tensor, places: Tensor, weights: Tensor, config: TrainingConfig) -> Tensor:
    """Users [B, F] before fold_in_basis, of histories: rows `places` [B, L] of `vectors` [n, F], had `weights` times.

    Linear: the sum of the vectors by log(1 + weight). ALS: the user's own equations, (V'V + reg I + sum of c v v') x =
    sum of (1 + c) v with c = alpha * weight, which are (I + sum of c h h') y = sum of (1 + c) h for the vectors h of
    the history and y = L' x, by rounds of conjugate gradients from 0 (Takacs, Pilaszy, Tikk 2011).
    """
    confidences = config.factors_alpha * weights
    if config.factors_linear:
        return pool(vectors, places, torch.log1p(confidences))
    residual = pool(vectors, places, (1.0 + confidences) * (weights > 0))  # [B, F]
    solution, direction = torch.zeros_like(residual), residual
    length = residual.square().sum(1, keepdim=True)
    for _ in range(ROUNDS):
        turned = direction + pool(vectors, places, confidences * products(vectors, places, direction))
        step = length / (direction * turned).sum(1, keepdim=True).clamp(min=1e-30)
        solution, residual = solution + step * direction, residual - step * turned
        before, length = length, residual.square().sum(1, keepdim=True)
        direction = residual + length / before.clamp(min=1e-30) * direction
    return solution


def _confidences(examples: Examples, cutoff: int, config: TrainingConfig, most_users: int | None) -> csr_matrix:
    """Alpha times how much of each item users had, [users with a history, C]; heavy users' counts may say less."""
    rows = even_sample(examples.rows_of(range(cutoff, cutoff + 1), with_targets=False), most_users)
    histories, weights = examples.histories, examples.users.arrays["history_recency_weights"]
    assert isinstance(weights, Ragged)
    places, cells = np.repeat(np.arange(len(rows)), np.diff(histories.offsets)[rows]), histories.cells(rows)
    counts = weights.values[cells].astype(np.float64)
    totals = np.bincount(places, counts, minlength=len(rows))
    mean = max(float(totals.mean()), 1e-9) if len(rows) else 1.0
    damped = counts / (totals / mean)[places].clip(1e-9) ** config.factors_user_power
    confidences = (config.factors_alpha * damped).clip(np.finfo(np.float32).tiny).astype(np.float32)
    items = histories.values[cells].astype(np.int64)
    return csr_matrix((confidences, (places, items)), shape=(len(rows), len(examples.items_by_index)))


def _with_values(histories: csr_matrix, values: csr_matrix, weights: Vectors) -> csr_matrix:
    """The histories, and below them the values [V, C] as users, of weights [V]."""
    counted = weights > 0
    return csr_matrix(vstack([histories, diags(weights[counted]) @ values[counted]]), dtype=np.float32)


def _scaled(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    popular = max(len(vectors) // 25, 1)
    usual = float(np.sort(np.linalg.norm(vectors, axis=1))[-popular:].mean()) or 1.0
    scaled: NDArray[np.float64] = vectors / usual
    return scaled


def _known(vectors: NDArray[np.float64]) -> Vectors:
    known = vectors.astype(np.float32)
    known[0] = 0.0  # code 0 stands for all unknown items
    return known
