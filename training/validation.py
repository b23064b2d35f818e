"""Recall@10 on the validation window, for early stopping and tuning; the reported numbers come from the dbt models."""

from __future__ import annotations

import numpy as np
import torch

from .examples import Examples, Index
from .two_towers import TwoTowers

BLOCK = 256
BLENDS = (0.1, 0.2, 0.4, 1.0)
MOST_USERS = 4096  # enough for a standard error below .01


def validation_recall(
    towers: TwoTowers, examples: Examples, policies: tuple[str, ...], k: int = 10
) -> dict[str, float]:
    """Mean hits / min(k, relevant) over users of the validation snapshot, by policy, on the full catalogue."""
    towers.eval()
    snapshot = examples.serve + 1
    rows = examples.rows_of(range(snapshot, snapshot + 1), with_targets=True)
    if len(rows) > MOST_USERS:
        rows = rows[np.linspace(0, len(rows) - 1, MOST_USERS).astype(np.int64)]
    sums, counts = dict.fromkeys(policies, 0.0), dict.fromkeys(policies, 0)
    with torch.inference_mode():
        items = towers.items(snapshot, np.arange(len(examples.catalogue)))
        for start in range(0, len(rows), BLOCK):
            block = rows[start : start + BLOCK]
            for policy in policies:
                scores = towers.users(block, policy) @ items.T
                if policy == "new":
                    _hide_history(scores, examples, block)
                best = scores.topk(min(k, scores.shape[1])).indices.numpy()
                hits, relevant = _hits(examples, block, best, policy == "new")
                sums[policy] += float((hits / np.minimum(k, np.maximum(relevant, 1)))[relevant > 0].sum())
                counts[policy] += int((relevant > 0).sum())
    return {policy: sums[policy] / counts[policy] for policy in sums if counts[policy]}


def choose_blend(towers: TwoTowers, examples: Examples) -> None:
    """Set what taste counts beside recall to what is best on the validation window under the policy `repeats`."""
    found = {}
    for blend in BLENDS:
        towers.user.blend.fill_(blend)
        found[blend] = validation_recall(towers, examples, ("repeats",)).get("repeats", 0.0)
    towers.user.blend.fill_(max(found, key=lambda blend: found[blend]))


def _hide_history(scores: torch.Tensor, examples: Examples, rows: Index) -> None:
    counts = np.diff(examples.had.offsets)[rows]
    had = examples.had.padded(rows)
    places, columns = np.nonzero(np.arange(had.shape[1]) < counts[:, None])
    scores[torch.from_numpy(places), torch.from_numpy(had[places, columns])] = -torch.inf


def _hits(examples: Examples, rows: Index, best: Index, only_new: bool) -> tuple[Index, Index]:
    count = np.diff(examples.targets.offsets)[rows]
    targets = examples.targets.padded(rows)
    relevant = np.arange(targets.shape[1]) < count[:, None]
    if only_new:
        relevant &= examples.is_new.padded(rows).astype(bool)
    targets = np.where(relevant, targets, -1)
    hits = (best[:, :, None] == targets[:, None, :]).any(1).sum(1)
    return hits, relevant.sum(1)
