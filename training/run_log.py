"""A run's folder and its log as rows; a run is there whole or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pandas as pd

COLUMNS = ["stage", "run_id", "kind", "name", "epoch", "value", "text"]
LOG = "run.json"
Row = dict[str, Any]


def row(kind: str, name: str, epoch: int | None = None, value: float | None = None, text: str | None = None) -> Row:
    """One row of a run's log."""
    return {"kind": kind, "name": name, "epoch": epoch, "value": value, "text": text}


def metadata(**texts: str) -> list[Row]:
    """Rows of what there is to say of a run, the moment of its end (UTC) included."""
    texts["trained_at"] = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S")
    return [row("metadata", name, text=text) for name, text in texts.items()]


def as_table(rows: list[Row]) -> pd.DataFrame:
    """The log of all runs of a build."""
    return pd.DataFrame(rows, columns=COLUMNS).astype({"epoch": "Int64", "value": "float64"})


@contextmanager
def unfinished(folder: Path) -> Iterator[Path]:
    """A hidden folder to write a run into, which becomes `folder` by one rename; a run that fails leaves nothing."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    hidden = folder.parent / f".{folder.name}-{uuid4().hex[:8]}"
    hidden.mkdir()
    try:
        yield hidden
        for path in hidden.iterdir():
            with path.open("rb") as file:
                os.fsync(file.fileno())
        shutil.rmtree(folder, ignore_errors=True)
        hidden.replace(folder)
    finally:
        shutil.rmtree(hidden, ignore_errors=True)


def write_log(folder: Path, rows: list[Row], files: dict[str, Path]) -> None:
    """Write a run's rows, and the checksum and the name of each of its files, by name of the artifact."""
    digests = [row("sha256", name, text=sha256(path)) for name, path in files.items()]
    names = [row("file", name, text=path.name) for name, path in files.items()]
    (folder / LOG).write_text(json.dumps(rows + digests + names))


def read_log(folder: Path, artifacts: Collection[str], log: Callable[[str], None]) -> list[Row] | None:
    """Rows of a run with the paths of its artifacts, relative to the folder of all runs; None where it has to be made.

    artifacts: names of those that the run must have. log: told where there is something, but not a whole run.
    """
    if not folder.exists():
        return None
    try:
        rows = _rows_of((folder / LOG).read_text())
        files = {found["name"]: found["text"] for found in rows if found["kind"] == "file"}
        digests = {found["name"]: found["text"] for found in rows if found["kind"] == "sha256"}
        for name in artifacts:
            if name not in files or name not in digests:
                raise ValueError(f"{LOG} says nothing of {name}")
            if sha256(folder / files[name]) != digests[name]:
                raise ValueError(f"{files[name]} is not the file that {LOG} says")
    except (OSError, ValueError) as error:
        log(f"two_tower: '{folder}' holds no whole run ({error}), it is made again")
        return None
    return [found for found in rows if found["kind"] != "file"] + [
        row("artifact", name, text=f"{folder.name}/{files[name]}") for name in files
    ]


def _rows_of(text: str) -> list[Row]:
    """Rows of a log. Raises ValueError where it is JSON of something else."""
    rows = json.loads(text)
    if not isinstance(rows, list) or not all(
        isinstance(found, dict) and found.keys() == row("", "").keys() for found in rows
    ):
        raise ValueError(f"{LOG} holds no rows of a run")
    for found in rows:
        if found["kind"] in ("file", "sha256") and not isinstance(found["text"], str):
            raise ValueError(f"{LOG} says nothing of {found['name']}")
    return rows


def sha256(path: Path) -> str:
    """Checksum of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
