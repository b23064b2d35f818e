"""What of a run's folder is taken for a run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from two_tower.training.run_log import LOG, metadata, read_log, write_log

FILES = {"user_model": "user_tower.onnx", "item_model": "item_tower.onnx"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "run7"
    folder.mkdir()
    for name in FILES.values():
        (folder / name).write_bytes(name.encode())
    write_log(folder, metadata(), {name: folder / file for name, file in FILES.items()})
    return folder


def test_a_moved_folder_is_the_same_run(folder: Path, tmp_path: Path) -> None:
    told: list[str] = []
    before = read_log(folder, FILES, told.append)
    moved = folder.rename(tmp_path / "other")
    (tmp_path / "models").mkdir()
    moved = moved.rename(tmp_path / "models" / "run7")
    assert read_log(moved, FILES, told.append) == before
    assert before is not None
    assert {entry["text"] for entry in before if entry["kind"] == "artifact"} == {
        f"run7/{file}" for file in FILES.values()
    }
    assert told == []


def test_a_run_that_is_not_there_is_nothing_to_speak_of(tmp_path: Path) -> None:
    told: list[str] = []
    assert read_log(tmp_path / "none", FILES, told.append) is None
    assert told == []


NO_RUNS = {
    "no file": None,
    "cut": '[{"kind": "sha',
    "an empty list": "[]",
    "a mapping": "{}",
    "a number": "7",
    "texts": '["sha256"]',
    "rows of something else": '[{"kind": "sha256"}]',
    "bytes": "\udcff",
}


@pytest.mark.parametrize("name", NO_RUNS)
def test_json_that_is_no_run_is_no_run(folder: Path, name: str) -> None:
    text = NO_RUNS[name]
    if text is None:
        (folder / LOG).unlink()
    else:
        (folder / LOG).write_bytes(text.encode(errors="surrogateescape"))
    told: list[str] = []
    assert read_log(folder, FILES, told.append) is None
    assert len(told) == 1
    assert "holds no whole run" in told[0]


@pytest.mark.parametrize("kind", ["file", "sha256"])
@pytest.mark.parametrize("text", [None, 7, "gone"])
def test_rows_without_digest_or_file_are_no_run(folder: Path, kind: str, text: object) -> None:
    rows = json.loads((folder / LOG).read_text())
    for row in rows:
        if (row["kind"], row["name"]) == (kind, "item_model"):
            row["text"] = text
    (folder / LOG).write_text(json.dumps([row for row in rows if row["text"] != "gone"]))
    told: list[str] = []
    assert read_log(folder, FILES, told.append) is None
    assert "item_model" in told[0]


def test_a_swapped_file_is_no_run(folder: Path) -> None:
    (folder / "item_tower.onnx").write_bytes((folder / "user_tower.onnx").read_bytes())
    told: list[str] = []
    assert read_log(folder, FILES, told.append) is None
    assert "item_tower.onnx is not the file" in told[0]
