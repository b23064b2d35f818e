"""The team's DuckDB settings reach our SQL: under unusual ones every table is the same."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest
from helpers.every_input import Team

SETTINGS: dict[str, dict[str, Any]] = {
    "orders": {
        "default_order": "DESC", "default_null_order": "NULLS_FIRST", "integer_division": True,
        "order_by_non_integer_literal": True, "ordered_aggregate_threshold": 2,
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
    """Rows and checksum of every table of the package."""
    with duckdb.connect(str(team.database), read_only=True) as connection:
        tables = connection.execute(
            "select table_name from information_schema.tables "
            "where table_schema = 'main_recommender' and table_type = 'BASE TABLE'"
        ).fetchall()
        query = "select count(*), bit_xor(hash(t)) from main_recommender.{} as t"
        return {table: connection.execute(query.format(table)).fetchall()[0] for (table,) in tables}


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Team, dict[str, tuple[Any, ...]]]:
    team = Team(tmp_path_factory.mktemp("settings") / "shop").write().fill()
    team.dbt("deps").must_pass()
    team.dbt("run", "--exclude", "als_usual").must_pass()
    return team, content(team)


@pytest.mark.parametrize("name", SETTINGS)
def test_unusual_settings_change_no_table(trained: tuple[Team, dict[str, tuple[Any, ...]]], name: str) -> None:
    team, expected = trained
    team.write(settings=SETTINGS[name])
    team.dbt("run", "--exclude", "training_runs").must_pass()
    found = content(team)
    assert {table for table in expected if found[table] != expected[table]} == set()
