"""Histories as tensors: what is known of each item of a history, and how vectors of its items become one.

Shapes: B rows, L history length.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

SIGNALS = 6  # what is known of one item of the history, see history_signals


def history_signals(inputs: dict[str, Tensor]) -> Tensor:
    """[B, L, SIGNALS]: recency, how often, how often lately, typical interval, how overdue, more than once."""
    days = inputs["history_days"].clamp(min=0.0)
    times = inputs["history_interactions"].clamp(min=1.0)
    interval = inputs["history_intervals"].clamp(min=0.0)
    repeated = (times > 1).float()
    overdue = (days / (interval + 1.0)).clamp(max=8.0) * repeated
    return torch.stack(
        [
            torch.log1p(days) / 3,
            torch.log(times),
            torch.log(inputs["history_recency_weights"].clamp(min=1e-3)),
            torch.log1p(interval) * repeated / 3,
            torch.log1p(overdue),
            repeated,
        ],
        -1,
    )


def pool(vectors: Tensor, places: Tensor, weights: Tensor) -> Tensor:
    """Weighted sum [B, any] of the rows `places` [B, L] of `vectors`."""
    if torch.compiler.is_exporting():
        return (weights.unsqueeze(1) @ vectors[places]).squeeze(1)
    # the fused kernel never builds one vector per place
    return nn.functional.embedding_bag(places, vectors, per_sample_weights=weights, mode="sum")


def products(vectors: Tensor, places: Tensor, users: Tensor) -> Tensor:
    """Dot products [B, L] of each row of `users` [B, any] with the rows `places` [B, L] of `vectors`."""
    if torch.compiler.is_exporting():
        return (vectors[places] @ users.unsqueeze(2)).squeeze(2)
    # with few distinct vectors, all products are less work than one vector per place
    return torch.gather(users @ vectors.T, 1, places)


def masked_softmax(logits: Tensor, known: Tensor) -> Tensor:
    """Softmax over the known places of each row [B, L]; a row without any gets zeros."""
    logits = logits.masked_fill(~known, -1e4)
    powers = torch.exp(logits - logits.max(1, keepdim=True).values) * known
    return powers / powers.sum(1, keepdim=True).clamp(min=1e-9)


def unit(vectors: Tensor) -> Tensor:
    """Rows [B, any] scaled to length 1; zeros stay zeros."""
    lengths = torch.linalg.vector_norm(vectors, dim=1, keepdim=True)
    scaled: Tensor = vectors / lengths.clamp(min=1e-6)
    return scaled
