"""Recall@10 on the validation window, and what is chosen by it; the reported numbers come from the dbt models."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..config import TrainingConfig
from ..factorization.factors import factor_choices, fit_vectors, fold_in
from ..inputs.arrays import tensor, tensors
from ..inputs.examples import Examples, Index, even_sample
from .embedder import Embedder

Recalls = NDArray[np.float64]
BLOCK = 256
PREFERENCE_WEIGHTS = (0.1, 0.0, 0.05, 0.2, 0.4, 1.0, 2.0)  # beside a sequence part of 1; the first of equals wins
ITERATIONS_OF_TRIALS, USERS_OF_TRIALS = 5, 50_000  # enough to tell settings of the factors apart
MOST_USERS = 4096  # enough for a standard error below .01


def validation_recall(embedder: Embedder, policies: tuple[str, ...]) -> dict[str, float]:
    """Recall@10 by policy over users of the validation cutoff, on the full catalogue."""
    rows = validation_rows(embedder.examples)
    users, items = embeddings(embedder, rows)
    found = {}
    for policy in policies:
        recalls = recalls_of(embedder.examples, rows, (block @ items.T for block in users), policy)
        if len(recalls):
            found[policy] = float(recalls.mean())
    return found


@torch.inference_mode()
def embeddings(embedder: Embedder, rows: Index) -> tuple[list[Tensor], Tensor]:
    """Of the users in blocks of rows, [B, D] each, and of all items as of the validation cutoff, [I, D]."""
    embedder.towers.eval()
    items = embedder.items(embedder.examples.serving_cutoff + 1, np.arange(len(embedder.examples.catalogue)))
    return [embedder.users(block) for block in blocks(rows)], items


def blocks(rows: Index) -> list[Index]:
    """The rows in pieces, for which all scores fit into memory."""
    return [rows[start : start + BLOCK] for start in range(0, len(rows), BLOCK)]


def validation_rows(examples: Examples) -> Index:
    """User rows of the validation cutoff that have targets, an even sample where there are very many."""
    cutoff = examples.serving_cutoff + 1
    return even_sample(examples.rows_of(range(cutoff, cutoff + 1), with_targets=True), MOST_USERS)


def recalls_of(
    examples: Examples, rows: Index, scores_of_blocks: Iterable[Tensor], policy: str, k: int = 10
) -> Recalls:
    """Hits / min(k, relevant) of those user rows that have relevant items; blocks of rows have scores [B, I].

    policy: `allow_repeats` or `unseen_only`.
    """
    found = [np.zeros(0)]
    for block, scores in zip(blocks(rows), scores_of_blocks, strict=True):
        if policy == "unseen_only":
            _hide_history(scores, examples, block)
        best = scores.topk(min(k, scores.shape[1])).indices.numpy()
        hits, relevant = _hits(examples, block, best, policy)
        found.append((hits / np.minimum(k, np.maximum(relevant, 1)))[relevant > 0])
    return np.concatenate(found)


def choose_factors(
    examples: Examples, config: TrainingConfig, width: int, log: Callable[[str], None]
) -> TrainingConfig:
    """The settings with those of the factors that are best on the validation window, unless they are given."""
    if config.factors_alpha:
        return config
    rows, found = validation_rows(examples), {}
    codes = tensor(examples.item_indexes(examples.serving_cutoff + 1))

    def recall(tried: TrainingConfig) -> float:
        brief = replace(tried, als_iterations=min(tried.als_iterations, ITERATIONS_OF_TRIALS))
        fitted = fit_vectors(examples, examples.serving_cutoff + 1, brief, width, USERS_OF_TRIALS)
        items, history, fold_in_basis = (torch.from_numpy(vectors) for vectors in fitted)
        targets = fold_in_basis @ items[codes].T
        batches = (tensors(examples.user_batch(block)) for block in blocks(rows))
        users = (fold_in(history, b["history_items"], b["history_recency_weights"], tried) for b in batches)
        recalls = recalls_of(examples, rows, (user @ targets for user in users), "unseen_only")
        found[tried] = float(recalls.mean()) if len(recalls) else 0.0
        kind = f"ALS, alpha {tried.factors_alpha:g}, features {tried.factors_features:g}"
        if tried.factors_linear:
            kind = f"linear, rank {tried.factors_rank or width}"
        log(
            f"two_tower: factors by {kind}, regularization {tried.factors_regularization:g}: "
            f"recall@10 unseen_only {found[tried]:.4f}"
        )
        return found[tried]

    best = max(factor_choices(config, width), key=recall)
    if best.factors_features:
        recall(replace(best, factors_features=0.0))
    return max(found, key=lambda tried: found[tried])


@contextmanager
def weighed_parts(embedder: Embedder, sequence: float, preference: float) -> Iterator[None]:
    """Inside, the two parts of the embedding have these weights."""
    weights = embedder.towers.user.part_weights
    before = weights.clone()
    weights.copy_(torch.tensor([sequence, preference]))
    try:
        yield
    finally:
        weights.copy_(before)


def choose_part_weights(embedder: Embedder, log: Callable[[str], None]) -> None:
    """Set what the preference part counts beside the sequence part to what is best on the validation window.

    Each part alone is as far from the whole as it is; the ranker, which sees more, decides the order of the lists.
    """
    if not embedder.layout.sequence:
        return
    rows, place = validation_rows(embedder.examples), embedder.layout.sequence
    with weighed_parts(embedder, 1.0, 1.0):
        users, items = embeddings(embedder, rows)

    def recall(weight: float) -> float:
        scores = (
            block[:, :place] @ items[:, :place].T + weight * block[:, place:] @ items[:, place:].T for block in users
        )
        recalls = recalls_of(embedder.examples, rows, scores, "unseen_only")
        return float(recalls.mean()) if len(recalls) else 0.0

    found = {weight: recall(weight) for weight in PREFERENCE_WEIGHTS}
    best = max(found, key=lambda weight: found[weight])
    embedder.towers.user.part_weights.copy_(torch.tensor([1.0, best]))
    log(
        f"two_tower: beside the sequence part factors and features count {best:g}: "
        f"recall@10 unseen_only {found[best]:.4f}"
    )


def is_clearly_better(recalls: Recalls, others: Recalls, errors: float = 1.0) -> bool:
    """Whether the mean gain over the same users is more than so many standard errors of it."""
    gains = recalls - others
    return len(gains) > 1 and float(gains.mean()) > errors * float(gains.std(ddof=1)) / len(gains) ** 0.5


def _hide_history(scores: Tensor, examples: Examples, rows: Index) -> None:
    counts = np.diff(examples.seen.offsets)[rows]
    seen = examples.seen.padded(rows)
    places, columns = np.nonzero(np.arange(seen.shape[1]) < counts[:, None])
    scores[torch.from_numpy(places), torch.from_numpy(seen[places, columns])] = -torch.inf


def _hits(examples: Examples, rows: Index, best: Index, policy: str) -> tuple[Index, Index]:
    count = np.diff(examples.targets.offsets)[rows]
    targets = examples.targets.padded(rows)
    relevant = np.arange(targets.shape[1]) < count[:, None]
    if policy == "unseen_only":
        relevant &= examples.is_new.padded(rows).astype(bool)
    targets = np.where(relevant, targets, -1)
    hits = (best[:, :, None] == targets[:, None, :]).any(1).sum(1)
    return hits, relevant.sum(1)
