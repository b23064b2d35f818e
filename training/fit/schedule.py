"""The fit of the towers: a search with the validation window held out, then the same again with all that may be seen.

The search finds settings of the factors, numbers of epochs and weights of the parts (`Found`). Its towers have not seen
the validation window: the ranker learns from what they say of it. `refit` needs no validation window of its own, so
the stages of one build share one search.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from copy import deepcopy
from dataclasses import asdict, dataclass

import torch
from threadpoolctl import threadpool_limits

from ..config import TrainingConfig
from ..inputs.examples import Examples
from ..model.layout import layout_of
from ..progress import Progress
from .embedder import Embedder
from .new_items import fit_new_items
from .optimise import Epoch
from .preference import PreferenceTrainer
from .sequence import SequenceTrainer
from .validation import choose_factors, choose_part_weights, validation_recall, weighed_parts

Record = Callable[[Epoch], None]
POLICIES = ("allow_repeats", "unseen_only")
# steps of a training, as they are told
FACTORS, SEQUENCE, PREFERENCE = "choosing factors", "learning the order of histories", "learning features"
REST, WRITING = "placing new items", "writing the towers"


@dataclass(frozen=True)
class Found:
    """What a search chose: the settings with those of the factors, epochs by part, weight of the preference part."""

    config: TrainingConfig
    sequence_epochs: int
    preference_epochs: int
    preference_weight: float

    def as_dict(self) -> dict[str, float]:
        """The choices as numbers by name."""
        return self.config.as_dict() | {f"found_{k}": v for k, v in asdict(self).items() if k != "config"}

    @classmethod
    def of(cls, values: dict[str, float]) -> Found:
        """Back from `as_dict`."""
        found = {name.removeprefix("found_"): value for name, value in values.items() if name.startswith("found_")}
        config = TrainingConfig.from_settings({name: values[name] for name in TrainingConfig().as_dict()})
        return cls(
            config, int(found["sequence_epochs"]), int(found["preference_epochs"]), float(found["preference_weight"])
        )


class Curve:
    """The epochs of a fit, numbered and told as they come."""

    def __init__(self, log: Callable[[str], None], on_epoch: Record | None = None):
        self.log, self.on_epoch = log, on_epoch
        self.epochs: list[Epoch] = []

    def record(self, epoch: Epoch) -> None:
        """Take down one more epoch."""
        epoch.epoch = len(self.epochs) + 1
        self.epochs.append(epoch)
        self.log(str(epoch))
        if self.on_epoch:
            self.on_epoch(epoch)


def search(
    examples: Examples, config: TrainingConfig, progress: Progress, on_epoch: Record | None = None
) -> tuple[Embedder, Found, list[Epoch]]:
    """Fit on what came before the validation window, stopping early by it; towers as of the validation cutoff."""
    prepare(config)
    with progress.step(FACTORS):
        config = choose_factors(examples, config, layout_of(examples, config).factors, progress)
    embedder = Embedder(examples, config)
    curve, newest = Curve(progress, on_epoch), examples.serving_cutoff + 1
    sequence_epochs = 0
    if embedder.layout.sequence:
        with weighed_parts(embedder, 1.0, 0.0), progress.step(SEQUENCE):
            sequence_epochs = _epochs(embedder, SequenceTrainer(embedder, newest), "sequence", curve.record)
    # at least one epoch: what features say is a signal of its own for the ranker
    with weighed_parts(embedder, 0.0, 1.0), progress.step(PREFERENCE):
        preference_epochs = _epochs(embedder, PreferenceTrainer(embedder, newest), "preference", curve.record)
    with progress.step(REST):
        choose_part_weights(embedder, progress)
        embedder.towers.item.new_items.copy_(fit_new_items(embedder, newest))
    weight = float(embedder.towers.user.part_weights[1])
    return embedder, Found(config, sequence_epochs, preference_epochs, weight), curve.epochs


def refit(examples: Examples, found: Found, progress: Progress) -> tuple[Embedder, list[Epoch]]:
    """Fit as a search found best, with all that may be seen: the validation window is one of those to learn from."""
    prepare(found.config)
    embedder = Embedder(examples, found.config)
    curve, serving_cutoff = Curve(progress), examples.serving_cutoff
    if found.sequence_epochs:
        with progress.step(SEQUENCE):
            _repeat(SequenceTrainer(embedder, serving_cutoff), found.sequence_epochs, curve.record)
    if found.preference_epochs:
        with progress.step(PREFERENCE):
            _repeat(PreferenceTrainer(embedder, serving_cutoff), found.preference_epochs, curve.record)
    with progress.step(REST):
        embedder.towers.user.part_weights.copy_(torch.tensor([1.0, found.preference_weight]))
        embedder.towers.item.new_items.copy_(fit_new_items(embedder, serving_cutoff))
    return embedder, curve.epochs


def steps_of(examples: Examples, config: TrainingConfig, is_search: bool) -> list[str]:
    """The steps that a search or a plain fit tells, in their order, and that the towers are written."""
    first = [FACTORS] if is_search else []
    sequence = [SEQUENCE] if layout_of(examples, config).sequence else []
    return [*first, *sequence, PREFERENCE, REST, WRITING]


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


def score_of(recalls: dict[str, float]) -> float:
    """What epochs are compared by: recall of what is new, where there is any."""
    return recalls.get("unseen_only", recalls.get("allow_repeats", 0.0))


def _epochs(embedder: Embedder, trainer: SequenceTrainer | PreferenceTrainer, phase: str, record: Record) -> int:
    """Run epochs until the validation recall stops rising; the towers are left as they were at their best.

    Returns the number of the best epoch, 0 without any.
    """
    towers = embedder.towers
    best, best_number, best_score = deepcopy(towers.state_dict()), 0, -1.0
    for number in range(1, trainer.epochs + 1):
        epoch = trainer.epoch(phase)
        epoch.recall = validation_recall(embedder, POLICIES)
        record(epoch)
        score = score_of(epoch.recall)
        if score > best_score:
            best, best_number, best_score = deepcopy(towers.state_dict()), number, score
        elif number - best_number >= embedder.config.patience:
            break
    towers.load_state_dict(best)
    return best_number


def _repeat(trainer: SequenceTrainer | PreferenceTrainer, epochs: int, record: Record) -> None:
    for _ in range(epochs):
        record(trainer.epoch("final"))
