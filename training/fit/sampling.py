"""Batches and the items that a batch is scored against."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..config import TrainingConfig
from ..inputs.examples import Examples, Index, even_sample

MOST_TARGETS = 256  # of one row that a step learns from


@dataclass(frozen=True)
class Candidates:
    """What a batch is scored against. n distinct items, B rows, P targets per row, N sampled ones."""

    items: Index  # catalogue items [n]
    sample: Tensor  # place in `items` of each sampled item [N]
    log_q: Tensor  # log-probability of being sampled [N]
    own: Tensor  # place in `items` of each row's targets [B, P]
    weights: Tensor  # 1 for a target, -1 = none [B, P]
    seen: Tensor  # sampled items that must not count against a row [B, N]


class Sampler:
    """Draws batches of user rows and the candidates to score them against."""

    def __init__(self, examples: Examples, config: TrainingConfig):
        self.examples, self.config = examples, config
        self.count = len(examples.catalogue)
        popularity = np.bincount(examples.targets.values, minlength=self.count).astype(np.float64)
        # half by the root of popularity, half uniform: hard enough to teach, and nothing is never seen
        root = np.sqrt(popularity)
        chance = 0.5 * root / max(root.sum(), 1.0) + 0.5 / self.count
        self.cumulative = np.cumsum(chance / chance.sum())
        self.log_inclusion = np.log(-np.expm1(config.negatives * np.log1p(-chance / chance.sum())))

    def batches(self, rows: Index, random: np.random.Generator) -> list[Index]:
        """Shuffled batches of user rows, each of one cutoff, since items look different at each."""
        batches: list[Index] = []
        cutoffs = self.examples.users.cutoffs[rows]
        for cutoff in np.unique(cutoffs):
            members = random.permutation(rows[cutoffs == cutoff])
            pieces = max(round(len(members) / self.config.batch_size), 1)
            batches += [np.sort(piece) for piece in np.array_split(members, pieces)]
        return [batches[place] for place in random.permutation(len(batches))]

    def candidates(self, own: Index, seen: Index, random: np.random.Generator) -> Candidates:
        """Each row's own items [B, P] and a shared sample; neither own nor `seen` items [B, any] count against a row.

        Catalogue items; -1 = none.
        """
        present = own >= 0
        sample, log_q = self._sample(random)
        items, inverse = np.unique(np.concatenate([sample, own[present]]), return_inverse=True)
        places_of_own = np.zeros(own.shape, np.int64)
        places_of_own[present] = inverse[len(sample) :]
        in_sample = np.full(self.count, -1, np.int64)
        in_sample[sample] = np.arange(len(sample))
        return Candidates(
            items, torch.from_numpy(inverse[: len(sample)]), torch.from_numpy(log_q), torch.from_numpy(places_of_own),
            torch.from_numpy(np.where(present, 1.0, -1.0).astype(np.float32)),
            mark(in_sample, own, len(sample)) | mark(in_sample, seen, len(sample)),
        )  # fmt: skip

    def new_targets(self, rows: Index) -> Index:
        """What the users went on to do that they had never done: catalogue items [B, P], -1 = none.

        Of a row with more than MOST_TARGETS, so many in even steps: a batch is as wide as its longest row.
        """
        examples, offsets = self.examples, self.examples.targets.offsets
        kept = []
        for row in rows:
            place = slice(offsets[row], offsets[row + 1])
            kept.append(even_sample(examples.targets.values[place][examples.is_new.values[place]], MOST_TARGETS))
        found = np.full((len(rows), max(1, *map(len, kept))), -1, np.int64)
        for row, items in enumerate(kept):
            found[row, : len(items)] = items
        return found

    def _sample(self, random: np.random.Generator) -> tuple[Index, np.ndarray]:
        if self.count <= self.config.negatives:
            return np.arange(self.count), np.zeros(self.count, np.float32)
        drawn = np.searchsorted(self.cumulative, random.random(self.config.negatives), side="right")
        sample = np.unique(np.minimum(drawn, self.count - 1))
        return sample, self.log_inclusion[sample].astype(np.float32)


def mark(in_sample: Index, items: np.ndarray, width: int) -> Tensor:
    """Boolean [B, width]: which sampled items each row's `items` [B, any] (-1 = none) contain.

    in_sample: place in the sample of each item, -1 = not in it.
    """
    places = np.where(items >= 0, in_sample[np.maximum(items, 0)], -1)
    rows, columns = np.nonzero(places >= 0)
    marks = np.zeros((len(items), width), bool)
    marks[rows, places[rows, columns]] = True
    return torch.from_numpy(marks)
