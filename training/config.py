"""Every setting of a training run, with the reason for its default."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, fields
from typing import Any

# settings that divide, or without which a step has nothing to learn from
NEVER_ZERO = {
    "dim", "features", "factors_of_repeats", "sequence_steps", "sequence_positions", "sequence_length", "batch_size",
    "negatives", "threads",
    "ranker_folds", "ranker_batch_size",
}  # fmt: skip
LEAST_DIM = 8
OLD_NAMES = {"content": "features", "taste_snapshots": "preference_cutoffs"}  # before 0.2.0


@dataclass(frozen=True)
class TrainingConfig:
    """Settings of one training run; all of them enter the run id."""

    # --- the embedding: [sequence, factors, features, bias]; the factors get what the others leave over
    dim: int = 512  # length of both embeddings (var two_tower_dim)
    features: int = 64  # part that is learned from features; also the width of the feature networks
    factors_of_repeats: int = 191  # at most so many factors where things are had again: more gained nothing there
    # --- sequence part: what comes next after an ordered history, where nothing is bought twice
    sequence: int = 193  # length of the part, at most half of what the features leave over
    ordered: int = 1  # 0 = histories have no order (var two_tower_split: random), and there is no sequence part
    sequence_epochs: int = 10  # upper bound; early stopping on validation recall@10 decides
    sequence_steps: int = 5000  # at most, in all epochs: large shops see a part of their histories in each
    sequence_positions: int = 4096  # places of histories per step, fewer where there are few
    sequence_length: int = 200  # newest items of a history to learn from
    sequence_learning_rate: float = 0.003
    sequence_dropout: float = 0.3  # on the pools and the hidden layer that mixes them
    sequence_history_dropout: float = 0.1  # share of a history's items that are hidden per step
    sequence_id_dropout: float = 0.1  # share of items whose own vectors are hidden per step
    # --- preference part (factors and features): what users went on to do that they had never done
    factors_alpha: float = 0.0  # 0 = the factors' settings are chosen on the validation window, see factor_choices
    factors_linear: int = 0  # 1 = a linear model of reduced rank instead of ALS
    factors_rank: int = 0  # of the linear model; 0 = as many as there are factors
    factors_regularization: float = 0.0
    factors_user_power: float = 0.0  # above 0, heavy users' counts say less about each item
    factors_features: float = 1.0  # how much a value of a feature counts beside a user, in ALS
    als_iterations: int = 10
    preference_cutoffs: int = 3  # newest training cutoffs that teach the part; each has factors of its own
    epochs: int = 3  # upper bound; early stopping on validation recall@10 decides
    patience: int = 2  # epochs without a better validation recall before stopping
    batch_size: int = 128  # users of one cutoff per step
    learning_rate: float = 0.003
    weight_decay: float = 0.0
    dropout: float = 0.5  # on the features' hidden layers
    id_dropout: float = 0.05  # share of items whose factors are hidden per step, so that features alone can rank
    new_item_scale: float = 0.5  # length of new items' vectors beside those of others, or they would crowd candidates
    negatives: int = 4096  # sampled per step with logQ correction; a smaller catalogue is scored whole
    # --- the ranker, see ranker/model.py
    ranker_folds: int = 4  # networks, each learned without one in so many users; their mean serves
    ranker_epochs: int = 8  # passes over the pairs
    ranker_batch_size: int = 4096
    ranker_learning_rate: float = 0.003
    ranker_weight_decay: float = 0.01
    ranker_dropout: float = 0.1
    # --- all of them
    users: int = 0  # most users to learn from; 0 = all (var two_tower_training_users)
    seed: int = 0
    threads: int = 2  # results are reproducible bit for bit at one thread count

    @classmethod
    def from_settings(cls, settings: dict[str, Any]) -> TrainingConfig:
        """Build from dbt vars. Raises ValueError naming an unknown setting or a value of the wrong type or size."""
        known = {field.name: field for field in fields(cls)}
        values: dict[str, Any] = {}
        for name, value in settings.items():
            if name not in known:
                now = (
                    f"it is called {OLD_NAMES[name]} now"
                    if name in OLD_NAMES
                    else f"known are {', '.join(sorted(known))}"
                )
                raise ValueError(f"var two_tower_training: unknown setting '{name}'; {now}")
            kind = type(getattr(cls, name))
            is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
            if not is_number or value < 0 or kind(value) != value:
                raise ValueError(f"var two_tower_training: {name} is {value!r}; give a non-negative {kind.__name__}")
            if name in NEVER_ZERO and not value:
                raise ValueError(f"var two_tower_training: {name} is 0; give at least 1")
            if name.endswith("dropout") and value > 1:
                raise ValueError(f"var two_tower_training: {name} is {value!r}; give a share of at most 1")
            values[name] = kind(value)
        config = cls(**values)
        if config.dim < LEAST_DIM or config.factors(0) < 1:
            raise ValueError(
                f"var two_tower_dim is {config.dim} and the setting features {config.features}; give two_tower_dim at "
                f"least {max(config.features + 2, LEAST_DIM)}, or lower features in two_tower_training"
            )
        if config.sequence == 1:
            raise ValueError("var two_tower_training: sequence is 1; give 0 (none) or at least 2")
        if config.ranker_folds == 1:
            raise ValueError("var two_tower_training: ranker_folds is 1; give at least 2: one network learns from all")
        if config.factors_alpha and not config.factors_regularization:
            raise ValueError("var two_tower_training: factors_alpha needs a factors_regularization above 0")
        return config

    def factors(self, sequence_dim: int) -> int:
        """Length of the factors beside a sequence part of a length."""
        return self.dim - self.features - 1 - sequence_dim

    @property
    def longest_sequence(self) -> int:
        """Length of the sequence part in a shop that has one; 0 = there is no room."""
        room = min(self.sequence, self.factors(0) // 2) if self.ordered else 0
        return room if room > 1 else 0

    def as_dict(self) -> dict[str, int | float]:
        """The settings by name."""
        return asdict(self)
