"""The published file and its archive: one set at a time, whole, with a way back."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from helpers.published_warehouse import Warehouse
from two_tower.python_udfs.publication.publish import Relation, publish
from two_tower.python_udfs.told_error import ToldError


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    return Warehouse(tmp_path)


def test_a_set_holds_tables_views_and_macros_of_one_run(warehouse: Warehouse) -> None:
    warehouse.publish()
    assert warehouse.read("from lists_of('u1')") == [("u1", "a")]
    assert warehouse.read("from unavailable_items") == [("i9",)]  # a view in the warehouse
    assert warehouse.read("select set_id, ranker_run_id, warehouse, published_tables from published_set") == [
        ("000001", "a", "shop's.duckdb", 7)
    ]
    assert ("recommendations", 1) in warehouse.read("from published_tables")
    assert warehouse.read("select comment from duckdb_columns() where comment is not null") == [("The run's id.",)]


def test_a_set_is_a_file_that_older_duckdb_reads(warehouse: Warehouse) -> None:
    warehouse.publish()
    assert warehouse.read("select tags['storage_version'] from duckdb_databases() where path is not null") == [
        ("v1.4.0+",)
    ]


def test_what_is_not_built_and_what_would_read_it_are_left_out(warehouse: Warehouse) -> None:
    warehouse.publish()
    macros = "select function_name from duckdb_functions() where not internal"
    found = {name for (name,) in warehouse.read(f"select table_name from duckdb_tables() union all {macros}")}
    assert not found & {"gates", "why"}


def test_past_cutoffs_and_vectors_of_other_stages_stay_in_the_warehouse(warehouse: Warehouse) -> None:
    warehouse.publish()
    assert warehouse.read("select cutoff from user_histories") == [(0,)]
    assert warehouse.read("select stage from item_embeddings") == [("production",)]


def test_a_reader_keeps_the_set_that_it_has_opened(warehouse: Warehouse) -> None:
    warehouse.publish()
    with duckdb.connect(str(warehouse.file.path), read_only=True) as reader:
        warehouse.lists("b").publish()
        assert reader.execute("select run_id from recommendations").fetchall() == [("a",)]
    assert warehouse.read("select run_id, previous_set_id from recommendations, published_set") == [("b", "000001")]


def test_a_set_that_fails_changes_nothing_and_leaves_nothing(warehouse: Warehouse) -> None:
    warehouse.publish()
    wrong = [*warehouse.relations(), Relation("m", "m", "main", "macro", True, "create macro", ())]
    with pytest.raises(ToldError, match=r"no set could be written to .*Parser Error"):
        publish(warehouse.connection, wrong, "published.duckdb", 2)
    assert warehouse.read("select set_id from published_set") == [("000001",)]
    assert warehouse.file.unfinished() == []
    assert warehouse.connection.execute("select current_database(), current_schema()").fetchall() == [
        ("shop's", "main")
    ]
    assert warehouse.lists("b").publish() == "000002"


def test_back_and_forth(warehouse: Warehouse) -> None:
    for run in "abc":
        warehouse.lists(run).publish()
    warehouse.file.put_back("000001")
    warehouse.file.put_back("000001")  # twice is once
    assert warehouse.read("select run_id from recommendations") == [("a",)]
    assert warehouse.lists("d").publish() == "000004"
    assert warehouse.read("select previous_set_id from published_set") == [("000001",)]
    assert warehouse.file.unfinished() == []


def test_the_archive_keeps_so_many_and_never_drops_what_is_served(warehouse: Warehouse) -> None:
    for run in "abcd":
        warehouse.lists(run).publish(keep=1)
    assert warehouse.file.kept() == ["000003", "000004"]
    warehouse.file.put_back("000003")
    assert warehouse.file.drop(0) == ["000004"]
    assert warehouse.read("select run_id from recommendations") == [("c",)]


def test_leftovers_of_a_killed_run_go_with_the_next(warehouse: Warehouse) -> None:
    warehouse.publish()
    left = warehouse.file.path.with_name("published.duckdb.000007.tmp")
    left.write_text("half")
    left.with_name(left.name + ".wal").write_text("half")
    assert warehouse.lists("b").publish() == "000002"
    assert warehouse.file.unfinished() == []


def test_a_set_has_no_second_file_beside_it(warehouse: Warehouse) -> None:
    warehouse.publish()
    assert {path.name for path in warehouse.file.path.parent.iterdir()} >= {"published.duckdb", "published.duckdb.sets"}
    assert not list(warehouse.file.path.parent.glob("published*.wal"))
    assert warehouse.file.path.samefile(warehouse.file.place("000001"))  # one file on disk, two names


def test_another_file_is_not_taken_for_a_set(warehouse: Warehouse) -> None:
    duckdb.connect(str(warehouse.file.path)).close()
    with pytest.raises(ToldError, match="is no published set"):
        warehouse.publish()
    warehouse.file.path.write_text("something else")
    with pytest.raises(ToldError, match="cannot be read as a published set"):
        warehouse.publish()
    assert warehouse.file.path.read_text() == "something else"


def test_without_a_file_nothing_is_published(warehouse: Warehouse) -> None:
    assert publish(warehouse.connection, warehouse.relations(), "", 2).fetchall() == []
    assert not warehouse.file.path.exists()
    memory = duckdb.connect()
    assert publish(memory, [], "published.duckdb", 2).fetchall() == []
