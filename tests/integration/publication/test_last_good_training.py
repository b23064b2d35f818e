"""After a training whose gates failed, refreshes go on with the training before it, as they do with a pinned run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from helpers.dbt_runner import one_line
from helpers.package_project import PackageProject
from test_publication import LISTS, REFRESH, change_the_shop

SETTINGS = {"features": 4, "epochs": 1, "ranker_folds": 2, "ranker_epochs": 2, "threads": 1, "seed": 1}
OTHER = {"two_tower_training": SETTINGS}
STRICT = {"two_tower_min_recall": {"unseen_only": 0.99}}
RUNS = "select towers_run_id, ranker_run_id from main__recommender.published_set"
TRAINED = {  # of what training makes, the part that is served
    "vocabulary": "from main__recommender.feature_vocabulary order by all",
    "towers": "from main__recommender.model_registry order by all",
    "ranker": "from main__recommender.ranker_registry order by all",
    "gates": "from main__recommender.gates order by all",
    "recall": "from main__recommender.recall_by_model order by all",
}


@pytest.fixture
def shop(garden: PackageProject) -> Iterator[PackageProject]:
    with garden.restored():
        yield garden


def test_refreshes_go_on_with_the_last_good_training(shop: PackageProject) -> None:
    good, lists = shop.published_rows(RUNS), shop.published_rows(LISTS)
    trained = {name: shop.rows(query) for name, query in TRAINED.items()}
    change_the_shop(shop)
    shop.change("""update raw.products set "group" = 'other ' || "group" """)  # another vocabulary
    assert "publication: refused. Gate minimum_recall failed" in shop.dbt("run", **OTHER, **STRICT).must_fail().errors
    assert shop.rows(TRAINED["vocabulary"]) != trained["vocabulary"]
    ((failed,),) = shop.rows("select run_id from main__recommender.model_registry where stage = 'production'")
    assert (failed,) != good[0][:1]

    said = shop.dbt(*REFRESH).must_pass().output
    assert "publication: the newest training failed its gates (" in said
    assert f"so towers {good[0][0]} and ranker {good[0][1]} go on." in said
    assert {name: shop.rows(query) for name, query in TRAINED.items()} == trained
    assert shop.published_rows(RUNS) == good
    assert shop.published_rows(LISTS) == shop.rows(LISTS) != lists  # of the shop as it is now
    listed = shop.dbt("run-operation", "two_tower.runs").must_pass().output
    assert f"{failed}  failed its gates" in listed
    assert f"{good[0][0]}  served" in listed
    assert "the newest training failed its gates (" in shop.dbt(*REFRESH).must_pass().output  # in each night


def test_a_training_that_was_stopped_half_way_is_not_served(shop: PackageProject) -> None:
    good = shop.published_rows(RUNS)
    ((set_id,),) = shop.published_rows("select set_id from main__recommender.published_set")
    trained = {name: shop.rows(query) for name, query in TRAINED.items()}
    change_the_shop(shop)
    shop.dbt("run", "--exclude", "two_tower,ranker_runs+", **OTHER).must_pass()  # what a kill before the ranker leaves
    ((torn,),) = shop.rows("select run_id from main__recommender.model_registry where stage = 'production'")
    assert (torn,) != good[0][:1]
    half_way = f"Ranker {good[0][1]} has not learned with towers {torn}, their vocabulary and item weights"

    refused = shop.dbt(*REFRESH, two_tower_published_file="").must_fail()
    assert f"schema main__recommender: {half_way}" in refused.errors
    assert "Remedy: end the training: dbt build." in refused.errors
    assert half_way in shop.dbt("run", "--select", "two_tower,publication").must_fail().errors

    said = one_line(shop.dbt(*REFRESH).must_pass().output)
    assert f"Towers {good[0][0]} and ranker {good[0][1]} of set {set_id} go on" in said
    assert {name: shop.rows(query) for name, query in TRAINED.items()} == trained
    assert shop.published_rows(RUNS) == good
    assert shop.published_rows(LISTS) == shop.rows(LISTS)
    assert half_way not in one_line(shop.dbt(*REFRESH).must_pass().output)


def test_a_pinned_run_is_served_by_refreshes_until_told_otherwise(shop: PackageProject) -> None:
    before = shop.published_rows(RUNS)
    shop.dbt("run", **OTHER).must_pass()
    after = shop.published_rows(RUNS)
    assert before[0][0] != after[0][0]
    shop.dbt(*REFRESH, two_tower_pinned_run=before[0][0]).must_pass()
    assert shop.published_rows(RUNS) == before
    assert shop.rows("select distinct run_id from main__recommender.user_embeddings where stage = 'production'") == [
        before[0][:1]
    ]
    assert shop.published_rows(LISTS) == shop.rows(LISTS)
    shop.dbt(*REFRESH, two_tower_pinned_run=after[0][0]).must_pass()
    assert shop.published_rows(RUNS) == after
    refused = shop.dbt(*REFRESH, two_tower_pinned_run="0123").must_fail()
    assert "Run 0123 is pinned" in refused.errors
