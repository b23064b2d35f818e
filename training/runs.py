"""One training run per horizon: decide whether it is needed, fit, publish the artifacts, and tell it all as rows."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any
from uuid import uuid4

import duckdb
import pandas as pd

from .config import TrainingConfig
from .continuation import WEIGHTS, Codes, Start, metadata_of, newest_run
from .examples import Examples, build_examples
from .export import check_size, export_towers
from .fit import fit, go_on
from .optimise import Epoch
from .run_ids import Relations, kin_of, run_id_of
from .two_towers import TwoTowers

COLUMNS = ["horizon", "run_id", "kind", "name", "epoch", "value", "text"]
CHANGING = {"user": ("user_features",), "item": ("item_features", "item_reviews")}  # what was done until a snapshot
FILES = {"user_model": "user_tower.onnx", "item_model": "item_tower.onnx", "weights": WEIGHTS}
Row = dict[str, Any]


@dataclass(frozen=True)
class Run:
    """One horizon's run: what it reads, up to when (ISO; empty where the split is not by time), and where it goes.

    kin: hash of what a run has in common with those that may go on from its towers.
    """

    horizon: str
    run_id: str
    kin: str
    folder: Path
    config: TrainingConfig
    relations: Relations
    changing: dict[str, set[str]]
    serve: int
    as_of: str


def train(
    relations: Relations, settings: dict[str, Any], model_dir: str, shop: str, log: Callable[[str], None]
) -> pd.DataFrame:
    """Fit the towers of every horizon whose inputs, settings or code changed.

    relations: user_inputs, item_inputs, feature_codes, snapshot_targets, user_histories, horizons, and for the names
    of their columns those of CHANGING; shop: whose towers a run may go on from, by the place of its tables. Returns
    the run log, one row per artifact, parameter, metric and epoch, with the columns of `COLUMNS`. A run that fails
    leaves no folder, one that is killed while it writes a hidden one, which nothing reads.
    """
    config = TrainingConfig.from_settings(settings)
    changing = changing_columns(relations)
    rows: list[Row] = []
    horizons = relations["horizons"].order("horizon asc").fetchall()
    tested: Path | None = None  # folder of the evaluation run
    for horizon, serve, as_of, *_ in horizons:
        own = {
            name: of_horizon(relation, name, horizon, serve)
            for name, relation in relations.items()
            if name != "horizons" and name not in chain(*CHANGING.values())
        }
        run_id = run_id_of(own, config, tested.name if tested else "")
        folder, seen = Path(model_dir).absolute() / run_id, str(as_of or "")
        run = Run(horizon, run_id, kin_of(own, config, shop), folder, config, own, changing, int(serve), seen)
        found = _read_run(folder)
        if found is None:
            found = _train_one(run, tested, log)
        else:
            log(f"two_tower {horizon}: run {run_id} is up to date, training skipped")
        rows += [{"horizon": horizon, "run_id": run_id, **row} for row in found]
        tested = folder if config.continuations else None
    return pd.DataFrame(rows, columns=COLUMNS).astype({"epoch": "Int64", "value": "float64"})


def changing_columns(relations: Relations) -> dict[str, set[str]]:
    """Columns by entity that change from snapshot to snapshot."""
    found = {
        entity: {name for table in tables for name in relations[table].columns} for entity, tables in CHANGING.items()
    }
    found["item"].add("item_code")  # rare items have none yet
    return found


def of_horizon(relation: duckdb.DuckDBPyRelation, name: str, horizon: str, serve: int) -> duckdb.DuckDBPyRelation:
    """The rows that a run of the horizon reads."""
    if name == "user_histories":
        return relation.filter(f"snapshot = {serve + 1}").select("snapshot, user_id, item_id")
    return relation.filter(f"snapshot > {serve}" if name == "snapshot_targets" else f"horizon = '{horizon}'")


def _train_one(run: Run, tested: Path | None, log: Callable[[str], None]) -> list[Row]:
    started = time.perf_counter()
    examples, codes = read_examples(run.relations, run.changing, run.serve), codes_of(run.relations)
    check_size(examples, run.config)
    read = time.perf_counter() - started
    towers, curve, before = _fitted(run, tested, examples, codes, log)
    run.folder.parent.mkdir(parents=True, exist_ok=True)
    # published by one rename: a run is there whole or not at all
    unfinished = run.folder.parent / f".{run.run_id}-{uuid4().hex[:8]}"
    unfinished.mkdir()
    try:
        paths = export_towers(towers, unfinished, {"run_id": run.run_id, "dim": str(run.config.dim)})
        digests = {f"{tower}_model": _sha256(path) for tower, path in paths.items()}
        if run.config.continuations:
            digests["weights"] = _sha256(Start.of(towers, codes).save(unfinished))
        seconds = {"read": read, "total": time.perf_counter() - started}
        count = int(metadata_of(before)["continuations"]) + (before != tested) if before else 0
        about: dict[str, str | None] = {"kin": run.kin, "as_of": run.as_of, "continuations": str(count)}
        about["continued_from"] = before.name if before else None
        rows = _rows(run.config, curve, seconds, digests, about)
        (unfinished / "run.json").write_text(json.dumps(rows))
        for path in unfinished.iterdir():
            with path.open("rb") as file:
                os.fsync(file.fileno())
        shutil.rmtree(run.folder, ignore_errors=True)
        unfinished.replace(run.folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    found = _read_run(run.folder)
    assert found is not None
    return found


def _fitted(
    run: Run, tested: Path | None, examples: Examples, codes: Codes, log: Callable[[str], None]
) -> tuple[TwoTowers, list[Epoch], Path | None]:
    """Towers, their loss curve, and the folder of the run that they went on from."""
    most = run.config.continuations
    before = tested or (newest_run(run.folder, run.kin, run.as_of, most) if most and run.as_of else None)
    if before:
        log(f"two_tower {run.horizon}: training run {run.run_id} goes on from run {before.name}")
        done = go_on(examples, run.config, Start.read(before), codes, log)
        if done:
            return *done, before
        log(f"two_tower {run.horizon}: what there is to be learned has other parts than in run {before.name}")
    log(f"two_tower {run.horizon}: training run {run.run_id}")
    return *fit(examples, run.config, log), None


def codes_of(relations: Relations) -> Codes:
    """Code of each value, by feature."""
    found: Codes = {}
    for feature, value, code in relations["feature_codes"].select("feature, value, code").fetchall():
        found.setdefault(feature, {})[value] = code
    return found


def read_examples(relations: Relations, changing: dict[str, set[str]], serve: int) -> Examples:
    """Examples from the relations of one horizon; the rows' order is fixed, since training depends on it."""
    sizes: dict[str, dict[str, int]] = {"user": {}, "item": {"item_code": 0}}
    for feature, count in relations["feature_codes"].aggregate("feature, max(code)", "feature").fetchall():
        entity, column = feature.split(".", 1)
        sizes[entity]["item_code" if feature == "item.item_id" else column] = int(count)
    items = relations["item_inputs"]
    ages = ", ".join(f'"{name}"' for name in items.columns if name in changing["item"])
    return build_examples(
        relations["user_inputs"].order("snapshot asc, user_id asc").to_arrow_table(),
        items.filter(f"snapshot = {serve}").order("item_id asc").to_arrow_table(),
        items.select(ages).order("snapshot asc, item_id asc").to_arrow_table(),
        relations["snapshot_targets"].order("snapshot asc, user_id asc, item_id asc").to_arrow_table(),
        relations["user_histories"].to_arrow_table(),
        sizes,
        changing,
        serve,
    )


def _rows(
    config: TrainingConfig, curve: list[Epoch], seconds: dict[str, float], sha256: dict[str, str],
    about: dict[str, str | None],
) -> list[Row]:  # fmt: skip
    rows = [_row("parameter", name, value=value) for name, value in config.as_dict().items()]
    for epoch in curve:
        rows.append(_row("loss", epoch.phase, epoch.epoch, epoch.loss))
        rows.append(_row("seconds", epoch.phase, epoch.epoch, epoch.seconds))
        rows += [_row("validation_recall_at_10", policy, epoch.epoch, value) for policy, value in epoch.recall.items()]
    rows += [_row("duration", name, value=value) for name, value in seconds.items()]
    rows += [_row("sha256", name, text=digest) for name, digest in sha256.items()]
    about |= {"trained_at": datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S")}
    return rows + [_row("metadata", name, text=text) for name, text in about.items()]


def _row(kind: str, name: str, epoch: int | None = None, value: float | None = None, text: str | None = None) -> Row:
    return {"kind": kind, "name": name, "epoch": epoch, "value": value, "text": text}


def _read_run(folder: Path) -> list[Row] | None:
    """Rows of a published run with the paths of its artifacts; None when a file is not there or not what it was."""
    try:
        rows: list[Row] = json.loads((folder / "run.json").read_text())
        digests = {row["name"]: row["text"] for row in rows if row["kind"] == "sha256"}
        paths = {name: folder / FILES[name] for name in digests}
        if any(_sha256(paths[name]) != digest for name, digest in digests.items()):
            return None
    except (OSError, ValueError, KeyError):
        return None
    return rows + [_row("artifact", name, text=str(path)) for name, path in paths.items()]


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
