"""Random calls of the Python functions against numpy; `make fuzz` makes as many as time allows."""

from __future__ import annotations

from collections import deque
from dataclasses import replace

import pytest
from helpers.random_calls import check
from two_tower.python_udfs import caps_and_pins
from two_tower.python_udfs.top_k.types import Users

CASES = range(1000)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # numbers that overflow are part of it
def test_random_calls_give_what_numpy_says_or_an_error_that_names_the_function() -> None:
    found = [check(number) for number in CASES]
    assert {"list", "error of ours"} == {outcome for _, outcome in found}


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_planted_wrong_list_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Excluded items come back in the second block."""
    among = Users.among

    def forgetful(users: Users, start: int, stop: int) -> Users:
        found = among(users, start, stop)
        return replace(found, excluded=found.excluded[:0], bounds=found.bounds * 0) if start else found

    monkeypatch.setattr(Users, "among", forgetful)
    with pytest.raises(AssertionError, match="expected"):
        deque(map(check, CASES))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_planted_traceback_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A k of 0 is divided by before it is looked at."""
    right = caps_and_pins.check

    def dividing(pins: list[int | None], kinds: list[list[int]], k: int, caps: list[int]) -> None:
        right(pins, kinds, k * (k // k), caps)

    monkeypatch.setattr(caps_and_pins, "check", dividing)
    with pytest.raises(ZeroDivisionError):
        deque(map(check, CASES))
