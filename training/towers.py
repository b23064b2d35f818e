"""The two towers: features -> embedding, user and item joined by a dot product.

Everything between a row of the input tables and its embedding happens in here: scaling, missing values, pooling of
the history. The same modules are trained and exported, so no second place could read an input differently.
Shapes: B rows, L history length, D embedding length, C item codes (0 = unknown); parts of the embedding: R recall,
F factors, H content; M past items that recall tries to bring back.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .config import TrainingConfig
from .data import Column
from .features import Features, silent, table

SIGNALS = 6  # what is known of one item of the history, see history_signals


class ItemTower(nn.Module):
    """Item inputs -> [B, D] = [recall R, factors F, content H, bias 1]."""

    def __init__(
        self, columns: tuple[Column, ...], codes: int, config: TrainingConfig, scales: dict[str, tuple[float, float]]
    ):
        super().__init__()
        hidden = config.content
        self.id_dropout = config.id_dropout
        self.recall = table(codes, config.recall_dim, 0.01)
        self.features = Features(tuple(c for c in columns if c.name != "item_code"), hidden, scales)
        self.mixed = nn.Sequential(nn.Linear(2 * hidden, hidden), nn.GELU(), silent(nn.Linear(hidden, hidden)))
        self.trend = silent(nn.Linear(hidden, 1))  # how much an item's factors count at this moment
        self.bias = silent(nn.Linear(hidden, 1))

    def forward(self, inputs: dict[str, Tensor], factors: Tensor) -> Tensor:
        """Embeddings [B, D]; factors [C, F]: vectors by item code as of the snapshot."""
        return torch.cat([self.recall(inputs["item_code"]), self.taste(inputs, factors)], 1)

    def taste(self, inputs: dict[str, Tensor], factors: Tensor) -> Tensor:
        """All but the recall part: [B, F + H + 1]."""
        own = factors[inputs["item_code"]]
        if self.training and self.id_dropout:
            own = own * (torch.rand(len(own), 1) >= self.id_dropout)
        content, numbers = self.features.content(inputs), self.features.behaviour(inputs)  # [B, H] each
        own = own * self.trend(numbers).exp()
        mixed = content + self.mixed(torch.cat([content, numbers], 1))
        return torch.cat([own, mixed, self.bias(numbers)], 1)


class UserTower(nn.Module):
    """User inputs and history vectors -> [B, D] = [recall R, factors F, content H, 1].

    Recall brings back what the user already had; it is silent under the policy `new`, which leaves those items out.
    Factors and content (together: taste) rank everything, from the history and the user's features.
    """

    blend: Tensor

    def __init__(
        self, columns: tuple[Column, ...], codes: int, config: TrainingConfig, scales: dict[str, tuple[float, float]]
    ):
        super().__init__()
        hidden = config.content
        self.history_dropout = config.history_dropout
        self.als_alpha = config.als_alpha
        self.support = config.support
        self.widths = [max(config.recall_dim - 1, 0), config.factors, hidden]
        self.recall = table(codes, self.widths[0], 0.01)
        self.tendency = table(codes, 1, 0.0)  # how much an item is one to buy again
        self.repeat = nn.Sequential(nn.Linear(SIGNALS, 32), nn.GELU(), nn.Linear(32, 1))
        self.recall_scale = nn.Parameter(torch.tensor(2.3))
        self.register_buffer("blend", torch.tensor(0.1))  # what taste counts beside recall
        self.factors_scale = nn.Parameter(torch.tensor(2.0))
        self.attention = nn.Sequential(nn.Linear(SIGNALS, 32), nn.GELU(), silent(nn.Linear(32, 2)))
        self.affinity = nn.Parameter(torch.tensor(0.5))
        self.features = Features(columns, hidden, scales)
        self.network = nn.Sequential(
            nn.Linear(3 * hidden, 2 * hidden),
            nn.GELU(),
            nn.Dropout(config.dropout),
            silent(nn.Linear(2 * hidden, hidden)),
        )

    def repeat_logits(self, inputs: dict[str, Tensor]) -> Tensor:
        """Log-odds [B, L] that each item of the history is bought again in the next window."""
        signals = history_signals(inputs)
        logits: Tensor = self.repeat(signals) + self.tendency(inputs["history_items"])
        return logits.squeeze(-1)

    def supports(self, inputs: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        """The likeliest repeats of each row: places in the history and weights that add up to 1, [B, M] each."""
        known = inputs["history_items"] > 0
        chance = torch.sigmoid(self.repeat_logits(inputs)) * known
        # a history shorter than M has room for them all the same
        chance = nn.functional.pad(chance, (0, self.support))
        top, places = chance.topk(self.support, dim=1)
        places = places.clamp(max=known.shape[1] - 1)
        return places, top / top.sum(1, keepdim=True).clamp(min=1e-9)

    def recalled(self, vectors: Tensor, places: Tensor, weights: Tensor) -> Tensor:
        """Recall part [B, R] from vectors [n, R - 1], places [B, M] and weights; the last dimension is constant."""
        any_known = (weights.sum(1, keepdim=True) > 0).float()
        pooled = torch.cat([pool(vectors, places, weights), any_known], 1)
        scaled: Tensor = pooled * self.recall_scale.exp()
        return scaled

    def forward(self, inputs: dict[str, Tensor], vectors: Tensor, places: Tensor) -> Tensor:
        """Embeddings [B, D].

        inputs: the columns by name and only_new [B], 1 under the policy `new`; vectors [n, R - 1 + F + H]: what each
        item is as part of a history; places [B, L]: row in `vectors` of each history item.
        """
        only_new = inputs["only_new"].unsqueeze(1)
        recall, taste = vectors[:, : self.widths[0]], self.taste(inputs, vectors[:, self.widths[0] :], places)
        if not self.widths[0]:
            return taste
        chosen, weights = self.supports(inputs)
        recalled = self.recalled(recall, places.gather(1, chosen), weights) * (1.0 - only_new)
        beside_recall = (inputs["history_items"] > 0).any(1, keepdim=True).float() * (1.0 - only_new)
        return torch.cat([recalled, taste * (1.0 + (self.blend - 1.0) * beside_recall)], 1)

    def taste(self, inputs: dict[str, Tensor], vectors: Tensor, places: Tensor) -> Tensor:
        """All but the recall part, [B, F + H + 1], from vectors [n, F + H]."""
        factors, content = vectors[:, : self.widths[1]], vectors[:, self.widths[1] :]
        seen = inputs["history_items"] > 0
        if self.training:
            seen = seen & (torch.rand(len(seen), 1) >= self.history_dropout)
        parts = [self.factor_part(inputs, factors, places, seen), self.content_part(inputs, content, places, seen)]
        return torch.cat([*parts, torch.ones_like(parts[0][:, :1])], 1)

    def factor_part(self, inputs: dict[str, Tensor], vectors: Tensor, places: Tensor, seen: Tensor) -> Tensor:
        """[B, F]: the linear fold-in of ALS, see factors.py; of one length, for confidence is not taste."""
        weights = torch.log1p(self.als_alpha * inputs["history_weights"]) * seen
        return unit(pool(vectors, places, weights)) * self.factors_scale.exp()

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
        features = self.features(inputs) * ~seen.any(1, keepdim=True)
        mixed: Tensor = self.affinity * pooled[0] + self.network(torch.cat([*pooled, features], 1))
        return mixed


def history_signals(inputs: dict[str, Tensor]) -> Tensor:
    """[B, L, SIGNALS]: recency, how often, how often lately, typical interval, how overdue, more than once."""
    days = inputs["history_days"].clamp(min=0.0)
    times = inputs["history_interactions"].clamp(min=1.0)
    interval = inputs["history_intervals"].clamp(min=0.0)
    again = (times > 1).float()
    overdue = (days / (interval + 1.0)).clamp(max=8.0) * again
    return torch.stack(
        [
            torch.log1p(days) / 3,
            torch.log(times),
            torch.log(inputs["history_weights"].clamp(min=1e-3)),
            torch.log1p(interval) * again / 3,
            torch.log1p(overdue),
            again,
        ],
        -1,
    )


def pool(vectors: Tensor, places: Tensor, weights: Tensor) -> Tensor:
    """Weighted sum [B, any] of the rows `places` [B, L] of `vectors`."""
    if torch.compiler.is_exporting():
        return (weights.unsqueeze(1) @ vectors[places]).squeeze(1)
    # the fused kernel never builds one vector per place
    return nn.functional.embedding_bag(places, vectors, per_sample_weights=weights, mode="sum")


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
