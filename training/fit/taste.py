"""Fitting taste: what users of the newest training snapshots went on to do that they had never done."""

from __future__ import annotations

import time

import numpy as np
import torch
from torch import Tensor

from ..inputs.arrays import tensors
from ..inputs.examples import Index
from .embedder import Embedder, distinct
from .losses import sampled_softmax
from .optimise import Epoch, decay, descend
from .sampling import Sampler


class TasteTrainer:
    """One optimiser over all but the sequence part; runs epochs over the newest snapshots older than `newest`."""

    def __init__(self, embedder: Embedder, newest: int):
        config = embedder.config
        self.embedder, self.towers, self.epochs, self.done = embedder, embedder.towers, config.epochs, 0.0
        others = {id(p) for p in self.towers.sequence_parameters()}
        parameters = [p for p in self.towers.parameters() if id(p) not in others]
        self.optimiser = torch.optim.AdamW(parameters, weight_decay=config.weight_decay, fused=True)
        self.random = np.random.default_rng([config.seed, newest])
        self.sampler = Sampler(embedder.examples, config)
        snapshots = range(newest + 1, newest + 1 + config.taste_snapshots)
        self.rows = embedder.examples.rows_of(snapshots, with_targets=True)

    def epoch(self, phase: str) -> Epoch:
        """Go once over the user rows."""
        started = time.perf_counter()
        self.towers.train()
        batches = self.sampler.batches(self.rows, self.random) if len(self.rows) else []
        losses = [0.0] if not batches else []
        for rows in batches:
            self.done += 1 / len(batches)
            loss = self.loss(rows)
            descend(self.optimiser, loss, self.embedder.config.learning_rate * decay(self.done / self.epochs, warm=0.1))
            losses.append(loss.item())
        return Epoch(0, phase, float(np.mean(losses)), time.perf_counter() - started)

    def loss(self, rows: Index) -> Tensor:
        """Softmax loss of what the users of one snapshot did that they had never done."""
        towers, embedder, examples = self.towers, self.embedder, self.embedder.examples
        snapshot = embedder.snapshot_of(rows)
        inputs = tensors(examples.user_batch(rows))
        codes, places = distinct(inputs["history_items"])
        factors = embedder.factors(snapshot)
        vectors = embedder.history_vectors(codes, snapshot)[:, max(embedder.layout.sequence - 1, 0) :]
        users = towers.user.taste(inputs, vectors, places, factors.turn)  # [B, F + H + 1]
        had = examples.code_items[inputs["history_items"].numpy()]
        batch = self.sampler.candidates(self.sampler.new_targets(rows), had, self.random)
        item_inputs = tensors(examples.item_batch(snapshot, batch.items))
        items = towers.item.taste(item_inputs, factors)  # [n, F + H + 1]
        return sampled_softmax(users, items[batch.own], batch.weights, items[batch.sample], batch.log_q, batch.had)
