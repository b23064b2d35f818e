"""Recall@10 on the validation window, and what is chosen by it; the reported numbers come from the dbt models."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .config import TrainingConfig
from .data import tensor
from .examples import Examples, Index, even_sample
from .factors import TEXT, absent_share, factor_choices, fit_vectors, fold_in, values_an_item
from .two_towers import TwoTowers, tensors

Recalls = NDArray[np.float64]
BLOCK = 256
SHARES = (0.1, 0.0, 0.05, 0.2, 0.4, 1.0, 2.0, 8.0)  # that are tried; the first of equals wins
# places of the parts in UserTower.shares
MEMORY, FACTORS, CONTENT, POPULARITY = slice(0, 1), slice(1, 2), slice(2, 3), slice(3, 4)
TASTE = slice(1, 3)
ITERATIONS_OF_TRIALS, USERS_OF_TRIALS = 5, 50_000  # enough to tell settings of the factors apart
FEWEST_NEW_USERS = 500  # without a history, to choose by what suits them
STRANGERS = 10  # one user in so many stands for new ones, where there are fewer
ERRORS_OF_STRANGERS = 2.0  # popularity is a start that few contents beat, and strangers are few to tell by
MANY_ABSENT = 0.1  # share of users away for more than a half-life, from which on to try them at full weight
MOST_USERS = 4096  # enough for a standard error below .01


def validation_recall(
    towers: TwoTowers, policies: tuple[str, ...], with_history: bool | None = None
) -> dict[str, float]:
    """Recall@10 by policy over users of the validation snapshot, on the full catalogue; see validation_recalls."""
    found = {policy: validation_recalls(towers, policy, with_history) for policy in policies}
    return {policy: float(recalls.mean()) for policy, recalls in found.items() if len(recalls)}


def validation_recalls(towers: TwoTowers, policy: str, with_history: bool | None = None) -> Recalls:
    """Recall@10 of each user of the validation snapshot who has something to be found, on the full catalogue.

    with_history: only users with a history, or only those without. Where these are few, strangers stand for them:
    their histories are hidden, and are what such users want.
    """
    rows, hidden = _rows_of(towers.examples, with_history)
    users, items = embeddings(towers, rows, policy, hidden)
    return recalls_of(towers.examples, rows, (block @ items.T for block in users), "hidden" if hidden else policy)


def strangers(examples: Examples) -> Index:
    """User rows of those who stand for new users; none where the validation snapshot has enough without a history.

    Taste must not learn of them before shares are chosen: it would know by heart what their features mean.
    """
    rows = validation_rows(examples)
    new = np.diff(examples.histories.offsets)[rows] == 0
    return np.flatnonzero((examples.people % STRANGERS == 0) & (new.sum() < FEWEST_NEW_USERS))


def _rows_of(examples: Examples, with_history: bool | None) -> tuple[Index, bool]:
    """The rows to look at, and whether their histories are to be hidden."""
    rows = validation_rows(examples)
    if with_history is None:
        return rows, False
    hidden = np.intersect1d(rows, strangers(examples))
    if not with_history and len(hidden):
        return hidden, True
    return rows[(np.diff(examples.histories.offsets)[rows] > 0) == with_history], False


@torch.inference_mode()
def embeddings(towers: TwoTowers, rows: Index, policy: str, hidden: bool) -> tuple[list[Tensor], Tensor]:
    """Of the users in blocks of rows, [B, D] each, and of all items as of the validation snapshot, [I, D]."""
    towers.eval()
    items = towers.items(towers.examples.serve + 1, np.arange(len(towers.examples.catalogue)))
    return [towers.users(block, policy, hidden) for block in blocks(rows)], items


def blocks(rows: Index) -> list[Index]:
    """The rows in pieces, for which all scores fit into memory."""
    return [rows[start : start + BLOCK] for start in range(0, len(rows), BLOCK)]


def validation_rows(examples: Examples) -> Index:
    """User rows of the validation snapshot that have targets, an even sample where there are very many."""
    snapshot = examples.serve + 1
    return even_sample(examples.rows_of(range(snapshot, snapshot + 1), with_targets=True), MOST_USERS)


def recalls_of(
    examples: Examples, rows: Index, scores_of_blocks: Iterable[Tensor], policy: str, k: int = 10
) -> Recalls:
    """Hits / min(k, relevant) of those user rows that have relevant items; blocks of rows have scores [B, I].

    policy: `repeats`, `new`, or `hidden` = what the users ever had is relevant.
    """
    found = [np.zeros(0)]
    for block, scores in zip(blocks(rows), scores_of_blocks, strict=True):
        if policy == "new":
            _hide_history(scores, examples, block)
        best = scores.topk(min(k, scores.shape[1])).indices.numpy()
        hits, relevant = _hits(examples, block, best, policy)
        found.append((hits / np.minimum(k, np.maximum(relevant, 1)))[relevant > 0])
    return np.concatenate(found)


def choose_factors(examples: Examples, config: TrainingConfig, log: Callable[[str], None]) -> TrainingConfig:
    """The settings with those of the factors that are best on the validation window, unless they are given."""
    if config.factors_alpha:
        return config
    rows, found = validation_rows(examples), {}
    codes = tensor(examples.codes(examples.serve + 1))

    def recall(tried: TrainingConfig) -> float:
        brief = replace(tried, als_iterations=min(tried.als_iterations, ITERATIONS_OF_TRIALS))
        fitted = fit_vectors(examples, examples.serve + 1, brief, USERS_OF_TRIALS)
        items, history, turn = (torch.from_numpy(vectors) for vectors in fitted)
        targets = turn @ items[codes].T
        batches = (tensors(examples.user_batch(block)) for block in blocks(rows))
        users = (fold_in(history, b["history_items"], b["history_weights"], tried) for b in batches)
        recalls = recalls_of(examples, rows, (user @ targets for user in users), "new")
        found[tried] = float(recalls.mean()) if len(recalls) else 0.0
        als = f"ALS, alpha {tried.factors_alpha:g}, features {tried.factors_features:g}, texts {tried.factors_texts}"
        kind = f"linear, rank {tried.factors_rank or tried.factors}" if tried.factors_linear else als
        kind += f", regularization {tried.factors_regularization:g}"
        kind += ", absent users like others" if tried.factors_absent else ""
        log(f"two_tower: factors by {kind}: recall@10 new {found[tried]:.4f}")
        return found[tried]

    best = max(factor_choices(config), key=recall)
    if best.factors_features:
        recall(replace(best, factors_features=0.0))
        if max(values_an_item(examples), default=0.0) > TEXT:
            recall(replace(best, factors_texts=1))
    best = max(found, key=lambda tried: found[tried])
    if absent_share(examples, examples.serve + 1) > MANY_ABSENT:
        recall(replace(best, factors_absent=1))
    return max(found, key=lambda tried: found[tried])


@contextmanager
def only(towers: TwoTowers, parts: slice) -> Iterator[None]:
    """Inside, the embeddings are these parts alone."""
    before = towers.user.shares.clone()
    towers.user.shares[:] = 0.0
    towers.user.shares[:, parts] = 1.0
    try:
        yield
    finally:
        towers.user.shares.copy_(before)


def choose_shares(towers: TwoTowers, policy: str, log: Callable[[str], None]) -> None:
    """Set what counts how much to what is best on the validation window.

    One part after the other, for users without a history and for users with one. These start from recall, which says
    most and lets only factors and content together beside it, from the sequence part, or else from factors; those from
    popularity. A share changes for a gain beyond one standard error alone, two for users without a history: what is
    small here may be a loss elsewhere.
    """
    is_sequence = towers.user.memory is not None and policy == "new"
    knows_all = len(strangers(towers.examples)) > 0  # the sequence part has learned from whom stands for new users
    for with_history in (False, True):
        shares = towers.user.shares[int(with_history)]
        if not with_history:
            parts = [MEMORY, CONTENT, POPULARITY] if is_sequence and not knows_all else [CONTENT, POPULARITY]
            shares[:] = torch.tensor([0.0, 0.0, 0.0, 1.0])
        elif is_sequence:
            parts = [TASTE, POPULARITY, FACTORS, CONTENT, MEMORY]
        elif towers.user.memory:
            parts = [TASTE]
        else:
            parts = [CONTENT, POPULARITY]
            shares[CONTENT] = 0.0
        recalls = recalls_by_shares(towers, policy, with_history)
        best = recalls(shares)
        for part in parts:
            found, tried = {}, shares.clone()
            for share in SHARES:
                tried[part] = share
                found[share] = recalls(tried)
            first = max(found, key=lambda share: float(found[share].sum()))
            if is_clearly_better(found[first], best, 1.0 if with_history else ERRORS_OF_STRANGERS):
                shares[part], best = first, found[first]
        recall = float(best.mean()) if len(best) else 0.0
        log(
            f"two_tower: for users {'with' if with_history else 'without'} a history, memory counts {shares[0]:.3g}, "
            f"factors {shares[1]:.3g}, content {shares[2]:.3g}, popularity {shares[3]:.3g}: "
            f"recall@10 {policy} {recall:.4f}"
        )


def recalls_by_shares(towers: TwoTowers, policy: str, with_history: bool) -> Callable[[Tensor], Recalls]:
    """The function from shares [4] to the recalls that validation_recalls finds with them.

    A user's embedding is linear in the shares: it is computed without any part and with all, and never again.
    """
    examples = towers.examples
    rows, hidden = _rows_of(examples, with_history)
    with only(towers, slice(0, 0)):
        without, items = embeddings(towers, rows, policy, hidden)
    with only(towers, slice(0, 4)):
        whole = embeddings(towers, rows, policy, hidden)[0]
    taste = (towers.config.factors, towers.config.content + 1)
    widths = torch.tensor([items.shape[1] - sum(taste) - 1, *taste, 1])

    def recalls(shares: Tensor) -> Recalls:
        columns = shares.repeat_interleave(widths)
        users = (none + columns * (every - none) for none, every in zip(without, whole, strict=True))
        return recalls_of(examples, rows, (block @ items.T for block in users), "hidden" if hidden else policy)

    return recalls


def is_clearly_better(recalls: Recalls, others: Recalls, errors: float = 1.0) -> bool:
    """Whether the mean gain over the same users is more than so many standard errors of it."""
    gains = recalls - others
    return len(gains) > 1 and float(gains.mean()) > errors * float(gains.std(ddof=1)) / len(gains) ** 0.5


def _hide_history(scores: Tensor, examples: Examples, rows: Index) -> None:
    counts = np.diff(examples.had.offsets)[rows]
    had = examples.had.padded(rows)
    places, columns = np.nonzero(np.arange(had.shape[1]) < counts[:, None])
    scores[torch.from_numpy(places), torch.from_numpy(had[places, columns])] = -torch.inf


def _hits(examples: Examples, rows: Index, best: Index, policy: str) -> tuple[Index, Index]:
    wanted = examples.had if policy == "hidden" else examples.targets
    count = np.diff(wanted.offsets)[rows]
    targets = wanted.padded(rows)
    relevant = np.arange(targets.shape[1]) < count[:, None]
    if policy == "new":
        relevant &= examples.is_new.padded(rows).astype(bool)
    targets = np.where(relevant, targets, -1)
    hits = (best[:, :, None] == targets[:, None, :]).any(1).sum(1)
    return hits, relevant.sum(1)
