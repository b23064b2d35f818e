"""The sequence part: what comes next after an ordered history, by ids and features; for shops without repeat purchases.

A user is what the latest items are like and what all of them are like: two averages of the history with weights that
fall from item to item, mixed by a small network. An item has one vector, to be found by and as part of a history.
Shapes: B rows, L history length, W = R - 1 width of a vector, R length of the part, C item indexes.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from ..inputs.arrays import Column
from ..inputs.histories import pool
from .features import Features, Scales, table, without_some

START = 0.05  # deviation of the vectors at the start
LENGTH = 4.0  # of a user vector at the start
HALVES = (0.0, 2.5)  # logits of the factors by which weights fall at the start: .5 and .92


class SequenceItems(nn.Module):
    """What an item is to be found by: a vector of its own, its static features, and a bias."""

    def __init__(self, columns: tuple[Column, ...], codes: int, length: int, id_dropout: float, scales: Scales):
        super().__init__()
        width = length - 1
        self.id_dropout = id_dropout
        self.own = table(codes, width, START)
        self.bias = table(codes, 1, 0.0)
        self.features = Features(tuple(c for c in columns if not c.changes), width, scales)
        self.mixed = nn.Linear(width, width)

    def in_history(self, inputs: dict[str, Tensor]) -> Tensor:
        """All but the bias, [B, W]: the item's own vector and what its features that do not age say."""
        return self.vectors(inputs["item_index"], self.static_features(inputs))

    def forward(self, inputs: dict[str, Tensor]) -> Tensor:
        """[B, R]."""
        return self.to_find(inputs["item_index"], self.static_features(inputs))

    def static_features(self, inputs: dict[str, Tensor]) -> Tensor:
        """What the features that do not age say: [B, W]."""
        static_features: Tensor = self.mixed(self.features.static_features(inputs))
        return static_features

    def vectors(self, codes: Tensor, static_features: Tensor) -> Tensor:
        """in_history of items whose static features [B, W] are known."""
        own: Tensor = self.own(codes)
        return static_features + (without_some(own, self.id_dropout) if self.training else own)

    def to_find(self, codes: Tensor, static_features: Tensor) -> Tensor:
        """The same for forward."""
        return torch.cat([self.vectors(codes, static_features), self.bias(codes)], 1)


class SequenceUsers(nn.Module):
    """Pools of a history and the user's features that do not age, mixed."""

    def __init__(self, columns: tuple[Column, ...], length: int, dropout: float, scales: Scales):
        super().__init__()
        width = length - 1
        self.falls = nn.Parameter(torch.tensor(HALVES))
        self.empty = nn.Parameter(torch.zeros(width))  # in place of a pool of nothing
        self.features = Features(tuple(c for c in columns if not c.changes), width, scales)
        self.network = nn.Sequential(
            nn.Dropout(dropout),
            nn.Linear((len(HALVES) + 1) * width, 2 * width),
            nn.GELU(),
            nn.Dropout(dropout),
            nn.Linear(2 * width, width),
        )
        self.norm = nn.LayerNorm(width)
        self.scale = nn.Parameter(torch.tensor(math.log(LENGTH) - math.log(width) / 2))

    def forward(self, inputs: dict[str, Tensor], vectors: Tensor, places: Tensor) -> Tensor:
        """[B, R] from vectors [n, W] and places [B, L]: row in `vectors` of each history item, newest first."""
        known = (inputs["history_items"] > 0).float()
        pools = []
        for fall in self.log_falls():
            weights = torch.exp(torch.arange(known.shape[1]) * fall) * known
            total = weights.sum(1, keepdim=True)
            pools.append(self.or_empty(pool(vectors, places, weights), total))
        return self.embed(pools, self.features.static_features(inputs))

    def before(self, inputs: dict[str, Tensor], vectors: Tensor, seen: Tensor) -> Tensor:
        """What forward would give at each place of the histories, from what came before it: [B, L, R].

        vectors [B, L, W] of the history items, newest first; seen [B, L]: 1 for those that may be used.
        """
        length = seen.shape[1]
        steps = torch.arange(length) - torch.arange(length).unsqueeze(1) - 1  # [L, L] from a place to an older one
        pools = []
        for fall in self.log_falls():
            weights = torch.exp(steps.clamp(min=0) * fall) * (steps >= 0)
            totals = seen @ weights.T
            pools.append(self.or_empty(weights @ (vectors * seen.unsqueeze(-1)), totals.unsqueeze(-1)))
        features = self.features.static_features(inputs).unsqueeze(1).expand(-1, length, -1)
        return self.embed(pools, features)

    def log_falls(self) -> list[Tensor]:
        """Logarithms of the factors by which each pool's weights fall from item to item."""
        return list(nn.functional.logsigmoid(self.falls))

    def or_empty(self, sums: Tensor, totals: Tensor) -> Tensor:
        """Averages [..., W] from sums and total weights [..., 1]; an empty history has a vector of its own."""
        return sums / totals.clamp(min=1e-3) + (totals == 0).float() * self.empty

    def embed(self, pools: list[Tensor], features: Tensor) -> Tensor:
        """[..., R] from pools and features, [..., W] each; the last dimension takes the item's bias."""
        mixed = torch.stack(pools).sum(0) + self.network(torch.cat([*pools, features], -1))
        vectors = self.norm(mixed) * self.scale.exp()
        return torch.cat([vectors, torch.ones_like(vectors[..., :1])], -1)
