"""One training run per horizon: decide whether it is needed, fit, publish the artifacts, and tell it all as rows."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import torch

from .config import TrainingConfig
from .examples import Examples, build_examples
from .export import export_towers
from .fit import fit
from .optimise import Epoch

COLUMNS = ["horizon", "run_id", "kind", "name", "epoch", "value", "text"]
CHANGING = {"user": ("user_features",), "item": ("item_features", "item_reviews")}  # what was done until a snapshot
Relations = dict[str, duckdb.DuckDBPyRelation]
Row = dict[str, Any]


def train(relations: Relations, settings: dict[str, Any], model_dir: str, log: Callable[[str], None]) -> pd.DataFrame:
    """Fit the towers of every horizon whose inputs, settings or code changed.

    relations: user_inputs, item_inputs, feature_codes, snapshot_targets, user_histories, horizons, and for the names
    of their columns those of CHANGING. Returns the run log, one row per artifact, parameter, metric and epoch,
    with the columns of `COLUMNS`. A run that fails leaves no folder.
    """
    config = TrainingConfig.from_settings(settings)
    changing = changing_columns(relations)
    rows: list[Row] = []
    horizons = relations["horizons"].order("horizon").fetchall()
    for horizon, serve, *_ in horizons:
        own = {
            name: of_horizon(relation, name, horizon, serve)
            for name, relation in relations.items()
            if name != "horizons" and name not in chain(*CHANGING.values())
        }
        run_id = run_id_of(own, config)
        folder = Path(model_dir).absolute() / run_id
        found = _read_run(folder)
        if found is None:
            log(f"two_tower {horizon}: training run {run_id}")
            found = _train_one(own, changing, int(serve), run_id, folder, config, log)
        else:
            log(f"two_tower {horizon}: run {run_id} is up to date, training skipped")
        rows += [{"horizon": horizon, "run_id": run_id, **row} for row in found]
    return pd.DataFrame(rows, columns=COLUMNS).astype({"epoch": "Int64", "value": "float64"})


def changing_columns(relations: Relations) -> dict[str, set[str]]:
    """Columns by entity that change from snapshot to snapshot."""
    return {
        entity: {name for table in tables for name in relations[table].columns} for entity, tables in CHANGING.items()
    }


def of_horizon(relation: duckdb.DuckDBPyRelation, name: str, horizon: str, serve: int) -> duckdb.DuckDBPyRelation:
    """The rows that a run of the horizon reads."""
    if name == "user_histories":
        return relation.filter(f"snapshot = {serve + 1}").select("snapshot, user_id, item_id")
    return relation.filter(f"snapshot > {serve}" if name == "snapshot_targets" else f"horizon = '{horizon}'")


def run_id_of(relations: Relations, config: TrainingConfig) -> str:
    """Hash of what the run depends on: the rows of its inputs, its settings and the code that fits it."""
    digest = hashlib.sha256(json.dumps(config.as_dict(), sort_keys=True).encode())
    for name in sorted(relations):
        relation = relations[name]
        rows = relation.query("t", "select count(*), bit_xor(hash(t)), sum(hash(t) % 1000003) from t")
        content = rows.fetchall() if rows is not None else []
        digest.update(f"{name} {relation.columns} {content}".encode())
    for path in sorted(Path(__file__).parent.glob("*.py")):
        if path.stem in FITTING:
            digest.update(path.read_bytes())
    digest.update(torch.__version__.encode())
    return digest.hexdigest()[:16]


# the modules that decide what a fit results in
FITTING = {
    *("config", "data", "examples", "export", "factors", "features", "fit", "fit_recall", "fit_sequence", "fit_taste"),
    *(
        "histories",
        "linear",
        "losses",
        "optimise",
        "recall",
        "runs",
        "sampling",
        "sequence",
        "towers",
        "two_towers",
        "validation",
    ),
}


def _train_one(
    relations: Relations, changing: dict[str, set[str]], serve: int, run_id: str, folder: Path,
    config: TrainingConfig, log: Callable[[str], None],
) -> list[Row]:  # fmt: skip
    started = time.perf_counter()
    examples = read_examples(relations, changing, serve)
    read = time.perf_counter() - started
    towers, curve = fit(examples, config, log)
    folder.parent.mkdir(parents=True, exist_ok=True)
    # published by one rename: a run is there whole or not at all
    unfinished = Path(tempfile.mkdtemp(prefix=f".{run_id}-", dir=folder.parent))
    try:
        paths = export_towers(towers, unfinished, {"run_id": run_id, "dim": str(config.dim)})
        seconds = {"read": read, "total": time.perf_counter() - started}
        rows = _rows(config, curve, seconds, {tower: _sha256(path) for tower, path in paths.items()})
        (unfinished / "run.json").write_text(json.dumps(rows))
        for path in unfinished.iterdir():
            with path.open("rb") as file:
                os.fsync(file.fileno())
        shutil.rmtree(folder, ignore_errors=True)
        unfinished.replace(folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    found = _read_run(folder)
    assert found is not None
    return found


def read_examples(relations: Relations, changing: dict[str, set[str]], serve: int) -> Examples:
    """Examples from the relations of one horizon; the rows' order is fixed, since training depends on it."""
    sizes: dict[str, dict[str, int]] = {"user": {}, "item": {"item_code": 0}}
    for feature, count in relations["feature_codes"].aggregate("feature, max(code)", "feature").fetchall():
        entity, column = feature.split(".", 1)
        sizes[entity]["item_code" if feature == "item.item_id" else column] = int(count)
    return build_examples(
        relations["user_inputs"].order("snapshot, user_id").to_arrow_table(),
        relations["item_inputs"].order("snapshot, item_id").to_arrow_table(),
        relations["snapshot_targets"].order("snapshot, user_id, item_id").to_arrow_table(),
        relations["user_histories"].to_arrow_table(),
        sizes,
        changing,
        serve,
    )


def _rows(config: TrainingConfig, curve: list[Epoch], seconds: dict[str, float], sha256: dict[str, str]) -> list[Row]:
    rows = [_row("parameter", name, value=value) for name, value in config.as_dict().items()]
    for epoch in curve:
        rows.append(_row("loss", epoch.phase, epoch.epoch, epoch.loss))
        rows.append(_row("seconds", epoch.phase, epoch.epoch, epoch.seconds))
        rows += [_row("validation_recall_at_10", policy, epoch.epoch, value) for policy, value in epoch.recall.items()]
    rows += [_row("duration", name, value=value) for name, value in seconds.items()]
    rows += [_row("sha256", f"{tower}_model", text=digest) for tower, digest in sha256.items()]
    rows.append(_row("metadata", "trained_at", text=datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S")))
    return rows


def _row(kind: str, name: str, epoch: int | None = None, value: float | None = None, text: str | None = None) -> Row:
    return {"kind": kind, "name": name, "epoch": epoch, "value": value, "text": text}


def _read_run(folder: Path) -> list[Row] | None:
    """Rows of a published run with the paths of its artifacts; None when a file is not there or not what it was."""
    try:
        rows: list[Row] = json.loads((folder / "run.json").read_text())
        digests = {row["name"]: row["text"] for row in rows if row["kind"] == "sha256"}
        paths = {name: folder / f"{name.removesuffix('_model')}_tower.onnx" for name in digests}
        if any(_sha256(paths[name]) != digest for name, digest in digests.items()):
            return None
    except (OSError, ValueError, KeyError):
        return None
    return rows + [_row("artifact", name, text=str(path)) for name, path in paths.items()]


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
