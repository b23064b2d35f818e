"""Fitting taste: what users of the newest training snapshots went on to do that they had never done."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from .examples import Index
from .losses import sampled_softmax
from .optimise import Epoch, decay, descend
from .sampling import Sampler
from .two_towers import TwoTowers, distinct, tensors


class TasteTrainer:
    """One optimiser over all but the memory part; runs epochs over the newest snapshots older than `newest`.

    without: user rows that nothing is to be learned from.
    """

    def __init__(self, towers: TwoTowers, newest: int, epochs: int, rate: float, without: Sequence[int] | Index = ()):
        config = towers.config
        self.towers, self.rate, self.epochs, self.done = towers, config.learning_rate * rate, epochs, 0.0
        memory = {id(p) for side in (towers.user.memory, towers.item.memory) if side for p in side.parameters()}
        parameters = [p for p in towers.parameters() if id(p) not in memory]
        self.optimiser = torch.optim.AdamW(parameters, weight_decay=config.weight_decay, fused=True)
        self.random = np.random.default_rng([config.seed, newest])
        self.sampler = Sampler(towers.examples, config)
        snapshots = range(newest + 1, newest + 1 + config.taste_snapshots)
        self.rows = np.setdiff1d(towers.examples.rows_of(snapshots, with_targets=True), without)

    def epoch(self, phase: str) -> Epoch:
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
        return Epoch(0, phase, float(np.mean(losses)), time.perf_counter() - started)

    def loss(self, rows: Index) -> Tensor:
        """Softmax loss of what the users of one snapshot did that they had never done."""
        towers, examples = self.towers, self.towers.examples
        snapshot = towers.snapshot_of(rows)
        inputs = tensors(examples.user_batch(rows))
        codes, places = distinct(inputs["history_items"])
        factors = towers.factors(snapshot)
        vectors = towers.history_tastes(codes, snapshot)
        users = towers.user.taste(inputs, vectors, places, factors.turn)  # [B, F + H + 1]
        had = examples.code_items[inputs["history_items"].numpy()]
        batch = self.sampler.candidates(self.sampler.new_targets(rows), had, self.random)
        item_inputs = tensors(examples.item_batch(snapshot, batch.items))
        items = towers.item.taste(item_inputs, factors)  # [n, F + H + 1]
        return sampled_softmax(users, items[batch.own], batch.weights, items[batch.sample], batch.log_q, batch.had)
