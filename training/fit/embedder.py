"""What asks the data and calls the towers: embeddings of user rows and of catalogue items, factors of each cutoff."""

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
    """Towers over the examples of one stage; factors are fitted once for each cutoff that is asked for."""

    def __init__(self, examples: Examples, config: TrainingConfig):
        # numbers are scaled by the items that are traded: most of a catalogue may never have been
        traded = np.flatnonzero(examples.item_indexes(examples.serving_cutoff) > 0)
        at_any_time = np.concatenate([rows[traded] for rows in examples.item_rows.values()])
        of_items = scales(examples.behaviour, at_any_time) | scales(examples.items, traded)
        of_users = scales(examples.users, np.arange(len(examples.users.cutoffs)))
        self.examples, self.config, self.layout = examples, config, layout_of(examples, config)
        self.item_columns = tuple(column for column in examples.item_columns if column.name != "item_index")
        self.towers = TwoTowers(
            examples.users.columns,
            self.item_columns,
            len(examples.items_by_index),
            self.layout,
            config,
            of_users,
            of_items,
        )
        self._factors: dict[int, Factors] = {}

    def factors(self, cutoff: int) -> Factors:
        """Factors as of a cutoff."""
        if cutoff not in self._factors:
            self._factors[cutoff] = fit_factors(self.examples, cutoff, self.config, self.layout.factors)
        return self._factors[cutoff]

    def history_vectors(self, codes: Tensor, cutoff: int) -> Tensor:
        """Vectors [n, W + F + H] of item indexes [n] as part of a history; code 0 stands for no item."""
        return self.towers.history_vectors(codes, self.static_inputs(codes), self.factors(cutoff).history)

    def static_inputs(self, codes: Tensor) -> dict[str, Tensor]:
        """Inputs of the items of codes [n], of which the columns that do not age are used; any item's for code 0."""
        items = np.maximum(self.examples.items_by_index[codes.numpy()], 0)
        return tensors(self.examples.item_batch(self.examples.serving_cutoff, items)) | {"item_index": codes}

    def users(self, rows: Index) -> Tensor:
        """Embeddings [B, D] of user rows of one cutoff."""
        inputs = tensors(self.examples.user_batch(rows))
        codes, places = distinct(inputs["history_items"])
        cutoff = self.cutoff_of(rows)
        embeddings: Tensor = self.towers.user(
            inputs, self.history_vectors(codes, cutoff), places, self.factors(cutoff).fold_in_basis
        )
        return embeddings

    def items(self, cutoff: int, items: Index) -> Tensor:
        """Embeddings [n, D] of catalogue items as of a cutoff."""
        found = []
        for piece in np.array_split(items, max(-(-len(items) // ITEMS_AT_ONCE), 1)):
            inputs = tensors(self.examples.item_batch(cutoff, piece))
            found.append(self.towers.item(inputs, self.factors(cutoff)))
        return torch.cat(found)

    def cutoff_of(self, rows: Index) -> int:
        """The one cutoff that the user rows are of."""
        return int(self.examples.users.cutoffs[rows[0]])


def distinct(codes: Tensor) -> tuple[Tensor, Tensor]:
    """The different codes in ascending order [n], and the place of each code among them (shape of `codes`)."""
    present = torch.zeros(int(codes.max()) + 1, dtype=torch.bool)
    present[codes] = True
    return torch.nonzero(present).squeeze(1), (torch.cumsum(present, 0) - 1)[codes]
