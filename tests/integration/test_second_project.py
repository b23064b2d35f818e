"""A team's project with this one as a package: what dbt's commands publish, orchestration, two shops side by side."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from helpers.package_project import PackageProject, shop_maker

REFRESH = ("run", "--exclude", "tag:train")


@pytest.fixture
def shop(garden: PackageProject) -> Iterator[PackageProject]:
    with garden.restored():
        yield garden


def manifest(garden: PackageProject) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((garden.folder / "target" / "manifest.json").read_text())
    return loaded


def test_every_customer_has_a_list_of_what_they_never_had(garden: PackageProject) -> None:
    lists = garden.rows("select customer_id, count(distinct item_id) from home_page group by all")
    assert len(lists) == 120
    assert {items for _, items in lists} == {10}


def test_a_month_of_new_customers_alone_stops_nothing(shop: PackageProject) -> None:
    shop.change(
        'update raw.orders set "Customer Id" = uuid() '
        'where "order" > (select max("order") - interval 28 day from raw.orders)'
    )
    done = shop.dbt("run", "--select", "stg_interactions", "data_end", "interaction_splits").must_pass()
    assert "every user of the test window" in done.output


def test_nothing_of_the_demo_is_there_and_all_refs_are_ours(garden: PackageProject) -> None:
    nodes = manifest(garden)["nodes"]
    assert not [name for name in nodes if name.startswith("model.two_tower.demo")]
    ours = {name: node for name, node in nodes.items() if name.startswith("model.two_tower.")}
    inputs = {"model.garden_shop.fct_order_lines", "model.garden_shop.dim_products"}
    strangers = {
        parent
        for node in ours.values()
        for parent in node["depends_on"]["nodes"]
        if not parent.startswith(("model.two_tower.", "source.garden_shop.shop.customers"))
    }
    assert strangers == inputs


def test_unit_tests_and_exposures_of_ours_are_not_the_teams(garden: PackageProject) -> None:
    assert (manifest(garden)["unit_tests"], manifest(garden)["exposures"]) == ({}, {})
    assert len([name for name in manifest(garden)["disabled"] if name.startswith("unit_test.two_tower.")]) > 20


QUIET = {  # commands of a team that are not about the package, and a refresh of a table of ours
    "seed": ["seed"],
    "source freshness": ["source", "freshness"],
    "own model": ["run", "--select", "had_before"],
    "table of ours": ["run", "--select", "similar_items"],
}


@pytest.mark.parametrize("name", QUIET)
def test_no_command_prints_a_hook_of_ours(shop: PackageProject, name: str) -> None:
    (shop.folder / "seeds").mkdir()
    (shop.folder / "seeds" / "colours.csv").write_text("colour\nred\n")
    sources = shop.folder / "models" / "shop" / "_shop_sources.yml"
    fresh = "config: {freshness: {warn_after: {count: 9999, period: day}}, loaded_at_field: '\"order\"'}"
    sources.write_text(sources.read_text().replace("- name: orders\n", f"- name: orders\n        {fresh}\n"))
    output = shop.dbt(*QUIET[name]).must_pass().output
    assert "START" in output, "something ran"
    assert "hook" not in output
    assert not [node for node in manifest(shop)["nodes"] if node.startswith("operation.two_tower.")]


def test_an_error_of_the_project_is_told_once(shop: PackageProject) -> None:
    outcome = shop.dbt("run", "--select", "staging", two_tower_splt="time").must_fail()
    told = outcome.errors.count("var two_tower_splt: unknown name")
    assert told > 1  # a model that waits for another is skipped
    assert (outcome.errors.count("Remedy: "), outcome.errors.count("See the error of stg_")) == (1, told - 1)


def test_an_input_may_have_the_name_of_a_model_of_ours(shop: PackageProject) -> None:
    before = shop.rows("from main__recommender.stg_items order by all")
    (shop.folder / "models" / "shop" / "stg_items.sql").write_text("select * from {{ ref('dim_products') }}")
    shop.dbt("run", "--select", "stg_items", two_tower_items="stg_items").must_pass()
    assert shop.rows("from main__recommender.stg_items order by all") == before


def test_the_lineage_leads_through_the_training_run(garden: PackageProject) -> None:
    nodes = manifest(garden)["nodes"]

    def ancestors(name: str) -> set[str]:
        found: set[str] = set()
        waiting = [name]
        while waiting:
            for parent in nodes.get(waiting.pop(), {"depends_on": {"nodes": []}})["depends_on"]["nodes"]:
                if parent not in found:
                    found.add(parent)
                    waiting.append(parent)
        return found

    assert {
        "model.two_tower.training_runs", "model.two_tower.model_registry", "model.two_tower.ranker_runs",
        "model.two_tower.ranker_registry", "source.garden_shop.shop.orders", "model.garden_shop.fct_order_lines",
    } <= ancestors("model.garden_shop.home_page")  # fmt: skip


def test_docs_describe_tables_and_columns(shop: PackageProject) -> None:
    shop.dbt("docs", "generate").must_pass()
    catalog = json.loads((shop.folder / "target" / "catalog.json").read_text())["nodes"]
    columns = catalog["model.two_tower.recommendations"]["columns"]
    assert columns["rank"]["comment"] == "Place in the list; 1 = first."
    assert catalog["model.two_tower.recommendations"]["metadata"]["comment"].startswith("What the shop serves")
    assert (
        "docs.two_tower.__two_tower__" in manifest(shop)["docs"]
        or "doc.two_tower.__two_tower__" in manifest(shop)["docs"]
    )


def test_what_is_published_is_public_and_the_rest_is_not(garden: PackageProject) -> None:
    models = [node for node in manifest(garden)["nodes"].values() if node["unique_id"].startswith("model.two_tower.")]
    public = {node["name"] for node in models if node["access"] == "public"}
    assert {"recommendations", "recall_by_model", "model_comparisons", "user_embeddings"} <= public
    assert not public & {"stg_users", "user_inputs", "training_runs", "interaction_splits", "als"}
    assert {node["group"] for node in models} == {"two_tower"}


SAFE = {  # commands that must leave what is published as good as it is; does the command itself pass?
    "run, everything empty": (["run", "--empty"], False),
    "build, everything empty": (["build", "--empty"], False),
    "one list empty": (["run", "--empty", "--select", "recommendations"], False),
    "own marts empty": (["run", "--empty", "--select", "had_before"], True),
    "sample": (["run", "--sample", "1 day", "--select", "recommendations"], False),
    "full refresh": (["run", "--full-refresh", "--select", "recommendations", "user_inputs"], True),
    "test": (["test", "--select", "home_page", "recommendations"], True),
    "clone over itself": (["clone", "--state", "state", "--full-refresh", "--select", "recommendations"], False),
    "clone into another schema": (
        ["clone", "--state", "state", "--target", "second_shop", "--select", "recommendations", "stg_users"], True,
    ),
    "nothing modified": (["run", "--select", "state:modified", "--state", "state"], True),
    "deferred": (
        ["run", "--select", "home_page", "--target", "second_shop", "--defer", "--state", "state"], True,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SAFE)
def test_good_lists_stay(shop: PackageProject, name: str) -> None:
    command, passes = SAFE[name]
    before = shop.content()
    (shop.folder / "state").mkdir(exist_ok=True)
    (shop.folder / "state" / "manifest.json").write_text(json.dumps(good_manifest(shop)))
    outcome = shop.dbt(*command)
    assert outcome.passed == passes, outcome.output
    assert shop.content() == before


def good_manifest(garden: PackageProject) -> dict[str, Any]:
    """The manifest of target dev, whatever the last invocation was."""
    kept: Path = garden.folder / "dev_manifest.json"
    if not kept.exists():
        garden.dbt("parse").must_pass()
        kept.write_text(json.dumps(manifest(garden)))
    loaded: dict[str, Any] = json.loads(kept.read_text())
    return loaded


def lists(garden: PackageProject) -> list[tuple[Any, ...]]:
    """Who gets what; scores differ in the last digits with the number of threads."""
    return garden.rows("select user_id, rank, item_id, source from main__recommender.recommendations order by all")


def test_a_failed_refresh_leaves_the_lists_and_retry_goes_on(shop: PackageProject) -> None:
    before = lists(shop)
    shop.change("create table raw.kept as from raw.order_lines", "delete from raw.order_lines")
    shop.dbt(*REFRESH, "--write-json").must_fail()
    assert lists(shop) == before
    shop.change("insert into raw.order_lines from raw.kept")
    shop.dbt("retry").must_pass()
    assert lists(shop) == before


def test_lists_for_some_users_only_are_not_published(shop: PackageProject) -> None:
    before = shop.content()["recommendations"]
    shop.change('insert into raw.customers select * replace (uuid() as "Customer Id") from raw.customers limit 1')
    shop.dbt("run", "--select", "two_tower,stg_users").must_pass()
    shop.change("delete from main__recommender.item_features where cutoff = 0")  # no fallback for the new user
    failed = shop.dbt("run", "--select", "two_tower,recommendations", "--exclude", "tag:train").must_fail()
    assert "recommendations: 1 of 121 users would get no list" in failed.errors
    assert shop.content()["recommendations"] == before


@pytest.mark.parametrize("target", ["dev", "one_thread"])  # 4 threads and 1
def test_a_long_lived_process_sees_new_data(shop: PackageProject, target: str) -> None:
    try:
        shop.dbt(*REFRESH, "--target", target, closing=False).must_pass()
        cursor = DuckDBConnectionManager._ENV.handle().cursor()
        new = "00000000-0000-0000-0000-000000000001"
        cursor.execute(
            f"insert into raw.customers select * replace ('{new}'::uuid as \"Customer Id\") from raw.customers limit 1"
        )
        cursor.close()
        shop.dbt(*REFRESH, "--target", target, closing=False).must_pass()
    finally:
        DuckDBConnectionManager.close_all_connections()
    assert shop.rows(f"select count(*), min(source) from home_page where customer_id = '{new}'") == [(10, "popularity")]


def test_one_thread_and_four_publish_the_same(shop: PackageProject) -> None:
    shop.dbt(*REFRESH, "--target", "dev").must_pass()
    four = lists(shop)
    shop.dbt(*REFRESH, "--target", "one_thread").must_pass()
    assert lists(shop) == four


def test_the_shops_tables_may_lie_in_a_file_that_others_read(shop: PackageProject) -> None:
    raw = shop.folder / "raw_data.duckdb"
    shop_maker()(str(raw), days=200)
    profiles = shop.folder / "profiles.yml"
    profiles.write_text(
        profiles.read_text().replace(
            "threads: 4\n", "threads: 4\n      attach: [{path: raw_data.duckdb, read_only: true}]\n"
        )
    )
    sources = shop.folder / "models" / "shop" / "_shop_sources.yml"
    sources.write_text(sources.read_text().replace("    schema: raw\n", "    database: raw_data\n    schema: raw\n"))
    with duckdb.connect(str(raw), read_only=True) as reader:
        shop.dbt(*REFRESH).must_pass()
        ((last,),) = reader.sql('select max("order") from raw.orders').fetchall()
    assert shop.rows("select max(event_at) from main__recommender.stg_interactions") == [(last,)]


def test_a_second_shop_runs_beside_the_first(shop: PackageProject) -> None:
    before = shop.content(), shop.rows("select * from home_page order by all")
    settings = {
        "two_tower_k": 5,
        "two_tower_policy": "allow_repeats",
        "two_tower_dim": 12,
        "two_tower_users": "shop.customers",
        "two_tower_published_file": "second.duckdb",
    }
    shop.dbt("run", "--exclude", "tag:evaluate", "--target", "second_shop", **settings).must_pass()
    assert shop.rows("select distinct count(*) from second__recommender.recommendations group by user_id") == [(5,)]
    assert (shop.content(), shop.rows("select * from home_page order by all")) == before


def test_what_a_build_in_another_schema_has_passed_is_published_without_training_again(shop: PackageProject) -> None:
    shop.change(
        'insert into raw.orders select * replace ("order" + interval 1 hour as "order") from raw.orders limit 50'
    )
    before = shop.content(), shop.rows("select * from home_page order by all")
    quiet = {"two_tower_published_file": ""}
    shop.dbt("build", "--target", "audit", two_tower_min_recall={"unseen_only": 0.99}, **quiet).must_fail()
    assert (shop.content(), shop.rows("select * from home_page order by all")) == before
    shop.dbt("build", "--target", "audit", **quiet).must_pass()
    output = shop.dbt_command("run").must_pass().output
    assert output.count("is up to date, training skipped") == 4  # towers and ranker of both stages
    tables = ("recommendations", "user_embeddings", "item_embeddings", "model_registry", "ranker_registry")
    published, passed = (shop.content(f"{schema}__recommender") for schema in ("main", "audit"))
    assert published != before[0]
    assert [published[table] for table in tables] == [passed[table] for table in tables]


GENERIC_TESTS = {  # arguments with which each fails, and passes, on the built shop
    "exactly_k_per_user": (
        "home_page",
        {"k": 9, "user_column": "customer_id"},
        {"k": 10, "user_column": "customer_id"},
    ),
    "no_excluded_items": (
        "home_page",
        {"exclusions": "ref('home_page')", "user_column": "customer_id"},
        {"exclusions": "ref('had_before')", "user_column": "customer_id", "exclusions_item_column": "sku"},
    ),
    "embedding_coverage": (
        "item_lookup",
        {"entities": "ref('had_before')", "key": "item_id", "entities_key": "customer_id"},
        {"entities": "ref('dim_products')", "key": "item_id", "entities_key": '"SKU"'},
    ),
    "recall_at_least": (
        "recalls",
        {"minimum": 0.99, "policy": "unseen_only"},
        {"minimum": 0.01, "policy": "unseen_only"},
    ),
    "beats_baseline": (
        "comparisons",
        {"baseline": "als", "policy": "unseen_only", "by": 9.0},
        {"baseline": "als", "policy": "unseen_only", "by": -1.0},
    ),
}
MARTS = {
    "item_lookup": "select item_id, embedding from {{ ref('two_tower', 'item_embeddings') }}",
    "recalls": "select * from {{ ref('two_tower', 'recall_by_model') }}",
    "comparisons": "select * from {{ ref('two_tower', 'model_comparisons') }}",
}


def test_generic_tests_of_ours_fail_and_pass_in_a_teams_project(shop: PackageProject) -> None:
    for name, sql in MARTS.items():
        (shop.folder / "models" / "marts" / f"{name}.sql").write_text(sql)
    path = shop.folder / "models" / "marts" / "_marts_models.yml"
    marts = {"home_page": []} | {name: [] for name in MARTS}  # type: dict[str, list[Any]]
    for test, (model, failing, passing) in GENERIC_TESTS.items():
        for name, arguments in ((f"{test}_fails", failing), (f"{test}_passes", passing)):
            marts[model].append({f"two_tower.{test}": {"name": name, "arguments": arguments}})
    path.write_text(yaml.safe_dump({"models": [{"name": name, "data_tests": tests} for name, tests in marts.items()]}))
    outcome = shop.dbt(
        "build", "--select", "home_page", *MARTS, "--exclude", "package:two_tower", "--write-json"
    ).must_fail()
    results = json.loads((shop.folder / "target" / "run_results.json").read_text())["results"]
    statuses = {result["unique_id"].split(".")[2]: result["status"] for result in results}
    for test in GENERIC_TESTS:
        assert (statuses[f"{test}_fails"], statuses[f"{test}_passes"]) == ("fail", "pass"), outcome.output
