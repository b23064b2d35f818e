"""The two towers: features -> embedding, user and item joined by a dot product.

Everything between a row of the input tables and its embedding happens in here: scaling, missing values, pooling of
the history. The same modules are trained and exported, so no second place could read an input differently.
Shapes: B rows, L history length, C item indexes (0 = unknown); parts of the embedding, see model/layout.py: R
sequence (W = R - 1), F factors, H features.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..config import TrainingConfig
from ..factorization.factors import Factors, feature_places, fold_in
from ..inputs.arrays import Column
from ..inputs.histories import SIGNALS, history_signals, masked_softmax, pool, unit
from .features import Features, Scales, silent
from .layout import Layout
from .sequence import SequenceItems, SequenceUsers


class ItemTower(nn.Module):
    """Item inputs -> [B, D] = [sequence R, factors F, features H, bias 1, zeros]."""

    new_items: Tensor
    starts: Tensor

    def __init__(
        self,
        columns: tuple[Column, ...],
        sequence: SequenceItems | None,
        layout: Layout,
        config: TrainingConfig,
        scales: Scales,
    ):
        super().__init__()
        hidden = layout.features
        self.id_dropout, self.new_item_scale = config.id_dropout, config.new_item_scale
        self.unused = layout.unused
        self.sequence = sequence
        places = feature_places(columns)
        self.valued = tuple(places)  # the columns whose values have vectors
        # a buffer, since graphs are traced once for vocabularies of different sizes
        self.register_buffer("starts", torch.tensor([rows.start for rows in places.values()], dtype=torch.int64))
        self.features = Features(columns, hidden, scales)
        self.mixed = nn.Sequential(nn.Linear(2 * hidden, hidden), nn.GELU(), silent(nn.Linear(hidden, hidden)))
        self.trend = silent(nn.Linear(hidden, 1))  # how much an item's factors count at this moment
        self.bias = silent(nn.Linear(hidden, 1))
        # of values, for items without a code, see fit/new_items.py; fitted last
        values = sum(len(rows) for rows in places.values())
        self.register_buffer("new_items", torch.zeros(values, layout.factors + hidden))

    def forward(self, inputs: dict[str, Tensor], factors: Factors) -> Tensor:
        """Embeddings [B, D]; factors as of the cutoff."""
        parts = [self.preference_part(inputs, factors), torch.zeros(inputs["item_index"].shape[0], self.unused)]
        return torch.cat(parts if self.sequence is None else [self.sequence(inputs), *parts], 1)

    def preference_part(self, inputs: dict[str, Tensor], factors: Factors) -> Tensor:
        """Factors, features and bias: [B, F + H + 1]."""
        is_known = inputs["item_index"] > 0
        if self.training and self.id_dropout:  # so that what stands beside them learns to do without
            is_known = is_known & (torch.rand(is_known.shape) >= self.id_dropout)
        own = torch.where(
            is_known.unsqueeze(1), factors.items[inputs["item_index"]], self.from_feature_values(inputs, factors.values)
        )
        static, numbers = self.features.static_features(inputs), self.features.behaviour(inputs)  # [B, H] each
        own = own * self.trend(numbers).exp()
        mixed = static + self.mixed(torch.cat([static, numbers], 1))
        preference = torch.cat([own, mixed, self.bias(numbers)], 1)
        if self.training:
            return preference
        from_feature_values = nn.functional.pad(self.from_feature_values(inputs, self.new_items), (0, 1))
        return torch.where(is_known.unsqueeze(1), preference, self.new_item_scale * (preference + from_feature_values))

    def from_feature_values(self, inputs: dict[str, Tensor], vectors: Tensor) -> Tensor:
        """Sum [B, any] of the vectors [V, any], rows as of feature_places, of an item's values."""
        total = torch.zeros(inputs["item_index"].shape[0], vectors.shape[1])
        for place, name in enumerate(self.valued):
            codes = inputs[name] if inputs[name].dim() > 1 else inputs[name].unsqueeze(1)
            total = total + pool(vectors, self.starts[place] + codes, (codes > 0).float())
        return total


class UserTower(nn.Module):
    """User inputs and history vectors -> [B, D] = [sequence R, factors F, features H, 1, zeros].

    The sequence part is learned from whole histories, factors and features (together: the preference part) from what
    users went on to do that they had never done. `part_weights` says what each of the two counts in the sum.
    """

    part_weights: Tensor

    def __init__(self, sequence: SequenceUsers | None, layout: Layout, config: TrainingConfig):
        super().__init__()
        hidden = layout.features
        self.config, self.layout = config, layout
        self.sequence = sequence
        self.register_buffer("part_weights", torch.ones(2))  # of the sequence part and of the preference part
        self.factors_scale = nn.Parameter(torch.tensor(2.0))
        self.attention = nn.Sequential(nn.Linear(SIGNALS, 32), nn.GELU(), silent(nn.Linear(32, 2)))
        self.affinity = nn.Parameter(torch.tensor(0.5))
        self.network = nn.Sequential(
            nn.Linear(2 * hidden, 2 * hidden),
            nn.GELU(),
            nn.Dropout(config.dropout),
            silent(nn.Linear(2 * hidden, hidden)),
        )

    def forward(self, inputs: dict[str, Tensor], vectors: Tensor, places: Tensor, fold_in_basis: Tensor) -> Tensor:
        """Embeddings [B, D].

        inputs: the columns by name; vectors [n, W + F + H]: what each item is as part of a history; places [B, L]:
        row in `vectors` of each history item; fold_in_basis [F, F]: see Factors.
        """
        width = max(self.layout.sequence - 1, 0)
        preference = self.preference_part(inputs, vectors[:, width:], places, fold_in_basis) * self.part_weights[1]
        parts = [preference, torch.zeros(preference.shape[0], self.layout.unused)]
        if self.sequence is not None:
            parts.insert(0, self.sequence(inputs, vectors[:, :width], places) * self.part_weights[0])
        return torch.cat(parts, 1)

    def preference_part(
        self, inputs: dict[str, Tensor], vectors: Tensor, places: Tensor, fold_in_basis: Tensor
    ) -> Tensor:
        """Factors, features and 1, [B, F + H + 1], from vectors [n, F + H]."""
        factors, features = vectors[:, : self.layout.factors], vectors[:, self.layout.factors :]
        seen = inputs["history_items"] > 0
        parts = [self.factor_part(inputs, factors, places, seen, fold_in_basis)]
        parts.append(self.feature_part(inputs, features, places, seen))
        return torch.cat([*parts, torch.ones_like(parts[0][:, :1])], 1)

    def factor_part(
        self, inputs: dict[str, Tensor], vectors: Tensor, places: Tensor, seen: Tensor, fold_in_basis: Tensor
    ) -> Tensor:
        """[B, F]: the history folded into the factors, of one length: that says how much is known of the user."""
        # nothing in here is learned; without this, backward would go through all of it
        users = fold_in(vectors.detach(), places, inputs["history_recency_weights"] * seen, self.config) @ fold_in_basis
        return unit(users) * self.factors_scale.exp()

    def feature_part(self, inputs: dict[str, Tensor], vectors: Tensor, places: Tensor, seen: Tensor) -> Tensor:
        """[B, H]: what the items of the history are like."""
        logits = self.attention(history_signals(inputs))  # [B, L, 2]
        # from how often and how lately, and how lately alone
        starts = (
            torch.log(torch.log1p(inputs["history_recency_weights"]) + 1e-6),
            -inputs["history_days"].clamp(0.0, 1e4) / 40.0,
        )
        pooled = [
            pool(vectors, places, masked_softmax(start + logits[..., head], seen)) for head, start in enumerate(starts)
        ]
        mixed: Tensor = self.affinity * pooled[0] + self.network(torch.cat(pooled, 1))
        return mixed
