"""Recall on a planted shop of few users: it brings back what they have again and again."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
import torch
from two_tower.training import fit_recall
from two_tower.training.config import TrainingConfig
from two_tower.training.data import HISTORY
from two_tower.training.examples import Examples, build_examples
from two_tower.training.fit import recall_phase
from two_tower.training.fit_recall import supports_of
from two_tower.training.recall import BEYOND, FALL, PLACES, RecallItems, RecallUsers
from two_tower.training.two_towers import TwoTowers

USERS, ITEMS, LENGTH, STAPLES = 30, 100, 12, 3


def planted(comes_again: float = 1.0, others: float = 0.0) -> Examples:
    """Everybody had twelve items, three of them often, and these come again; the newest ones were had once.

    comes_again, others: the chance that one of the three, or of the rest, comes again in a window.
    """
    random = np.random.default_rng(0)
    users, targets, had = [], [], []
    for user in range(USERS):
        items = random.choice(ITEMS, LENGTH, replace=False)
        often = np.arange(LENGTH) >= LENGTH - STAPLES
        for snapshot in (1, 2, 3):
            lists = {"history_items": (items + 1).tolist()}
            lists |= {name: (1.0 + 9.0 * often).tolist() for name in HISTORY[1:]}
            lists["history_days"] = np.arange(1.0, LENGTH + 1).tolist()
            users.append({"snapshot": snapshot, "user_id": f"u{user:02d}", **lists})
        ids = [f"i{item:02d}" for item in items]
        targets += [
            {"snapshot": snapshot, "user_id": f"u{user:02d}", "item_id": item, "is_repeat": True}
            for snapshot in (2, 3)
            for place, item in enumerate(ids)
            if random.random() < (comes_again if place >= LENGTH - STAPLES else others)
        ]
        had += [{"snapshot": 2, "user_id": f"u{user:02d}", "item_id": item} for item in ids]
    items_at = [
        {"snapshot": snapshot, "item_id": f"i{item:02d}", "item_code": item + 1, "users": 1.0, "recent_users": 1.0}
        for snapshot in (1, 2, 3)
        for item in range(ITEMS)
    ]
    users.sort(key=lambda row: (row["snapshot"], row["user_id"]))
    tables = [pa.Table.from_pylist(rows) for rows in (users, items_at, items_at, targets, had)]
    changing = {"user": set[str](), "item": {"users", "recent_users", "item_code"}}
    return build_examples(*tables, {"user": {}, "item": {"item_code": ITEMS}}, changing, 1)


def test_a_small_shop_learns_what_comes_back_by_the_passes_of_a_large_one() -> None:
    torch.manual_seed(0)
    config = TrainingConfig(dim=64, factors=4, content=4, support=5, threads=1, factors_alpha=1.0)
    examples = planted()
    towers = TwoTowers(examples, config)
    found = recall_phase(towers, 2, "recall", 1.0, 1)
    assert isinstance(towers.user.memory, RecallUsers)
    served = np.flatnonzero(examples.users.snapshots == 1)
    _, weights = supports_of(towers.user.memory, examples, served)
    assert float(weights[:, :STAPLES].sum(1).min()) > 0.9, "hardly any weight is on what was had once"
    assert found.recall["repeats"] > 0.9


def test_what_few_users_did_with_an_item_does_not_outweigh_how_often_it_was_had() -> None:
    torch.manual_seed(0)
    config = TrainingConfig(dim=64, factors=4, content=4, support=STAPLES, threads=1, factors_alpha=1.0)
    examples = planted(comes_again=0.5, others=0.2)  # by chance: each item has some four users
    user = TwoTowers(examples, config).user.memory
    assert isinstance(user, RecallUsers)
    rows = np.flatnonzero(examples.users.snapshots > 1)
    fit_recall.fit_repeat_head(user, examples, rows, config, config.repeat_epochs)
    served = np.flatnonzero(examples.users.snapshots == 1)
    codes, _ = supports_of(user, examples, served)
    often = np.array([examples.histories.of(served[[n]]).values[-STAPLES:] for n in range(USERS)])
    assert np.mean([np.isin(codes[n], often[n]).mean() for n in range(USERS)]) > 0.8


def test_many_rows_do_not_make_many_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    steps = list[float]()
    monkeypatch.setattr(fit_recall, "descend", lambda _, __, rate: steps.append(rate))
    config = TrainingConfig(dim=64, factors=4, content=4, support=5, threads=1, factors_alpha=1.0)
    config = replace(config, recall_batch_size=2, recall_steps=40)
    examples = planted()
    towers = TwoTowers(examples, config)
    user, item = towers.user.memory, towers.item.memory
    assert isinstance(user, RecallUsers)
    assert isinstance(item, RecallItems)
    rows = np.arange(len(examples.users.snapshots))
    for passes, expected in ((16, 40), (1, 40)):  # 90 rows are 45 batches
        steps.clear()
        fit_recall.fit_recall(user, item, examples, rows, config, passes, 0.1)
        assert len(steps) == expected


def test_each_place_of_a_list_counts_less_than_the_one_before_and_what_it_has_no_place_for_much_less() -> None:
    torch.manual_seed(0)
    length = PLACES + 3
    user = RecallUsers(length + 1, TrainingConfig(support=length))
    inputs = dict.fromkeys(HISTORY, torch.ones(1, length)) | {"history_items": torch.arange(1, length + 1).unsqueeze(0)}
    _, weights = user.supports(inputs)
    falling = FALL ** torch.arange(PLACES + 1)
    torch.testing.assert_close(weights[0, :PLACES], weights[0, :1] * falling[:PLACES])
    torch.testing.assert_close(weights[0, PLACES:], weights[0, :1] * falling[PLACES:].expand(3) * BEYOND)
    torch.testing.assert_close(weights.sum(), torch.tensor(1.0))
