"""Both towers together, with what they need of the examples: embeddings of user rows and of catalogue items."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from .config import TrainingConfig
from .data import Array, tensor
from .examples import Examples, Index, scales
from .factors import Factors, fit_factors
from .recall import RecallItems, RecallUsers
from .sequence import SequenceItems, SequenceUsers
from .towers import ItemTower, UserTower

FEWEST_REPEATS = 0.05  # share of targets that the user already had
MUCH_TURNOVER = 0.05  # share of targets that nobody had had
ITEMS_AT_ONCE = 32_768  # whose inputs are held as numbers: a text is up to 256 of them


class TwoTowers(nn.Module):
    """Both towers, the factors of each snapshot, and the content of the items that a history can hold."""

    def __init__(self, examples: Examples, config: TrainingConfig):
        super().__init__()
        codes = len(examples.code_items)
        # numbers are scaled by the items that are traded: most of a catalogue may never have been
        traded = np.flatnonzero(examples.codes(examples.serve) > 0)
        at_any_time = np.concatenate([rows[traded] for rows in examples.item_rows.values()])
        of_items = scales(examples.behaviour, at_any_time) | scales(examples.items, traded)
        of_users = scales(examples.users, np.arange(len(examples.users.snapshots)))
        columns = tuple(column for column in examples.item_columns if column.name != "item_code")
        memories: tuple[RecallItems, RecallUsers] | tuple[SequenceItems, SequenceUsers] | tuple[None, None]
        if not config.memory_dim:
            memories = None, None
        elif has_repeats(examples):
            memories = RecallItems(codes, config), RecallUsers(codes, config)
        else:
            memories = (
                SequenceItems(columns, codes, config, of_items),
                SequenceUsers(examples.users.columns, config, of_users),
            )
        users = np.asarray(examples.item_values("users", examples.serve))
        self.item = ItemTower(columns, memories[0], config, of_items, float(np.nan_to_num(users).sum()))
        self.user = UserTower(examples.users.columns, memories[1], config, of_users)
        self.examples, self.config = examples, config
        self.epochs: dict[str, int] = {}  # that were best, by phase; 0 = the start
        self._factors: dict[int, Factors] = {}

    def factors(self, snapshot: int) -> Factors:
        """Factors as of a snapshot, fitted when they are first asked for."""
        if snapshot not in self._factors:
            self._factors[snapshot] = fit_factors(self.examples, snapshot, self.config)
        return self._factors[snapshot]

    def history_vectors(self, codes: Tensor, snapshot: int) -> Tensor:
        """Vectors [n, R - 1 + F + H] of item codes [n] as part of a history; code 0 stands for no item."""
        tastes = self.history_tastes(codes, snapshot)
        if self.item.memory is None or self.user.memory is None:
            return tastes
        items = self.item.memory.in_history(self.contents(codes))
        return torch.cat([self.user.memory.history(codes, items), tastes], 1)

    def history_tastes(self, codes: Tensor, snapshot: int) -> Tensor:
        """All but the memory part of them: [n, F + H]."""
        content = self.item.features.content(self.contents(codes)) * (codes > 0).unsqueeze(1)
        return torch.cat([self.factors(snapshot).history[codes], content], 1)

    def contents(self, codes: Tensor) -> dict[str, Tensor]:
        """Inputs of the items of codes [n], of which the columns that do not age are used; any item's for code 0."""
        items = np.maximum(self.examples.code_items[codes.numpy()], 0)
        return tensors(self.examples.item_batch(self.examples.serve, items))

    def users(self, rows: Index, policy: str, is_hidden: bool = False) -> Tensor:
        """Embeddings [B, D] of user rows of one snapshot under a policy; as if without a history, if that is hidden."""
        inputs = tensors(self.examples.user_batch(rows))
        if is_hidden:
            inputs["history_items"] = torch.zeros_like(inputs["history_items"])
        inputs["only_new"] = torch.full((len(rows),), float(policy == "new"))
        codes, places = distinct(inputs["history_items"])
        snapshot = self.snapshot_of(rows)
        vectors, turn = self.history_vectors(codes, snapshot), self.factors(snapshot).turn
        embeddings: Tensor = self.user(inputs, vectors, places, turn)
        return embeddings

    def items(self, snapshot: int, items: Index) -> Tensor:
        """Embeddings [n, D] of catalogue items as of a snapshot."""
        found = []
        for piece in np.array_split(items, max(-(-len(items) // ITEMS_AT_ONCE), 1)):
            inputs = tensors(self.examples.item_batch(snapshot, piece))
            found.append(self.item(inputs, self.factors(snapshot)))
        return torch.cat(found)

    def snapshot_of(self, rows: Index) -> int:
        """The one snapshot that the user rows are of."""
        return int(self.examples.users.snapshots[rows[0]])


def has_repeats(examples: Examples) -> bool:
    """Whether users have things again: memory is recall then, else sequence."""
    return float(examples.again.values.sum()) >= FEWEST_REPEATS * len(examples.targets.values)


def has_turnover(examples: Examples) -> bool:
    """Whether much of what users of the validation window wanted was in no history before it."""
    snapshot = examples.serve + 1
    wanted = examples.rows_of(range(snapshot, snapshot + 1), with_targets=True)
    items = examples.targets.values[examples.targets.cells(wanted)]
    had = np.append(np.nan_to_num(np.asarray(examples.item_values("users", snapshot))) > 0, False)  # place -1: no item
    return float((~had[items]).sum()) >= MUCH_TURNOVER * max(len(items), 1)


def tensors(arrays: dict[str, Array]) -> dict[str, Tensor]:
    """Arrays as tensors by name."""
    return {name: tensor(values) for name, values in arrays.items()}


def distinct(codes: Tensor) -> tuple[Tensor, Tensor]:
    """The different codes in ascending order [n], and the place of each code among them (shape of `codes`)."""
    present = torch.zeros(int(codes.max()) + 1, dtype=torch.bool)
    present[codes] = True
    return torch.nonzero(present).squeeze(1), (torch.cumsum(present, 0) - 1)[codes]
