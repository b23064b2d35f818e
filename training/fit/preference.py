"""Fitting the preference part: what users of the newest training cutoffs went on to do that they had never done."""

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


class PreferenceTrainer:
    """One optimiser over all but the sequence part; runs epochs over the newest cutoffs older than `newest`."""

    def __init__(self, embedder: Embedder, newest: int):
        config = embedder.config
        self.embedder, self.towers, self.epochs, self.done = embedder, embedder.towers, config.epochs, 0.0
        others = {id(p) for p in self.towers.sequence_parameters()}
        parameters = [p for p in self.towers.parameters() if id(p) not in others]
        self.optimiser = torch.optim.AdamW(parameters, weight_decay=config.weight_decay, fused=True)
        self.random = np.random.default_rng([config.seed, newest])
        self.sampler = Sampler(embedder.examples, config)
        cutoffs = range(newest + 1, newest + 1 + config.preference_cutoffs)
        self.rows = embedder.examples.rows_of(cutoffs, with_targets=True)

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
        """Softmax loss of what the users of one cutoff did that they had never done."""
        towers, embedder, examples = self.towers, self.embedder, self.embedder.examples
        cutoff = embedder.cutoff_of(rows)
        inputs = tensors(examples.user_batch(rows))
        codes, places = distinct(inputs["history_items"])
        factors = embedder.factors(cutoff)
        vectors = embedder.history_vectors(codes, cutoff)[:, max(embedder.layout.sequence - 1, 0) :]
        users = towers.user.preference_part(inputs, vectors, places, factors.fold_in_basis)  # [B, F + H + 1]
        seen = examples.items_by_index[inputs["history_items"].numpy()]
        batch = self.sampler.candidates(self.sampler.new_targets(rows), seen, self.random)
        item_inputs = tensors(examples.item_batch(cutoff, batch.items))
        items = towers.item.preference_part(item_inputs, factors)  # [n, F + H + 1]
        return sampled_softmax(users, items[batch.own], batch.weights, items[batch.sample], batch.log_q, batch.seen)
