"""Exports of published sets: whole, with what changed since the export before."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest
from helpers.published_warehouse import Warehouse
from two_tower.python_udfs.publication.exports import Exports, changes_of
from two_tower.python_udfs.publication.operations import forget, rollback
from two_tower.python_udfs.publication.publish import publish
from two_tower.python_udfs.told_error import ToldError


class Shop:
    """A warehouse with lists of one user, and its exports."""

    def __init__(self, folder: Path) -> None:
        self.warehouse = Warehouse(folder)
        self.folder = folder / "exports"

    def lists(self, items: str, keep: int = 5, exports: str = "exports") -> None:
        """Publish lists of these items, a letter each, in this order, of set after set."""
        connection = self.warehouse.connection
        connection.execute(
            "create or replace table recommendations as select 'u1' as user_id, "
            "unnest(range(1, len(?) + 1))::integer as rank, unnest(?) as item_id, 0.5 as score, 'a' as run_id",
            [list(items), list(items)],
        )
        publish(connection, self.warehouse.relations(), "published.duckdb", keep, exports)

    def rows(self, number: int, file: str, columns: str = "*") -> list[tuple[Any, ...]]:
        path = self.folder / f"{number:06}" / file
        return duckdb.sql(f"select {columns} from '{str(path).replace(chr(39), chr(39) * 2)}'").fetchall()

    def loaded(self) -> dict[str, int]:
        """What a system holds that has taken the changes of each export in turn."""
        held: dict[str, int] = {}
        for export in Exports(self.folder).done():
            changes = self.rows(int(export.name), "recommendations.changes.parquet", "change, item_id, rank")
            for change, item, _ in changes:
                if change != "added":
                    del held[item]
            held |= {item: rank for change, item, rank in changes if change != "removed"}
        return held


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def test_changes_in_turn_lead_to_the_lists(shop: Shop) -> None:
    for items in ("abcd", "bacx", "bacx", "x"):
        shop.lists(items)
        assert shop.loaded() == {item: rank for rank, item in enumerate(items, 1)}
    columns = "change, item_id, rank_before, rank"
    assert sorted(shop.rows(2, "recommendations.changes.parquet", columns)) == [
        ("added", "x", None, 4), ("moved", "a", 1, 2), ("moved", "b", 2, 1), ("removed", "d", 4, 4),
    ]  # fmt: skip
    assert shop.rows(3, "recommendations.changes.parquet") == []
    assert shop.rows(2, "recommendations.parquet", "item_id") == [("b",), ("a",), ("c",), ("x",)]
    about = json.loads((shop.folder / "000002" / "set.json").read_text())
    assert (about["set_id"], about["since_set_id"]) == ("000002", "000001")


def test_vectors_that_are_others_are_changes(shop: Shop) -> None:
    for vectors in ({"i1": 1, "i2": 2, "i3": 3}, {"i2": 2, "i3": 4, "i4": 5}):
        shop.warehouse.connection.execute(
            "create or replace table item_embeddings as select 'production' as stage, unnest(?) as item_id, "
            "[unnest(?)::float] as embedding",
            [list(vectors), list(vectors.values())],
        )
        shop.lists("ab")
    assert shop.rows(1, "item_embeddings.changes.parquet", "distinct change") == [("added",)]
    assert shop.rows(2, "item_embeddings.changes.parquet", "change, item_id, embedding") == [
        ("removed", "i1", [1.0]), ("changed", "i3", [4.0]), ("added", "i4", [5.0]),
    ]  # fmt: skip
    assert len(shop.rows(2, "item_embeddings.parquet")) == 3


def test_going_back_is_an_export_too(shop: Shop) -> None:
    shop.lists("ab")
    shop.lists("cd")
    rollback(str(shop.warehouse.file.path), "", str(shop.folder), "5")
    assert shop.loaded() == {"a": 1, "b": 2}
    assert json.loads((shop.folder / "000003" / "set.json").read_text())["set_id"] == "000001"


def test_what_is_not_published_is_not_exported_and_old_exports_go(shop: Shop) -> None:
    shop.lists("ab")
    (shop.folder / ".000002.tmp").mkdir()  # of a killed run
    with pytest.raises(RuntimeError), Exports(shop.folder).next_of(shop.warehouse.file.path, 5):
        raise RuntimeError
    assert [path.name for path in shop.folder.iterdir()] == ["000001"]
    for items in ("bc", "cd"):
        shop.lists(items, keep=1)
    assert sorted(path.name for path in shop.folder.iterdir()) == ["000002", "000003"]


def test_a_folder_that_cannot_be_written_stops_the_publication(shop: Shop) -> None:
    shop.lists("ab")
    (shop.folder.parent / "file").write_text("")
    with pytest.raises(ToldError, match=r"two_tower_exports: no export can be written to the folder '.*file':"):
        shop.lists("cd", exports="file")
    (shop.folder / "000001" / "set.json").write_text("[]")
    with pytest.raises(ToldError, match=r"with the changes since '.*000001': .*move a damaged export away"):
        shop.lists("cd")
    assert shop.warehouse.read("select item_id from recommendations") == [("a",), ("b",)]
    assert shop.warehouse.file.unfinished() == []


def test_a_move_to_another_category_is_a_change(tmp_path: Path) -> None:
    now, before = tmp_path / "now.parquet", tmp_path / "before.parquet"
    for path, category in ((now, "new"), (before, "old")):
        duckdb.sql(f"copy (select 'u' as user_id, '{category}' as category, 1 as rank, 'i' as item_id) to '{path}' ")
    changes = changes_of("recommendations_by_category", now, before)
    assert duckdb.sql(f"select change, category from ({changes})").fetchall() == [("moved", "new")]


def test_forgetting_leaves_one_set_and_one_export_until_the_next_publication(shop: Shop) -> None:
    for items in ("ab", "bc", "cd"):
        shop.lists(items)
    gone = forget(str(shop.warehouse.file.path), str(shop.folder), "no models")
    assert gone == {"sets": ["000001", "000002"], "exports": ["000001", "000002"], "lists of baselines": []}
    shop.lists("de")
    assert shop.warehouse.file.kept() == ["000004"]
    assert [path.name for path in Exports(shop.folder).done()] == ["000004"]
    shop.lists("ef")
    assert shop.warehouse.file.kept() == ["000004", "000005"]
