"""Folders of training runs, as far as serving needs to know them: which are there, and which may go."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

LOG = "run.json"
FAILED = "failed.json"  # beside the log where publication was refused by gates: their messages
UNFINISHED = re.compile(r"\.[0-9a-f]{16}-[0-9a-f]{8}")
RUN = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True)
class Runs:
    """The folder of var two_tower_model_dir. Folders that are named otherwise, such as encoders, are left alone."""

    folder: Path

    def found(self) -> list[Path]:
        """Folders of runs, newest first."""
        if not self.folder.is_dir():
            return []
        named = [path for path in self.folder.iterdir() if path.is_dir() and RUN.fullmatch(path.name)]
        return sorted(named, key=lambda path: path.stat().st_mtime, reverse=True)

    def listed(self, served: Collection[str], used: Collection[str]) -> list[dict[str, str]]:
        """A row per run: run_id, kind, trained_at, status."""

        def status(path: Path) -> str:
            if path.name in served:
                return "served"
            if (path / FAILED).exists():
                return "failed its gates"
            return "in a set" if path.name in used else "kept"

        return [{"run_id": path.name, **_said_of(path, status(path))} for path in self.found()]

    def judge(self, run_ids: Collection[str], failed: Collection[str]) -> None:
        """Write down the gates that runs have failed; none: they have passed."""
        for path in self.found():
            if path.name in run_ids:
                made = path.stat()
                (path / FAILED).unlink(missing_ok=True)
                if failed:
                    (path / FAILED).write_text(json.dumps(list(failed)))
                os.utime(path, ns=(made.st_atime_ns, made.st_mtime_ns))  # runs go by when they were made

    def failed(self) -> list[str]:
        """Runs that have failed their gates, newest first."""
        return [path.name for path in self.found() if (path / FAILED).exists()]

    def failed_since(self, run_ids: Collection[str]) -> list[str]:
        """Runs that are newer than all of these and have failed their gates."""
        names = [path.name for path in self.found()]
        newer = min((names.index(run_id) for run_id in run_ids if run_id in names), default=0)
        return [name for name in self.failed() if name in names[:newer]]

    def remove_unfinished(self) -> list[str]:
        """Delete what killed trainings have left; the names."""
        left = [path for path in self.folder.glob(".*") if UNFINISHED.fullmatch(path.name)]
        for path in left:
            shutil.rmtree(path, ignore_errors=True)
        return [path.name for path in left]

    def drop(self, keep: int, used: Collection[str]) -> list[str]:
        """Delete runs that are not used, beyond the newest `keep` of them; their ids."""
        free = [path for path in self.found() if path.name not in used]
        for path in free[keep:]:
            shutil.rmtree(path)
        return [path.name for path in free[keep:]]


def _said_of(folder: Path, status: str) -> dict[str, str]:
    try:
        rows = json.loads((folder / LOG).read_text())
        texts = {(row["kind"], row["name"]): row["text"] for row in rows}
        kind = "ranker" if ("file", "ranker_model") in texts else "towers"
        return {"kind": kind, "trained_at": texts["metadata", "trained_at"], "status": status}
    except (OSError, ValueError, KeyError, TypeError):
        return {"kind": "unknown", "trained_at": "unknown", "status": "no whole run"}
