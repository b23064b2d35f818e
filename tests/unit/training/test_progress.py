"""What a training says of itself: which step of which training, that it goes on, and how long it may take."""

from __future__ import annotations

import time

import pytest
from two_tower.training.progress import Progress


def test_each_step_is_told_when_it_begins_and_while_it_goes_on() -> None:
    told: list[str] = []
    progress = Progress(told.append, seconds=0.05)
    progress.begin("training 1 of 2 (search)", ["reading", "learning"])
    with progress.step("reading"):
        pass
    with progress.step("learning"):
        time.sleep(0.12)
    assert told[:2] == [
        f"two_tower: training 1 of 2 (search): step {n}" for n in ("1 of 2, reading", "2 of 2, learning")
    ]
    assert len(told) >= 3, "it goes on"
    progress("a word")
    assert told[-1] == "a word"


def test_what_steps_took_tells_how_long_they_take_again() -> None:
    progress = Progress()
    progress.begin("training 1 of 2 (search)", ["reading", "learning"])
    assert progress.line("reading", 0) == "two_tower: training 1 of 2 (search): step 1 of 2, reading"
    progress.took = {"reading": 10.0, "learning": 60.0}
    progress.begin("training 2 of 2 (evaluation)", ["learning"])
    expected = "two_tower: training 2 of 2 (evaluation): step 1 of 1, learning for 20 s, about 40 s left"
    assert progress.line("learning", 20) == expected


def test_a_step_that_fails_is_told_no_longer() -> None:
    told: list[str] = []
    progress = Progress(told.append, seconds=0.02)
    with pytest.raises(ValueError, match="no"), progress.step("learning"):
        raise ValueError("no")
    said = len(told)
    time.sleep(0.1)
    assert len(told) == said
    assert progress.took == {}
