"""Random calls of the Python functions against numpy; `make fuzz` makes as many as time allows."""

from __future__ import annotations

from collections import deque
from dataclasses import replace

import pyarrow as pa
import pytest
from helpers.random_calls import check
from two_tower.python_udfs.top_k import functions
from two_tower.python_udfs.top_k.caps_and_pins import Rules
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
    """NULL in place of a number is not looked for."""
    right = functions.as_rules

    def as_rules(kinds: pa.ListArray, caps: pa.Array, items: int) -> Rules:
        return right(kinds, pa.array([int(cap) for cap in caps.to_pylist()], pa.int32()), items)

    monkeypatch.setattr(functions, "as_rules", as_rules)
    with pytest.raises(TypeError):
        deque(map(check, CASES))
