"""Ids that stand for nobody, and times of which only the day is known."""

from __future__ import annotations

import re
from typing import Any

import pytest
from helpers.dbt_runner import one_line
from helpers.every_input import KEYS, SHOP, Team, spoil, where

# --- an id that stands for nobody


@pytest.mark.parametrize("placeholder", ["0", "unknown"])
def test_a_placeholder_for_an_id_is_named_and_can_be_left_out(team: Team, placeholder: str) -> None:
    spoilt = {
        name: spoil(
            name, {key: f"if(n % 2 = 0, '{placeholder}', 'x' || {key}::varchar)" for of, key in KEYS if of == name}
        )
        for name in dict(KEYS)
    }
    with team.holding(**spoilt):
        said = one_line(team.read(*spoilt).must_pass().output)
        for name, key in KEYS:
            assert re.search(re.escape(where(name, key)) + rf"\d+ of \d+ rows have the value '{placeholder}'", said), (
                name
            )
            assert f"where \"{key}\" != '{placeholder}'" in said
            assert f'two_tower_placeholder_ids: {{{key}: ["{placeholder}"]}}' in said
        left_out = {"user_id": [placeholder], "item_id": [placeholder]}
        said = one_line(team.read(*spoilt, two_tower_placeholder_ids=left_out).must_pass().output)
        assert f"rows have the value '{placeholder}'" not in said
        for table in ("stg_interactions", "stg_reviews", "excluded_items", "experiment_metrics"):
            assert team.rows(f"select count(*) from {table} where user_id = '{placeholder}'") == [(0,)]


GUESTS = """
    with orders as (
        select n as order_no, if(n % 2 = 0, {guest}, '' || (1 + hash(n) % 300)) as user_id,
            timestamp '2026-05-01' + interval (n * 25) minute as event_at
        from range(8000) as t(n)
    )
    select user_id, unnest([2 * (hash(order_no, 1) % 40), 2 * (hash(order_no, 1) % 40) + 1]) as item_id, event_at
    from orders
"""


@pytest.mark.parametrize("guest", ["'0'", "''", "'e7d1'"])
def test_what_all_guests_had_is_no_basket_and_not_bought_again(team: Team, guest: str) -> None:
    with team.holding(interactions=GUESTS.format(guest=guest)):
        team.dbt("run", "--select", "+bought_together", "+repeat_purchases").must_pass()
        # two orders of one person on one day make a few more pairs; one basket of all guests made nine in ten others
        pairs = "count(*) > 50, avg(is_other::int) < 0.2"
        others = "select *, item_id::int // 2 != bought_item_id::int // 2 as is_other from bought_together"
        assert team.rows(f"select {pairs} from ({others})") == [(True, True)]
        assert team.rows(f"select count(*) from repeat_purchases where user_id = {guest}") == [(0,)]
        assert team.rows("select count(*) > 0 from repeat_purchases") == [(True,)]


def test_what_all_guests_had_makes_no_neighbours(team: Team) -> None:
    neighbours = "from item_neighbours order by all"
    with team.holding(interactions=GUESTS.format(guest="'0'")):
        team.dbt("run", "--select", "+item_neighbours").must_pass()
        found = team.rows(neighbours)
        left_out = {"user_id": ["0"]}
        team.dbt("run", "--select", "+item_neighbours", two_tower_placeholder_ids=left_out).must_pass()
        assert {row[0] for row in found} == {"validation", "evaluation", "production"}
        assert found == team.rows(neighbours)


# --- two grains of time


def test_a_session_over_midnight_is_one_purchase(team: Team) -> None:
    night = """
        select range as user_id, 7 as item_id,
            timestamp '2026-03-01 23:55' + interval (d) day + interval (m) minute as event_at
        from range(60), (values {}) as events(d, m)
    """
    with team.holding(interactions=night.format("(0, 0), (0, 10)")):
        team.read("interactions").must_pass()
        team.dbt(
            "run", "--select", "data_end", "interaction_splits", "repeat_purchases"
        ).must_fail()  # one item is no shop
    other = " union all select 1, 8, timestamp '2025-11-01'"
    with team.holding(interactions=night.format("(0, 0), (0, 10)") + other):
        team.dbt("run", "--select", "+repeat_purchases").must_pass()
        assert team.rows("select count(*) from repeat_purchases") == [(0,)]
    with team.holding(interactions=night.format("(0, 0), (0, 10), (14, 0), (14, 20), (28, 0)") + other):
        team.dbt("run", "--select", "+repeat_purchases").must_pass()
        assert team.rows("select distinct purchases, interval_days from repeat_purchases") == [(3, 14.0)]


def shown_signals(team: Team, columns: str) -> list[Any]:
    """Rows of signals of what users had, as of today."""
    scores = ("sequence_score", "factors_score", "features_score", "neighbour_score", "best_similarity")
    (team.folder / "models" / "shown.sql").write_text(f"""
        with given as (
            select user_id, item_id, true as is_repeat, {", ".join(f"null::float as {score}" for score in scores)}
            from {{{{ ref('two_tower', 'user_histories') }}}} where cutoff = 0
        )
        from ({{{{ two_tower.signals('given', 0) }}}})
    """)
    try:
        defaults = {"two_tower_split": "time", "two_tower_target_events": [], "two_tower_least_rating": ""}
        team.dbt("run", "--select", "+shown", **defaults).must_pass()  # a team's model does not see them
        return team.rows(f"select distinct {columns} from main.shown order by all")
    finally:
        (team.folder / "models" / "shown.sql").unlink()


def test_a_session_over_midnight_is_no_return_to_an_item(team: Team) -> None:
    night = """
        select range as user_id, 7 + range % 2 as item_id,
            timestamp '2026-03-01 23:55' + interval (if(range % 2 = 0, 14 * d, 0)) day + interval (m) minute as event_at
        from range(60), (values (0, 0), (1, 10)) as events(d, m)
        union all select 1, 9, timestamp '2025-11-01'
    """
    with team.holding(interactions=night):
        found = shown_signals(team, "item_id, item_return_share")
        assert found == [("7", 1.0), ("8", 0.0), ("9", 0.0)]


def test_signals_of_what_was_had_ages_ago_are_missing_and_no_nan(team: Team) -> None:
    ancient = f"{SHOP['interactions']} union all select 500, 7, timestamp '0001-01-01', 'purchase', 1, 1.0"
    with team.holding(interactions=ancient):
        weights = ("recency_30", "recency_90", "recency_weight", "share_of_shelf")
        wrong = " or ".join(f"isnan({name})" for name in weights)
        assert shown_signals(team, f"coalesce({wrong}, false)") == [(False,)]


def test_days_and_moments_of_purchases_give_the_same_interval(team: Team) -> None:
    daily = "select range % 60 as user_id, {0} % 2 as item_id, date '2026-01-01' + 7 * {0} as event_at from range(600)"
    with team.holding(interactions=daily.format("(range // 60)::int")):
        team.dbt("run", "--select", "+repeat_purchases").must_pass()
        assert team.rows("select distinct purchases, interval_days from repeat_purchases") == [(5, 14.0)]


def test_a_review_of_which_the_day_is_known_is_read_when_the_day_is_over(team: Team) -> None:
    """Cutoff 0 is a second after the newest interaction: a review of that day may have been written after it."""
    newest = f"(select max(event_at) from ({SHOP['interactions']}))"
    review = (
        f"select 1 as user_id, 1 as item_id, {{}} as review_at, 4.0 as rating, 'x' as text from (select {newest} as t)"
    )
    for moment, known in (
        ("t::date", 0),
        ("t::date - 1", 1),
        ("t::date::timestamp", 0),
        ("t - interval 1 minute", 1),
        ("t + interval 1 minute", 0),
    ):
        with team.holding(reviews=review.format(moment)):
            team.dbt("run", "--select", "+item_reviews").must_pass()
            assert team.rows("select count(*) from item_reviews where cutoff = 0") == [(known,)], moment


@pytest.mark.parametrize("grain", ["date '2026-04-01' + 0", "timestamp '2026-04-01'"])
def test_an_outcome_of_which_the_day_is_known_counts_from_the_day_of_the_exposure(team: Team, grain: str) -> None:
    outcomes = f"""
        select range as user_id, {grain} as occurred_at, 20.0 as revenue from range(100) where range % 4 = 1
        union all select range, timestamp '2026-03-20', 5.0 from range(100)
        union all select 110, timestamp '2026-05-20', 5.0
    """
    with team.holding(outcomes=outcomes):
        team.dbt("run", "--select", "package:my_shop", "experiment_metrics", "experiment_results").must_pass()
        found = team.rows(
            "select metric, mean, control_mean from experiment_results where variant = 'two_tower' order by metric"
        )
        assert found == [("conversion", 0.5, 0.0), ("revenue", 10.0, 0.0)]
        assert team.rows("select distinct conversion_before, revenue_before from experiment_metrics") == [(1, 5.0)]
