"""What asks the data and calls the towers: embeddings of user rows and of catalogue items, factors of each snapshot."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from ..config import TrainingConfig
from ..factorization.factors import Factors, fit_factors
from ..inputs.arrays import tensors
from ..inputs.examples import Examples, Index, scales
from ..model.layout import layout_of
from ..model.two_towers import TwoTowers

ITEMS_AT_ONCE = 32_768  # whose inputs are held as numbers: a text is up to 256 of them


class Embedder:
    """Towers over the examples of one horizon; factors are fitted once for each snapshot that is asked for."""

    def __init__(self, examples: Examples, config: TrainingConfig):
        # numbers are scaled by the items that are traded: most of a catalogue may never have been
        traded = np.flatnonzero(examples.codes(examples.serve) > 0)
        at_any_time = np.concatenate([rows[traded] for rows in examples.item_rows.values()])
        of_items = scales(examples.behaviour, at_any_time) | scales(examples.items, traded)
        of_users = scales(examples.users, np.arange(len(examples.users.snapshots)))
        self.examples, self.config, self.layout = examples, config, layout_of(examples, config)
        self.item_columns = tuple(column for column in examples.item_columns if column.name != "item_code")
        self.towers = TwoTowers(
            examples.users.columns, self.item_columns, len(examples.code_items), self.layout, config, of_users, of_items
        )
        self._factors: dict[int, Factors] = {}

    def factors(self, snapshot: int) -> Factors:
        """Factors as of a snapshot."""
        if snapshot not in self._factors:
            self._factors[snapshot] = fit_factors(self.examples, snapshot, self.config, self.layout.factors)
        return self._factors[snapshot]

    def history_vectors(self, codes: Tensor, snapshot: int) -> Tensor:
        """Vectors [n, W + F + H] of item codes [n] as part of a history; code 0 stands for no item."""
        return self.towers.history_vectors(codes, self.contents(codes), self.factors(snapshot).history)

    def contents(self, codes: Tensor) -> dict[str, Tensor]:
        """Inputs of the items of codes [n], of which the columns that do not age are used; any item's for code 0."""
        items = np.maximum(self.examples.code_items[codes.numpy()], 0)
        return tensors(self.examples.item_batch(self.examples.serve, items)) | {"item_code": codes}

    def users(self, rows: Index) -> Tensor:
        """Embeddings [B, D] of user rows of one snapshot."""
        inputs = tensors(self.examples.user_batch(rows))
        codes, places = distinct(inputs["history_items"])
        snapshot = self.snapshot_of(rows)
        embeddings: Tensor = self.towers.user(
            inputs, self.history_vectors(codes, snapshot), places, self.factors(snapshot).turn
        )
        return embeddings

    def items(self, snapshot: int, items: Index) -> Tensor:
        """Embeddings [n, D] of catalogue items as of a snapshot."""
        found = []
        for piece in np.array_split(items, max(-(-len(items) // ITEMS_AT_ONCE), 1)):
            inputs = tensors(self.examples.item_batch(snapshot, piece))
            found.append(self.towers.item(inputs, self.factors(snapshot)))
        return torch.cat(found)

    def snapshot_of(self, rows: Index) -> int:
        """The one snapshot that the user rows are of."""
        return int(self.examples.users.snapshots[rows[0]])


def distinct(codes: Tensor) -> tuple[Tensor, Tensor]:
    """The different codes in ascending order [n], and the place of each code among them (shape of `codes`)."""
    present = torch.zeros(int(codes.max()) + 1, dtype=torch.bool)
    present[codes] = True
    return torch.nonzero(present).squeeze(1), (torch.cumsum(present, 0) - 1)[codes]
