"""Fitting the sequence part on whole histories, which need no targets of their own.

Every place is an example: what came before it tells what came there (as in SASRec, Kang and McAuley 2018).
Shapes: B users, L history length, N sampled items, W width of a vector, R length of the part.
"""

from __future__ import annotations

import time

import numpy as np
import torch
from torch import Tensor

from ..inputs.arrays import tensors
from ..inputs.examples import Index
from .embedder import Embedder, distinct
from .losses import sampled_softmax
from .optimise import Average, Epoch, decay, descend
from .sampling import Sampler

FEWEST_STEPS = 50  # per epoch


class SequenceTrainer:
    """One optimiser over the sequence part; runs epochs over the histories as of one cutoff."""

    def __init__(self, embedder: Embedder, cutoff: int):
        users, items = embedder.towers.user.sequence, embedder.towers.item.sequence
        assert users is not None
        assert items is not None
        config = embedder.config
        self.towers, self.users, self.items = embedder.towers, users, items
        self.examples, self.config, self.cutoff = embedder.examples, config, cutoff
        self.epochs, self.done = config.sequence_epochs, 0.0
        parameters = embedder.towers.sequence_parameters()
        self.optimiser, self.average = torch.optim.Adam(parameters, fused=True), Average(parameters)
        self.random = np.random.default_rng([config.seed, cutoff])
        self.sampler = Sampler(self.examples, config)
        self.rows = self.examples.rows_of(range(cutoff, cutoff + 1), with_targets=False)

    def epoch(self, phase: str) -> Epoch:
        """Go once over the histories, or over a part of very many."""
        started = time.perf_counter()
        self.towers.train()
        self.average.resume()
        batches = self.batches()
        losses = [0.0] if not batches else []
        for rows in batches:
            self.done += 1 / len(batches)
            loss = self.loss(rows)
            descend(
                self.optimiser, loss, self.config.sequence_learning_rate * decay(self.done / self.epochs, warm=0.05)
            )
            self.average.update(max(len(batches) // 2, 1))
            losses.append(loss.item())
        self.average.settle()
        self.settle_unknown()
        return Epoch(0, phase, float(np.mean(losses)), time.perf_counter() - started)

    def settle_unknown(self) -> None:
        """An item without a code counts as the least popular one: nothing in the histories speaks for it."""
        if len(self.items.bias.weight) > 1:
            with torch.no_grad():
                self.items.bias.weight[0] = self.items.bias.weight[1:].min()

    def batches(self) -> list[Index]:
        """Shuffled batches of user rows; histories of about one length together, so that little is padded.

        No more than an epoch's part of all steps: where there are more, each epoch draws anew.
        """
        config, rows = self.config, self.random.permutation(self.rows)
        lengths = self.lengths(rows)
        order = np.argsort(lengths + 2 * self.random.random(len(rows)), kind="stable")
        size = min(config.sequence_positions, -(-int(lengths.sum()) // FEWEST_STEPS))
        step = np.cumsum(lengths[order]) // max(size, 1)
        pieces = np.split(rows[order], np.flatnonzero(np.diff(step)) + 1) if len(rows) else []
        most = -(-config.sequence_steps // max(config.sequence_epochs, 1))
        return [pieces[place] for place in self.random.permutation(len(pieces))[:most]]

    def lengths(self, rows: Index) -> Index:
        """Items of each history to learn from."""
        lengths = np.diff(self.examples.histories.offsets)[rows]
        return np.minimum(lengths, self.config.sequence_length)

    def loss(self, rows: Index) -> Tensor:
        """Softmax loss of what each history says about itself."""
        width, examples = int(self.lengths(rows).max()), self.examples
        inputs = tensors(examples.user_batch(rows))
        codes = inputs["history_items"][:, :width]  # [B, L], newest first
        inputs |= {"history_items": codes}
        known = codes > 0
        own = examples.items_by_index[codes[known].numpy()][:, None]
        batch = self.sampler.candidates(own, own, self.random)
        items = tensors(examples.item_batch(self.cutoff, batch.items))
        static_features = self.items.static_features(items)  # once, for the histories' items are among these
        present, places = distinct(codes)
        among = np.searchsorted(batch.items, np.maximum(examples.items_by_index[present.numpy()], batch.items[0]))
        vectors = self.items.vectors(present, static_features[among]) * (present > 0).unsqueeze(1)  # [n, W]
        seen = known & (torch.rand(codes.shape) >= self.config.sequence_history_dropout)
        users = self.users.before(inputs, vectors[places], seen.float())[known]  # [n, R]
        found = self.items.to_find(items["item_index"], static_features)
        seen = inputs["history_interactions"][:, :width][known] > 0
        targets = batch.weights.masked_fill(~seen.unsqueeze(1), -1.0)  # what was merely turned to is no target
        return sampled_softmax(users, found[batch.own], targets, found[batch.sample], batch.log_q, batch.seen)
