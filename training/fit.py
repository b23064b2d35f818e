"""The training loop: knows batches, losses and early stopping, nothing of the inside of the towers."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from .config import TrainingConfig
from .examples import Examples, Index, scales
from .losses import HIDDEN, repeat_loss, sampled_softmax
from .sampling import Candidates, Sampler
from .start import start_from_factors, start_from_repeats
from .towers import ItemTower, UserTower
from .validation import validation_recall

Log = Callable[[str], None]
FEWEST_REPEATS = 0.02  # share of targets that the user already had


@dataclass
class Epoch:
    """One row of the loss curve."""

    epoch: int
    phase: str  # 'search' while the validation window is held out, 'final' once it has joined
    loss: float
    seconds: float
    recall: dict[str, float] = field(default_factory=dict)  # validation recall@10 by policy; empty in the final phase


class TwoTowers(nn.Module):
    """Both towers and the content features of the items that a history can hold."""

    def __init__(self, examples: Examples, config: TrainingConfig):
        super().__init__()
        codes = len(examples.code_items)
        train = np.flatnonzero(examples.items.snapshots >= examples.serve)
        self.item = ItemTower(examples.items.columns, codes, config, scales(examples.items, train))
        rows = np.arange(len(examples.users.snapshots))
        self.user = UserTower(examples.users.columns, codes, config, scales(examples.users, rows))
        self.examples = examples
        start_from_factors(self, config)
        start_from_repeats(self, config)

    def history_vectors(self, codes: Tensor) -> Tensor:
        """Vectors [n, R + T] of item codes [n] as part of a history; code 0 stands for no item."""
        items = self.examples.code_items[codes.numpy()]
        inputs = tensors(self.examples.item_batch(self.examples.serve, np.maximum(items, 0)))
        content = self.item.features.content(inputs) * torch.from_numpy(items >= 0).unsqueeze(1)
        return self.user.history_vectors(codes, content)

    def users(self, rows: Index, policies: tuple[str, ...]) -> tuple[list[Tensor], dict[str, Tensor]]:
        """Embeddings [B, D] of user rows under each policy, and the inputs they were computed from."""
        inputs = tensors(self.examples.user_batch(rows))
        codes, places = torch.unique(inputs["history_items"], return_inverse=True)
        vectors = self.history_vectors(codes)
        embeddings = []
        for policy in policies:
            inputs["only_new"] = torch.full((len(rows),), float(policy == "new"))
            embeddings.append(self.user(inputs, vectors, places))
        return embeddings, inputs

    def items(self, snapshot: int, items: Index) -> Tensor:
        """Embeddings [n, D] of catalogue items as of a snapshot."""
        embeddings: Tensor = self.item(tensors(self.examples.item_batch(snapshot, items)))
        return embeddings


def tensors(arrays: dict[str, np.ndarray]) -> dict[str, Tensor]:
    """Arrays as tensors: integers int64, floats float32."""
    return {
        name: torch.from_numpy(np.ascontiguousarray(values, np.int64 if values.dtype.kind in "iu" else np.float32))
        for name, values in arrays.items()
    }


def fit(examples: Examples, config: TrainingConfig, log: Log) -> tuple[TwoTowers, list[Epoch]]:
    """Fit with early stopping on the validation window, then let that window join the training."""
    torch.set_num_threads(config.threads)
    torch.manual_seed(config.seed)
    torch.use_deterministic_algorithms(True)
    config = adapted(config, examples)
    towers = TwoTowers(examples, config)
    trainer = Trainer(towers, examples, config)
    serve = examples.serve
    oldest = int(examples.users.snapshots.max()) + 1
    train = examples.rows_of(range(serve + 2, oldest), with_targets=True)
    held_out = examples.rows_of(range(serve + 1, serve + 2), with_targets=False)
    curve: list[Epoch] = []
    best, best_score, waited = None, -1.0, 0
    for number in range(1, config.epochs + 1):
        epoch = trainer.epoch(number, "search", train, held_out)
        epoch.recall = validation_recall(towers, examples)
        curve.append(epoch)
        log(describe(epoch))
        score = float(np.prod([max(recall, 1e-6) for recall in epoch.recall.values()]))
        if score > best_score:
            best, best_score, waited = {k: v.clone() for k, v in towers.state_dict().items()}, score, 0
        else:
            waited += 1
            if waited >= config.patience:
                break
    if best is not None:
        towers.load_state_dict(best)
    everything = examples.rows_of(range(serve + 1, oldest), with_targets=True)
    served = examples.rows_of(range(serve, serve + 1), with_targets=False)
    trainer = Trainer(towers, examples, config, steps=config.final_epochs)
    for number in range(len(curve) + 1, len(curve) + 1 + config.final_epochs):
        epoch = trainer.epoch(number, "final", everything, served)
        curve.append(epoch)
        log(describe(epoch))
    return towers.eval(), curve


def adapted(config: TrainingConfig, examples: Examples) -> TrainingConfig:
    """Without repeat purchases there is nothing to recall: the whole embedding is for taste."""
    repeats = float(examples.again.values.sum()) / max(len(examples.targets.values), 1)
    return config if repeats >= FEWEST_REPEATS else replace(config, taste_dim=config.dim - 1)


class Trainer:
    """One optimiser over the towers; runs epochs."""

    def __init__(self, towers: TwoTowers, examples: Examples, config: TrainingConfig, steps: int | None = None):
        recall: list[Tensor] = [towers.item.recall.weight, towers.user.recall.weight, towers.user.tendency.weight]
        ids: list[Tensor] = [towers.item.ids.weight, towers.user.taste.weight]
        known = {id(parameter) for parameter in recall + ids}
        others: list[Tensor] = [parameter for parameter in towers.parameters() if id(parameter) not in known]
        self.rates = [config.recall_learning_rate, config.id_learning_rate, config.learning_rate]
        groups: list[dict[str, Any]] = [{"params": recall}, {"params": ids}, {"params": others}]
        groups[2]["weight_decay"] = config.weight_decay
        self.optimiser = torch.optim.Adam(groups)
        self.towers, self.examples, self.config = towers, examples, config
        self.epochs = steps or config.epochs
        self.final = steps is not None
        self.done = 0
        self.random = np.random.default_rng([config.seed, int(self.final)])
        self.sampler = Sampler(examples, config)

    def epoch(self, number: int, phase: str, with_targets: Index, history_only: Index) -> Epoch:
        """Go once over the user rows; rows of `history_only` teach only what the user already has."""
        started = time.perf_counter()
        self.towers.train()
        batches = self.sampler.batches(with_targets, self.random, True)
        batches += self.sampler.batches(history_only, self.random, False)
        losses: list[float] = []
        for place in self.random.permutation(len(batches)):
            rows, has_targets = batches[place]
            self.set_rates((self.done + len(losses) / len(batches)) / self.epochs)
            self.optimiser.zero_grad()
            loss = self.loss(rows, has_targets)
            loss.backward()  # type: ignore[no-untyped-call]
            self.optimiser.step()
            losses.append(loss.item())
        self.done += 1
        return Epoch(number, phase, float(np.mean(losses)), time.perf_counter() - started)

    def set_rates(self, progress: float) -> None:
        """Short warm-up, then cosine to a twentieth; the final phase starts low, from fitted weights."""
        factor = min(1.0, progress * self.epochs / 0.3) * (0.525 + 0.475 * np.cos(np.pi * min(progress, 1.0)))
        for group, rate in zip(self.optimiser.param_groups, self.rates, strict=True):
            group["lr"] = rate * factor * (0.2 if self.final else 1.0)

    def loss(self, rows: Index, has_targets: bool) -> Tensor:
        """Loss of one batch of user rows of one snapshot."""
        towers, config = self.towers, self.config
        (users, explorers), inputs = towers.users(rows, ("repeats", "new"))
        known = inputs["history_items"] > 0
        again = towers.user.repeat_logits(inputs)
        batch = self.sampler.candidates(rows, inputs, again.detach(), has_targets, self.random)
        snapshot = int(self.examples.users.snapshots[rows[0]])
        vectors = towers.items(snapshot, batch.items)  # [n, D]
        # each part has its own teacher: recall what the user had, with taste held fixed, and taste the rest
        own, others = logits(users, vectors, batch, config.recall_dim, batch.hits)
        total = sampled_softmax(own[0] + own[1].detach(), batch.expected, others[0] + others[1].detach(), batch.log_q)
        if has_targets:
            labels = torch.from_numpy(self.examples.again.padded(rows, known.shape[1]))
            total = total + repeat_loss(again, labels, known)
            own, others = logits(explorers, vectors, batch, config.recall_dim, batch.had)
            total = total + sampled_softmax(own[1], batch.new, others[1], batch.log_q)
        return total


def logits(users: Tensor, items: Tensor, batch: Candidates, recall: int, hidden: Tensor) -> tuple[Tensor, Tensor]:
    """Dot products of users [B, D] with own items [2, B, P] and with the sample [2, B, N], recall and the rest apart.

    hidden [B, N]: sampled items that must not count against a row; they are HIDDEN.
    """
    own, sample = items[batch.own], items[batch.sample]  # [B, P, D], [N, D]
    parts = (slice(0, recall), slice(recall, None))
    of_own = torch.stack([torch.einsum("bd,bpd->bp", users[:, part], own[..., part]) for part in parts])
    of_sample = torch.stack([users[:, part] @ sample[:, part].T for part in parts])
    return of_own, torch.stack([of_sample[0], of_sample[1].masked_fill(hidden, HIDDEN)])


def describe(epoch: Epoch) -> str:
    """The line that the console shows."""
    recall = ", ".join(f"recall@10 {policy} {value:.4f}" for policy, value in epoch.recall.items())
    return f"two_tower epoch {epoch.epoch} ({epoch.phase}): loss {epoch.loss:.3f} {recall} {epoch.seconds:.0f}s"
