"""What a training run is known by: hashes of its inputs, settings and code."""

from __future__ import annotations

import hashlib
import json
from importlib.metadata import version
from pathlib import Path

import duckdb
import torch

from .config import TrainingConfig

Relations = dict[str, duckdb.DuckDBPyRelation]

# folders and modules that no fit reads: an edit of them leaves towers and rankers as they are
NOT_FITTING = {"baselines", "tuning", "cli.py", "encoders.py"}


def run_id_of(relations: Relations, config: TrainingConfig, found_by: str = "") -> str:
    """Hash of what a run depends on: the rows of its inputs, its settings and the code that fits it.

    found_by: the run whose search it takes over.
    """
    digest = hashlib.sha256((json.dumps(config.as_dict(), sort_keys=True) + found_by).encode())
    for name in sorted(relations):
        relation = relations[name]
        digest.update(f"{name} {relation.columns} {relation.types}".encode())
        rows = relation.query("t", "select count(*), bit_xor(hash(t)), sum(hash(t) % 1000003) from t")
        content = rows.fetchall() if rows is not None else []
        digest.update(f"{name} {content}".encode())
    folder = Path(__file__).parent
    for path in sorted(folder.rglob("*.py")):
        if path.relative_to(folder).parts[0] not in NOT_FITTING:
            digest.update(path.read_bytes())
    digest.update(f"{torch.__version__} {version('implicit')}".encode())
    return digest.hexdigest()[:16]
