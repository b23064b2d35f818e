"""The fit from examples to towers: memory, then taste, the validation window held out; then all with it.

A random split has that window in the histories of the snapshots that teach, see macro is_history.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace

import torch
from threadpoolctl import threadpool_limits

from .config import TrainingConfig
from .continuation import Codes, Start, take_over
from .examples import Examples
from .fit_recall import HEAD_RATE, fit_recall, fit_repeat_head, start_recall
from .fit_sequence import SequenceTrainer
from .fit_taste import TasteTrainer
from .newcomers import choose_standing, fit_newcomers
from .optimise import Epoch
from .recall import RecallItems, RecallUsers
from .two_towers import TwoTowers, has_repeats, has_turnover
from .validation import FACTORS, MEMORY, TASTE, choose_factors, choose_shares, only, strangers, validation_recall

Log = Callable[[str], None]
Record = Callable[[Epoch], None]
POLICIES = ("repeats", "new")
FINAL = (
    0.2,
    4,
)  # share of the learning rate, and of the passes one in so many: the final phases start from fitted weights
GOING_ON = 0.5, 3  # the same from an earlier run's weights, which know less of what is to be learned
TURNOVER = 0.5, 1  # for a sequence part that has seen what is newest as nothing but negatives by then


def fit(
    examples: Examples, config: TrainingConfig, log: Log, watch: Record | None = None
) -> tuple[TwoTowers, list[Epoch]]:
    """Fit before the validation window, stopping early by it; then let it join, unless `watch` is told of epochs."""
    prepare(config)
    config = choose_factors(examples, adapted(config, examples), log)
    towers = TwoTowers(examples, config)
    curve = Curve(log, watch)
    newest = examples.serve + 1
    is_recall = isinstance(towers.user.memory, RecallUsers)
    if is_recall:
        curve.record(recall_phase(towers, newest, "recall", 1.0, 1))
    elif towers.user.memory:
        with only(towers, MEMORY):
            search(towers, SequenceTrainer(towers, newest, config.sequence_epochs, 1.0), "sequence", curve.record)
    with only(towers, FACTORS):  # whose part of the shares says so, if nothing better is learned
        start = score_of(validation_recall(towers, POLICIES))
    with only(towers, TASTE):
        taste = TasteTrainer(towers, newest, config.epochs, 1.0, strangers(examples))
        search(towers, taste, "taste", curve.record, start)
    choose_shares(towers, "repeats" if is_recall else "new", log)
    choose_standing(towers, log)
    if not watch:
        finish(towers, curve.record, of_memory(towers), FINAL[0])
    return towers.eval(), curve.epochs


def go_on(
    examples: Examples, config: TrainingConfig, start: Start, codes: Codes, log: Log
) -> tuple[TwoTowers, list[Epoch]] | None:
    """Fit from the towers of another run, with what was chosen then: the last phases of `fit` only.

    None if the towers would now be built of other parts.
    """
    prepare(config)
    towers = TwoTowers(examples, replace(config, **start.settings))
    towers.epochs = start.epochs
    memories = towers.user.memory, towers.item.memory
    if isinstance(memories[0], RecallUsers) and isinstance(memories[1], RecallItems):
        start_recall(memories[0], memories[1])
    if not take_over(towers, start, codes):
        return None
    curve = Curve(log)
    finish(towers, curve.record, GOING_ON, GOING_ON[0])
    return towers.eval(), curve.epochs


def prepare(config: TrainingConfig) -> None:
    """Make what follows reproducible, at the given number of threads."""
    torch.set_num_threads(config.threads)
    # more BLAS threads than cores wait for each other: seventy times as long with two on one
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    threadpool_limits(min(config.threads, cores), "blas")
    torch.manual_seed(config.seed)
    torch.use_deterministic_algorithms(True)
    # filling memory before it is written cost a fifth of the time, and nothing here reads it before
    vars(torch.utils)["deterministic"].fill_uninitialized_memory = False


class Curve:
    """The epochs of a fit, numbered and told as they come."""

    def __init__(self, log: Log, watch: Record | None = None):
        self.log, self.watch = log, watch
        self.epochs: list[Epoch] = []

    def record(self, epoch: Epoch) -> None:
        """Take down one more epoch."""
        epoch.epoch = len(self.epochs) + 1
        self.epochs.append(epoch)
        self.log(str(epoch))
        if self.watch:
            self.watch(epoch)


def of_memory(towers: TwoTowers) -> tuple[float, int]:
    """Share of the learning rate, and of the passes one in so many, for the final phase of memory after a whole fit."""
    is_sequence = towers.user.memory is not None and not isinstance(towers.user.memory, RecallUsers)
    return TURNOVER if is_sequence and has_turnover(towers.examples) else FINAL


def finish(towers: TwoTowers, record: Record, memory: tuple[float, int], taste: float) -> None:
    """Let all that may be seen join, the validation window included: few passes at a low rate, from fitted weights.

    memory: share of the learning rate, and of the passes one in so many. taste: share of the learning rate.
    """
    serve, config = towers.examples.serve, towers.config
    if isinstance(towers.user.memory, RecallUsers):
        record(recall_phase(towers, serve, "final", *memory))
    elif towers.user.memory:
        epochs = -(-towers.epochs["sequence"] // memory[1])
        repeat(SequenceTrainer(towers, serve, epochs, memory[0]), record)
    if towers.epochs["taste"]:
        repeat(TasteTrainer(towers, serve, config.final_epochs, taste), record)
    towers.item.newcomers.copy_(fit_newcomers(towers, serve))


def adapted(config: TrainingConfig, examples: Examples) -> TrainingConfig:
    """Recall has to be long to be exact; a sequence part need not be, and leaves its dimensions to the factors.

    Where histories have no order, factors are all that is needed of them.
    """
    if not config.memory_dim or has_repeats(examples):
        return config
    rest = config.dim - config.content - 2
    return replace(config, factors=rest - (min(config.sequence, rest - 1) if config.ordered else 0))


def recall_phase(towers: TwoTowers, newest: int, phase: str, rate: float, one_in: int) -> Epoch:
    """Fit recall on histories as of snapshot `newest` and older; targets are read of those older than it.

    rate, one_in: share of the learning rate, and of the passes one in so many.
    """
    started = time.perf_counter()
    examples, config = towers.examples, towers.config
    config = replace(config, recall_steps=-(-config.recall_steps // one_in))
    user, item = towers.user.memory, towers.item.memory
    assert isinstance(user, RecallUsers)
    assert isinstance(item, RecallItems)
    oldest = int(examples.users.snapshots.max()) + 1
    targets = examples.rows_of(range(newest + 1, oldest), with_targets=True)
    is_first = phase != "final"
    head_epochs, epochs = (-(-passes // one_in) for passes in (config.repeat_epochs, config.recall_epochs))
    if is_first:
        start_recall(user, item)
    fit_repeat_head(user, examples, targets, config, head_epochs, HEAD_RATE * rate)
    histories = examples.rows_of(range(newest, oldest), with_targets=False)
    loss = fit_recall(user, item, examples, histories, config, epochs, config.recall_learning_rate * rate)
    recall = validation_recall(towers, ("repeats",)) if is_first else {}
    return Epoch(0, phase, loss, time.perf_counter() - started, recall)


def search(
    towers: TwoTowers, trainer: SequenceTrainer | TasteTrainer, phase: str, record: Record, start: float = -1.0
) -> None:
    """Run epochs until the validation recall stops rising; the towers are left as they were at their best.

    start: validation recall before the first epoch. The number of the best epoch goes into towers.epochs.
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
    towers.epochs[phase] = best_number


def score_of(recalls: dict[str, float]) -> float:
    """What epochs are compared by: recall of what is new, where there is any."""
    return recalls.get("new", recalls.get("repeats", 0.0))


def repeat(trainer: SequenceTrainer | TasteTrainer, record: Record) -> None:
    """Run all epochs of the final phase."""
    for _ in range(trainer.epochs):
        record(trainer.epoch("final"))
