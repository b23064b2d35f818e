"""Losses as plain functions of logits."""

from __future__ import annotations

import torch
from torch import Tensor, nn

HIDDEN = -1e4  # logit of what must not count: finite, so that a row with nothing else stays free of NaN


def repeat_loss(logits: Tensor, again: Tensor, known: Tensor) -> Tensor:
    """Binary cross-entropy over the known history items [B, L]: bought again in the next window or not."""
    loss = nn.functional.binary_cross_entropy_with_logits(logits, again, reduction="none")
    return (loss * known).sum() / known.sum().clamp(min=1)


def sampled_softmax(positives: Tensor, targets: Tensor, negatives: Tensor, log_q: Tensor) -> Tensor:
    """Cross-entropy of the target distribution against a softmax over positives and sampled negatives.

    positives [B, P]: logits of each row's own items; targets [B, P]: their target weights (-1 = leave out of the
    denominator too); negatives [B, N]: logits of the shared sample, accidental hits and excluded items at HIDDEN;
    log_q [N]: log-probability that an item is in the sample (Bengio and Senecal 2008; Yi et al. 2019). The row's own
    positives are always present and take no correction. Rows without a target count nothing.
    """
    own = positives.masked_fill(targets < 0, HIDDEN)
    everything = torch.cat([own, negatives - log_q], 1)
    normaliser = torch.logsumexp(everything, 1, keepdim=True)
    weights = targets.clamp(min=0.0)
    mass = weights.sum(1)
    terms = (weights * (normaliser - positives)).sum(1) / mass.clamp(min=1e-9)
    # sqrt: a user who buys ten times as much teaches about three times as much
    importance = mass.sqrt()
    return (terms * importance).sum() / importance.sum().clamp(min=1e-9)
