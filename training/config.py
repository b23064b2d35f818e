"""Every setting of a training run, with the reason for its default."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any


@dataclass(frozen=True)
class TrainingConfig:
    """Settings of one training run; all of them enter the run id."""

    dim: int = 320  # length of both embeddings (var two_tower_dim); what taste and bias leave over brings back the past
    taste_dim: int = 128  # part that ranks what the user did not have yet: small, or it learns users by heart
    hidden: int = 64  # width of the feature networks
    epochs: int = 4  # upper bound; early stopping on validation recall@10 decides
    patience: int = 3  # epochs without a better validation recall before stopping
    final_epochs: int = 1  # epochs over all snapshots, the validation one included, after stopping
    batch_size: int = 256  # users of one snapshot per step
    negatives: int = 4096  # sampled per step with logQ correction; a smaller catalogue is scored whole
    support: int = 64  # own past items per user that the softmax tries to bring back
    recall_learning_rate: float = 0.015  # Adam, tables of the recall part: exactness needs large steps
    id_learning_rate: float = 0.0001  # tables of the taste part: they start from ALS and would learn users by heart
    learning_rate: float = 0.001  # everything else: larger steps undo the SVD start
    weight_decay: float = 0.0
    dropout: float = 0.2  # on the features' hidden layers
    id_dropout: float = 0.05  # share of item ids hidden per step, so that features alone can rank a new item
    history_dropout: float = 0.3  # share of history items that taste does not see per step
    seed: int = 0
    threads: int = 2  # results are reproducible bit for bit at one thread count

    @classmethod
    def from_settings(cls, settings: dict[str, Any]) -> TrainingConfig:
        """Build from dbt vars. Raises ValueError naming an unknown setting or a value of the wrong type or sign."""
        known = {field.name: field for field in fields(cls)}
        values: dict[str, Any] = {}
        for name, value in settings.items():
            if name not in known:
                raise ValueError(
                    f"var two_tower_training: unknown setting '{name}'; known are {', '.join(sorted(known))}"
                )
            kind = type(getattr(cls, name))
            if isinstance(value, bool) or not isinstance(value, int | float) or value < 0 or kind(value) != value:
                raise ValueError(f"var two_tower_training: {name} is {value!r}; give a non-negative {kind.__name__}")
            values[name] = kind(value)
        config = cls(**values)
        if config.taste_dim < 1 or config.recall_dim < 0:
            raise ValueError(
                f"var two_tower_dim is {config.dim} and taste_dim {config.taste_dim}; give taste_dim at least 1 and "
                f"two_tower_dim at least taste_dim + 1"
            )
        return config

    @property
    def recall_dim(self) -> int:
        """Part of the embedding that brings back what a user had; the last dimension carries the item's bias."""
        return self.dim - self.taste_dim - 1

    def as_dict(self) -> dict[str, int | float]:
        """The settings by name."""
        return asdict(self)
