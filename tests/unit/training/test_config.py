"""Settings of a training run as dbt vars give them."""

from __future__ import annotations

from typing import Any

import pytest
from two_tower.training.config import NEVER_ZERO, OLD_NAMES, TrainingConfig

WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "unknown": ({"epoch": 3}, "unknown setting 'epoch'; known are als_iterations, batch_size, "),
    "negative": ({"epochs": -1}, "epochs is -1; give a non-negative int"),
    "half an epoch": ({"epochs": 1.5}, "epochs is 1.5; give a non-negative int"),
    "a word": ({"dropout": "high"}, "dropout is 'high'; give a non-negative float"),
    "yes": ({"factors_linear": True}, "factors_linear is True; give a non-negative int"),
    "endless": ({"epochs": float("inf")}, "epochs is inf; give a non-negative int"),
    "no number": ({"dropout": float("nan")}, "dropout is nan; give a non-negative float"),
    "parts longer than the whole": ({"dim": 64}, "two_tower_dim is 64 and the setting features 64; give two_tower_dim "
        "at least 66, or lower features"),
    "too short for all parts": ({"dim": 4, "features": 1}, "two_tower_dim is 4 and the setting features 1; give "
        "two_tower_dim at least 8"),
    "more than all hidden": ({"id_dropout": 2}, "id_dropout is 2; give a share of at most 1"),
    "sequence of one": ({"sequence": 1}, "sequence is 1; give 0 (none) or at least 2"),
    "one fold": ({"ranker_folds": 1}, "ranker_folds is 1; give at least 2"),
    "what is gone": ({"recall_epochs": 3}, "unknown setting 'recall_epochs'"),
    "factors without a penalty": ({"factors_alpha": 1}, "factors_alpha needs a factors_regularization above 0"),
}  # fmt: skip
WRONG |= {f"no {name}": ({name: 0}, f"{name} is 0; give at least 1") for name in sorted(NEVER_ZERO)}
WRONG |= {
    f"old {old}": ({old: 8}, f"unknown setting '{old}'; it is called {new} now") for old, new in OLD_NAMES.items()
}


@pytest.mark.parametrize("mistake", WRONG)
def test_a_wrong_setting_is_named(mistake: str) -> None:
    given, message = WRONG[mistake]
    with pytest.raises(ValueError, match="var two_tower_") as raised:
        TrainingConfig.from_settings(given)
    assert message in str(raised.value)


def test_settings_take_the_type_of_their_default() -> None:
    config = TrainingConfig.from_settings({"epochs": 2.0, "dropout": 0, "sequence_epochs": 0})
    assert (config.epochs, config.dropout, config.sequence_epochs) == (2, 0.0, 0)
    assert [type(config.epochs), type(config.dropout)] == [int, float]
    assert TrainingConfig.from_settings(config.as_dict()) == config


@pytest.mark.parametrize(
    ("settings", "sequence", "factors"),
    [
        ({}, 193, 447),
        ({"dim": 256}, 95, 191),  # half of what the features leave over
        ({"sequence": 0}, 0, 447),
        ({"ordered": 0}, 0, 447),
        ({"dim": 8, "features": 4}, 0, 3),  # half of three is too short for a vector and its bias
    ],
)
def test_factors_get_what_the_other_parts_leave_over(settings: dict[str, Any], sequence: int, factors: int) -> None:
    config = TrainingConfig.from_settings(settings)
    assert config.longest_sequence == sequence
    assert config.factors(0) == factors
    assert sequence + config.factors(sequence) + config.features + 1 == config.dim
