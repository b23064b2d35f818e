"""Every setting of a training run, with the reason for its default."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, fields
from typing import Any

# settings that divide, or without which a step has nothing to learn from
NEVER_ZERO = {
    "support", "recall_steps", "recall_batch_size", "sequence_steps", "sequence_positions", "sequence_length",
    "batch_size", "negatives", "threads",
}  # fmt: skip


@dataclass(frozen=True)
class TrainingConfig:
    """Settings of one training run; all of them enter the run id."""

    # --- the embedding: [memory, factors, content, bias, popularity]; memory gets what the others leave over
    dim: int = 512  # length of both embeddings (var two_tower_dim)
    factors: int = 128  # part that starts as implicit ALS: more gained nothing on the validation window
    content: int = 64  # part that is learned from features; also the width of the feature networks
    # --- recall: what the user had
    support: int = 25  # past items per user that recall tries to bring back: few, so that few dimensions hold them
    repeat_epochs: int = 2  # passes of the small head that says which past items come back
    recall_epochs: int = 16  # passes over all histories: 8 reached .359 on the validation window, 20 .364
    recall_steps: int = 5000  # at most: passes are for shops of some thousand users, more users have more rows in each
    recall_batch_size: int = 256
    recall_learning_rate: float = 0.05  # Adam: exactness needs large steps
    # --- sequence: what comes next after an ordered history, where nothing is bought twice
    sequence: int = 193  # length of memory then: 65 lose; what is left over goes to the factors
    ordered: int = 1  # 0 = histories have no order (var two_tower_split: random), and factors get all of memory
    sequence_epochs: int = 10  # upper bound; early stopping on validation recall@10 decides
    sequence_steps: int = 5000  # at most, in all epochs: large shops see a part of their histories in each
    sequence_positions: int = 4096  # places of histories per step, fewer where there are few
    sequence_length: int = 200  # newest items of a history to learn from
    sequence_learning_rate: float = 0.003
    sequence_dropout: float = 0.3  # on the pools and the hidden layer that mixes them
    sequence_history_dropout: float = 0.1  # share of a history's items that are hidden per step
    sequence_id_dropout: float = 0.1  # share of items whose own vectors are hidden per step
    # --- taste: what came next, by the factors, contents and numbers as of that moment
    factors_alpha: float = 0.0  # 0 = the factors' settings are chosen on the validation window, see factor_choices
    factors_linear: int = 0  # 1 = a linear model of reduced rank instead of ALS
    factors_rank: int = 0  # of the linear model; 0 = as many as there are factors
    factors_regularization: float = 0.0
    factors_user_power: float = 0.0  # above 0, heavy users' counts say less about each item
    factors_absent: int = 0  # 1 = what users had long ago counts like what others had today, see of_absent
    factors_features: float = 1.0  # how much a value of a feature counts beside a user, in ALS
    factors_texts: int = 0  # 1 = features of many values an item, such as texts, count as well
    als_iterations: int = 10
    taste_snapshots: int = 3  # newest training snapshots that teach taste; each has factors of its own
    epochs: int = 3  # upper bound; early stopping on validation recall@10 decides
    patience: int = 2  # epochs without a better validation recall before stopping
    final_epochs: int = 1  # epochs over newer snapshots, the validation one included, after stopping
    batch_size: int = 128  # users of one snapshot per step
    learning_rate: float = 0.003
    weight_decay: float = 0.0
    dropout: float = 0.5  # on the features' hidden layers
    id_dropout: float = 0.05  # share of items whose factors are hidden per step, so that features alone can rank
    history_dropout: float = (
        0.1  # share of users whose history is hidden per step, so that their features alone can rank
    )
    # --- both
    negatives: int = 4096  # sampled per step with logQ correction; a smaller catalogue is scored whole
    continuations: int = 0  # so many runs in a row may go on from the towers of the one before; 0 = each starts afresh
    seed: int = 0
    threads: int = 2  # results are reproducible bit for bit at one thread count

    @classmethod
    def from_settings(cls, settings: dict[str, Any]) -> TrainingConfig:
        """Build from dbt vars. Raises ValueError naming an unknown setting or a value of the wrong type or size."""
        known = {field.name: field for field in fields(cls)}
        values: dict[str, Any] = {}
        for name, value in settings.items():
            if name not in known:
                raise ValueError(
                    f"var two_tower_training: unknown setting '{name}'; known are {', '.join(sorted(known))}"
                )
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
        if config.factors < 1 or config.content < 1 or config.memory_dim < 0 or config.memory_dim == 1:
            raise ValueError(
                f"var two_tower_dim is {config.dim}, factors {config.factors} and content {config.content}; give the "
                f"latter at least 1 each and two_tower_dim their sum + 2 (no memory) or at least + 4"
            )
        if config.sequence == 1:
            raise ValueError("var two_tower_training: sequence is 1; give 0 (none) or at least 2")
        if config.factors_alpha and not config.factors_regularization:
            raise ValueError("var two_tower_training: factors_alpha needs a factors_regularization above 0")
        return config

    @property
    def memory_dim(self) -> int:
        """Part of the embedding that is learned from whole histories: recall or sequence."""
        return self.dim - self.factors - self.content - 2

    def as_dict(self) -> dict[str, int | float]:
        """The settings by name."""
        return asdict(self)
