"""Random calls and random tables for some minutes: `make fuzz MINUTES=60`.

Prints each fault, goes on, and prints the counts by outcome; fails where there was a fault. A fifth of the time goes to
calls. Of ten cases of tables three make the lists, too, with the towers and the ranker of the shop, and one trains its
own.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path

from helpers.every_input import Team
from helpers.random_calls import check
from helpers.random_tables import Case, cases, described, judged
from hypothesis import Phase, given, seed, settings

FAULT = "FAULT"
CASES = {"tables": 6, "lists": 3, "training": 1}  # of ten


def calls(seconds: float, first: int) -> Counter[str]:
    """Random calls, counted by function and outcome."""
    warnings.simplefilter("ignore", RuntimeWarning)
    found: Counter[str] = Counter()
    until = time.monotonic() + seconds
    for number in itertools.count(first):
        if time.monotonic() > until:
            return found
        found[outcome(partial(one_call, number), f"call {number}")] += 1
    raise AssertionError


def one_call(number: int) -> str:
    """The function of a call and its outcome; raises where that is wrong."""
    return ", ".join(check(number))


def outcome(case: Callable[[], str], name: str) -> str:
    """The outcome of a case; a fault, which is printed, where it raises anything."""
    try:
        return case()
    except Exception as error:
        print(f"{FAULT}: {name}\n{type(error).__name__}: {error}", flush=True)
        return FAULT


def tables(seconds: float, first: int, folder: Path) -> Counter[str]:
    """Random tables, counted by what was made and outcome."""
    team = Team(folder / "shop").write().fill()
    team.dbt("deps").must_pass()
    team.dbt("run").must_pass()
    found: Counter[str] = Counter()
    until = time.monotonic() + seconds
    for number in itertools.count(first):
        for kind, count in CASES.items():
            for case in drawn(number, kind, count):
                if time.monotonic() > until:
                    return found
                found[outcome(partial(one_case, team, case, kind), described(case))] += 1
    raise AssertionError


def drawn(number: int, kind: str, count: int) -> list[Case]:
    """The cases of a number."""
    found: list[Case] = []

    @seed(number)
    @settings(max_examples=count + 1, deadline=None, database=None, phases=[Phase.generate])
    @given(case=cases(are_mild=kind != "tables"))
    def draw(case: Case) -> None:
        found.append(case)

    draw()
    return found[1:]  # the first is the simplest one for every number


def one_case(team: Team, case: Case, kind: str) -> str:
    """Judge a case. Returns what was made and the outcome; raises AssertionError where that is wrong."""
    verdict = judged(team, case, kind)
    if kind == "training":  # the shop's own towers serve the next cases
        team.dbt("run").must_pass()
    assert not verdict.faults, (kind, verdict)
    return f"{kind}: {verdict.outcome}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--first", type=int, default=1, help="number of the first case: another one, other cases")
    given_arguments = parser.parse_args()
    seconds = given_arguments.minutes * 60
    faults = told("calls", calls(seconds / 5, given_arguments.first))
    with tempfile.TemporaryDirectory() as folder:
        faults += told("tables", tables(seconds * 4 / 5, given_arguments.first, Path(folder)))
    sys.exit(faults > 0)


def told(name: str, found: Counter[str]) -> int:
    """Print counts by outcome. Returns the number of faults."""
    print(f"{name}: {sum(found.values())}", flush=True)
    for name_of_outcome, count in found.most_common():
        print(f"{count:>10}  {name_of_outcome}", flush=True)
    return found[FAULT]


if __name__ == "__main__":
    main()
