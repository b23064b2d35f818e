"""The sequence part on planted histories: it learns what comes next, and what belongs together."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
import torch
from two_tower.training.config import TrainingConfig
from two_tower.training.data import HISTORY
from two_tower.training.examples import Examples, build_examples
from two_tower.training.fit import GOING_ON, finish, of_memory
from two_tower.training.fit_sequence import SequenceTrainer
from two_tower.training.two_towers import TwoTowers, has_turnover
from two_tower.training.validation import (
    MEMORY,
    choose_shares,
    only,
    recalls_of,
    validation_recalls,
    validation_rows,
)

ITEMS, USERS, LENGTH = 40, 300, 6


def planted(histories: list[list[int]], targets: list[int]) -> Examples:
    """Examples of users who had items by number, newest first, at the validation snapshot, and went on to one."""
    ids, had_ever = [f"i{item:02d}" for item in range(ITEMS)], {item for history in histories for item in history}
    users = [
        {"snapshot": snapshot, "user_id": f"u{user:03d}", "history_items": [item + 1 for item in history]}
        | {name: [1.0] * len(history) for name in HISTORY[1:]}
        for snapshot in (1, 2)
        for user, history in enumerate(histories)
    ]
    items = [
        {
            "snapshot": snapshot,
            "item_id": item,
            "item_code": code + 1,
            "users": float(code in had_ever),
            "recent_users": 1.0,
        }
        for snapshot in (1, 2)
        for code, item in enumerate(ids)
    ]
    wanted = [
        {"snapshot": 2, "user_id": f"u{user:03d}", "item_id": ids[item], "is_repeat": False}
        for user, item in enumerate(targets)
    ]
    had = [
        {"snapshot": 2, "user_id": f"u{user:03d}", "item_id": ids[item]}
        for user, history in enumerate(histories)
        for item in history
    ]
    return build_examples(
        *(pa.Table.from_pylist(rows) for rows in (users, items, items, wanted, had)),
        {"user": {}, "item": {"item_code": ITEMS}}, {"user": set(), "item": {"users", "recent_users", "item_code"}}, 1,
    )  # fmt: skip


CONFIG = TrainingConfig(
    dim=30, factors=4, content=4, sequence_learning_rate=0.03, sequence_dropout=0.0, threads=1, factors_alpha=1.0,
    factors_regularization=1.0,
)  # fmt: skip


def recall_at_1(examples: Examples) -> float:
    """Share of users whose next item the fitted sequence part ranks first."""
    torch.manual_seed(0)
    towers = TwoTowers(examples, CONFIG)
    trainer = SequenceTrainer(towers, 2, 4, 1.0)
    for _ in range(trainer.epochs):
        trainer.epoch("sequence")
    rows = validation_rows(examples)
    with only(towers.eval(), MEMORY), torch.inference_mode():
        scores = towers.users(rows, "new") @ towers.items(2, np.arange(ITEMS)).T
        found = recalls_of(examples, rows[:256], [scores[:256]], "new", k=1)
    return float(found.mean())


def test_it_learns_what_comes_next() -> None:
    """Users walk along a circle of items; the next one is told by the newest one alone."""
    starts = np.random.default_rng(0).integers(0, ITEMS, USERS)
    histories = [[(int(start) - step) % ITEMS for step in range(LENGTH)] for start in starts]
    assert recall_at_1(planted(histories, [(int(start) + 1) % ITEMS for start in starts])) > 0.9


def test_it_learns_what_belongs_together() -> None:
    """Users have seven of the eight items of one shelf in any order; the next one is the eighth."""
    random = np.random.default_rng(0)
    shelves = [random.permutation(8) + 8 * random.integers(0, ITEMS // 8) for _ in range(USERS)]
    histories = [[int(item) for item in shelf[1:]] for shelf in shelves]
    assert recall_at_1(planted(histories, [int(shelf[0]) for shelf in shelves])) > 0.9


def shelves(left_out: int) -> Examples:
    """Users had seven of the eight items of one shelf, never the one that is left out, and all went on to that."""
    random = np.random.default_rng(0)
    starts = 8 * random.integers(0, ITEMS // 8, USERS)
    others = [item for item in range(8) if item != left_out]
    histories = [[int(start + item) for item in random.permutation(others)] for start in starts]
    return planted(histories, [int(start + left_out) for start in starts])


def test_an_epoch_of_a_large_shop_is_a_part_of_it() -> None:
    towers = TwoTowers(shelves(0), replace(CONFIG, sequence_positions=64))
    whole = SequenceTrainer(towers, 2, 4, 1.0).batches()
    assert sorted(np.concatenate(whole)) == sorted(towers.examples.rows_of(range(2, 3), with_targets=False))
    towers.config = replace(towers.config, sequence_steps=30)
    trainer = SequenceTrainer(towers, 2, 4, 1.0)
    first, second = trainer.batches(), trainer.batches()
    assert len(first) == len(second) == 3 < len(whole), "30 steps in ten epochs"
    assert set(np.concatenate(first)) != set(np.concatenate(second))


@pytest.mark.parametrize("is_late", [True, False])
def test_what_is_new_in_the_validation_window_is_learned_at_length(is_late: bool) -> None:
    examples = shelves(0)
    if not is_late:  # one user had what the others go on to
        histories = [[*range(0, ITEMS, 8), 1, 2], *([[1, 2, 3]] * (USERS - 1))]
        examples = planted(histories, [0] * USERS)
    assert has_turnover(examples) == is_late
    towers, epochs = TwoTowers(examples, CONFIG), []
    towers.epochs = {"sequence": 4, "taste": 0}
    finish(towers, epochs.append, of_memory(towers), 0.0)
    assert len(epochs) == (4 if is_late else 1)
    finish(towers, epochs.append, GOING_ON, 0.0)  # from towers of yesterday, which have learned what was newest then
    assert len(epochs) == (4 if is_late else 1) + 2


def test_a_sequence_part_that_says_nothing_is_turned_down() -> None:
    random = np.random.default_rng(0)
    kept = [random.permutation(8) + 8 * random.integers(0, ITEMS // 8) for _ in range(USERS)]
    examples = planted([[int(item) for item in shelf[1:]] for shelf in kept], [int(shelf[0]) for shelf in kept])
    torch.manual_seed(0)
    towers = TwoTowers(examples, replace(CONFIG, factors=8, dim=34, factors_regularization=0.1)).eval()
    with torch.no_grad():
        towers.user.memory.scale += 5.0  # too loud for the rest to be heard beside it, and not fitted
    towers.user.shares[:] = torch.tensor([1.0, 0.1, 0.1, 0.0])
    before = validation_recalls(towers, "new").mean()
    choose_shares(towers, "new", lambda _: None)
    assert towers.user.shares[1, 0] < 1.0
    assert validation_recalls(towers, "new").mean() > before + 0.1
