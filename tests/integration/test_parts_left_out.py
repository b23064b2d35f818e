"""Parts that a team leaves out by one var each: what is there then, the refresh, the gates and the table macros."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import duckdb
import pytest
from helpers.dbt_runner import REPO
from helpers.package_project import PackageProject

MACROS = ("recommend_for('{user}')", "why('{user}', '{item}')", "similar_to('{item}')", "audience_for('{item}')")
RULES = {"active_rules", "unavailable_items"}
EVALUATED = {"evaluated_candidates", "evaluation_recommendations"}
# vars with which a part is off, the folders that it is, and models elsewhere
PARTS: dict[str, tuple[dict[str, Any], set[str], set[str]]] = {
    "evaluation": ({"two_tower_stages": ["production"]}, {"evaluation", "baselines"}, EVALUATED),
    "baselines": ({"two_tower_baselines": []}, {"baselines"}, set()),
    "experiments": ({"two_tower_experiments": {}}, {"experiments"}, set()),
    "merchandising": ({"two_tower_merchandising": False, "two_tower_caps": {"group": 1}}, set(), RULES),
}
EXPERIMENT = {"two_tower_experiments": {"mail": {"control": 0.5, "two_tower": 0.5}}}


@pytest.fixture
def shop(garden: PackageProject) -> Iterator[PackageProject]:
    with garden.restored():
        yield garden
        (garden.folder / "selectors.yml").unlink(missing_ok=True)


def models(shop: PackageProject) -> dict[str, str]:
    """The package's models that are on in the last invocation, with their folders."""
    nodes = json.loads((shop.folder / "target" / "manifest.json").read_text())["nodes"]
    ours = [node for name, node in nodes.items() if name.startswith("model.two_tower.")]
    return {node["name"]: node["original_file_path"].split("/")[1] for node in ours}


@pytest.fixture(scope="module")
def all_models(garden: PackageProject) -> dict[str, str]:
    garden.dbt("parse", **EXPERIMENT).must_pass()
    return models(garden)


def lists(shop: PackageProject) -> list[tuple[Any, ...]]:
    return shop.rows("select user_id, rank, item_id from main__recommender.recommendations order by all")


@pytest.mark.parametrize("name", PARTS)
def test_a_refresh_without_a_part_makes_the_same_lists(
    shop: PackageProject, all_models: dict[str, str], name: str
) -> None:
    off, folders, its_models = PARTS[name]
    before = lists(shop)
    shop.dbt("run", "--exclude", "tag:train", "--write-json", **EXPERIMENT | off).must_pass()
    gone = all_models.keys() - models(shop)
    assert gone == its_models | {model for model, folder in all_models.items() if folder in folders}
    assert lists(shop) == before
    ((user, item),) = shop.rows("select user_id, item_id from main__recommender.recommendations order by all limit 1")
    with duckdb.connect(str(shop.database), read_only=True) as connection:
        connection.execute("use main__recommender")
        for macro in MACROS:
            assert connection.execute(f"from {macro.format(user=user, item=item)}").fetchall(), macro


def test_a_build_without_all_parts_trains_and_serves(shop: PackageProject, all_models: dict[str, str]) -> None:
    off = {name: value for part in PARTS.values() for name, value in part[0].items()}
    shop.dbt("build", "--target", "second_shop", two_tower_published_file="second.duckdb", **off).must_pass()
    with duckdb.connect(str(shop.database), read_only=True) as connection:
        tables = {name for (name,) in connection.execute(
            "select table_name from information_schema.tables where table_schema = 'second__recommender'"
        ).fetchall()}  # fmt: skip
    assert {"recommendations", "similar_items", "item_audiences"} <= tables
    folders = {"evaluation", "baselines", "experiments"}
    assert not tables & (EVALUATED | RULES | {model for model, folder in all_models.items() if folder in folders})


def test_a_teams_selectors_build_one_part(shop: PackageProject) -> None:
    copied = (REPO / "selectors.yml").read_text()
    assert (REPO / "examples" / "my_shop" / "selectors.yml").read_text() == copied
    (shop.folder / "selectors.yml").write_text(copied)
    before = shop.content()
    shop.dbt("run", "--selector", "lists").must_pass()
    after = shop.content()
    measured = {"recall_by_model", "gates", "als", "evaluated_candidates"}
    assert {table for table in measured if after[table] != before[table]} == set()
    gates = shop.dbt("build", "--selector", "evaluation", two_tower_min_recall={"unseen_only": 0.99}).must_fail()
    assert "recall@10" in gates.output
    shop.dbt("build", "--selector", "evaluation").must_pass()


def test_gates_over_baselines_that_are_left_out_are_left_out(shop: PackageProject) -> None:
    high = {"allow_repeats": -1.0, "unseen_only": 9.0}
    lifts = {"two_tower_min_lift_over_als": high, "two_tower_min_lift_over_popularity": high}
    select = ["run", "--select", "evaluation_lists+", "--exclude", "publication.publication+"]
    failed = "select gate from main__recommender.gates where not is_passed order by all"
    shop.dbt("run", "--select", "gates", **lifts).must_pass()
    assert shop.rows(failed) == [("not_below_als",), ("not_below_popularity",)]
    shop.dbt(*select, two_tower_baselines=["popularity"], **lifts).must_pass()
    assert shop.rows(failed) == [("not_below_popularity",)]
    shop.dbt(*select, two_tower_baselines=[], two_tower_min_recall={"unseen_only": 0.99}, **lifts).must_pass()
    assert shop.rows(failed) == [("minimum_recall",)]
    assert {model for (model,) in shop.rows("select distinct model from main__recommender.recall_by_model")} == {
        "two_tower",
        "towers",
    }


def test_a_model_that_reads_a_part_that_is_off_is_told_so(shop: PackageProject) -> None:
    mart = shop.folder / "models" / "marts" / "quality.sql"
    mart.write_text("select * from {{ ref('two_tower', 'recall_by_model') }}")
    errors = shop.dbt("run", "--select", "quality", **PARTS["evaluation"][0]).must_fail().errors
    assert "quality" in errors
    assert "recall_by_model' in package or project 'two_tower' which is disabled" in " ".join(errors.split())
