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

# the modules that decide what a fit results in
FITTING = {
    "config", "continuation", "data", "examples", "export", "factors", "features", "fit", "fit_recall", "fit_sequence",
    "fit_taste", "histories", "linear", "losses", "newcomers", "optimise", "recall", "runs", "sampling", "sequence",
    "towers", "two_towers", "validation",
}  # fmt: skip


def run_id_of(relations: Relations, config: TrainingConfig, tested: str = "") -> str:
    """Hash of what a run depends on: the rows of its inputs, its settings and the code that fits it.

    tested: the run of the same build whose towers it goes on from.
    """
    digest = hashlib.sha256((kin_of(relations, config) + tested).encode())
    for name in sorted(relations):
        relation = relations[name]
        rows = relation.query("t", "select count(*), bit_xor(hash(t)), sum(hash(t) % 1000003) from t")
        content = rows.fetchall() if rows is not None else []
        digest.update(f"{name} {content}".encode())
    return digest.hexdigest()[:16]


def kin_of(relations: Relations, config: TrainingConfig, shop: str = "") -> str:
    """Hash of settings, columns, sizes of texts and code: all that a run depends on but the rows.

    shop: what tells it from another with the same columns.
    """
    digest = hashlib.sha256((json.dumps(config.as_dict(), sort_keys=True) + shop).encode())
    for name in sorted(relations):
        digest.update(f"{name} {relations[name].columns} {relations[name].types}".encode())
    texts = (
        relations["feature_codes"].filter("value = 'buckets'").select("feature, code").order("feature asc, code asc")
    )
    digest.update(str(texts.fetchall()).encode())
    for path in sorted(Path(__file__).parent.glob("*.py")):
        if path.stem in FITTING:
            digest.update(path.read_bytes())
    digest.update(f"{torch.__version__} {version('implicit')}".encode())
    return digest.hexdigest()[:16]
