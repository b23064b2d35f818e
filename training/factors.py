"""Factors of what users had up to one snapshot: two vectors per item, one to be found by, one as part of a history.

Each snapshot has factors of its own, fitted on its histories alone. What is learned on top (scales, content, biases)
therefore sees factors as blind for the targets as they will be when serving.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from implicit.als import AlternatingLeastSquares
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags, vstack
from threadpoolctl import threadpool_limits
from torch import Tensor

from .config import TrainingConfig
from .data import Ragged
from .examples import Examples, even_sample
from .histories import pool
from .linear import fit_linear

OFTEN = 20  # items of a feature value, above which each of them counts less


@dataclass(frozen=True)
class Factors:
    """Vectors [C, F] by item code: `items` of the item itself, `history` of it as part of a user's history."""

    items: Tensor
    history: Tensor


def factor_choices(config: TrainingConfig) -> list[TrainingConfig]:
    """The settings to choose from: ALS, from shops where counts speak to sparse ones, and linear models."""
    als = ((0.6, 14.0, 0.45), (1.0, 10.0, 0.0), (5.0, 50.0, 0.0), (20.0, 20.0, 0.0), (100.0, 10.0, 0.0))
    linear = ((30.0, 0.3), (200.0, 0.3))
    return [
        replace(config, factors_alpha=alpha, factors_regularization=regularization, factors_user_power=power)
        for alpha, regularization, power in als
    ] + [
        replace(
            config, factors_linear=1, factors_alpha=1.0, factors_regularization=regularization,
            factors_user_power=power, factors_features=0.0,
        )
        for regularization, power in linear
    ]  # fmt: skip


def fit_factors(examples: Examples, snapshot: int, config: TrainingConfig, most_users: int | None = None) -> Factors:
    """Factors of the histories of one snapshot, by ALS or by a linear model of reduced rank.

    Implicit ALS (Hu, Koren, Volinsky 2008): a history H with confidences c has about the user vector
    (V'V + reg I)^-1 sum over H of log(1 + c) V, so that (V'V + reg I)^-1 V are the history vectors. Each value of an
    item's feature counts as one more user, who had all items of that value. Both vectors are scaled to a length of
    about 1 for a popular item. most_users: an even sample of so many users, if there are more.
    """
    histories = _confidences(examples, snapshot, config, most_users)
    if not histories.nnz:
        nothing = torch.zeros(histories.shape[1], config.factors)
        return Factors(nothing, nothing)
    if config.factors_linear:
        counts = histories.log1p() / np.log(2.0)
        history, items = fit_linear(counts, config.factors, config.factors_regularization, config.seed)
        return Factors(_scaled(items), _scaled(history))
    values = feature_values(examples)
    if config.factors_features and values.shape[0]:
        rarity = np.minimum(1.0, OFTEN / np.diff(values.indptr)) ** 0.5
        values = diags(rarity * config.factors_features * config.factors_alpha) @ values
        histories = csr_matrix(vstack([histories, values]), dtype=np.float32)
    vectors = _als(histories, config)
    gram = vectors.T @ vectors + config.factors_regularization * np.eye(config.factors)
    return Factors(_scaled(vectors), _scaled(np.linalg.solve(gram, vectors.T).T))


def feature_values(examples: Examples) -> csr_matrix:
    """Which items have which value of a feature that does not age: 1 in [values, C], values of at least two items."""
    rows = examples.item_rows[examples.serve]
    item_codes = np.asarray(examples.items.arrays["item_code"])[rows].astype(np.int64)
    size, blocks = len(examples.code_items), []
    for column in examples.items.columns:
        if column.kind not in ("category", "categories") or column.changes or column.name == "item_code":
            continue
        array = examples.items.arrays[column.name]
        lengths = np.diff(array.offsets)[rows] if isinstance(array, Ragged) else np.ones(len(rows), np.int64)
        values = array.values[array.cells(rows)] if isinstance(array, Ragged) else array[rows]
        items = np.repeat(item_codes, lengths)
        known = (values.astype(np.int64) > 0) & (items > 0)
        places = (values[known].astype(np.int64), items[known])
        block = csr_matrix((np.ones(len(places[0]), np.float32), places), shape=(column.size + 1, size))
        block.data[:] = 1.0  # a list may hold a value twice
        blocks.append(block[np.diff(block.indptr) > 1])
    return vstack(blocks, format="csr") if blocks else csr_matrix(np.zeros((0, size), np.float32))


def fold_in(factors: Factors, inputs: dict[str, Tensor], config: TrainingConfig) -> Tensor:
    """User vectors [B, F] of the histories in `inputs`."""
    return pool(factors.history, inputs["history_items"], fold_in_weights(inputs, config))


def fold_in_weights(inputs: dict[str, Tensor], config: TrainingConfig) -> Tensor:
    """Weight of each item of a history in the sum of its history vectors: [B, L]."""
    return torch.log1p(config.factors_alpha * inputs["history_weights"]) * (inputs["history_items"] > 0)


def _confidences(examples: Examples, snapshot: int, config: TrainingConfig, most_users: int | None) -> csr_matrix:
    """Alpha times how much of each item users had, [users with a history, C]; heavy users' counts may say less."""
    rows = even_sample(examples.rows_of(range(snapshot, snapshot + 1), with_targets=False), most_users)
    histories, weights = examples.histories, examples.users.arrays["history_weights"]
    assert isinstance(weights, Ragged)
    places, cells = np.repeat(np.arange(len(rows)), np.diff(histories.offsets)[rows]), histories.cells(rows)
    counts = weights.values[cells].astype(np.float64)
    totals = np.bincount(places, counts, minlength=len(rows))
    mean = max(float(totals.mean()), 1e-9) if len(rows) else 1.0
    damped = counts / (totals / mean)[places].clip(1e-9) ** config.factors_user_power
    confidences = (config.factors_alpha * damped).clip(np.finfo(np.float32).tiny).astype(np.float32)
    items = histories.values[cells].astype(np.int64)
    return csr_matrix((confidences, (places, items)), shape=(len(rows), len(examples.code_items)))


def _als(matrix: csr_matrix, config: TrainingConfig) -> NDArray[np.float64]:
    with threadpool_limits(1, "blas"):
        model = AlternatingLeastSquares(
            factors=config.factors, regularization=config.factors_regularization, iterations=config.als_iterations,
            random_state=config.seed, num_threads=config.threads,
        )  # fmt: skip
        model.fit(matrix, show_progress=False)
    return np.asarray(model.item_factors, np.float64)  # [C, F]


def _scaled(vectors: NDArray[np.floating]) -> Tensor:
    popular = max(len(vectors) // 25, 1)
    usual = float(np.sort(np.linalg.norm(vectors, axis=1))[-popular:].mean()) or 1.0
    scaled = torch.from_numpy((vectors / usual).astype(np.float32))
    scaled[0] = 0.0  # code 0 stands for all unknown items
    return scaled
