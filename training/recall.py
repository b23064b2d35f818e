"""The recall part: it brings back what the user already had; for shops with repeat purchases.

Shapes: B rows, L history length, R length of the part, M past items that it tries to bring back, C item codes.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .config import TrainingConfig
from .features import table
from .histories import SIGNALS, history_signals, pool

# places of a list, and what the chance of items beyond them counts: a step that vectors keep to, where the order of
# likely and little less likely items gets lost. Within the list, from place to place, a smaller one for its order
PLACES, BEYOND, FALL = 10, 0.3, 0.97


class RecallItems(nn.Module):
    """What an item is to be found by: one vector per item code."""

    def __init__(self, codes: int, config: TrainingConfig):
        super().__init__()
        self.vectors = table(codes, config.memory_dim, 0.01)

    def forward(self, inputs: dict[str, Tensor]) -> Tensor:
        """[B, R]; an item without a code has zeros."""
        vectors: Tensor = self.vectors(inputs["item_code"])
        return vectors

    def in_history(self, inputs: dict[str, Tensor]) -> Tensor:
        """What an item is in a history is a table of the users' side: [B, 0]."""
        return torch.zeros(len(inputs["item_code"]), 0)


class RecallUsers(nn.Module):
    """The likeliest repeats of a history, pooled; silent under the policy `new`, which leaves those items out."""

    def __init__(self, codes: int, config: TrainingConfig):
        super().__init__()
        self.support = config.support
        self.vectors = table(codes, config.memory_dim - 1, 0.01)
        self.tendency = table(codes, 1, 0.0)  # how much an item is one to buy again
        self.repeat = nn.Sequential(nn.Linear(SIGNALS, 32), nn.GELU(), nn.Linear(32, 1))
        self.scale = nn.Parameter(torch.tensor(2.3))

    def history(self, codes: Tensor, items: Tensor) -> Tensor:
        """What items are as part of a history: [n, R - 1] by codes [n]; items [n, 0] say nothing."""
        return torch.cat([self.vectors(codes), items], 1)

    def present(self, inputs: dict[str, Tensor]) -> Tensor:
        """0 for rows [B, 1] with a history that their lists leave out: the shares are not for them; else 1."""
        return 1.0 - (inputs["history_items"] > 0).any(1, keepdim=True) * inputs["only_new"].unsqueeze(1)

    def forward(self, inputs: dict[str, Tensor], vectors: Tensor, places: Tensor) -> Tensor:
        """[B, R] from vectors [n, R - 1] and places [B, L]: row in `vectors` of each history item."""
        chosen, weights = self.supports(inputs)
        return self.recalled(vectors, places.gather(1, chosen), weights)

    def recalled(self, vectors: Tensor, places: Tensor, weights: Tensor) -> Tensor:
        """[B, R] from vectors [n, R - 1], places [B, M] and weights; the last dimension is constant."""
        any_known = (weights.sum(1, keepdim=True) > 0).float()
        pooled = torch.cat([pool(vectors, places, weights), any_known], 1)
        scaled: Tensor = pooled * self.scale.exp()
        return scaled

    def supports(self, inputs: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        """The likeliest repeats of each row: places in the history and weights that add up to 1, [B, M] each."""
        known = inputs["history_items"] > 0
        chance = torch.sigmoid(self.repeat_logits(inputs)) * known
        # a history shorter than M has room for them all the same
        chance = nn.functional.pad(chance, (0, self.support))
        top, places = chance.topk(self.support, dim=1)
        place = torch.arange(self.support)
        top = top * FALL ** place.clamp(max=PLACES) * torch.where(place < PLACES, 1.0, BEYOND)
        places = places.clamp(max=known.shape[1] - 1)
        return places, top / top.sum(1, keepdim=True).clamp(min=1e-9)

    def repeat_logits(self, inputs: dict[str, Tensor]) -> Tensor:
        """Log-odds [B, L] that each item of the history is bought again in the next window."""
        logits: Tensor = self.repeat(history_signals(inputs)) + self.tendency(inputs["history_items"])
        return logits.squeeze(-1)
