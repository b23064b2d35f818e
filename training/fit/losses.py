"""Losses as plain functions of logits."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

HIDDEN = -1e4  # logit of what must not count: finite, so that a row with nothing else stays free of NaN


def sampled_softmax(users: Tensor, own: Tensor, targets: Tensor, sample: Tensor, log_q: Tensor, hits: Tensor) -> Tensor:
    """Cross-entropy of the target distribution against a softmax over each row's own items and sampled negatives.

    users [B, D]; own [B, P, D]: vectors of each row's own items; targets [B, P]: their target weights (-1 = leave out
    of the denominator too); sample [N, D]: vectors of the shared sample; log_q [N]: log-probability that an item is in
    the sample (Bengio and Senecal 2008; Yi et al. 2019); hits [B, N]: sampled items that do not count against a
    row. The row's own items are always present and take no correction. Rows without a target count nothing.
    """
    positives = torch.einsum("bd,bpd->bp", users, own)
    normaliser = torch.logsumexp(positives.masked_fill(targets < 0, HIDDEN), 1)
    of_sample: Tensor = SampleLogSumExp.apply(users, sample, log_q, hits)  # type: ignore[no-untyped-call]
    normaliser = torch.logaddexp(normaliser, of_sample)
    weights = targets.clamp(min=0.0)
    mass = weights.sum(1)
    terms = (weights * (normaliser.unsqueeze(1) - positives)).sum(1) / mass.clamp(min=1e-9)
    # sqrt: a user who buys ten times as much teaches about three times as much
    importance = mass.sqrt()
    return (terms * importance).sum() / importance.sum().clamp(min=1e-9)


class SampleLogSumExp(torch.autograd.Function):
    """Log of the sum over the sample but for hits of exp(dot product - log_q): [B]; arguments as in sampled_softmax.

    The logits are most of what a step reads and writes; autograd's own way goes over them three times as often.
    """

    @staticmethod
    def forward(ctx: Any, users: Tensor, sample: Tensor, log_q: Tensor, hits: Tensor) -> Tensor:
        """[B]."""
        logits = torch.addmm(-log_q, users, sample.T).masked_fill_(hits, HIDDEN)
        most = logits.amax(1)
        powers = logits.sub_(most.unsqueeze(1)).exp_()
        total = powers.sum(1)
        ctx.save_for_backward(users, sample, powers, total)
        return most + total.log()

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, None, None]:
        """Gradients of users and sample, from that [B] of the result."""
        users, sample, powers, total = ctx.saved_tensors
        of_logits = powers * (gradient / total).unsqueeze(1)
        return of_logits @ sample, of_logits.T @ users, None, None
