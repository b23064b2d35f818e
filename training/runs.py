"""One training run per stage: decide whether it is needed, fit, publish the artifacts, and tell it all as rows."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from .config import TrainingConfig
from .export import Exporter, check_size
from .fit.optimise import Epoch
from .fit.schedule import WRITING, Found, refit, search, steps_of
from .inputs.examples import Examples, build_examples
from .inputs.sample import sample_of_users, share_of_users
from .progress import Progress
from .run_ids import Relations, run_id_of
from .run_log import Row, as_table, metadata, read_log, row, unfinished, write_log

OF_CUTOFFS = ("cutoff_targets", "user_histories")  # tables that hold all stages together
INPUTS = ("user_inputs", "item_inputs", "feature_vocabulary", *OF_CUTOFFS)
CHANGING = {"item": ("item_features", "item_reviews")}  # what was done until a cutoff
VALIDATION = "validation"  # the stage of the towers that have not seen the validation window
Log = Callable[[str], None]


@dataclass(frozen=True)
class Run:
    """One stage's run: what it reads and where it goes."""

    stage: str
    number: str  # of all trainings, such as "2 of 3"; the search is the first
    run_id: str
    folder: Path
    config: TrainingConfig
    relations: Relations
    changing: set[str]
    serving_cutoff: int


def train(relations: Relations, settings: dict[str, Any], model_dir: str, log: Log) -> pd.DataFrame:
    """Fit the towers of every stage whose inputs, settings or code changed.

    relations: user_inputs, item_inputs, feature_vocabulary, cutoff_targets, user_histories, stages, and for the names
    of their columns those of CHANGING. The oldest stage searches (see fit/schedule.py) and also leaves the towers of
    the validation stage; the others take over what it found. Returns the run log, one row per artifact, parameter,
    metric and epoch. A run that fails leaves no folder, one that is killed while it writes a hidden one, which nothing
    reads.
    """
    config = TrainingConfig.from_settings(settings)
    changing = changing_columns(relations)
    rows: list[Row] = []
    wanted = relations["stages"].filter(f"stage != '{VALIDATION}'").order("cutoff desc").select("stage, cutoff")
    searched: Path | None = None
    exporter = Exporter()
    progress, stages = Progress(log), wanted.fetchall()
    for number, (stage, serving_cutoff) in enumerate(stages, 2):
        own = of_stage({name: relations[name] for name in INPUTS}, stage, serving_cutoff, config.users)
        run_id = run_id_of(own, config, searched.name if searched else "")
        folder, of_all = Path(model_dir).absolute() / run_id, f"{number} of {len(stages) + 1}"
        run = Run(stage, of_all, run_id, folder, config, own, changing, int(serving_cutoff))
        logged = read_log(run.folder, _artifacts(searched is None), log)
        if logged is None:
            logged = _train_one(run, searched, exporter, progress)
        else:
            log(f"two_tower {stage}: run {run_id} is up to date, training skipped")
        rows += _of_stages(run, logged, is_search=searched is None)
        searched = searched or run.folder
    return as_table(rows)


def changing_columns(relations: Relations) -> set[str]:
    """Columns of items that change from cutoff to cutoff."""
    found = {name for table in CHANGING["item"] for name in relations[table].columns}
    return found | {"item_index"}  # rare items have none yet


def of_stage(inputs: Relations, stage: str, serving_cutoff: int, most_users: int) -> Relations:
    """The rows of INPUTS that a run of the stage reads."""
    own = {name: relation.filter(f"stage = '{stage}'") for name, relation in inputs.items() if name not in OF_CUTOFFS}
    own["cutoff_targets"] = (
        inputs["cutoff_targets"].filter(f"cutoff > {serving_cutoff}").select("cutoff, user_id, item_id, is_repeat")
    )
    histories = inputs["user_histories"].filter(f"cutoff = {serving_cutoff + 1}")
    own["user_histories"] = histories.select("cutoff, user_id, item_id")
    share = share_of_users(own["user_inputs"], most_users)
    return own | {name: sample_of_users(own[name], share) for name in ("user_inputs", *OF_CUTOFFS)}


def read_examples(relations: Relations, changing: set[str], serving_cutoff: int) -> Examples:
    """Examples from the relations of one stage; the rows' order is fixed, since training depends on it."""
    sizes: dict[str, dict[str, int]] = {"user": {}, "item": {"item_index": 0}}
    for feature, count in relations["feature_vocabulary"].aggregate("feature, max(code)", "feature").fetchall():
        entity, column = feature.split(".", 1)
        sizes[entity]["item_index" if feature == "item.item_id" else column] = int(count)
    items = relations["item_inputs"]
    ages = ", ".join(f'"{name}"' for name in items.columns if name in changing)
    return build_examples(
        relations["user_inputs"].order("cutoff asc, user_id asc").to_arrow_table(),
        items.filter(f"cutoff = {serving_cutoff}").order("item_id asc").to_arrow_table(),
        items.select(ages).order("cutoff asc, item_id asc").to_arrow_table(),
        relations["cutoff_targets"].order("cutoff asc, user_id asc, item_id asc").to_arrow_table(),
        relations["user_histories"].to_arrow_table(),
        sizes,
        changing,
        serving_cutoff,
    )


def _train_one(run: Run, searched: Path | None, exporter: Exporter, progress: Progress) -> list[Row]:
    started = time.perf_counter()
    progress(f"two_tower {run.stage}: training run {run.run_id}")
    examples = read_examples(run.relations, run.changing, run.serving_cutoff)
    check_size(examples, run.config)
    read = time.perf_counter() - started
    found = _found_by(searched, progress) if searched else None
    about = {"run_id": run.run_id, "dim": str(run.config.dim)}
    curve: list[Epoch] = []
    files: dict[str, Path] = {}
    with unfinished(run.folder) as folder:
        if found is None:
            count = run.number.rpartition(" ")[2]
            progress.begin(f"training 1 of {count} (search)", steps_of(examples, run.config, is_search=True))
            embedder, found, curve = search(examples, run.config, progress)
            tell_unused(embedder.layout.unused, run.config.dim, progress)
            with progress.step(WRITING):
                paths = exporter.towers(embedder, run.serving_cutoff + 1, folder, "validation_", about)
            files |= {f"validation_{tower}_model": path for tower, path in paths.items()}
        progress.begin(f"training {run.number} ({run.stage})", steps_of(examples, run.config, is_search=False))
        embedder, epochs = refit(examples, found, progress)
        for epoch in epochs:
            epoch.epoch += len(curve)
        with progress.step(WRITING):
            paths = exporter.towers(embedder, run.serving_cutoff, folder, "", about)
        files |= {f"{tower}_model": path for tower, path in paths.items()}
        layout = {"sequence": embedder.layout.sequence, "factors": embedder.layout.factors}
        seconds = {"read": read, "total": time.perf_counter() - started}
        write_log(folder, _rows(found, layout, [*curve, *epochs], seconds), files)
    logged = read_log(run.folder, files, progress)
    assert logged is not None
    return logged


def tell_unused(unused: int, dim: int, log: Log) -> None:
    """Say which two_tower_dim is enough, where some numbers of an embedding are zeros."""
    if unused:
        log(
            f"two_tower: {unused} of the {dim} numbers of an embedding are 0, since things are had again here. With "
            f"two_tower_dim: {dim - unused} lists stay the same, and embeddings take less time and memory"
        )


def _artifacts(is_search: bool) -> list[str]:
    """Names of the files of a run; the search leaves the towers of the validation stage, too."""
    prefixes = ("", f"{VALIDATION}_") if is_search else ("",)
    return [f"{prefix}{tower}_model" for prefix in prefixes for tower in ("user", "item")]


def _found_by(folder: Path, log: Log) -> Found:
    logged = read_log(folder, _artifacts(is_search=True), log)
    assert logged is not None
    return Found.of({entry["name"]: entry["value"] for entry in logged if entry["kind"] == "parameter"})


def _of_stages(run: Run, logged: list[Row], is_search: bool) -> list[Row]:
    """The rows of a run by stage: those of the search's own towers stand for the validation stage."""
    prefix = "validation_"
    rows = [
        {"stage": run.stage, "run_id": run.run_id, **entry} for entry in logged if not entry["name"].startswith(prefix)
    ]
    if is_search:
        shared = [entry for entry in logged if entry["kind"] in ("parameter", "layout", "metadata")]
        own = [
            {**entry, "name": entry["name"].removeprefix(prefix)}
            for entry in logged
            if entry["name"].startswith(prefix)
        ]
        rows += [{"stage": VALIDATION, "run_id": run.run_id, **entry} for entry in shared + own]
    return rows


def _rows(found: Found, layout: dict[str, int], curve: list[Epoch], seconds: dict[str, float]) -> list[Row]:
    rows = [row("parameter", name, value=value) for name, value in found.as_dict().items()]
    rows += [row("layout", name, value=length) for name, length in layout.items()]
    for epoch in curve:
        rows.append(row("loss", epoch.phase, epoch.epoch, epoch.loss))
        rows.append(row("seconds", epoch.phase, epoch.epoch, epoch.seconds))
        rows += [row("validation_recall_at_10", policy, epoch.epoch, value) for policy, value in epoch.recall.items()]
    rows += [row("duration", name, value=value) for name, value in seconds.items()]
    return rows + metadata()
