"""The sequence part on planted histories: it learns what comes next, and what belongs together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
import torch
from two_tower.training.config import TrainingConfig
from two_tower.training.fit.embedder import Embedder
from two_tower.training.fit.schedule import refit, search
from two_tower.training.fit.sequence import SequenceTrainer
from two_tower.training.fit.validation import (
    choose_part_weights,
    recalls_of,
    validation_recall,
    validation_rows,
    weighed_parts,
)
from two_tower.training.inputs.arrays import HISTORY
from two_tower.training.inputs.examples import Examples, build_examples
from two_tower.training.progress import Progress

ITEMS, USERS, LENGTH = 40, 300, 6


def planted(histories: list[list[int]], targets: list[int], had: Callable[[int], float] = lambda _: 1.0) -> Examples:
    """Examples of users who had items by number, newest first, at the validation cutoff, and went on to one.

    had: how often an item of a history was had, 0 = it was only looked at.
    """
    ids, had_ever = [f"i{item:02d}" for item in range(ITEMS)], {item for history in histories for item in history}
    users = [
        {"cutoff": cutoff, "user_id": f"u{user:03d}", "history_items": [item + 1 for item in history]}
        | {name: [1.0] * len(history) for name in HISTORY[1:]}
        | {"history_interactions": [had(item) for item in history]}
        for cutoff in (1, 2)
        for user, history in enumerate(histories)
    ]
    items = [
        {
            "cutoff": cutoff,
            "item_id": item,
            "item_index": code + 1,
            "users": float(code in had_ever),
            "recent_users": 1.0,
        }
        for cutoff in (1, 2)
        for code, item in enumerate(ids)
    ]
    wanted = [
        {"cutoff": 2, "user_id": f"u{user:03d}", "item_id": ids[item], "is_repeat": False}
        for user, item in enumerate(targets)
    ]
    known = [
        {"cutoff": 2, "user_id": f"u{user:03d}", "item_id": ids[item]}
        for user, history in enumerate(histories)
        for item in history
    ]
    return build_examples(
        *(pa.Table.from_pylist(rows) for rows in (users, items, items, wanted, known)),
        {"user": {}, "item": {"item_index": ITEMS}}, {"users", "recent_users", "item_index"}, 1,
    )  # fmt: skip


CONFIG = TrainingConfig(
    dim=50, features=4, sequence_learning_rate=0.03, sequence_dropout=0.0, sequence_epochs=4, threads=1,
    factors_alpha=1.0, factors_regularization=1.0,
)  # fmt: skip


def recall_at_1(examples: Examples) -> float:
    """Share of users whose next item the fitted sequence part ranks first."""
    torch.manual_seed(0)
    embedder = Embedder(examples, CONFIG)
    trainer = SequenceTrainer(embedder, 2)
    for _ in range(trainer.epochs):
        trainer.epoch("sequence")
    rows = validation_rows(examples)
    embedder.towers.eval()
    with weighed_parts(embedder, 1.0, 0.0), torch.inference_mode():
        scores = embedder.users(rows) @ embedder.items(2, np.arange(ITEMS)).T
        found = recalls_of(examples, rows[:256], [scores[:256]], "unseen_only", k=1)
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


def test_what_was_only_looked_at_tells_what_comes_next_and_is_not_predicted() -> None:
    """A look at an item of the first half comes before its fellow of the second is had; odd users have just had one."""
    random, half = np.random.default_rng(0), ITEMS // 2
    looks = np.stack([random.permutation(half)[:LENGTH] for _ in range(USERS)])
    histories = [[int(item) for look in own[1:] for item in (half + look, look)] for own in looks]  # newest first
    histories = [own if user % 2 else [int(looks[user, 0]), *own] for user, own in enumerate(histories)]
    wanted = half + looks[:, 0]
    examples = planted(histories, wanted.tolist(), had=lambda item: float(item >= half))
    torch.manual_seed(0)
    embedder = Embedder(examples, CONFIG)
    trainer = SequenceTrainer(embedder, 2)
    for _ in range(trainer.epochs):
        trainer.epoch("sequence")
    embedder.towers.eval()
    with weighed_parts(embedder, 1.0, 0.0), torch.inference_mode():
        scores = embedder.users(validation_rows(examples)) @ embedder.items(2, np.arange(ITEMS)).T
    found = scores.argmax(1).numpy()
    assert (found[::2] == wanted[::2]).mean() > 0.8
    assert (found[1::2] >= half).mean() > 0.95, "what is had next, not what is looked at next"


def shelves(left_out: int) -> Examples:
    """Users had seven of the eight items of one shelf, never the one that is left out, and all went on to that."""
    random = np.random.default_rng(0)
    starts = 8 * random.integers(0, ITEMS // 8, USERS)
    others = [item for item in range(8) if item != left_out]
    histories = [[int(start + item) for item in random.permutation(others)] for start in starts]
    return planted(histories, [int(start + left_out) for start in starts])


def test_an_epoch_of_a_large_shop_is_a_part_of_it() -> None:
    embedder = Embedder(shelves(0), replace(CONFIG, sequence_positions=64))
    whole = SequenceTrainer(embedder, 2).batches()
    assert sorted(np.concatenate(whole)) == sorted(embedder.examples.rows_of(range(2, 3), with_targets=False))
    embedder.config = replace(embedder.config, sequence_steps=30, sequence_epochs=10)
    trainer = SequenceTrainer(embedder, 2)
    first, second = trainer.batches(), trainer.batches()
    assert len(first) == len(second) == 3 < len(whole), "30 steps in ten epochs"
    assert set(np.concatenate(first)) != set(np.concatenate(second))


def test_the_fit_that_serves_repeats_the_epochs_that_a_search_found_best() -> None:
    examples = shelves(0)
    watched: list[str] = []
    embedder, found, epochs = search(examples, CONFIG, Progress(), lambda epoch: watched.append(epoch.phase))
    assert watched == [epoch.phase for epoch in epochs]
    curve = [epoch.recall["unseen_only"] for epoch in epochs if epoch.phase == "sequence"]
    assert found.sequence_epochs == curve.index(max(curve)) + 1
    assert found.preference_weight == pytest.approx(float(embedder.towers.user.part_weights[1]))
    served, final = refit(examples, found, Progress())
    assert [epoch.phase for epoch in final] == ["final"] * (found.sequence_epochs + found.preference_epochs)
    assert not any(epoch.recall for epoch in final), "it has no window to measure on"
    assert torch.equal(served.towers.user.part_weights, embedder.towers.user.part_weights)


def test_a_sequence_part_that_says_nothing_is_turned_down() -> None:
    random = np.random.default_rng(0)
    kept = [random.permutation(8) + 8 * random.integers(0, ITEMS // 8) for _ in range(USERS)]
    examples = planted([[int(item) for item in shelf[1:]] for shelf in kept], [int(shelf[0]) for shelf in kept])
    torch.manual_seed(0)
    embedder = Embedder(examples, replace(CONFIG, factors_regularization=0.1))
    embedder.towers.eval()
    weights = embedder.towers.user.part_weights
    weights[:] = torch.tensor([1.0, 0.05])
    before = validation_recall(embedder, ("unseen_only",))["unseen_only"]
    choose_part_weights(embedder, lambda _: None)  # of a sequence part that was not fitted
    assert weights[1] > 0.1 * weights[0]
    assert validation_recall(embedder, ("unseen_only",))["unseen_only"] > before + 0.1
