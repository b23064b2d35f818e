"""Factors of what users had up to one snapshot: the part of taste that needs no features.

Each snapshot has factors of its own, fitted on its histories alone. What is learned on top (scales, content, biases)
therefore sees factors as blind for the targets as they will be when serving.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from implicit.als import AlternatingLeastSquares
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits
from torch import Tensor

from .config import TrainingConfig
from .data import Ragged
from .examples import Examples
from .histories import pool

# alpha, regularization, user power: the first for repeat purchases, where counts speak, the last for sparse shops
ALS_CHOICES = ((0.6, 14.0, 0.45), (1.0, 10.0, 0.0), (5.0, 50.0, 0.0), (10.0, 10.0, 0.0), (20.0, 20.0, 0.0))


@dataclass(frozen=True)
class Factors:
    """Vectors [C, F] by item code: `items` of the item itself, `history` of it as part of a user's history."""

    items: Tensor
    history: Tensor


def fit_factors(examples: Examples, snapshot: int, config: TrainingConfig) -> Factors:
    """Implicit ALS (Hu, Koren, Volinsky 2008) on the histories of one snapshot.

    A history H with confidences c has about the user vector (V'V + reg I)^-1 sum over H of log(1 + c) V, so that
    (V'V + reg I)^-1 V are the history vectors. Both are scaled to a length of about 1 for a popular item.
    """
    rows = examples.rows_of(range(snapshot, snapshot + 1), with_targets=False)
    histories, weights = examples.histories, examples.users.arrays["history_weights"]
    assert isinstance(weights, Ragged)
    size = (len(rows), len(examples.code_items))
    if not len(rows):
        nothing = torch.zeros(size[1], config.factors)
        return Factors(nothing, nothing)
    places, cells = np.repeat(np.arange(len(rows)), np.diff(histories.offsets)[rows]), histories.cells(rows)
    counts = weights.values[cells].astype(np.float64)
    totals = np.bincount(places, counts, minlength=size[0])
    damped = counts / (totals / max(float(totals.mean()), 1e-9))[places].clip(1e-9) ** config.als_user_power
    confidences = (config.als_alpha * damped).clip(np.finfo(np.float32).tiny).astype(np.float32)
    vectors = _als(csr_matrix((confidences, (places, histories.values[cells].astype(np.int64))), shape=size), config)
    gram = vectors.T @ vectors + config.als_regularization * np.eye(config.factors)
    folded = np.linalg.solve(gram, vectors.T).T
    return Factors(_scaled(vectors), _scaled(folded))


def fold_in(factors: Factors, inputs: dict[str, Tensor], config: TrainingConfig) -> Tensor:
    """User vectors [B, F] of the histories in `inputs`."""
    return pool(factors.history, inputs["history_items"], fold_in_weights(inputs, config))


def fold_in_weights(inputs: dict[str, Tensor], config: TrainingConfig) -> Tensor:
    """Weight of each item of a history in the sum of its history vectors: [B, L]."""
    return torch.log1p(config.als_alpha * inputs["history_weights"]) * (inputs["history_items"] > 0)


def _als(matrix: csr_matrix, config: TrainingConfig) -> np.ndarray:
    with threadpool_limits(1, "blas"):
        model = AlternatingLeastSquares(
            factors=config.factors, regularization=config.als_regularization, iterations=config.als_iterations,
            random_state=config.seed, num_threads=config.threads,
        )  # fmt: skip
        model.fit(matrix, show_progress=False)
    return np.asarray(model.item_factors, np.float64)  # [C, F]


def _scaled(vectors: np.ndarray) -> Tensor:
    popular = max(len(vectors) // 25, 1)
    usual = float(np.sort(np.linalg.norm(vectors, axis=1))[-popular:].mean()) or 1.0
    scaled = torch.from_numpy((vectors / usual).astype(np.float32))
    scaled[0] = 0.0  # code 0 stands for all unknown items
    return scaled
