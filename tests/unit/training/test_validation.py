"""What is chosen on the validation window: only gains that are more than noise count."""

from __future__ import annotations

import numpy as np
from two_tower.training.validation import is_clearly_better


def test_a_gain_within_its_standard_error_is_none() -> None:
    before = np.zeros(400)
    few, many = before.copy(), before.copy()
    few[0] = 1.0  # one user of 400 gained: as large as its standard error
    many[:40] = 1.0
    assert not is_clearly_better(few, before)
    assert is_clearly_better(many, before)
    assert not is_clearly_better(before, many)
    assert not is_clearly_better(many, before, errors=10.0)
    some = before.copy()
    some[:3] = 1.0
    assert is_clearly_better(some, before, errors=1.5)
    assert not is_clearly_better(some, before, errors=2.0)


def test_the_same_gains_and_losses_are_none() -> None:
    before = np.random.default_rng(0).random(400)
    after = before + np.where(np.arange(400) % 2, 0.5, -0.5)
    assert not is_clearly_better(after, before)


def test_of_one_user_nothing_is_clear() -> None:
    assert not is_clearly_better(np.ones(1), np.zeros(1))
    assert not is_clearly_better(np.zeros(0), np.zeros(0))
