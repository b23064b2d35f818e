"""What readers of the published file see while runs pass, fail, and are refused."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from helpers.dbt_runner import REPO
from helpers.html_page import Page, tables_agree
from helpers.package_project import PackageProject

REFRESH = ("run", "--exclude", "tag:train")
LISTS = "select user_id, rank, item_id, run_id from main__recommender.recommendations order by all"
SERVED = "from main__recommender.published_set"


@pytest.fixture
def shop(garden: PackageProject) -> Iterator[PackageProject]:
    with garden.restored():
        yield garden


def change_the_shop(shop: PackageProject) -> None:
    """A day of orders more, of which lists change."""
    shop.change(
        'insert into raw.orders select * replace ("order" + interval 1 hour as "order") from raw.orders limit 50'
    )


def seen(shop: PackageProject) -> tuple[Any, ...]:
    """What readers see, and what the team's own mart holds."""
    return shop.published_rows(LISTS), shop.published_rows(SERVED), shop.rows("from newsletter order by all")


def test_readers_find_every_public_table_and_the_macros(garden: PackageProject) -> None:
    manifest = json.loads((garden.folder / "target" / "manifest.json").read_text())
    public = {
        node["name"]
        for name, node in manifest["nodes"].items()
        if name.startswith("model.two_tower.")
        and node["access"] == "public"
        and node["name"] not in ("publication", "run_history")
    }
    rows = dict(garden.published_rows("from main__recommender.published_tables"))
    assert public <= rows.keys()
    stages = {"item_embeddings", "user_embeddings", "item_neighbours", "item_weights"}  # of which production alone
    for table in public - stages:
        assert rows[table] == garden.rows(f"select count(*) from main__recommender.{table}")[0][0], table
    assert garden.published_rows(LISTS) == garden.rows(LISTS)
    ((user, item),) = garden.published_rows("select user_id, item_id from main__recommender.recommendations limit 1")
    for call in (f"recommend_for('{user}', k := 12)", f"why('{user}', '{item}')", f"audience_for('{item}')"):
        query = f"from main__recommender.{call}"
        assert garden.published_rows(query) == garden.rows(query)
    functions = "select function_name, parameters from duckdb_functions()"
    macros = f"{functions} where schema_name = 'main__recommender' order by all"
    assert garden.published_rows(macros) == garden.rows(macros)
    registry = "select run_id from main__recommender.ranker_registry where stage = 'production'"
    assert garden.published_rows(registry) == garden.published_rows(f"select ranker_run_id {SERVED}")
    assert garden.rows("select distinct set_id from newsletter") == garden.published_rows(f"select set_id {SERVED}")


def test_every_query_of_the_example_notebook_finds_rows(garden: PackageProject) -> None:
    notebook = ast.parse((REPO / "examples" / "marimo" / "recommender.py").read_text())
    queries = [
        node.value
        for node in ast.walk(notebook)
        if isinstance(node, ast.Constant) and str(node.value).startswith("select ")
    ]
    assert len(queries) == 6
    with duckdb.connect(str(garden.published), read_only=True) as connection:
        connection.execute("use main__recommender")
        ((user,),) = connection.execute("select min(user_id) from recommendations").fetchall()
        chosen = {"policy = ?": "unseen_only", "user_id = ?": user}
        for query in queries:
            values = [value for words, value in chosen.items() if words in query]
            assert connection.execute(query, values).fetchall(), query


def test_a_refresh_publishes_the_next_set_while_a_reader_has_the_last(shop: PackageProject) -> None:
    before = seen(shop)
    change_the_shop(shop)
    with duckdb.connect(str(shop.published), read_only=True) as reader:
        shop.dbt(*REFRESH).must_pass()
        assert reader.sql(LISTS).fetchall() == before[0]
    assert shop.published_rows(f"select previous_set_id {SERVED}") == [(before[1][0][0],)]
    assert shop.published_rows(LISTS) == shop.rows(LISTS)
    assert seen(shop)[2] != before[2]


def test_each_published_set_is_exported_and_going_back_is_too(shop: PackageProject, tmp_path: Path) -> None:
    to = {"two_tower_exports": str(tmp_path / "exports")}
    shop.dbt("run", "--select", "two_tower,publication", **to).must_pass()
    shop.dbt("run", "--select", "two_tower,publication", **to, two_tower_pinned_run="0123").must_fail()
    shop.dbt("run-operation", "two_tower.rollback", "--vars", json.dumps(to)).must_pass()
    exported = [json.loads(path.read_text())["set_id"] for path in sorted(tmp_path.glob("exports/*/set.json"))]
    assert exported == ["000002", "000001"]
    lists = duckdb.sql(
        f"select user_id, rank, item_id, run_id from '{tmp_path}/exports/000001/recommendations.parquet'"
    )
    assert sorted(lists.fetchall()) == shop.rows(LISTS)
    assert duckdb.sql(f"from '{tmp_path}/exports/000002/recommendations.changes.parquet'").fetchall() == []


def test_what_is_selected_without_publication_is_not_published(shop: PackageProject) -> None:
    before = shop.published_rows(SERVED)
    shop.dbt("run", "--select", "two_tower,recommendations").must_pass()
    assert shop.published_rows(SERVED) == before


@pytest.mark.parametrize("command", ["run", "build"])
def test_a_failed_gate_refuses_and_old_lists_and_marts_stay(shop: PackageProject, command: str) -> None:
    before = seen(shop)
    change_the_shop(shop)
    strict = {"two_tower_min_recall": {"unseen_only": 0.99}}
    failed = shop.dbt(command, "--select", "two_tower,gates+", **strict).must_fail()
    assert "publication: refused. Gate minimum_recall failed" in failed.errors
    assert f"(set {before[1][0][0]}, run {before[0][0][3]}) stay." in failed.errors
    assert seen(shop) == before
    assert failed.errors.count("Gate minimum_recall") == 1


def test_the_page_of_a_run_is_written_also_where_a_gate_refuses(shop: PackageProject, tmp_path: Path) -> None:
    strict = {"two_tower_min_recall": {"unseen_only": 0.99}, "two_tower_report_page": str(tmp_path / "page.html")}
    shop.dbt("run", "--select", "two_tower,gates+", **strict).must_fail()
    page = Page((tmp_path / "page.html").read_text())
    assert "of the gates failed. The table below says which." in page.text
    assert tables_agree(page, shop.database) > 10
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]


def test_tables_of_two_runs_are_refused(shop: PackageProject) -> None:
    before = seen(shop)
    shop.change("update main__recommender.recommendations set run_id = 'of another run'")
    failed = shop.dbt("run", "--select", "two_tower,publication+").must_fail()
    assert "recommendations is of run of another run, and ranker_registry says" in failed.errors
    assert seen(shop) == before


def test_a_failed_refresh_leaves_what_is_published_and_retry_publishes(shop: PackageProject) -> None:
    before = seen(shop)
    shop.change("create table raw.kept as from raw.order_lines", "delete from raw.order_lines")
    shop.dbt(*REFRESH, "--write-json").must_fail()
    assert seen(shop) == before
    shop.change("insert into raw.order_lines from raw.kept")
    shop.dbt("retry").must_pass()
    assert shop.published_rows(f"select previous_set_id {SERVED}") == [(before[1][0][0],)]


def test_the_file_of_another_schema_is_not_taken(shop: PackageProject) -> None:
    before = shop.published_rows(SERVED)
    failed = shop.dbt("run", "--select", "publication.publication", "--target", "second_shop").must_fail()
    assert "holds the lists of schema main__recommender, and this target builds second__recommender." in failed.errors
    assert shop.published_rows(SERVED) == before


def test_back_to_the_set_before_and_on_unless_pinned(shop: PackageProject) -> None:
    (first,) = shop.published_rows(f"select set_id, towers_run_id {SERVED}")
    shop.dbt("run", "--select", "two_tower,publication").must_pass()
    assert shop.published_rows(f"select set_id, previous_set_id {SERVED}") != [first]
    back = shop.dbt("run-operation", "two_tower.rollback").must_pass()
    assert f"Published is set {first[0]} of" in back.output
    assert shop.published_rows(f"select set_id, towers_run_id {SERVED}") == [first]
    listed = shop.dbt("run-operation", "two_tower.runs").must_pass().output
    assert [line.split()[1] for line in listed.splitlines() if line.startswith("0000")] == ["kept", "published"]
    assert f"{first[1]}  served" in listed
    refused = shop.dbt("run", "--select", "two_tower,publication", two_tower_pinned_run="0123").must_fail()
    assert "Run 0123 is pinned (var two_tower_pinned_run), and the lists are of towers" in refused.errors
    shop.dbt("run", "--select", "two_tower,publication", two_tower_pinned_run=first[1]).must_pass()
    shop.dbt("run-operation", "two_tower.rollback", "--args", "{to_set: '000099'}").must_fail()
    gone = shop.dbt("run-operation", "two_tower.prune", "--args", "{keep: 0}").must_pass().output
    assert f"sets deleted: {first[0]}" in gone
    assert first[1] not in gone
    shop.dbt("run", "--select", "two_tower,user_embeddings").must_pass()  # by the run that is still there
