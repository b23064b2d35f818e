"""The report: its numbers are those of the tables, its texts are escaped, and it works on what there is."""

from __future__ import annotations

import base64
import io
import multiprocessing
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from helpers.html_page import Page, tables_agree
from helpers.small_warehouse import AS_OF, fill, small_warehouse
from PIL import Image
from two_tower.report import command

RULES: dict[str, list[dict[str, Any]]] = {
    "active_rules": [
        {"rule_id": "up", "action": "pin", "item_id": "i9", "position": 1},
        {"rule_id": "down", "action": "bury", "item_id": "i2", "strength": 1.0},
        {"rule_id": "idle", "action": "boost", "item_id": "i11", "strength": 1.0},
        {"rule_id": "never", "action": "exclude", "item_id": "i8"},
    ],
    "unavailable_items": [{"segment": "gold", "item_id": "i8", "reason": "rule never"}],
    "ranked_candidates": [
        {"user_id": "u0", "item_id": "i2", "rank": 2, "segment": "gold"},
        {"user_id": "u1", "item_id": "i2", "rank": 1, "segment": "gold"},
    ],
}
Make = Callable[..., Page]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """A maker of pages: `make(database, "--user", "u1")`."""

    def made(database: Path, *arguments: str) -> Page:
        command.main(["--database", str(database), "--out", str(tmp_path / "page.html"), *arguments])
        return Page((tmp_path / "page.html").read_text())

    return made


def with_rules(folder: Path) -> Path:
    """A shop whose pin stands on u0's first place, and whose buried item left the list of u0 and keeps that of u1."""
    database = small_warehouse(folder / "shop.duckdb", **RULES)
    with duckdb.connect(str(database)) as connection:
        connection.execute(
            "update recommendations set item_id = 'i9', model_rank = 7, applied_rules = ['up'] "
            "where user_id = 'u0' and rank = 1"
        )
        connection.execute("update recommendations set item_id = 'i10' where user_id = 'u0' and item_id = 'i2'")
        connection.execute(
            "update recommendations set applied_rules = ['down'], model_rank = rank where item_id = 'i2'"
        )
    return database


def rows_of(page: Page, *heads: str) -> list[list[str]]:
    """Texts of the table that begins with these headings."""
    (grid,) = [grid for grid in page.grids if grid.heads[: len(heads)] == list(heads)]
    return [[text for text, _ in row] for row in grid.rows]


def test_every_table_shows_what_its_query_finds(tmp_path: Path, make: Make) -> None:
    database = with_rules(tmp_path)
    assert tables_agree(make(database), database) >= 20


def test_the_first_sentence_says_what_is_bought(tmp_path: Path, make: Make) -> None:
    page = make(small_warehouse(tmp_path / "shop.duckdb"))
    assert "Of ten products shown to a customer who buys, 2.5 are bought within four weeks;" in page.text
    assert "; the popular list would have 1.5." in page.text
    assert "these lists are better than the strongest other method, EASE (+10.0 to +40.0 %)" in page.text
    assert rows_of(page, "Method", "Method id")[0][:5] == ["These lists", "two_tower", "25.0", "24.0", "26.0"]


def test_rows_that_are_left_out_are_told_with_the_reason(tmp_path: Path, make: Make) -> None:
    row = {"input": "merchandising_rules", "row_key": "rule_id old", "column_name": "item_id", "value": "i99",
           "reason": "no such item", "remedy": "correct the rule"}  # fmt: skip
    page = make(small_warehouse(tmp_path / "shop.duckdb", rejected_rows=[row]))
    assert "Rows of the inputs that are left out: 1." in page.text
    assert rows_of(page, "Input", "Row") == [
        ["merchandising rules", "rule_id old", "item_id", "i99", "no such item", "correct the rule"]
    ]
    assert "Every row of the rules" in make(small_warehouse(tmp_path / "calm.duckdb")).text


def test_what_a_knob_costs_is_shown(tmp_path: Path, make: Make) -> None:
    page = make(small_warehouse(tmp_path / "shop.duckdb"))
    costs = [[row[0], row[1], *row[4:7]] for row in rows_of(page, "Setting", "Recall %")]
    assert costs == [["diversity 0.0", "25.0", "0", "1.5", "50.0"], ["diversity 0.2", "20.0", "-5", "1.3", "70.0"]]


def test_coverage_and_the_most_shown_are_counted(tmp_path: Path, make: Make) -> None:
    page = make(small_warehouse(tmp_path / "shop.duckdb"))
    assert "Items in the catalogue 12 Items shown 8 Shown, % of the catalogue 66.7" in page.text
    assert "See the most shown item, % of users 50.0" in page.text
    assert rows_of(page, "Item", "Item id", "Users who see it")[0][:5] == ["Item 3", "i3", "3", "50.0", "2"]
    assert [row[1] for row in rows_of(page, "Item", "Item id", "Recent buyers")] == ["i11", "i10", "i9", "i0"]
    assert rows_of(page, "Segment")[0][3:] == ["3", "1", "2"]


def test_rules_are_followed_to_the_lists(tmp_path: Path, make: Make) -> None:
    page = make(with_rules(tmp_path))
    effects = {row[0]: row[1:] for row in rows_of(page, "Rule", "What it does")}
    assert effects["up"] == ["pin", "all", "1", "1", "1", "7", "1", "0", "0", "works"]
    assert effects["down"] == ["bury", "all", "1", "1", "1", "1", "1", "1", "0", "works"]
    assert effects["never"] == ["exclude", "all", "1", "0", "0", "–", "–", "0", "1", "works"]
    assert effects["idle"][-1] == "no effect"
    assert "Rules without effect: idle." in page.text
    pins = rows_of(page, "Rule", "Item", "Item id", "Place", "Users without it", "Why")
    assert ["up", "Item 9", "i9", "1", "5", "another pin or a cap took the place"] in pins


def test_a_user_and_an_item_can_be_looked_at(tmp_path: Path, make: Make) -> None:
    page = make(small_warehouse(tmp_path / "shop.duckdb"), "--user", "u3", "--item", "i5")
    searched = [attributes["data-search"] for tag, attributes in page.elements if "data-search" in attributes]
    assert searched[0] == "u3 u3"
    assert len(searched) == len(set(searched)) == 6 + 12
    assert searched[6] == "Item 5 i5"
    (first, *_) = [grid for grid in page.grids if grid.heads[:2] == ["Place", "Item"]]
    assert [cell for cell, _ in first.rows[0]] == ["1", "Item 4", "i4", "50.0", "Item 3, Item 4"]


def test_an_item_is_shown_with_its_picture_where_it_has_a_whole_one(tmp_path: Path, make: Make) -> None:
    database, content = small_warehouse(tmp_path / "shop.duckdb"), io.BytesIO()
    Image.new("RGB", (400, 200), "red").save(content, "PNG")
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "i1.png").write_bytes(content.getvalue())
    (tmp_path / "secret.png").write_bytes(content.getvalue())
    with duckdb.connect(str(database)) as connection:
        connection.execute("alter table stg_items add column photo varchar")
        connection.execute("update stg_items set photo = item_id || '.png' where item_id in ('i1', 'i2')")
        connection.execute("update stg_items set photo = '../secret.png' where item_id = 'i3'")
        connection.execute("alter table stg_items add column content blob")
        connection.execute("update stg_items set content = ? where item_id = 'i4'", [content.getvalue()])
    given = ("--item-picture", "photo", "--pictures-root", str(tmp_path / "pictures"))
    for arguments, item in ((given, "Item 1"), (("--item-picture", "content"), "Item 4")):
        (picture,) = [attributes for tag, attributes in make(database, *arguments).elements if tag == "img"]
        assert picture["alt"] == f"Picture of {item}"
        kind, _, encoded = (picture["src"] or "").partition(",")
        assert kind == "data:image/jpeg;base64"
        assert Image.open(io.BytesIO(base64.b64decode(encoded))).size == (96, 48)
    with pytest.raises(SystemExit, match="no column 'weight' of paths or BLOBs"):
        make(database, "--item-picture", "weight")


@pytest.mark.parametrize("name", ["<script>alert('x')</script>", "\"quoted\" & 'so' </details>", "🍎 apple", "تفاح"])
def test_text_of_the_data_is_escaped(tmp_path: Path, make: Make, name: str) -> None:
    database = small_warehouse(tmp_path / "shop.duckdb")
    with duckdb.connect(str(database)) as connection:
        connection.execute("update stg_items set name = ?, department = ?", [name, name])
        connection.execute("update item_categories set category = ?", [name])
        connection.execute("update recommendations set source = ?", [name])
    page = make(database, "--title", name)
    assert [tag for tag, _ in page.elements].count("script") == 1
    assert rows_of(page, "Item", "Item id", "Users who see it")[0][0] == name
    assert name in page.text
    assert rows_of(page, "Category")[0][0] == name


@pytest.mark.parametrize(
    ("tables", "sentence"),
    [
        (["recall_by_user", "recall_by_model", "model_comparisons"], "has not been measured"),
        (["active_rules", "unavailable_items", "excluded_items"], "No merchandising rule is in force."),
        (["experiment_results"], "Experiments: left out, since there is no table experiment_results."),
        (["training_epochs", "training_runs", "model_registry", "ranker_registry"], "no table training_epochs"),
        (["trending_items", "similar_items", "bought_together", "item_audiences"], "no table trending_items"),
        (["stg_users", "user_segments", "user_features"], "no table user_segments"),
        (["item_features", "item_categories", "user_histories"], "no table item_features"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_what_is_not_there_is_left_out_with_a_sentence(
    tmp_path: Path, make: Make, tables: list[str], sentence: str
) -> None:
    database = small_warehouse(tmp_path / "shop.duckdb")
    with duckdb.connect(str(database)) as connection:
        for table in tables:
            connection.execute(f"drop table {table}")
    page = make(database)
    assert sentence in page.text
    assert len([1 for tag, attributes in page.elements if tag == "section"]) == 7


def test_empty_tables_are_said(tmp_path: Path, make: Make) -> None:
    database = small_warehouse(tmp_path / "shop.duckdb")
    with duckdb.connect(str(database)) as connection:
        connection.execute("delete from experiment_results")
    page = make(database)
    assert "No merchandising rule is in force." in page.text
    assert "Experiments: none has results yet." in page.text


def test_groups_of_the_wrong_sizes_are_a_warning(tmp_path: Path, make: Make) -> None:
    page = make(small_warehouse(tmp_path / "shop.duckdb"))
    assert "An experiment has groups of the wrong sizes." in page.text
    assert rows_of(page, "Experiment")[0][-1] == "broken: trust no difference"


def test_a_shop_without_names_shows_ids_once(tmp_path: Path, make: Make) -> None:
    database = small_warehouse(tmp_path / "shop.duckdb")
    with duckdb.connect(str(database)) as connection:
        connection.execute("alter table stg_items drop column name")
    page = make(database)
    assert rows_of(page, "Item", "Users who see it")[0][0] == "i3"
    assert rows_of(make(database, "--item-label", "department"), "Item", "Item id", "Users who see it")[0][0] == "odd"


def test_names_are_the_labels_of_the_tables_where_these_have_any(tmp_path: Path, make: Make) -> None:
    database, columns = small_warehouse(tmp_path / "shop.duckdb"), ("Item", "Item id", "Users who see it")
    assert rows_of(make(database), *columns)[0][0] == "Item 3"
    with duckdb.connect(str(database)) as connection:
        connection.execute("update stg_items set item_label = 'the ' || item_id")
    assert rows_of(make(database), *columns)[0][0] == "the i3"
    assert rows_of(make(database, "--item-label", "department"), *columns)[0][0] == "odd"


def test_one_user_and_one_item_are_enough(tmp_path: Path, make: Make) -> None:
    page = make(small_warehouse(tmp_path / "shop.duckdb", users=1, items=2, k=1))
    assert "All 1 users have a list." in page.text


def test_a_failed_gate_is_named(tmp_path: Path, make: Make) -> None:
    gate = {"gate": "minimum_recall", "model": "two_tower", "policy": "allow_repeats", "slice": "all", "k": 10}
    failed = {**gate, "what": "recall@10", "value": 0.2, "threshold": 0.3, "headroom": -0.1, "is_passed": False}
    passed = {**gate, "what": "recall@20", "value": 0.4, "threshold": 0.3, "headroom": 0.1, "is_passed": True}
    page = make(small_warehouse(tmp_path / "shop.duckdb", gates=[passed, failed]))
    assert "1 of the gates failed." in page.text
    measured = ["failed", "minimum recall", "two tower", "recall@10, allow repeats", "0.2", "0.3", "-0.1"]
    assert rows_of(page, "Result", "Gate")[0] == measured
    page = make(small_warehouse(tmp_path / "passed.duckdb", gates=[passed]))
    assert "Every gate passed" in page.text


def test_every_list_is_better_level_or_worse(tmp_path: Path, make: Make) -> None:
    of = {"list_type": "buy_again", "value": 0.4, "value_low": 0.35, "value_high": 0.45, "baseline": "popular_items"}
    quality = [
        {**of, "task": task, "baseline_value": value, "lift": 0.4 / value - 1}
        for task, value in (("a", 0.2), ("b", 0.38), ("c", 0.5))
    ]
    page = make(small_warehouse(tmp_path / "shop.duckdb", list_quality=quality))
    shown = rows_of(page, "Result", "List")
    assert shown[0] == ["better", "buy again", "a", "0.4", "0.35", "0.45", "0.2", "popular items", "100.0"]
    assert [row[0] for row in shown] == ["better", "level", "worse"]


def test_runs_are_compared_with_those_of_a_month_ago(tmp_path: Path, make: Make) -> None:
    assert "No run has been published yet." in make(small_warehouse(tmp_path / "first.duckdb")).text
    measured = {"recall": "two_tower, allow_repeats", "coverage": "recommendations", "gate_headroom": "minimum_recall"}
    history = [
        {"set_id": str(n), "published_at": AS_OF - timedelta(days=14 * (3 - n)), "measure": measure, "subject": subject,
         "value": n / 10}
        for n in range(4) for measure, subject in measured.items()
    ]  # fmt: skip
    page = make(small_warehouse(tmp_path / "shop.duckdb", run_history=history))
    assert "find 30.0 % of what users take next; those of 2 November 2026 found 10.0 %." in page.text
    assert rows_of(page, "Set")[0] == ["3", "30 Nov 2026, 00:00", "30.0", "–", "30.0", "–", "0.3"]


def test_inputs_that_drifted_are_named(tmp_path: Path, make: Make) -> None:
    check = {"check_name": "events_per_day", "subject": "interactions", "before": 900.0, "now": 90.0, "change": 0.9}
    page = make(small_warehouse(tmp_path / "shop.duckdb", drift_checks=[{**check, "most": 0.5, "is_failed": True}]))
    assert "1 of the inputs drifted from those of the published lists." in page.text
    assert rows_of(page, "Result", "Check")[0] == [
        "failed",
        "events per day",
        "interactions",
        "900",
        "90",
        "0.9",
        "0.5",
    ]


def test_a_large_shop_gives_a_small_page(tmp_path: Path, make: Make) -> None:
    database = small_warehouse(tmp_path / "shop.duckdb")
    with duckdb.connect(str(database)) as connection:
        connection.execute(
            "insert into stg_items select 'x' || i, null, null, repeat('long name ', 9), 'd' || i, 1 "
            "from range(20_000) as r (i)"
        )
        connection.execute("insert into item_categories (item_id, category) select item_id, item_id from stg_items")
        connection.execute(
            "insert into item_features (cutoff, item_id, recent_users, users, mean_price, days_since_first) "
            "select 0, item_id, 3, 9, 2.5, 10 from stg_items where item_id like 'x%'"
        )
        connection.execute(
            "insert into user_segments (user_id, segment) select 'y' || i, 's' || i from range(20_000) as r (i)"
        )
        connection.execute(
            "insert into recommendations by name (select 'y' || i as user_id, rank, "
            "'x' || (i + rank) % 20_000 as item_id, 0.1 as score, rank as model_rank, 0 as boost, [] as applied_rules, "
            "'history' as source, map {'x1': 1.0} as reasons from range(20_000) as r (i), range(1, 11) as k (rank))"
        )
    page = make(database)
    assert max(len(grid.rows) for grid in page.grids) <= 120
    assert len([1 for _, attributes in page.elements if "data-search" in attributes]) == 60 + 120
    assert (tmp_path / "page.html").stat().st_size < 3_000_000


def hold(database: str, held: Any, done: Any) -> None:
    """Keep a writer's lock until told otherwise."""
    with duckdb.connect(database):
        held.set()
        done.wait(60)


def test_a_writer_is_named(tmp_path: Path) -> None:
    database = small_warehouse(tmp_path / "shop.duckdb")
    context = multiprocessing.get_context("spawn")
    held, done = context.Event(), context.Event()
    writer = context.Process(target=hold, args=(str(database), held, done))
    writer.start()
    try:
        assert held.wait(60)
        with pytest.raises(SystemExit, match=r"another process is writing to .*; try again when dbt is done"):
            command.main(["--database", str(database), "--out", str(tmp_path / "page.html")])
    finally:
        done.set()
        writer.join()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--user", "nobody"], "there is no user nobody"),
        (["--item", "'; drop table stg_items; --"], "there is no item '; drop table"),
        (["--item-label", "brand"], "stg_items has no column 'brand'; it has department"),
        (["--schema", "other"], "table recommendations is in schemas main; choose one with --schema"),
    ],
)
def test_what_is_not_there_is_refused(tmp_path: Path, arguments: list[str], message: str) -> None:
    database = small_warehouse(tmp_path / "shop.duckdb")
    with pytest.raises(SystemExit, match=message):
        command.main(["--database", str(database), "--out", str(tmp_path / "page.html"), *arguments])
    assert not (tmp_path / "page.html").exists()


def test_no_database_and_no_lists_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="there is no database"):
        command.main(["--database", str(tmp_path / "nothing.duckdb")])
    duckdb.connect(str(tmp_path / "empty.duckdb")).close()
    with pytest.raises(SystemExit, match="no schema; `dbt build` makes it"):
        command.main(["--database", str(tmp_path / "empty.duckdb")])


def test_tables_of_another_version_are_said_to_be_so(tmp_path: Path) -> None:
    database = small_warehouse(tmp_path / "shop.duckdb")
    with duckdb.connect(str(database)) as connection:
        connection.execute("alter table stages rename column stage to horizon")
    with pytest.raises(SystemExit, match="the tables are of another version"):
        command.main(["--database", str(database), "--out", str(tmp_path / "page.html")])


def test_tables_may_lie_in_a_schema_of_their_own(tmp_path: Path, make: Make) -> None:
    database = small_warehouse(tmp_path / "shop.duckdb")
    with duckdb.connect(str(database)) as connection:
        connection.execute('create schema "main_rec"')
        tables = connection.execute("select table_name from duckdb_tables() where schema_name = 'main'").fetchall()
        for (name,) in tables:
            connection.execute(f'create table main_rec."{name}" as from main."{name}"')
            connection.execute(f'drop table main."{name}"')
        connection.execute("create table main.stg_items as select 1 as of_the_shop")
    assert rows_of(make(database), "Item", "Item id", "Users who see it")[0][0] == "Item 3"


def test_the_page_needs_no_torch_and_no_network(tmp_path: Path) -> None:
    database = small_warehouse(tmp_path / "shop.duckdb")
    script = f"""
import sys
sys.modules["torch"] = sys.modules["onnxruntime"] = None
from two_tower.report.command import main
main(["--database", {str(database)!r}, "--out", {str(tmp_path / "page.html")!r}])"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert str(tmp_path / "page.html") in done.stdout
    html = (tmp_path / "page.html").read_text()
    page = Page(html)
    loading = {"src", "href", "action", "data"}
    loaded = [attributes[name] for _, attributes in page.elements for name in loading & attributes.keys()]
    assert all(str(address).startswith("#") for address in loaded)
    assert "@import" not in html
    assert "url(" not in html


def test_fill_keeps_what_a_row_does_not_name_null(tmp_path: Path) -> None:
    database = small_warehouse(tmp_path / "shop.duckdb")
    with duckdb.connect(str(database)) as connection:
        fill(connection, "stg_items", [{"item_id": "bare"}])
        assert connection.execute("select name from stg_items where item_id = 'bare'").fetchone() == (None,)
