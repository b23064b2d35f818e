"""The fit from examples to towers: recall, then taste with early stopping, then once more with the newest window."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from torch import Tensor

from .config import TrainingConfig
from .examples import Examples, Index
from .losses import HIDDEN, sampled_softmax
from .recall import HEAD_RATE, decay, descend, fit_recall, fit_repeat_head, start_recall
from .sampling import Sampler
from .two_towers import TwoTowers, distinct, tensors
from .validation import choose_blend, validation_recall

Log = Callable[[str], None]
FEWEST_REPEATS = 0.02  # share of targets that the user already had
FINAL_RATE = 0.2  # the final phases start from fitted weights


@dataclass
class Epoch:
    """One row of the loss curve."""

    epoch: int
    phase: str  # recall | taste, the validation window held out | final, once it has joined
    loss: float
    seconds: float
    recall: dict[str, float] = field(default_factory=dict)  # validation recall@10 by policy; empty in the final phase


def fit(examples: Examples, config: TrainingConfig, log: Log) -> tuple[TwoTowers, list[Epoch]]:
    """Fit on what lies before the validation window, with early stopping on it; then let that window join."""
    torch.set_num_threads(config.threads)
    torch.manual_seed(config.seed)
    torch.use_deterministic_algorithms(True)
    # filling memory before it is written cost a fifth of the time, and nothing here reads it before
    vars(torch.utils)["deterministic"].fill_uninitialized_memory = False
    config = adapted(config, examples)
    towers = TwoTowers(examples, config)
    curve: list[Epoch] = []

    def record(epoch: Epoch) -> None:
        curve.append(epoch)
        log(describe(epoch))

    serve, newest = examples.serve, examples.serve + 1
    if config.recall_dim:
        record(recall_phase(towers, newest, 1, "recall", 1.0))
    search_taste(towers, newest, record)
    if config.recall_dim:
        choose_blend(towers, examples)
        record(recall_phase(towers, serve, len(curve) + 1, "final", FINAL_RATE))
    trainer = TasteTrainer(towers, serve, config.final_epochs, FINAL_RATE)
    for _ in range(config.final_epochs):
        record(trainer.epoch(len(curve) + 1, "final"))
    return towers.eval(), curve


def adapted(config: TrainingConfig, examples: Examples) -> TrainingConfig:
    """Without repeat purchases there is nothing to recall: its dimensions go to the factors."""
    repeats = float(examples.again.values.sum()) / max(len(examples.targets.values), 1)
    return config if repeats >= FEWEST_REPEATS else replace(config, factors=config.dim - config.content - 1)


def recall_phase(towers: TwoTowers, newest: int, number: int, phase: str, rate: float) -> Epoch:
    """Fit recall on histories as of snapshot `newest` and older; targets are read of those older than it."""
    started = time.perf_counter()
    examples, config = towers.examples, towers.config
    oldest = int(examples.users.snapshots.max()) + 1
    targets = examples.rows_of(range(newest + 1, oldest), with_targets=True)
    is_first = phase != "final"
    # the final phase goes on from fitted tables, so a quarter of the passes does
    head_epochs = config.repeat_epochs if is_first else -(-config.repeat_epochs // 4)
    epochs = config.recall_epochs if is_first else -(-config.recall_epochs // 4)
    if is_first:
        start_recall(towers.user, towers.item)
    fit_repeat_head(towers.user, examples, targets, config, head_epochs, HEAD_RATE * rate)
    histories = examples.rows_of(range(newest, oldest), with_targets=False)
    loss = fit_recall(towers.user, towers.item, examples, histories, config, epochs, config.recall_learning_rate * rate)
    recall = validation_recall(towers, examples, ("repeats",)) if is_first else {}
    return Epoch(number, phase, loss, time.perf_counter() - started, recall)


def search_taste(towers: TwoTowers, newest: int, record: Callable[[Epoch], None]) -> None:
    """Fit taste until the validation recall stops rising; the towers are left as they were at their best."""
    config = towers.config
    trainer = TasteTrainer(towers, newest, config.epochs, 1.0)
    best, best_score, waited, first = None, -1.0, 0, 1 + bool(config.recall_dim)
    for number in range(first, first + config.epochs):
        epoch = trainer.epoch(number, "taste")
        epoch.recall = validation_recall(towers, towers.examples, ("repeats", "new"))
        record(epoch)
        score = epoch.recall.get("new", epoch.recall.get("repeats", 0.0))
        if score > best_score:
            best, best_score, waited = {k: v.clone() for k, v in towers.state_dict().items()}, score, 0
        else:
            waited += 1
            if waited >= config.patience:
                break
    if best is not None:
        towers.load_state_dict(best)


class TasteTrainer:
    """One optimiser over all but the recall part; runs epochs over the newest snapshots older than `newest`."""

    def __init__(self, towers: TwoTowers, newest: int, epochs: int, rate: float):
        config = towers.config
        self.towers, self.rate, self.epochs, self.done = towers, config.learning_rate * rate, epochs, 0.0
        recall = {"item.recall", "user.recall", "user.repeat", "user.tendency", "user.recall_scale"}
        parameters = [p for name, p in towers.named_parameters() if not any(name.startswith(part) for part in recall)]
        self.optimiser = torch.optim.AdamW(parameters, weight_decay=config.weight_decay, fused=True)
        self.random = np.random.default_rng([config.seed, newest])
        self.sampler = Sampler(towers.examples, config)
        snapshots = range(newest + 1, newest + 1 + config.taste_snapshots)
        self.rows = towers.examples.rows_of(snapshots, with_targets=True)

    def epoch(self, number: int, phase: str) -> Epoch:
        """Go once over the user rows."""
        started = time.perf_counter()
        self.towers.train()
        batches = self.sampler.batches(self.rows, self.random) if len(self.rows) else []
        losses = [0.0] if not batches else []
        for rows in batches:
            self.done += 1 / len(batches)
            loss = self.loss(rows)
            descend(self.optimiser, loss, self.rate * decay(self.done / self.epochs, warm=0.1))
            losses.append(loss.item())
        return Epoch(number, phase, float(np.mean(losses)), time.perf_counter() - started)

    def loss(self, rows: Index) -> Tensor:
        """Softmax loss of what the users of one snapshot did that they had never done."""
        towers, examples = self.towers, self.towers.examples
        snapshot = towers.snapshot_of(rows)
        inputs = tensors(examples.user_batch(rows))
        codes, places = distinct(inputs["history_items"])
        users = towers.user.taste(inputs, towers.history_tastes(codes, snapshot), places)  # [B, F + H + 1]
        batch = self.sampler.candidates(rows, inputs["history_items"], self.random)
        item_inputs = tensors(examples.item_batch(snapshot, batch.items))
        items = towers.item.taste(item_inputs, towers.factors(snapshot).items)  # [n, F + H + 1]
        own = torch.einsum("bd,bpd->bp", users, items[batch.own])
        others = (users @ items[batch.sample].T).masked_fill(batch.had, HIDDEN)
        return sampled_softmax(own, batch.weights, others, batch.log_q)


def describe(epoch: Epoch) -> str:
    """The line that the console shows."""
    recall = ", ".join(f"recall@10 {policy} {value:.4f}" for policy, value in epoch.recall.items())
    return f"two_tower epoch {epoch.epoch} ({epoch.phase}): loss {epoch.loss:.3f} {recall} {epoch.seconds:.0f}s"
