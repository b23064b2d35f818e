"""Loads that went wrong: nothing of them is published, and the error says what is other than in the published set."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from helpers.package_project import PackageProject

MEASURED = (
    "two_tower,stg_interactions",
    "two_tower,stg_users",
    "two_tower,stg_items",
    "run_measures",
    "feature_samples",
)
RUN = ("run", "--select", "fct_order_lines", "dim_products", *MEASURED, "drift_checks", "publication", "run_history")
SERVED = "select set_id from main__recommender.published_set"


@pytest.fixture
def shop(garden: PackageProject) -> Iterator[PackageProject]:
    with garden.restored():
        yield garden


INCIDENTS = {  # statement on the shop's tables, and what the error says
    "nine tenths of the events are missing": (
        'delete from raw.order_lines where hash("Order No") % 10 > 0',
        "Drift check rows, interactions:",
    ),
    "the last three weeks are missing": (
        'delete from raw.orders where "order" > (select max("order") - interval 21 day from raw.orders)',
        "Drift check newest_event_days, interactions: the newest event is of",
    ),
    "half of the users are gone": (
        'delete from raw.customers where hash("Customer Id") % 2 = 0',
        "Drift check rows, users:",
    ),
    "a feature is NULL from today on": (
        'update raw.products set "group" = null',
        "Drift check null_share, items.group: 100 % of the rows have no value",
    ),
    "categories are shuffled among items": (
        """update raw.products set "group" = 'group ' || ((("SKU" // 7) + 1) % 4)""",
        "Drift check changed_values, items.group:",
    ),
    "lists hold other items": (
        "update main__recommender.recommendations set item_id = item_id || '0'",
        "Drift check list_change, recommendations: 100.0 % of the places have another item",
    ),
    "chances are a third of what they were": (
        "update main__recommender.recommendations set score = score / 3",
        "Drift check mean_chance, recommendations: the mean chance is",
    ),
}


@pytest.mark.parametrize("name", INCIDENTS)
def test_a_load_that_went_wrong_is_not_published(shop: PackageProject, name: str) -> None:
    statement, said = INCIDENTS[name]
    before = shop.published_rows(SERVED)
    shop.change(statement)
    failed = shop.dbt(*RUN, two_tower_drift="stop").must_fail()
    assert "publication: refused." in failed.errors
    assert said in failed.errors
    assert "If the change is real, publish it once by --vars '{two_tower_drift: warn}'." in failed.errors
    assert shop.published_rows(SERVED) == before


def test_a_real_change_is_accepted_by_one_word_and_then_usual(shop: PackageProject) -> None:
    shop.change('delete from raw.customers where hash("Customer Id") % 2 = 0')
    before = shop.published_rows(SERVED)
    accepted = shop.dbt(*RUN, two_tower_drift="warn").must_pass()
    assert "Drift check rows, users:" in accepted.output
    assert shop.published_rows(SERVED) != before
    shop.dbt(*RUN, two_tower_drift="stop").must_pass()  # compared with what was accepted


def test_history_has_a_row_per_publication_and_measure(shop: PackageProject) -> None:
    history = "main__recommender.run_history"
    before = shop.rows(f"select count(distinct set_id) from {history}")
    shop.dbt(*RUN, "--full-refresh").must_pass()
    assert shop.rows(f"select count(distinct set_id) from {history}") == [(before[0][0] + 1,)]
    assert {measure for (measure,) in shop.rows(f"select distinct measure from {history}")} == {
        "rows", "newest_event", "events_per_day", "active_users", "known_keys", "null_share", "users_by_source",
        "coverage", "mean_chance", "list_change", "recall", "gate_headroom", "seconds", "bytes",
    }  # fmt: skip
    newest = f"select value from {history} where set_id = (select max(set_id) from {history})"
    assert shop.rows(f"{newest} and measure = 'list_change'") == [(0.0,)]
    (lines,) = shop.rows("select count(*) from main__recommender.stg_interactions")
    assert shop.rows(f"{newest} and measure = 'rows' and subject = 'interactions'") == [lines]
