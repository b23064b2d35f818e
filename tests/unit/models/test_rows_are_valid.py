"""The generic test of rows: each kind of fault is found and told, and what is right passes."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from typing import Any

import duckdb
import pytest
import yaml
from helpers.dbt_runner import REPO, Outcome, invoke

GOOD = "('a', 1, 0.5, 'x'), ('a', 2, 1.0, null), ('b', 1, null, 'it''s')"
RULES = {
    "keys": [["user_id", "rank"]],
    "values": {"kind": ["x", "it's"]},
    "ranges": {"score": [0, 1], "rank": [1, None]},
    "not_null": ["user_id"],
}


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., tuple[Outcome, list[str]]]:
    """A project of one model and the test; what dbt says, and the problems that the test's query finds."""
    folder = tmp_path_factory.mktemp("rows")
    for part in ("tests/dbt/generic/rows_are_valid.sql", "macros/utils/literal.sql"):
        (folder / part).parent.mkdir(parents=True)
        shutil.copy(REPO / part, folder / part)
    (folder / "models").mkdir()
    project = {
        "name": "two_tower",
        "profile": "shop",
        "test-paths": ["tests/dbt"],
        "flags": {"send_anonymous_usage_stats": False},
    }
    output = {"type": "duckdb", "path": "shop.duckdb"}
    (folder / "dbt_project.yml").write_text(yaml.safe_dump(project))
    (folder / "profiles.yml").write_text(yaml.safe_dump({"shop": {"target": "dev", "outputs": {"dev": output}}}))

    def judged(rows: str, **rules: Any) -> tuple[Outcome, list[str]]:
        (folder / "models" / "lists.sql").write_text(f"select * from (values {rows}) as t(user_id, rank, score, kind)")
        tests = [{"rows_are_valid": {"arguments": rules}}]
        (folder / "models" / "lists.yml").write_text(
            yaml.safe_dump({"models": [{"name": "lists", "data_tests": tests}]})
        )
        outcome = invoke(folder, "build")
        compiled = list((folder / "target" / "compiled").rglob("rows_are_valid*.sql"))
        if not compiled:
            return outcome, []
        with duckdb.connect(str(folder / "shop.duckdb")) as connection:
            found = [problem for (problem,) in connection.execute(compiled[0].read_text()).fetchall()]
        shutil.rmtree(folder / "target")
        return outcome, found

    return judged


def test_what_is_right_passes(judge: Callable[..., tuple[Outcome, list[str]]]) -> None:
    outcome, found = judge(GOOD, **RULES)
    outcome.must_pass()
    assert found == []


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("('a', 2, 0.5, 'x')", "more than one row has the same user_id, rank"),
        ("(null, 3, 0.5, 'x')", "user_id is NULL"),
        ("('c', 1, 0.5, 'y')", "kind is none of x, it's: y"),
        ("('c', 1, 1.5, 'x')", "score is out of its range: 1.5"),
        ("('c', 1, -0.5, 'x')", "score is out of its range: -0.5"),
        ("('c', 1, 'nan'::double, 'x')", "score is out of its range: nan"),
        ("('c', 0, 0.5, 'x')", "rank is out of its range: 0"),
    ],
)
def test_a_fault_is_found_and_told(judge: Callable[..., tuple[Outcome, list[str]]], row: str, says: str) -> None:
    outcome, found = judge(f"{GOOD}, {row}", **RULES)
    outcome.must_fail()
    assert found == [says]


def test_a_key_alone_and_a_range_alone_are_rules(judge: Callable[..., tuple[Outcome, list[str]]]) -> None:
    assert judge(f"{GOOD}, ('a', 2, 0.5, 'x')", keys=[["user_id", "rank"], ["kind"]])[1] == [
        "more than one row has the same user_id, rank",
        "more than one row has the same kind",
    ]
    assert judge(f"{GOOD}, ('c', 9, 0.5, 'x')", ranges={"rank": [None, 2]})[1] == ["rank is out of its range: 9"]
    assert "give keys, values, ranges or not_null, got none" in judge(GOOD)[0].must_fail().output


def test_every_model_has_a_key() -> None:
    without = []
    for path in sorted((REPO / "models").rglob("*.yml")):
        for model in (yaml.safe_load(path.read_text()) or {}).get("models", []):
            if "rows_are_valid" not in json.dumps(model.get("data_tests", [])):
                without.append(model["name"])
    # logs and rows that offend, and lists that evaluation_lists holds
    assert set(without) <= {
        "als", "ease", "gates", "item_knn", "own_most_bought", "popularity", "recent_popularity", "training_runs",
    }  # fmt: skip


def test_every_generic_test_of_the_yml_files_is_there() -> None:
    ours = {path.stem for path in (REPO / "tests/dbt/generic").glob("*.sql")}
    named = set()

    def look(part: Any) -> None:
        for test in part.get("data_tests", []):
            named.add(test if isinstance(test, str) else next(iter(test)))
        for inner in (*part.get("columns", []), *part.get("tables", [])):
            look(inner)

    for path in sorted((REPO / "models").rglob("*.yml")):
        content = yaml.safe_load(path.read_text()) or {}
        for part in (*content.get("models", []), *content.get("sources", [])):
            look(part)
    assert named - {"not_null", "unique", "accepted_values", "relationships"} <= ours
