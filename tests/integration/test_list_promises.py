"""Lists under rules, caps, availability and exclusions keep every promise, and one that is broken is found."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest
from helpers.every_input import Team
from helpers.random_tables import available, broken_lists, excluded

LISTS = ("run", "--select", "+recommendations", "+recommendations_by_category")
RULES = """
    select *, null::timestamp as valid_from, null::timestamp as valid_until
    from (values
        ('a', 'pin', '12', null, null, 2, null), ('b', 'boost', null, 'shelf 1', null, null, 0.5),
        ('c', 'exclude', '33', null, 'club 1', null, null), ('d', 'bury', '7', null, 'club 2', null, 3.0)
    ) as rules(rule_id, action, item_id, category, segment, position, strength)
"""


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Team:
    team = Team(tmp_path_factory.mktemp("lists") / "shop").write(two_tower_stages=["production"])
    team.fill(merchandising_rules=RULES, item_availability=available(1).rows, user_exclusions=excluded(90).rows)
    team.dbt("deps").must_pass()
    team.dbt(*LISTS).must_pass()
    return team


@pytest.mark.parametrize(
    "variables",
    [
        {"two_tower_policy": "unseen_only", "two_tower_caps": {"shelf": 2}},
        {"two_tower_candidates": 1, "two_tower_k": 25, "two_tower_evaluation_k": 50, "two_tower_rank_depth": 20},
        {
            "two_tower_value_column": "list_price",
            "two_tower_value_weight": 0.5,
            "two_tower_diversity": 0.2,
            "two_tower_new_item_share": 0.2,
        },
        {},
    ],
    ids=[
        "policy unseen_only under caps",
        "lists that are longer than candidates",
        "worth and new items",
        "the defaults",
    ],
)
def test_lists_keep_every_promise(trained: Team, variables: dict[str, Any]) -> None:
    trained.dbt(*LISTS, "--exclude", "tag:train", **variables).must_pass()
    with trained.connect() as connection:
        assert broken_lists(connection, variables, with_evaluation=False) == []


# what is done to the tables that the last of these runs left, and the promise that it breaks
WRONG = {
    "an excluded item": (
        "insert into raw.complaints select user_id, item_id from recommendations limit 1",
        "lists hold what may be shown, once",
    ),
    "an item of another list": (
        "update recommendations set item_id = '33' where user_id = '1' and rank = 10",
        "lists hold what may be shown, once",
    ),
    "two places exchanged": (
        "update recommendations set rank = 13 - rank where rank in (6, 7)",
        "what is not pinned stands by worth and boost",
    ),
    "a place too few": ("delete from recommendations where rank = 10", "lists are full"),
    "a pin beside its place": (
        "update raw.campaigns set position = 3 where rule_id = 'a'",
        "a pin stands on its place, or moves up where there is nothing for the places before it",
    ),
    "a boost that nobody asked for": (
        "update recommendations set boost = boost + 0.1 where rank = 1",
        "the score is the chance, the boost that of the rules",
    ),
    "a new item as a repeat": (
        "update candidates set found_by = ['history'] where user_id = '1' and not is_repeat",
        "a repeat is what the user had, and nothing else is found by the history",
    ),
    "an item that the towers do not name": (
        "update candidates set found_by = ['popularity'] where user_id = '1' and list_contains(found_by, 'towers')",
        "the towers name the items with the largest dot product",
    ),
    "a chance that is none": (
        "update ranked_candidates set score = 'nan' where rank = 1",
        "ranked candidates are candidates with a chance, and go by falling worth",
    ),
    "a worth that the value does not explain": (
        "update ranked_candidates set worth = worth * 1.01 where rank = 1",
        "a worth is the chance by the value, and each further item of a category counts less",
    ),
    "an item that is not new": (
        "update ranked_candidates set is_new = true where rank = 1",
        "the places that are kept for new items are theirs",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_list_is_found(trained: Team, name: str) -> None:
    change, promise = WRONG[name]
    with duckdb.connect(str(trained.database)) as connection:
        connection.execute("use main_recommender")
        connection.begin()
        connection.execute(change)
        assert promise in broken_lists(connection, {}, with_evaluation=False)
        connection.rollback()


def test_caps_that_are_exceeded_are_found(trained: Team) -> None:
    with trained.connect() as connection:
        assert broken_lists(connection, {"two_tower_caps": {"shelf": 1}}, with_evaluation=False) == ["caps are kept"]
