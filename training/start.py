"""Starting values: the towers begin as factors of the newest histories, not as noise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from implicit.als import AlternatingLeastSquares
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits

from .config import TrainingConfig
from .data import HISTORY, Array, Ragged
from .examples import Index
from .losses import repeat_loss

if TYPE_CHECKING:
    from .fit import TwoTowers

DECAY_DAYS = 90.0  # half-life of an interaction's weight in the matrix that is factorised
REPEAT_STEPS = 60
RECALL_LENGTH = 1.5  # length of a popular item's vectors
# implicit ALS as found on a validation window (benchmarks/tuning)
ALS_HALF_LIFE, ALS_DAMPING, ALS_ALPHA, ALS_REGULARISATION = 180.0, 0.45, 0.6, 14.0


def start_from_factors(towers: TwoTowers, config: TrainingConfig) -> None:
    """Set item ids and history vectors to factors of the user x item matrix before the validation window.

    Recall starts from a truncated SVD of recency-weighted counts (PureSVD, Cremonesi et al. 2010; randomised
    after Halko et al. 2011), taste from implicit ALS, the bias from the log of popularity.
    Changes the tables in place.
    """
    examples = towers.examples
    arrays = examples.users.arrays
    # of the validation snapshot: a newer one would hold what early stopping is judged by
    rows = examples.rows_of(range(examples.serve + 1, examples.serve + 2), with_targets=False)
    codes = examples.histories.padded(rows).astype(np.int64)
    days, times = (_ragged(arrays[name]).padded(rows).astype(np.float64) for name in HISTORY[1:3])
    places, columns = np.nonzero(codes)
    codes, days, times = codes[places, columns], days[places, columns], times[places, columns]
    size = (len(rows), len(examples.code_items))
    popularity = np.bincount(codes, minlength=size[1])
    recall, taste = towers.user.recall.weight, towers.user.taste.weight
    ids, partners = towers.item.ids.weight, towers.item.recall.weight
    with torch.no_grad():
        start = _right_vectors(places, codes, times * 0.5 ** (days / DECAY_DAYS), size, recall.shape[1], config.seed)
        recall[:, : start.shape[1]] += RECALL_LENGTH * start
        partners[:, : start.shape[1]] += RECALL_LENGTH * start
        # a heavy buyer's counts say less about each item: damped by a power of their sum
        counts = times * 0.5 ** (days / ALS_HALF_LIFE)
        totals = np.bincount(places, counts, minlength=size[0])
        damped = counts / (totals / max(float(totals.mean()), 1e-9))[places] ** ALS_DAMPING
        folded, vectors = _als_vectors(places, codes, ALS_ALPHA * damped, size, taste.shape[1], config)
        taste += folded
        ids[:, :-1] += vectors
        ids[:, -1] = 0.5 * torch.log1p(torch.from_numpy(popularity)).float()
        ids[0] = 0.0


def _ragged(values: Array | Ragged) -> Ragged:
    assert isinstance(values, Ragged)
    return values


def _right_vectors(
    rows: Index, codes: Index, weights: Array, size: tuple[int, int], width: int, seed: int
) -> torch.Tensor:
    """Right singular vectors [C, min(width, users)] of the weighted matrix; popular rows have a length of about 1."""
    width = min(width, *size)
    if not width or not len(rows):
        return torch.zeros(size[1], width)
    place = torch.from_numpy(np.stack([rows, codes]))
    matrix = torch.sparse_coo_tensor(place, torch.from_numpy(weights.astype(np.float32)), size, check_invariants=True)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        right = torch.svd_lowrank(matrix.coalesce(), q=width, niter=3)[2]
    usual = torch.linalg.vector_norm(right, dim=1).topk(min(1000, len(right))).values.mean()
    scaled: torch.Tensor = right / usual.clamp(min=1e-9)
    return scaled


def _als_vectors(
    rows: Index, codes: Index, weights: Array, size: tuple[int, int], width: int, config: TrainingConfig
) -> tuple[torch.Tensor, torch.Tensor]:
    """History and item vectors [C, width] of implicit ALS (Hu et al. 2008), the history ones by its linear fold-in.

    The user of a history H is about (V'V + reg I)^-1 sum over H of V, so (V'V + reg I)^-1 V are the history vectors.
    """
    matrix = csr_matrix((weights.astype(np.float32), (rows, codes)), shape=size)
    model = AlternatingLeastSquares(
        factors=width, regularization=ALS_REGULARISATION, iterations=10, random_state=config.seed, num_threads=1
    )
    with threadpool_limits(1, "blas"):
        model.fit(matrix, show_progress=False)
    vectors = np.asarray(model.item_factors, np.float64)  # [C, width]
    gram = vectors.T @ vectors + ALS_REGULARISATION * np.eye(width)
    folded = np.linalg.solve(gram, vectors.T).T
    scaled = [torch.from_numpy((part / _usual_length(part)).astype(np.float32)) for part in (folded, vectors)]
    return scaled[0], scaled[1]


def _usual_length(vectors: Array) -> float:
    return float(np.sort(np.linalg.norm(vectors, axis=1))[-1000:].mean()) or 1.0


def start_from_repeats(towers: TwoTowers, config: TrainingConfig) -> None:
    """Fit the repeat head alone first: it is small, quick, and the softmax targets lean on it.

    Minimises the cross-entropy of "bought again in the next window" over the history items of the training snapshots.
    """
    examples = towers.examples
    head = towers.user
    oldest = int(examples.users.snapshots.max()) + 1
    rows = examples.rows_of(range(examples.serve + 2, oldest), with_targets=True)
    rows = rows[np.diff(examples.histories.offsets)[rows] > 0]
    if not len(rows) or not examples.again.values.any():
        return
    random = np.random.default_rng(config.seed)
    parameters = [*head.repeat.parameters(), *head.tendency.parameters()]
    optimiser = torch.optim.Adam(parameters, lr=0.02)
    for step in range(REPEAT_STEPS):
        batch = random.choice(rows, min(128, len(rows)), replace=False)
        inputs = {
            name: torch.from_numpy(np.asarray(values.padded(batch)))
            for name, values in examples.users.arrays.items()
            if isinstance(values, Ragged) and name.startswith("history_")
        }
        again = torch.from_numpy(np.asarray(examples.again.padded(batch)))
        loss = repeat_loss(head.repeat_logits(inputs), again, inputs["history_items"] > 0)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        for group in optimiser.param_groups:
            group["lr"] = 0.02 * (1 - step / REPEAT_STEPS)
        optimiser.step()
