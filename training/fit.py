"""The fit from examples to towers: memory, then taste, both with the validation window held out; then all with it."""

from __future__ import annotations

import time
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace

import torch

from .config import TrainingConfig
from .examples import Examples
from .fit_recall import HEAD_RATE, fit_recall, fit_repeat_head, start_recall
from .fit_sequence import SequenceTrainer
from .fit_taste import TasteTrainer
from .optimise import Epoch
from .recall import RecallItems, RecallUsers
from .two_towers import TwoTowers, has_repeats
from .validation import FACTORS, MEMORY, TASTE, choose_factors, choose_shares, only, validation_recall

Log = Callable[[str], None]
Record = Callable[[Epoch], None]
POLICIES = ("repeats", "new")
FINAL_RATE = 0.2  # the final phases start from fitted weights
FINAL_SHARE = 4  # and take a quarter of the passes


def fit(
    examples: Examples, config: TrainingConfig, log: Log, watch: Record | None = None
) -> tuple[TwoTowers, list[Epoch]]:
    """Fit before the validation window, stopping early by it; then let it join, unless `watch` is told of epochs."""
    torch.set_num_threads(config.threads)
    torch.manual_seed(config.seed)
    torch.use_deterministic_algorithms(True)
    # filling memory before it is written cost a fifth of the time, and nothing here reads it before
    vars(torch.utils)["deterministic"].fill_uninitialized_memory = False
    config = choose_factors(examples, adapted(config, examples), log)
    towers = TwoTowers(examples, config)
    curve: list[Epoch] = []

    def record(epoch: Epoch) -> None:
        epoch.epoch = len(curve) + 1
        curve.append(epoch)
        log(str(epoch))
        if watch:
            watch(epoch)

    serve, newest = examples.serve, examples.serve + 1
    is_recall = isinstance(towers.user.memory, RecallUsers)
    best = 0  # epoch of the sequence part
    if is_recall:
        record(recall_phase(towers, newest, "recall", 1.0))
    elif towers.user.memory:
        with only(towers, MEMORY):
            best = search(towers, SequenceTrainer(towers, newest, config.sequence_epochs, 1.0), "sequence", record)
    with only(towers, FACTORS):  # whose part of the shares says so, if nothing better is learned
        start = score_of(validation_recall(towers, POLICIES))
    with only(towers, TASTE):
        learned = search(towers, TasteTrainer(towers, newest, config.epochs, 1.0), "taste", record, start) > 0
    choose_shares(towers, "repeats" if is_recall else "new", log)
    if watch:
        return towers.eval(), curve
    if is_recall:
        record(recall_phase(towers, serve, "final", FINAL_RATE))
    elif towers.user.memory:
        repeat(SequenceTrainer(towers, serve, -(-best // FINAL_SHARE), FINAL_RATE), record)
    if learned:
        repeat(TasteTrainer(towers, serve, config.final_epochs, FINAL_RATE), record)
    return towers.eval(), curve


def adapted(config: TrainingConfig, examples: Examples) -> TrainingConfig:
    """Recall has to be long to be exact; a sequence part need not be, and leaves its dimensions to the factors.

    Where histories have no order, factors are all that is needed of them.
    """
    if not config.memory_dim or has_repeats(examples):
        return config
    rest = config.dim - config.content - 2
    return replace(config, factors=rest - (min(config.sequence, rest - 1) if config.ordered else 0))


def recall_phase(towers: TwoTowers, newest: int, phase: str, rate: float) -> Epoch:
    """Fit recall on histories as of snapshot `newest` and older; targets are read of those older than it."""
    started = time.perf_counter()
    examples, config = towers.examples, towers.config
    user, item = towers.user.memory, towers.item.memory
    assert isinstance(user, RecallUsers)
    assert isinstance(item, RecallItems)
    oldest = int(examples.users.snapshots.max()) + 1
    targets = examples.rows_of(range(newest + 1, oldest), with_targets=True)
    is_first = phase != "final"
    # the final phase goes on from fitted tables
    head_epochs = config.repeat_epochs if is_first else -(-config.repeat_epochs // FINAL_SHARE)
    epochs = config.recall_epochs if is_first else -(-config.recall_epochs // FINAL_SHARE)
    if is_first:
        start_recall(user, item)
    fit_repeat_head(user, examples, targets, config, head_epochs, HEAD_RATE * rate)
    histories = examples.rows_of(range(newest, oldest), with_targets=False)
    loss = fit_recall(user, item, examples, histories, config, epochs, config.recall_learning_rate * rate)
    recall = validation_recall(towers, ("repeats",)) if is_first else {}
    return Epoch(0, phase, loss, time.perf_counter() - started, recall)


def search(
    towers: TwoTowers, trainer: SequenceTrainer | TasteTrainer, phase: str, record: Record, start: float = -1.0
) -> int:
    """Run epochs until the validation recall stops rising; the towers are left as they were at their best.

    start: validation recall before the first epoch. Returns the number of the best epoch, 0 = the start.
    """
    best, best_number, best_score = deepcopy(towers.state_dict()), 0, start
    for number in range(1, trainer.epochs + 1):
        epoch = trainer.epoch(phase)
        epoch.recall = validation_recall(towers, POLICIES)
        record(epoch)
        score = score_of(epoch.recall)
        if score > best_score:
            best, best_number, best_score = deepcopy(towers.state_dict()), number, score
        elif number - best_number >= towers.config.patience:
            break
    towers.load_state_dict(best)
    return best_number


def score_of(recalls: dict[str, float]) -> float:
    """What epochs are compared by: recall of what is new, where there is any."""
    return recalls.get("new", recalls.get("repeats", 0.0))


def repeat(trainer: SequenceTrainer | TasteTrainer, record: Record) -> None:
    """Run all epochs of the final phase."""
    for _ in range(trainer.epochs):
        record(trainer.epoch("final"))
