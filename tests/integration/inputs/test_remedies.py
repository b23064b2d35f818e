"""What an error says to do works when it is pasted."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from helpers.dbt_runner import one_line
from helpers.every_input import SHOP, Team

# --- remedies


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("epoch(event_at)::bigint", "event_at"),
        ("epoch_ms(event_at)", "event_at"),
        ("epoch_us(event_at)", "event_at"),
        ("epoch_ns(event_at)", "event_at"),
        ("epoch(event_at)", "event_at"),
        ("strftime(event_at, '%Y%m%d')::integer", "event_at::date"),
        ("event_at::varchar", "event_at"),
        ("event_at at time zone 'UTC'", "event_at"),
    ],
)
def test_the_remedy_for_a_time_works_when_pasted(team: Team, given: str, expected: str) -> None:
    spoilt = f"select * replace ({given} as event_at) from ({SHOP['interactions']})"
    with team.holding(interactions=spoilt):
        errors = one_line(team.read("interactions").must_fail().errors)
        remedy = re.search(r"in your model[:,] (.*? as \"event_at\")[.,]", errors)
        assert remedy, errors
        team.fill(interactions=f"select * replace ({remedy[1]}) from ({spoilt})")
        team.read("interactions").must_pass()
        right = f"select {expected} as event_at from ({SHOP['interactions']})"
        wrong = f"select count(*) from stg_interactions anti join ({right}) using (event_at)"
        assert team.rows(wrong) == [(0,)]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("make_timestamp(epoch_ms(event_at))", "correct the unit of time in your model"),
        ("date '2026-03-01'", "set two_tower_split: random"),
    ],
)
def test_the_remedy_for_a_short_history_fits_its_cause(team: Team, given: str, says: str) -> None:
    with team.holding(interactions=f"select * replace ({given} as event_at) from ({SHOP['interactions']})"):
        team.read("interactions").must_pass()
        assert says in one_line(team.dbt("run", "--select", "data_end", "interaction_splits").must_fail().errors)
        if "random" in says:
            team.dbt(
                "run", "--select", "data_end", "interaction_splits", two_tower_split="random", two_tower_reviews=""
            ).must_pass()


def test_what_is_wrong_with_a_model_of_ours_is_mended_in_a_file_of_theirs(team: Team) -> None:
    project = team.folder / "dbt_project.yml"
    kept = project.read_text()
    try:
        project.write_text(kept.replace("models:\n", "models:\n  +materialized: view\n"))
        errors = one_line(team.dbt("run", "--select", "stg_items").must_fail().errors)
        assert "say in your dbt_project.yml, under models: `two_tower: {+materialized: table}`" in errors
        project.write_text(
            kept.replace("models:\n", "models:\n  +materialized: view\n").replace(
                "    +schema: recommender\n", "    +schema: recommender\n    +materialized: table\n"
            )
        )
        team.dbt("run", "--select", "stg_items").must_pass()
    finally:
        project.write_text(kept)
        team.fill()


# --- items that are no products


POSTAGE = f"""
    select * from ({SHOP["interactions"]})
    union all
    select n % 120, if(n % 10 = 0, 900 + n % 3, 910), timestamp '2026-01-01' + interval (n * 270 + 7) minute,
        'purchase', 1, if(n % 2 = 0, 0.5, 90)
    from range(600) as t(n)
"""
NO_PRODUCTS = f"""
    select item_id, shelf, list_price, 'card holder no ' || item_id as title from ({SHOP["items"]})
    where item_id > 1
    union all
    values (0, 'shelf 0', 1.5, 'manual toothbrush'), (1, 'shelf 1', 1.5, 'post-it notes'),
        (900, 'shelf 0', 1, 'DOTCOM_Postage'), (901, 'shelf 0', 1, ' Manual '), (902, 'shelf 0', 1, 'delivery charges')
"""
PASTE = re.compile(r"two_tower_placeholder_ids: (\{.*?\})")


def test_items_that_are_no_products_are_named_and_what_is_pasted_leaves_them_out(team: Team) -> None:
    build = ("run", "--select", "package:my_shop", "+item_categories")
    given: dict[str, Any] = {"two_tower_item_label": "title", "two_tower_placeholder_ids": {"user_id": ["no one"]}}
    with team.holding(interactions=POSTAGE, items=NO_PRODUCTS):
        said = one_line(team.dbt(*build, **given).must_pass().output)
        assert "4 items seem to be no products, such as '900' (DOTCOM_Postage), '901' (Manual)" in said
        pasted = json.loads(PASTE.findall(said.split("seem to be no products")[1])[0])
        assert pasted == {"user_id": ["no one"], "item_id": ["900", "901", "902", "910"]}
        said = team.dbt(*build, **given | {"two_tower_placeholder_ids": pasted}).must_pass().output
        assert "no products" not in said
        left = "select count(*), count(*) filter (where item_id::int >= 900) from"
        assert team.rows(f"{left} stg_interactions") == [(2000, 0)]
        assert team.rows(f"{left} item_categories") == [(60, 0)]


@pytest.mark.parametrize("change", ["category", "price", "share"])
def test_one_sign_less_is_no_sign(team: Team, change: str) -> None:
    """Item 910 has no name that tells: it stands in many baskets, has odd prices and no category."""
    events, items = POSTAGE, SHOP["items"]
    if change == "category":
        items += " union all select 910, 'shelf 1', 2.5"
    elif change == "price":
        events = events.replace("0.5, 90)", "30, 90)")
    else:
        events = events.replace("range(600)", "range(90)")
    with team.holding(interactions=events, items=items):
        said = team.dbt("run", "--select", "package:my_shop", "+item_categories").must_pass().output
        assert "no products" not in said
