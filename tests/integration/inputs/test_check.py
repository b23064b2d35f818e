"""Operation `check`: the inputs are read, nothing is built, and all problems are told at once."""

from __future__ import annotations

import duckdb
from helpers.every_input import SHOP, Team

CHECK = ("run-operation", "two_tower.check")


def lines(text: str) -> list[str]:
    """Lines of the printed tables with single spaces."""
    return [" ".join(line.split()) for line in text.splitlines()]


def test_a_good_shop_is_described_and_nothing_is_built(team: Team) -> None:
    tables = "select table_name from duckdb_tables() union all select view_name from duckdb_views()"
    before = team.rows(f"from ({tables}) order by all")
    told = lines(team.dbt(*CHECK).must_pass().output)
    for line in (
        "interactions (fct_purchases)",
        "user_id id, user_id its name",
        "event_at time, event_at its name",
        "age feature, number type DECIMAL(21,1)",
        "club feature, category type VARCHAR",
        "2000 rows, the newest of 2026-05-05 22:30:00",
        "event types: purchase 100.0 %",
        "expected on two cores: 2 to 5 minutes for a first build, 1 for a refresh, and 2.1 GB of memory",
        "two_tower.check: no problem that would stop a run.",
    ):
        assert line in told, "\n".join(told)
    assert any(line.startswith("repeats: ") and "two_tower_policy is allow_repeats" in line for line in told)
    assert any(line.startswith("most rows by item_id: ") for line in told)
    assert team.rows(f"from ({tables}) order by all") == before


def test_all_problems_are_told_at_once(team: Team) -> None:
    spoilt = {
        "interactions": f"select * replace (if(user_id = 3, null, user_id) as user_id) from ({SHOP['interactions']}) "
        "union all by name "
        "select 1 as user_id, 1 as item_id, timestamp '2999-01-01' as event_at, 'purchase' as event_type",
        "users": f"from ({SHOP['users']}) union all from ({SHOP['users']}) where user_id = 5",
        "items": f"select * rename (item_id as sku) from ({SHOP['items']})",
        "outcomes": f"select * replace ('soon' as occurred_at) from ({SHOP['outcomes']})",
    }
    with team.holding(**spoilt):
        failed = team.dbt(*CHECK, two_tower_target_events=["sale"]).must_fail()
    for problem in (
        "two_tower.check: 6 problems.",
        "stg_interactions, column user_id: NULL in ",
        "stg_interactions, column event_at: 1 rows lie in the future, the latest '2999-01-01 00:00:00'.",
        "stg_users, column user_id: 2 rows have the value '5'.",
        "var two_tower_items (dim_products), column item_id: missing; found sku, shelf, list_price.",
        "column occurred_at: 400 values cannot be read as a timestamp or date, such as 'soon'.",
        "var two_tower_target_events, type 'sale': there is no such event.",
        "Remedy: keep one row per user_id in dim_customers (var two_tower_users).",
    ):
        assert problem in failed.errors, failed.errors


def test_keys_that_never_meet_and_tables_that_are_not_there_are_told(team: Team) -> None:
    with team.holding(users=f"select * replace ('u' || user_id as user_id) from ({SHOP['users']})"):
        with duckdb.connect(str(team.database)) as connection:
            connection.execute("drop view main.stock")
        failed = team.dbt(*CHECK).must_fail()
        team.dbt("run", "--select", "stock").must_pass()
    assert "two_tower.check: 2 problems." in failed.errors
    assert "var two_tower_users (dim_customers): none of its keys is in the interactions" in failed.errors
    assert "var two_tower_item_availability (stock): there is no table or view" in failed.errors


def test_wrong_vars_are_told_together_and_before_the_tables(team: Team) -> None:
    failed = team.dbt(*CHECK, two_tower_k=0, two_tower_rank_dept=3, two_tower_split="weekly").must_fail()
    assert "two_tower.check: 3 problems." in failed.errors
    for name in ("two_tower_k", "two_tower_rank_dept", "two_tower_split"):
        assert f"var {name}" in failed.errors
