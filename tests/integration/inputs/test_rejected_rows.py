"""Rows of optional inputs that cannot be followed: they stop the run or are left out, and one table lists them."""

from __future__ import annotations

from typing import Any

import pytest
from helpers.every_input import READERS, SHOP, Team

OPTIONAL = ("reviews", "item_availability", "user_exclusions", "merchandising_rules", "exposures", "outcomes")
RULES = """
    select * from (values
        ('fine', 'boost', '7', null, null, null, '1.0'),
        ('gone', 'exclude', '999', null, null, null, null),
        ('misspelt', 'boost', null, 'shelv 1', null, null, '1.0'),
        ('nobody', 'exclude', '7', null, 'club 99', null, null)
        {more}
    ) as t(rule_id, action, item_id, category, segment, position, strength)
"""
MALFORMED = """
    , ('promoted', 'promote', '7', null, null, null, null), ('no place', 'pin', '7', null, null, null, null),
    ('twice', 'exclude', '7', null, null, null, null), ('twice', 'exclude', '8', null, null, null, null),
    (null, 'exclude', '7', null, null, null, null), ('first', 'pin', '7', null, null, 'first', null)
"""
REJECTED = "select row_key, column_name, value, reason from rejected_rows where input = '{}' order by all"


def read(team: Team, *inputs: str, **variables: Any) -> Any:
    readers = [f"two_tower,{READERS[name]}" for name in inputs]
    return team.dbt("run", "--select", "package:my_shop", *readers, "two_tower,1+rejected_rows", **variables)


def replaced(name: str, where: str, values: str) -> str:
    """The shop's table of an input with other values in some rows."""
    rows = SHOP[name]
    return (
        f"from ({rows}) where not ({where}) union all by name select * replace ({values}) from ({rows}) where {where}"
    )


def test_the_shop_itself_has_no_rejected_row(team: Team) -> None:
    read(team, *OPTIONAL).must_pass()
    assert team.rows("from rejected_rows") == []


def test_rules_about_what_is_gone_are_left_out_and_listed(team: Team) -> None:
    with team.holding(merchandising_rules=RULES.format(more="")):
        said = read(team, "merchandising_rules").must_pass().output
        assert "campaigns: 3 without effect: rule 'gone': item_id '999' is no item" in said
        assert team.rows("select distinct rule_id from active_rules where segment is null") == [("fine",)]
        assert team.rows(REJECTED.format("merchandising_rules")) == [
            ("rule_id gone", "item_id", "999", "item_id '999' is no item"),
            (
                "rule_id misspelt",
                "category",
                "shelv 1",
                "category 'shelv 1' is that of no item (var two_tower_category)",
            ),
            ("rule_id nobody", "segment", "club 99", "segment 'club 99' is that of no user (var two_tower_segment)"),
        ]


def test_malformed_rules_stop_or_are_left_out(team: Team) -> None:
    with team.holding(merchandising_rules=RULES.format(more=MALFORMED)):
        stopped = read(team, "merchandising_rules").must_fail()
        assert "column position: 1 values cannot be read as a whole number, such as 'first'" in stopped.errors
        said = read(team, "merchandising_rules", two_tower_bad_rows="skip").must_pass().output
        assert "column position: 1 rows cannot be read as integer (such as 'first'). They are left out." in said
        assert "campaigns: 5 malformed, and left out: " in said
        assert team.rows("select distinct rule_id from active_rules where segment is null") == [("fine",)]
        listed = team.rows(REJECTED.format("merchandising_rules"))
        assert {
            row[0]: row[1:] for row in listed if row[0] not in ("rule_id gone", "rule_id misspelt", "rule_id nobody")
        } == {
            "rule_id NULL": ("rule_id", None, "rule_id is missing"),
            "rule_id first": ("position", "first", "values that cannot be read as integer"),
            "rule_id no place": ("position", None, "position is missing; a pin needs 1 to 10 (var two_tower_k)"),
            "rule_id promoted": ("action", "promote", "action is 'promote'; it may be pin, boost, bury or exclude"),
            "rule_id twice": ("rule_id", "twice", "rule_id is used more than once"),
        }


def test_rows_of_other_inputs_that_are_left_out_are_listed(team: Team) -> None:
    spoilt = {
        "item_availability": replaced("item_availability", "item_id = 3", "null as item_id")
        + " union all by name select 999 as item_id",
        "user_exclusions": replaced("user_exclusions", "user_id = 3", "null as user_id"),
        "exposures": replaced("exposures", "user_id = 3", "timestamp '2999-01-01' as exposed_at"),
    }
    with team.holding(**spoilt):
        read(team, *spoilt).must_pass()
        assert team.rows("select input, row_key, column_name, value, reason from rejected_rows order by all") == [
            (
                "exposures",
                "experiment mail, user_id 3",
                "exposed_at",
                "2999-01-01 00:00:00",
                "values that lie in the future",
            ),
            ("item_availability", "item_id 999", "item_id", "999", "no such item"),
            ("item_availability", "item_id NULL", "item_id", None, "values that are NULL"),
            ("user_exclusions", "user_id NULL, item_id 3", "user_id", None, "values that are NULL"),
        ]


@pytest.mark.parametrize("values", ["null as user_id", "timestamp '2999-01-01' as review_at"])
def test_a_review_that_cannot_be_read_is_left_out_where_that_is_wanted(team: Team, values: str) -> None:
    with team.holding(reviews=replaced("reviews", "user_id = 3", values)):
        read(team, "reviews").must_fail()
        read(team, "reviews", two_tower_bad_rows="skip").must_pass()
        assert team.rows("select count(*) from stg_reviews") == [(119,)]
        assert team.rows("select count(*) from rejected_rows") == [(1,)]


def test_text_that_is_no_time_is_left_out_where_that_is_wanted(team: Team) -> None:
    soon = "select * replace (if(user_id = 3, 'soon', occurred_at::varchar) as occurred_at) from ({})".format(
        SHOP["outcomes"]
    )
    with team.holding(outcomes=soon):
        assert (
            "values cannot be read as a timestamp or date, such as 'soon'" in read(team, "outcomes").must_fail().errors
        )
        read(team, "outcomes", two_tower_bad_rows="skip").must_pass()
        rows = team.rows("select distinct column_name, value, reason from rejected_rows")
        assert rows == [("occurred_at", "soon", "values that cannot be read as timestamp")]
