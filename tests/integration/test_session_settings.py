"""The team's DuckDB settings reach our SQL: under unusual ones every table is the same."""

from __future__ import annotations

import re
from typing import Any

import duckdb
import pytest
from helpers.dbt_runner import REPO
from helpers.every_input import Team

SETTINGS: dict[str, dict[str, Any]] = {
    "orders": {
        "default_order": "DESC", "default_null_order": "NULLS_FIRST", "order_by_non_integer_literal": True,
        "ordered_aggregate_threshold": 2,
    },
    "parallel": {
        "preserve_insertion_order": False, "threads": 4, "perfect_ht_threshold": 0,
        "scalar_subquery_error_on_multiple_rows": False,
    },
    "arrow": {
        "arrow_large_buffer_size": True, "arrow_output_list_view": True, "arrow_lossless_conversion": True,
        "arrow_output_version": "1.5",
    },
    "reading": {
        "TimeZone": "Pacific/Apia", "Calendar": "gregorian", "ieee_floating_point_ops": False,
        "old_implicit_casting": True,
        "default_collation": "NOCASE",
    },
}  # fmt: skip


def content(team: Team) -> dict[str, tuple[Any, ...]]:
    """Rows and checksum of every table of the package; fractions are rounded, for threads add them up."""
    with duckdb.connect(str(team.database), read_only=True) as connection:
        connection.execute("use main_recommender")
        tables = connection.execute(
            "select table_name from information_schema.tables "
            "where table_schema = 'main_recommender' and table_type = 'BASE TABLE'"
        ).fetchall()
        found = {}
        for (table,) in tables:
            columns = connection.execute(f"select column_name, column_type from (describe {table})").fetchall()
            values = ", ".join(rounded(f'"{name}"', kind) for name, kind in columns)
            found[table] = connection.execute(f"select count(*), bit_xor(hash(row({values}))) from {table}").fetchall()[
                0
            ]
        return found


def rounded(column: str, kind: str) -> str:
    """A column whose fractions have few digits; the factor keeps means such as .035625 from the middle of two."""
    if kind in ("DOUBLE", "FLOAT"):
        return f"round({column}::double * 0.9871234567, 5)"
    if kind.startswith(("DOUBLE[", "FLOAT[")):
        return f"[round(x::double, 4) for x in {column}]"
    return f"[round(x::double, 4) for x in map_values({column})]" if kind.startswith("MAP(VARCHAR, DOUBLE") else column


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Team, dict[str, tuple[Any, ...]]]:
    team = Team(tmp_path_factory.mktemp("settings") / "shop").write(two_tower_published_file="").fill()
    team.dbt("deps").must_pass()
    team.dbt("run").must_pass()
    return team, content(team)


@pytest.mark.parametrize("name", SETTINGS)
def test_unusual_settings_change_no_table(trained: tuple[Team, dict[str, tuple[Any, ...]]], name: str) -> None:
    team, expected = trained
    team.write(settings=SETTINGS[name], two_tower_published_file="")
    team.dbt("run").must_pass()
    found = content(team)
    assert {table for table in expected if found[table] != expected[table]} == set()


def test_a_setting_that_gives_division_another_meaning_is_refused(
    trained: tuple[Team, dict[str, tuple[Any, ...]]],
) -> None:
    team, _ = trained
    errors = team.write(settings={"integer_division": True}).dbt("run", "--select", "stg_items").must_fail().errors
    assert "profiles.yml, settings of target dev: integer_division is true" in errors
    assert "Remedy: take it out" in errors
    said = team.write(settings={"default_collation": "NOCASE"}).dbt("run", "--select", "stg_items").must_pass().output
    assert "default_collation is 'NOCASE'" in said


def test_every_ordering_says_its_direction() -> None:
    """Or the session's default_order decides it."""
    sql = [*(REPO / "macros").rglob("*.sql"), *(REPO / "models").rglob("*.sql")]
    for path in [*sql, *(REPO / "training").rglob("*.py")]:
        text = re.sub(r"\{#.*?#\}|--[^\n]*", "", path.read_text(), flags=re.DOTALL)
        for order in re.findall(r"order by\b((?:[^\n]*\n?){4})|\.order\(\"([^\"]*)\"", text):
            said = "".join(order)
            given = r"~ columns ~|\{\{ order_by \}\}"  # written by the caller, who says it
            assert re.search(rf"\b(asc|desc)\b|{given}", said), (path.name, said)
        for sort in re.findall(r"(?:list|array)_sort\((?:[^\n]*\n?){12}", text):
            assert re.search("'(asc|desc)'", sort, re.IGNORECASE), (path.name, sort)
