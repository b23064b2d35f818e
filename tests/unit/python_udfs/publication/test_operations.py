"""Going back, listing and pruning, as SQL calls them."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import duckdb
import pytest
from helpers.published_warehouse import Warehouse
from two_tower.python_udfs.plugin import register


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    warehouse = Warehouse(tmp_path)
    for number, run in enumerate("abc"):
        warehouse.lists(run * 16).publish(keep=5)
        folder = tmp_path / "artifacts" / (run * 16)
        folder.mkdir(parents=True)
        rows = [("file", "ranker_model", "ranker.onnx"), ("metadata", "trained_at", f"2026-01-0{number + 1} 00:00:00")]
        log = [{"kind": kind, "name": name, "epoch": None, "value": None, "text": text} for kind, name, text in rows]
        (folder / "run.json").write_text(json.dumps(log))
        os.utime(folder, (number, number))
    return warehouse


def call(warehouse: Warehouse, name: str, *arguments: str) -> dict[str, Any]:
    """The operation through SQL, as a macro of dbt calls it."""
    with duckdb.connect() as connection:
        register(connection)
        marks = ", ".join("?" * (len(arguments) + 1))
        texts = [str(warehouse.file.path), *arguments]
        ((text,),) = connection.execute(f"select two_tower_{name}({marks})", texts).fetchall()
        found: dict[str, Any] = json.loads(text)
        return found


def models(warehouse: Warehouse) -> str:
    return str(warehouse.file.path.parent / "artifacts")


def test_back_by_one_follows_what_was_served(warehouse: Warehouse) -> None:
    assert call(warehouse, "rollback", "", "", "2")["now"]["set_id"] == "000002"
    warehouse.lists("d" * 16).publish(keep=5)
    assert call(warehouse, "rollback", "", "", "2")["now"]["set_id"] == "000002"  # and not 3, which was gone back from
    assert call(warehouse, "rollback", "", "", "2")["now"]["set_id"] == "000001"
    assert warehouse.read("select run_id from recommendations") == [("a" * 16,)]


def test_back_to_a_named_set_and_no_further_than_there_is(warehouse: Warehouse) -> None:
    assert call(warehouse, "rollback", "000001", "", "2")["before"]["set_id"] == "000003"
    assert "set before the first is not in the archive" in call(warehouse, "rollback", "", "", "2")["problem"]
    assert (
        "set 000009 is not in the archive, which has 000001, 000002"
        in call(warehouse, "rollback", "000009", "", "2")["problem"]
    )
    warehouse.file.path.unlink()
    assert "nothing was published yet" in call(warehouse, "rollback", "", "", "2")["problem"]


def test_sets_and_runs_are_listed_with_their_status(warehouse: Warehouse) -> None:
    (Path(models(warehouse)) / ("e" * 16)).mkdir()
    (Path(models(warehouse)) / "minilm").mkdir()
    call(warehouse, "rollback", "", "", "2")
    found = call(warehouse, "runs", models(warehouse))
    assert [(entry["set_id"], entry["status"]) for entry in found["sets"]] == [
        ("000003", "kept"), ("000002", "published"), ("000001", "kept"),
    ]  # fmt: skip
    statuses = {entry["run_id"][0]: (entry["kind"], entry["status"]) for entry in found["runs"]}
    assert statuses == {
        "a": ("ranker", "in a set"), "b": ("ranker", "served"), "c": ("ranker", "in a set"),
        "e": ("unknown", "no whole run"),
    }  # fmt: skip


def test_pruned_is_what_nothing_uses(warehouse: Warehouse) -> None:
    folder = Path(models(warehouse))
    (folder / "minilm").mkdir()  # an encoder
    (folder / f".{'f' * 16}-0a1b2c3d").mkdir()
    warehouse.file.path.with_name("published.duckdb.000009.tmp").write_text("half")
    assert "must not be below 0" in call(warehouse, "prune", models(warehouse), "-1", "")["problem"]
    gone = call(warehouse, "prune", models(warehouse), "0", "a" * 16)
    assert gone["sets"] == ["000001", "000002"]
    assert gone["runs"] == ["b" * 16]  # a is in use, c is served
    assert gone["leftovers"] == ["published.duckdb.000009.tmp", f".{'f' * 16}-0a1b2c3d"]
    assert {path.name for path in folder.iterdir()} == {"a" * 16, "c" * 16, "minilm"}
    assert warehouse.read("select run_id from recommendations") == [("c" * 16,)]


def test_runs_beyond_the_newest_go(warehouse: Warehouse) -> None:
    for number, name in enumerate("12"):
        (Path(models(warehouse)) / (name * 16)).mkdir()
        os.utime(Path(models(warehouse)) / (name * 16), (10 + number, 10 + number))
    assert call(warehouse, "prune", models(warehouse), "1", "") == {
        "leftovers": [], "sets": ["000001"], "runs": ["1" * 16, "a" * 16],
    }  # fmt: skip


def test_a_run_that_failed_its_gates_is_listed_so_and_does_not_go_on(warehouse: Warehouse) -> None:
    folder, good, failed = models(warehouse), "c" * 16, "d" * 16
    (Path(folder) / failed).mkdir()
    os.utime(Path(folder) / failed, (9, 9))
    assert call_of_models(warehouse, "judged", failed, '["Gate x failed."]') == {"failed_since": []}
    assert call_of_models(warehouse, "judged", good, "[]") == {"failed_since": [failed]}
    assert call(warehouse, "runs", folder)["runs"][0] == {  # still the newest, though written into
        "run_id": failed, "kind": "unknown", "trained_at": "unknown", "status": "no whole run",
    }  # fmt: skip
    assert call(warehouse, "good_set", folder, good, "", "") == {}
    assert call(warehouse, "good_set", folder, failed, "", "")["set_id"] == "000003"
    call_of_models(warehouse, "judged", good, '["Gate x failed."]')
    assert [entry["status"] for entry in call(warehouse, "runs", folder)["runs"]][1:] == [
        "served", "in a set", "in a set",
    ]  # fmt: skip
    call_of_models(warehouse, "judged", failed, "[]")
    assert call(warehouse, "good_set", folder, failed, "", "") == {}


def test_a_pinned_run_goes_on_by_the_newest_set_that_has_it(warehouse: Warehouse) -> None:
    found = call(warehouse, "good_set", models(warehouse), "c" * 16, "a" * 16, "")
    assert (found["set_id"], found["path"]) == ("000001", str(warehouse.file.place("000001")))
    assert call(warehouse, "good_set", models(warehouse), "c" * 16, "c" * 16, "") == {}
    assert call(warehouse, "good_set", models(warehouse), "c" * 16, "f" * 16, "") == {}


def test_what_was_stopped_half_way_does_not_go_on(warehouse: Warehouse) -> None:
    found = [call(warehouse, "good_set", models(warehouse), "c" * 16, pinned * 16, "torn") for pinned in ("", "c", "a")]
    assert [entry["set_id"] for entry in found] == ["000003", "000003", "000001"]


def call_of_models(warehouse: Warehouse, name: str, *arguments: str) -> dict[str, Any]:
    """An operation on the folder of models alone."""
    with duckdb.connect() as connection:
        register(connection)
        texts = [models(warehouse), *arguments]
        ((text,),) = connection.execute(f"select two_tower_{name}(?, ?, ?)", texts).fetchall()
        found: dict[str, Any] = json.loads(text)
        return found
