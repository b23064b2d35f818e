"""Boundary values, columns of bookkeeping, and types as the engine knows them."""

from __future__ import annotations

import math
import re
from typing import Any

import pytest
from helpers.dbt_runner import one_line
from helpers.every_input import SHOP, Team, spoil, where

# --- boundary values


def test_a_quantity_of_0_is_no_purchase_and_partly_known_prices_give_the_revenue_that_is_known(team: Team) -> None:
    lines = """
        select 500 as user_id, 7 as item_id, timestamp '2026-03-01 10:00' as event_at, 'purchase' as event_type,
            quantity, price
        from (values (1, 10.0), (1, null), (0, 99.0), (-1, 10.0)) as t(quantity, price)
        union all select 501, 9, timestamp '2026-03-02', 'purchase', 0, null
        union all select 502, 9, timestamp '2026-03-02', 'view', 0, null
        union all select 503, 9, timestamp '2026-03-02', 'purchase', null, 4.0
    """
    with team.holding(interactions=lines):
        said = one_line(team.read("interactions").must_pass().output)
        assert f"{where('interactions', 'quantity')}1 rows are below 0" in said
        assert f"{where('interactions', 'quantity')}2 rows are 0. They are treated as cancelled lines" in said
        assert 'nullif("quantity", 0)' in said
        assert team.rows("select user_id, quantity, price, revenue from stg_interactions order by all") == [
            ("500", 2.0, 10.0, 10.0),
            ("502", 1.0, None, None),  # no view of this shop has a quantity
            ("503", 1.0, 4.0, 4.0),
        ]


def test_means_are_over_the_units_whose_price_is_known(team: Team) -> None:
    lines = f"""
        {SHOP["interactions"]} union all
        select 500, 7, timestamp '2026-01-05 10:00', 'purchase', q, p
        from (values (1, 10.0), (3, 20.0), (5, null)) as t(q, p)
        union all select 500, 8, timestamp '2026-01-06', 'purchase', 2, 0.0
    """
    with team.holding(interactions=lines):
        team.dbt("run", "--select", "+user_features").must_pass()
        columns = "spend, round(mean_price, 9)"
        assert team.rows(f"select {columns} from user_features where user_id = '500' and cutoff = 0") == [
            (70.0, round(70 / 6, 9))
        ]


def test_prices_below_0_are_named(team: Team) -> None:
    with team.holding(interactions=spoil("interactions", {"price": "if(n % 10 = 0, -5.0, price)"})):
        said = one_line(team.read("interactions").must_pass().output)
        assert f"{where('interactions', 'price')}200 rows are below 0 (such as '-5.0')" in said


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("two_tower_basket_days", 10**9),
        ("two_tower_k", 10**12),
        ("two_tower_history_half_life_days", math.inf),
        ("two_tower_max_calibration_error", math.nan),
        ("two_tower_min_recall", {"allow_repeats": math.nan}),
        ("two_tower_caps", {"shelf": 10**12}),
        ("two_tower_experiments", {"mail": {"control": 1.0, "unseen_only": math.inf}}),
    ],
)
def test_numbers_of_vars_are_finite_and_have_two_ends(team: Team, name: str, value: Any) -> None:
    try:
        team.write(**{name: value})
        errors = team.dbt("run", "--select", "stg_users", "experiment_assignments").must_fail().errors
        assert re.search(rf"var {name}(, experiment mail)?: ", errors), errors
    finally:
        team.write()


# --- bookkeeping columns


def test_the_bookkeeping_of_tools_is_no_feature(team: Team) -> None:
    kept = "now()::timestamp as dbt_valid_from, now()::timestamp as dbt_updated_at, md5(user_id::varchar) as dbt_scd_id"
    more = "now()::timestamp as _fivetran_synced, 'x' as _airbyte_raw_id, now()::timestamp as last_modified"
    with team.holding(users=f"select *, {kept}, {more} from ({SHOP['users']})"):
        said = one_line(team.read("users").must_pass().output)
        for column in ("dbt_valid_from", "dbt_updated_at", "dbt_scd_id", "_fivetran_synced", "_airbyte_raw_id"):
            assert f"{where('users', column)}is the bookkeeping of a tool" in said
        assert f"{where('users', 'last_modified')}seems to be the time of the last change" in said
        columns = {name for (name,) in team.rows("select column_name from (describe stg_users)")}
        assert columns == {"user_id", "club", "age", "last_modified", "user_label"}


def test_a_time_that_moves_with_each_load_is_named(team: Team) -> None:
    times = "timestamp '2026-11-01' as seen_at, timestamp '2025-12-01' as joined, date '2026-11-01' as \"Last Seen\""
    with team.holding(users=f"select *, {times} from ({SHOP['users']})"):
        said = one_line(team.dbt("run", "--select", "+user_features").must_pass().output)
        assert f"{where('users', 'seen_at')}lies after the last event of 120 of 120 users" in said
        assert f"{where('users', 'Last Seen')}lies after the last event of 120 of 120 users" in said
        assert "column joined" not in said


# --- types, as the engine knows them


def test_every_type_of_the_engine_has_the_family_that_its_casts_show(team: Team) -> None:
    types = team.rows(
        "select distinct logical_type from duckdb_types() where logical_type not in ('ENUM', 'STRUCT', 'LIST', 'MAP', "
        "'UNION', 'ARRAY', 'TABLE', 'INVALID', 'NULL', 'TYPE', 'TUPLE') order by 1"
    )
    samples = {"number": "7", "text": "x", "time": "2026-01-01", "time of day": "10:00"}
    shown = " union all ".join(
        f"select '{name}' as type, '{{{{ two_tower.type_family(\"{name}\") }}}}' as family" for (name,) in types
    )
    (team.folder / "models" / "families.sql").write_text(shown)
    try:
        team.dbt("run", "--select", "families").must_pass()
        families = dict(team.rows("from main.families"))
    finally:
        (team.folder / "models" / "families.sql").unlink()
    assert {families[name] for name in ("UHUGEINT", "HUGEINT", "BIGNUM", "DECIMAL", "UTINYINT")} == {"number"}
    assert {families[name] for name in ("VARCHAR", "UUID")} == {"text"}
    assert {name for name in families if families[name] == "time"} >= {
        "DATE",
        "TIMESTAMP_NS",
        "TIMESTAMP WITH TIME ZONE",
    }
    for name, family in families.items():
        if family in ("number", "time", "time of day"):
            assert team.rows(f"select try_cast('{samples[family]}' as {name}) is not null") == [(True,)], name


def test_surrogate_keys_of_every_whole_number_meet(team: Team) -> None:
    keys = {name: spoil(name, {"user_id": "md5_number(user_id::varchar)"}) for name in ("interactions", "users")}
    with team.holding(**keys):
        team.dbt("run", "--select", "+user_features").must_pass()
        known = "select count(*) from stg_interactions where user_id not in (select user_id from stg_users)"
        assert team.rows(known) == [(0,)]
    with team.holding(items=f"select *, md5_number(shelf) as supplier from ({SHOP['items']})"):
        team.read("items").must_pass()
        assert team.rows("select column_type from (describe stg_items) where column_name = 'supplier'") == [("DOUBLE",)]


# --- the value by which lists may be ordered


def test_values_are_relative_to_the_median(team: Team) -> None:
    items = f"select *, [null, -3, 0, 2, 4, 4, 8][1 + item_id % 7] as margin from ({SHOP['items']})"
    with team.holding(items=items):
        run = ("run", "--select", "package:my_shop", "+item_categories")
        team.dbt(*run, two_tower_value_column="Margin").must_pass()
        found = "select distinct item_id::int % 7, relative_value from item_categories order by 1"
        assert team.rows(found) == [(0, 1), (1, 0), (2, 0), (3, 0.5), (4, 1), (5, 1), (6, 2)]
    team.dbt(*run).must_pass()
    assert team.rows("select distinct relative_value from item_categories") == [(1,)]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"two_tower_value_column": "cost"}, "var two_tower_value_column: 'cost' is no column of dim_products."),
        (
            {"two_tower_value_column": "shelf"},
            "var two_tower_value_column: 'shelf' of dim_products is VARCHAR, expected a number.",
        ),
        (
            {"two_tower_value_weight": 0.5},
            "var two_tower_value_weight: value '0.5' weighs a value, and no column has one.",
        ),
    ],
)
def test_a_value_that_lists_cannot_go_by_is_named(team: Team, given: dict[str, Any], says: str) -> None:
    assert says in one_line(team.read("items", **given).must_fail().errors)
