"""What only pictures or reviews say leads to items that nobody had yet; later reviews say nothing at all."""

from __future__ import annotations

import json
from typing import Any

import pytest
from helpers.package_project import PackageProject
from helpers.picture_shop import COLD_RECALL, ITEMS, plant_styles

EMBEDDINGS = ("+item_embeddings", "+user_embeddings")
ONE_FIT = ["evaluation"]  # all that recall needs


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> PackageProject:
    return plant_styles(tmp_path_factory.mktemp("styles") / "shop")


def cold_recall(shop: PackageProject, *also: str, **variables: Any) -> float:
    """recall@10 among the items that nobody had before the cutoff."""
    shop.dbt("run", "--select", *EMBEDDINGS, *also, **variables).must_pass()
    ((recall,),) = shop.rows(COLD_RECALL.format(schema="main"))
    return float(recall)


@pytest.fixture(scope="module")
def blind(shop: PackageProject) -> float:
    return cold_recall(shop, two_tower_stages=ONE_FIT)


def test_pictures_find_who_likes_a_new_item(shop: PackageProject, blind: float) -> None:
    seeing = cold_recall(shop, two_tower_items="things", two_tower_stages=ONE_FIT)
    assert seeing >= 3 * blind, (seeing, blind)
    assert shop.rows("select item_id, problem from pictures_problems") == [(ITEMS, "no such file")]


def test_an_item_that_the_table_of_items_lacks_has_no_picture(shop: PackageProject) -> None:
    shop.change("insert into raw.purchases select 0, 9999, max(event_at) from raw.purchases")
    try:
        shop.dbt("run", "--select", "+item_inputs", two_tower_items="things").must_pass()
        pictures = (
            "select item_id = '9999', count(*) > 0, count(picture) > 0 "
            "from item_inputs semi join stages using (stage, cutoff) group by all order by all"
        )
        assert shop.rows(pictures) == [(False, True, True), (True, True, False)]
    finally:
        shop.change("delete from raw.purchases where item_id = 9999")


def test_reviews_find_who_likes_a_new_item(shop: PackageProject, blind: float) -> None:
    reading = cold_recall(shop, "+ranked_candidates", two_tower_reviews="reviews")
    assert reading >= 3 * blind, (reading, blind)

    # what-if has the embedding that the table has of an item without reviews
    ((shelf, expected),) = shop.rows(
        f"select shelf, embedding from item_embeddings inner join stg_items using (item_id) "
        f"where item_id = '{ITEMS}' and stage = 'production'"
    )
    query = f"{{{{ two_tower.what_if_item({{'shelf': '{shelf}'}}, 1) }}}}"
    given = json.dumps({"two_tower_reviews": "reviews"})
    shown = shop.dbt_command("show", "--vars", given, "--inline", query, "--output", "json").must_pass().output
    (row,) = json.loads(shown[shown.index('{\n  "show"') :])["show"]
    assert json.loads(row["embedding"]) == pytest.approx(list(expected), abs=1e-5)


def test_later_reviews_change_nothing(shop: PackageProject) -> None:
    variables = {"two_tower_reviews": "reviews"}
    features = ("run", "--select", "+item_inputs")
    seen = {
        "item_reviews": "cutoff >= 1",
        "item_inputs": "stage = 'evaluation'",
        "feature_vocabulary": "stage = 'evaluation'",
    }

    def evaluation() -> dict[str, list[tuple[Any, ...]]]:
        return {name: shop.rows(f"select * from {name} where {where} order by all") for name, where in seen.items()}

    shop.dbt(*features, **variables).must_pass()
    before, production = evaluation(), shop.rows("select * from item_reviews where cutoff = 0 order by all")
    ((cut_off,),) = shop.rows("select as_of from stages where stage = 'evaluation'")
    later = f"timestamp '{cut_off}' + interval (item_id) second"  # from the cutoff itself on
    shop.change(f"insert into raw.reviews select 1, item_id, {later}, 1, 'velish velish' from raw.items")
    try:
        shop.dbt(*features, **variables).must_pass()
        assert evaluation() == before
        assert shop.rows("select * from item_reviews where cutoff = 0 order by all") != production
    finally:
        shop.change("delete from raw.reviews where user_id = 1")


def test_reviews_need_a_common_cut_off(shop: PackageProject) -> None:
    failed = shop.dbt(
        "run", "--select", "stg_reviews", two_tower_reviews="reviews", two_tower_split="random"
    ).must_fail()
    assert "var two_tower_reviews: split random has no moment" in failed.errors
