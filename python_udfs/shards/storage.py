"""Where files of shards lie: a folder that all machines see, or an object store, through fsspec."""

from __future__ import annotations

import glob
import json
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import fsspec
from fsspec.implementations.local import LocalFileSystem

Filesystems = tuple[dict[str, Any], ...]  # as in `filesystems` of profiles.yml: [{fs: s3, key: ...}]


def filesystem(place: str, known: Sequence[dict[str, Any]]) -> fsspec.AbstractFileSystem:
    """The filesystem of a path or URL, with the settings that profiles.yml has for its protocol."""
    protocol = place.partition("://")[0] if "://" in place else "file"
    own = next((settings for settings in known if settings["fs"] == protocol), {})
    return fsspec.filesystem(protocol, **{name: value for name, value in own.items() if name != "fs"})


def put(made: Path, target: str, known: Sequence[dict[str, Any]]) -> None:
    """Move a file to where all see it, whole or not at all: by renaming, or by an upload, which shows when it ends."""
    storage = filesystem(target, known)
    if isinstance(storage, LocalFileSystem):
        made.replace(target)
    else:
        storage.put_file(os.fspath(made), target)


def make_folder(path: str, known: Sequence[dict[str, Any]]) -> str:
    """Make a folder, and give its path back. An object store has none to make."""
    filesystem(path, known).makedirs(path, exist_ok=True)
    return path


def drop_shards(root: str, invocation: str, named: str, known: Sequence[dict[str, Any]]) -> str:
    """Delete what no view reads and is not of this invocation; names as JSON.

    named: SQL of all views. Folders are root / schema / invocation / table.
    """
    storage, gone = filesystem(root, known), []
    storage.invalidate_cache()
    for path in sorted(storage.glob(f"{glob.escape(root)}/*/*/*")):
        schema, run, table = path.rstrip("/").split("/")[-3:]
        if run != invocation and not re.search(re.escape(f"{root}/{schema}/{run}/{table}/"), named):
            storage.rm(path, recursive=True)
            gone.append(f"{schema}/{run}/{table}")
            of_run = f"{root}/{schema}/{run}"
            if isinstance(storage, LocalFileSystem) and not storage.ls(of_run):
                storage.rmdir(of_run)
    return json.dumps(gone)
