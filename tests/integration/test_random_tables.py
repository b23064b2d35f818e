"""Random tables for every input, a few cases; `make fuzz` runs as many as time allows."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from helpers.dbt_runner import REPO
from helpers.every_input import UNTRAINED, Team
from helpers.random_tables import Case, Change, cases, described, faults_of_errors, judged
from hypothesis import HealthCheck, Phase, given, seed, settings


@seed(0)
@settings(
    max_examples=12, deadline=None, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
)
@given(case=cases())
def test_random_tables_give_tables_that_keep_every_promise_or_one_error_of_ours(team: Team, case: Case) -> None:
    verdict = judged(team, case)
    assert not verdict.faults, (described(case), verdict)


# a fault in a file of the package, and a case that the suite may draw
PLANTED: dict[str, tuple[str, str, str, Change, str]] = {
    "lines of nothing count": (
        "models/staging/stg_interactions.sql",
        "coalesce(lines_given.quantity, 1) > 0", "coalesce(lines_given.quantity, 1) >= 0",
        Change("interactions", "quantity", "DOUBLE", "0", 7), "events are whole, unique and of the past",
    ),
    "text goes to the engine": (
        "macros/inputs/check_input_column.sql", "{%- if unread[1] -%}", "{%- if false -%}",
        Change("merchandising_rules", "position", "VARCHAR", "'x'", 1), "an error that is not ours",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_fault_is_found(tmp_path: Path, name: str) -> None:
    path, old, new, change, says = PLANTED[name]
    package = tmp_path / "package"
    for part in ("macros", "models", "tests/dbt"):
        shutil.copytree(REPO / part, package / part)
    shutil.copy(REPO / "dbt_project.yml", package)
    text = (package / path).read_text()
    assert old in text
    (package / path).write_text(text.replace(old, new))
    team = Team(tmp_path / "shop", package).write().fill()
    team.dbt("deps").must_pass()
    team.dbt("run", "--select", *UNTRAINED).must_pass()
    verdict = judged(team, Case((change,)))
    assert any(fault.startswith(says) for fault in verdict.faults), verdict


def test_an_error_of_the_engine_or_a_traceback_is_told_from_ours() -> None:
    ours = "Failure in model x\n  Compilation Error\n  var two_tower_users (u), column a: is TIME.\n  Remedy: cast it."
    assert faults_of_errors(ours) == []
    assert faults_of_errors(ours + "\nFailure in model y\n  Runtime Error in model y\n  Binder Error: no such column")
    assert faults_of_errors("Encountered an error:\nTraceback (most recent call last):\n  TypeError")
