"""The two towers: features -> embedding, user and item joined by a dot product.

Everything between a row of the input tables and its embedding happens in here: scaling, missing values, pooling of
the history. The same modules are trained and exported, so no second place could read an input differently.
Shapes: B rows, L history length, D embedding length, C item codes (0 = unknown); parts of the embedding: R memory
(recall or sequence), F factors, H content.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .config import TrainingConfig
from .data import Column
from .factors import Factors, feature_places, fold_in
from .features import Features, silent
from .histories import SIGNALS, history_signals, masked_softmax, pool, unit
from .recall import RecallItems, RecallUsers
from .sequence import SequenceItems, SequenceUsers

PRIOR = 300.0  # pairs of user and item: of fewer than these, popularity is noise


class ItemTower(nn.Module):
    """Item inputs -> [B, D] = [memory R, factors F, content H, bias 1, popularity 1]."""

    prior: Tensor
    newcomers: Tensor
    standing: Tensor

    def __init__(
        self,
        columns: tuple[Column, ...],
        memory: RecallItems | SequenceItems | None,
        config: TrainingConfig,
        scales: dict[str, tuple[float, float]],
        ever: float,
    ):
        """ever: users of all items together."""
        super().__init__()
        hidden = config.content
        self.id_dropout = config.id_dropout
        self.memory = memory
        self.places = feature_places(columns)
        self.features = Features(columns, hidden, scales)
        self.mixed = nn.Sequential(nn.Linear(2 * hidden, hidden), nn.GELU(), silent(nn.Linear(hidden, hidden)))
        self.trend = silent(nn.Linear(hidden, 1))  # how much an item's factors count at this moment
        self.bias = silent(nn.Linear(hidden, 1))
        # of values, for items without a code, see newcomers.py; fitted last, and so no weights to go on from
        values = sum(len(rows) for rows in self.places.values())
        self.register_buffer("newcomers", torch.zeros(values, config.factors + hidden), persistent=False)
        self.register_buffer("standing", torch.tensor(1.0))  # what their taste counts beside that of other items
        # users that all items together have on top of those of the newest window, shared out as by all of the past
        self.register_buffer("prior", torch.tensor(PRIOR / max(ever, 1.0)))

    def forward(self, inputs: dict[str, Tensor], factors: Factors) -> Tensor:
        """Embeddings [B, D]; factors as of the snapshot."""
        parts = [self.taste(inputs, factors), self.popularity(inputs)]
        return torch.cat(parts if self.memory is None else [self.memory(inputs), *parts], 1)

    def popularity(self, inputs: dict[str, Tensor]) -> Tensor:
        """Log of an item's users of the newest window, [B, 1]; where these are few, mostly of all that it ever had."""
        recent, ever = (torch.nan_to_num(inputs[name]) for name in ("recent_users", "users"))
        return torch.log1p(recent + self.prior * ever).unsqueeze(1)

    def taste(self, inputs: dict[str, Tensor], factors: Factors) -> Tensor:
        """Factors, content and bias: [B, F + H + 1]."""
        is_known = inputs["item_code"] > 0
        if self.training and self.id_dropout:  # so that what stands beside them learns to do without
            is_known = is_known & (torch.rand(is_known.shape) >= self.id_dropout)
        own = torch.where(is_known.unsqueeze(1), factors.items[inputs["item_code"]], self.told(inputs, factors.values))
        content, numbers = self.features.content(inputs), self.features.behaviour(inputs)  # [B, H] each
        own = own * self.trend(numbers).exp()
        mixed = content + self.mixed(torch.cat([content, numbers], 1))
        taste = torch.cat([own, mixed, self.bias(numbers)], 1)
        if self.training:
            return taste
        told = nn.functional.pad(self.told(inputs, self.newcomers), (0, 1))
        return torch.where(is_known.unsqueeze(1), taste, self.standing * (taste + told))

    def told(self, inputs: dict[str, Tensor], vectors: Tensor) -> Tensor:
        """Sum [B, any] of the vectors [V, any], rows as of feature_places, of an item's values."""
        total = torch.zeros(inputs["item_code"].shape[0], vectors.shape[1])
        for name, places in self.places.items():
            codes = inputs[name] if inputs[name].dim() > 1 else inputs[name].unsqueeze(1)
            total = total + pool(vectors, places.start + codes, (codes > 0).float())
        return total


class UserTower(nn.Module):
    """User inputs and history vectors -> [B, D] = [memory R, factors F, content H, 1, popularity 1].

    Memory is learned from whole histories; factors and content (together: taste) rank what the user never had, by what
    came next. `shares` says what each counts in the sum.
    """

    shares: Tensor

    def __init__(
        self,
        columns: tuple[Column, ...],
        memory: RecallUsers | SequenceUsers | None,
        config: TrainingConfig,
        scales: dict[str, tuple[float, float]],
    ):
        super().__init__()
        hidden = config.content
        self.history_dropout = config.history_dropout
        self.config = config
        self.memory = memory
        self.widths = [max(config.memory_dim - 1, 0), config.factors, hidden]
        # of memory, factors, content and popularity, where memory has something to say: without a history, and with one
        beside = 0.1 if memory else 1.0
        self.register_buffer("shares", torch.tensor([[1.0, beside, beside, 0.0]] * 2))
        self.factors_scale = nn.Parameter(torch.tensor(2.0))
        self.attention = nn.Sequential(nn.Linear(SIGNALS, 32), nn.GELU(), silent(nn.Linear(32, 2)))
        self.affinity = nn.Parameter(torch.tensor(0.5))
        # they speak for those without a history, of whose behaviour there is nothing to know
        self.features = Features(tuple(c for c in columns if not c.changes), hidden, scales)
        self.network = nn.Sequential(
            nn.Linear(3 * hidden, 2 * hidden),
            nn.GELU(),
            nn.Dropout(config.dropout),
            silent(nn.Linear(2 * hidden, hidden)),
        )

    def forward(self, inputs: dict[str, Tensor], vectors: Tensor, places: Tensor, turn: Tensor) -> Tensor:
        """Embeddings [B, D].

        inputs: the columns by name and only_new [B], 1 under the policy `new`; vectors [n, R - 1 + F + H]: what each
        item is as part of a history; places [B, L]: row in `vectors` of each history item; turn [F, F]: see Factors.
        """
        remembered, vectors = vectors[:, : self.widths[0]], vectors[:, self.widths[0] :]
        taste = self.taste(inputs, vectors, places, turn)
        share = self.shares[(inputs["history_items"] > 0).any(1).long()]  # [B, 4]
        present = self.memory.present(inputs) if self.memory else torch.ones_like(taste[:, :1])
        of_taste = 1.0 + (share[:, 1:3] - 1.0) * present
        factors, content = taste[:, : self.widths[1]] * of_taste[:, :1], taste[:, self.widths[1] :] * of_taste[:, 1:]
        parts = [factors, content, share[:, 3:] * present]
        if self.memory:
            parts = [self.memory(inputs, remembered, places) * present * share[:, :1], *parts]
        return torch.cat(parts, 1)

    def taste(self, inputs: dict[str, Tensor], vectors: Tensor, places: Tensor, turn: Tensor) -> Tensor:
        """Factors, content and 1, [B, F + H + 1], from vectors [n, F + H]."""
        factors, content = vectors[:, : self.widths[1]], vectors[:, self.widths[1] :]
        seen = inputs["history_items"] > 0
        if self.training:
            seen = seen & (torch.rand(len(seen), 1) >= self.history_dropout)
        parts = [self.factor_part(inputs, factors, places, seen, turn)]
        parts.append(self.content_part(inputs, content, places, seen))
        return torch.cat([*parts, torch.ones_like(parts[0][:, :1])], 1)

    def factor_part(
        self, inputs: dict[str, Tensor], vectors: Tensor, places: Tensor, seen: Tensor, turn: Tensor
    ) -> Tensor:
        """[B, F]: what the history says of the user, see factors.py; of one length, for confidence is not taste."""
        # nothing in here is learned; without this, backward would go through all of it
        users = fold_in(vectors.detach(), places, inputs["history_weights"] * seen, self.config) @ turn
        return unit(users) * self.factors_scale.exp()

    def content_part(self, inputs: dict[str, Tensor], vectors: Tensor, places: Tensor, seen: Tensor) -> Tensor:
        """[B, H]: what the items of the history are like; without any, what the user's features say."""
        logits = self.attention(history_signals(inputs))  # [B, L, 2]
        # from how often and how lately, and how lately alone
        starts = (
            torch.log(torch.log1p(inputs["history_weights"]) + 1e-6),
            -inputs["history_days"].clamp(0.0, 1e4) / 40.0,
        )
        pooled = [
            pool(vectors, places, masked_softmax(start + logits[..., head], seen)) for head, start in enumerate(starts)
        ]
        # beside a history the features taught users by heart: recall@10 of what is new fell from .050 to .049
        features = self.features.content(inputs) * ~seen.any(1, keepdim=True)
        mixed: Tensor = self.affinity * pooled[0] + self.network(torch.cat([*pooled, features], 1))
        return mixed
