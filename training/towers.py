"""The two towers: features -> embedding, user and item joined by a dot product.

Everything between a row of the input tables and its embedding happens in here: scaling, missing values, pooling of
the history. The same modules are trained and exported, so no second place could read an input differently.
Shapes: B rows, L history length, H hidden width, D embedding length (`dim`), C item codes (0 = unknown).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .config import TrainingConfig
from .data import Column

SIGNALS = 5  # what is known of one item of the history, see history_signals


class Features(nn.Module):
    """Sum of what each column of a row says: inputs by name -> [B, H]."""

    mean: Tensor
    deviation: Tensor

    def __init__(self, columns: tuple[Column, ...], hidden: int, scales: dict[str, tuple[float, float]]):
        super().__init__()
        self.hidden = hidden
        self.codes = [c.name for c in columns if c.kind == "category"]
        self.code_lists = [c.name for c in columns if c.kind == "categories"]
        self.vectors = [c.name for c in columns if c.kind == "vector"]
        self.numbers = [c.name for c in columns if c.kind == "number"]
        self.tables = nn.ModuleDict()
        self.projections = nn.ModuleDict()
        self.missing = nn.ParameterDict()
        for column in columns:
            if column.kind in ("category", "categories"):
                self.tables[_key(column.name)] = _table(column.size, hidden, 0.03)
            elif column.kind == "vector":
                self.projections[_key(column.name)] = nn.Linear(column.size, hidden, bias=False)
                self.missing[_key(column.name)] = nn.Parameter(torch.zeros(hidden))
        pairs = [scales[name] for name in self.numbers]
        self.register_buffer("mean", torch.tensor([mean for mean, _ in pairs]))
        self.register_buffer("deviation", torch.tensor([deviation for _, deviation in pairs]))
        self.scaled = nn.Sequential(nn.Linear(2 * len(pairs), hidden), nn.GELU(), nn.Linear(hidden, hidden))

    def forward(self, inputs: dict[str, Tensor]) -> Tensor:
        """All columns: [B, H]."""
        total = self.content(inputs)
        if self.numbers:
            total = total + self.scaled(self.standardised(inputs))
        return total

    def content(self, inputs: dict[str, Tensor]) -> Tensor:
        """The columns that do not age (categories and vectors): [B, H]."""
        rows = next(iter(inputs.values())).shape[0]
        total = torch.zeros(rows, self.hidden)
        for name in self.codes:
            total = total + self.tables[_key(name)](inputs[name])
        for name in self.code_lists:
            codes = inputs[name]  # [B, any]
            known = (codes > 0).unsqueeze(-1).float()
            vectors = self.tables[_key(name)](codes) * known
            total = total + vectors.sum(1) / known.sum(1).clamp(min=1.0)
        for name in self.vectors:
            absent = torch.isnan(inputs[name]).any(1, keepdim=True)
            vector = self.projections[_key(name)](torch.nan_to_num(inputs[name]))
            total = total + torch.where(absent, self.missing[_key(name)], vector)
        return total

    def standardised(self, inputs: dict[str, Tensor]) -> Tensor:
        """Numbers on a signed log scale, standardised and clamped, and which are missing: [B, 2 x numbers]."""
        raw = torch.stack([inputs[name] for name in self.numbers], 1)
        absent = torch.isnan(raw)
        scaled = (signed_log(torch.nan_to_num(raw)) - self.mean) / self.deviation
        scaled = scaled.clamp(-5.0, 5.0).masked_fill(absent, 0.0)
        return torch.cat([scaled, absent.float()], 1)


class ItemTower(nn.Module):
    """Item inputs -> [B, D] = [recall R, taste T, bias 1]."""

    def __init__(
        self, columns: tuple[Column, ...], codes: int, config: TrainingConfig, scales: dict[str, tuple[float, float]]
    ):
        super().__init__()
        self.id_dropout = config.id_dropout
        self.recall = _table(codes, config.recall_dim, 0.01)
        self.ids = _table(codes, config.taste_dim + 1, 0.01)
        self.features = Features(tuple(c for c in columns if c.name != "item_code"), config.hidden, scales)
        self.network = nn.Sequential(
            nn.GELU(), nn.Dropout(config.dropout), nn.Linear(config.hidden, config.hidden), nn.GELU()
        )
        self.out = _zero(nn.Linear(2 * config.hidden, config.taste_dim + 1))

    def forward(self, inputs: dict[str, Tensor]) -> Tensor:
        """Embeddings [B, D]."""
        codes = inputs["item_code"]
        ids = self.ids(codes)
        if self.training and self.id_dropout:
            ids = ids * (torch.rand(len(ids), 1) >= self.id_dropout)
        features = self.features(inputs)  # [B, H]
        taste = ids + self.out(torch.cat([features, self.network(features)], 1))
        return torch.cat([self.recall(codes), taste], 1)


class UserTower(nn.Module):
    """User inputs and history vectors -> [B, D] = [recall R, taste T, 1].

    Recall brings back what the user already had; it is silent under the policy `new`, which leaves those items out.
    Taste ranks everything, from the history and the user's features.
    """

    def __init__(
        self, columns: tuple[Column, ...], codes: int, config: TrainingConfig, scales: dict[str, tuple[float, float]]
    ):
        super().__init__()
        self.history_dropout = config.history_dropout
        self.recall_width = config.recall_dim
        taste = config.taste_dim
        self.recall = _table(codes, config.recall_dim, 0.01)
        self.taste = _table(codes, taste, 0.01)
        self.content = nn.Linear(config.hidden, taste)  # of the item's categories and vectors
        self.tendency = _table(codes, 1, 0.0)  # how much an item is one to buy again
        self.repeat = nn.Sequential(nn.Linear(SIGNALS, 32), nn.GELU(), nn.Linear(32, 1))
        self.attention = nn.Sequential(nn.Linear(SIGNALS, 32), nn.GELU(), _zero(nn.Linear(32, 2)))
        self.recall_scale = nn.Parameter(torch.tensor(2.0))
        self.taste_scale = nn.Parameter(torch.tensor(1.6))
        self.features = Features(columns, config.hidden, scales)
        self.network = nn.Sequential(
            nn.Linear(taste + config.hidden, 2 * config.hidden),
            nn.GELU(),
            nn.Dropout(config.dropout),
            _zero(nn.Linear(2 * config.hidden, taste)),
        )

    def history_vectors(self, codes: Tensor, content: Tensor) -> Tensor:
        """Vectors [n, R + T] of items (codes [n], content features [n, H]) as part of a history."""
        return torch.cat([self.recall(codes), self.taste(codes) + self.content(content)], 1)

    def repeat_logits(self, inputs: dict[str, Tensor]) -> Tensor:
        """Log-odds [B, L] that each item of the history is bought again in the next window."""
        signals = history_signals(inputs)
        logits: Tensor = self.repeat(signals) + self.tendency(inputs["history_items"])
        return logits.squeeze(-1)

    def forward(self, inputs: dict[str, Tensor], vectors: Tensor, places: Tensor) -> Tensor:
        """Embeddings [B, D].

        inputs: the columns by name and only_new [B], 1 under the policy `new`; vectors [n, R + T]: history vectors;
        places [B, L]: row in `vectors` of each history item.
        """
        known = inputs["history_items"] > 0  # [B, L]
        attention = self.attention(history_signals(inputs))  # [B, L, 2]
        again = nn.functional.logsigmoid(self.repeat_logits(inputs)) + attention[..., 0]
        seen = known
        if self.training and self.history_dropout:
            seen = known & (torch.rand(known.shape) >= self.history_dropout)
        recalled = pool(vectors[:, : self.recall_width], places, masked_softmax(again, known))
        # starts as the fold-in of ALS, which weighs an item by 1 + alpha times its recency-weighted count
        counts = inputs["history_interactions"] * torch.exp2(-inputs["history_days"] / 180.0)
        weights = torch.log1p(0.6 * counts) + attention[..., 1]
        taste = pool(vectors[:, self.recall_width :], places, masked_softmax(weights, seen))
        only_new = inputs["only_new"].unsqueeze(1)
        context = self.features(inputs)  # [B, H]
        mixed = self.network(torch.cat([unit(taste), context], 1))
        recalled = recalled * self.recall_scale.exp() * (1.0 - only_new)
        taste = (unit(taste) + mixed) * self.taste_scale.exp()
        return torch.cat([recalled, taste, torch.ones_like(only_new)], 1)


def history_signals(inputs: dict[str, Tensor]) -> Tensor:
    """[B, L, SIGNALS]: recency, how often, typical interval, how overdue, more than once; about unit scale."""
    days = inputs["history_days"].clamp(min=0.0)
    times = inputs["history_interactions"].clamp(min=1.0)
    interval = inputs["history_intervals"].clamp(min=0.0)
    again = (times > 1).float()
    overdue = (days / (interval + 1.0)).clamp(max=8.0) * again
    return torch.stack(
        [torch.log1p(days) / 3, torch.log(times), torch.log1p(interval) * again / 3, torch.log1p(overdue), again], -1
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


def signed_log(x: Tensor) -> Tensor:
    """log(1 + |x|) with the sign of x: long tails become short, zero stays zero."""
    return torch.sign(x) * torch.log1p(torch.abs(x))


def _table(codes: int, width: int, deviation: float) -> nn.Embedding:
    table = nn.Embedding(codes, width, padding_idx=0)
    nn.init.normal_(table.weight, 0.0, deviation) if deviation else nn.init.zeros_(table.weight)
    with torch.no_grad():
        table.weight[0] = 0.0
    return table


def _zero(layer: nn.Linear) -> nn.Linear:
    # a branch that starts silent cannot spoil the SVD start
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer


def _key(name: str) -> str:
    # module names may hold no dots
    return name.replace(".", "_dot_")
