"""A run's folder and its log as rows; a run is there whole or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
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


def read_log(folder: Path) -> list[Row] | None:
    """Rows of a run with the paths of its artifacts; None when a file is not there or not what it was."""
    try:
        rows: list[Row] = json.loads((folder / LOG).read_text())
        digests = {found["name"]: found["text"] for found in rows if found["kind"] == "sha256"}
        paths = {found["name"]: folder / found["text"] for found in rows if found["kind"] == "file"}
        if not digests or any(sha256(paths[name]) != digest for name, digest in digests.items()):
            return None
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return [found for found in rows if found["kind"] != "file"] + [
        row("artifact", name, text=str(path)) for name, path in paths.items()
    ]


def sha256(path: Path) -> str:
    """Checksum of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
