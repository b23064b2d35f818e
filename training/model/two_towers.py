"""Both towers together: networks alone, which know no data and fit nothing."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..config import TrainingConfig
from ..inputs.arrays import Column
from .features import Scales
from .layout import Layout
from .sequence import SequenceItems, SequenceUsers
from .towers import ItemTower, UserTower


class TwoTowers(nn.Module):
    """The user tower and the item tower, joined by a dot product.

    user_columns, item_columns: what each reads, without item_index; codes: number of item indexes, unknown (0) too;
    user_scales, item_scales: mean and deviation of the number columns.
    """

    def __init__(
        self,
        user_columns: tuple[Column, ...],
        item_columns: tuple[Column, ...],
        codes: int,
        layout: Layout,
        config: TrainingConfig,
        user_scales: Scales,
        item_scales: Scales,
    ):
        super().__init__()
        self.layout = layout
        items, users = None, None
        if layout.sequence:
            items = SequenceItems(item_columns, codes, layout.sequence, config.sequence_id_dropout, item_scales)
            users = SequenceUsers(user_columns, layout.sequence, config.sequence_dropout, user_scales)
        self.item = ItemTower(item_columns, items, layout, config, item_scales)
        self.user = UserTower(users, layout, config)

    def sequence_parameters(self) -> list[nn.Parameter]:
        """What the sequence part learns."""
        return [p for side in (self.user.sequence, self.item.sequence) if side for p in side.parameters()]

    def history_vectors(self, codes: Tensor, inputs: dict[str, Tensor], factors: Tensor) -> Tensor:
        """Vectors [n, W + F + H] of items of codes [n] as part of a history; code 0 stands for no item.

        inputs: of these items; factors [C, F]: `history` of Factors.
        """
        known = (codes > 0).unsqueeze(1)
        vectors = [factors[codes], self.item.features.static_features(inputs) * known]
        if self.item.sequence is not None:
            vectors.insert(0, self.item.sequence.in_history(inputs) * known)
        return torch.cat(vectors, 1)
