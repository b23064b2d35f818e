"""Random calls and random tables for some minutes: `make fuzz MINUTES=60`.

Prints the counts by outcome; fails at the first fault. Half of the time goes to each. Every tenth case of tables makes
the lists, too, with towers that are trained once.
"""

from __future__ import annotations

import argparse
import itertools
import tempfile
import time
import warnings
from collections import Counter
from pathlib import Path

from helpers.every_input import Team
from helpers.random_calls import check
from helpers.random_tables import Change, changes, described, judged
from hypothesis import HealthCheck, Phase, given, seed, settings


def calls(seconds: float, first: int) -> Counter[str]:
    """Random calls, counted by function and outcome."""
    warnings.simplefilter("ignore", RuntimeWarning)
    found: Counter[str] = Counter()
    until = time.monotonic() + seconds
    for number in itertools.count(first):
        if time.monotonic() > until:
            return found
        found[", ".join(check(number))] += 1
    raise AssertionError


def tables(seconds: float, first: int, folder: Path) -> Counter[str]:
    """Random tables, counted by outcome."""
    team = Team(folder / "shop").write().fill()
    team.dbt("deps").must_pass()
    team.dbt("run").must_pass()
    found: Counter[str] = Counter()
    until = time.monotonic() + seconds
    for number in itertools.count(first):
        if time.monotonic() > until:
            return found

        @seed(number)
        @settings(
            max_examples=10,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=changes())
        def some(case: tuple[Change, ...]) -> None:
            if time.monotonic() > until:
                return
            with_lists = sum(found.values()) % 10 == 9
            verdict = judged(team, case, with_lists=with_lists)
            found[("lists: " if with_lists else "") + verdict.outcome] += 1
            assert not verdict.faults, (described(case), verdict)

        some()
    raise AssertionError


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--first", type=int, default=1, help="number of the first case: another one, other cases")
    given_arguments = parser.parse_args()
    half = given_arguments.minutes * 30
    told("calls", calls(half, given_arguments.first))
    with tempfile.TemporaryDirectory() as folder:
        told("tables", tables(half, given_arguments.first, Path(folder)))


def told(name: str, found: Counter[str]) -> None:
    """Print counts by outcome."""
    print(f"{name}: {sum(found.values())}", flush=True)
    for outcome, count in found.most_common():
        print(f"{count:>10}  {outcome}", flush=True)


if __name__ == "__main__":
    main()
