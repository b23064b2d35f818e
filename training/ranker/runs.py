"""The ranker of each stage: decide whether a fit is needed, fit, publish the artifact, and tell it all as rows."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..config import TrainingConfig
from ..export import Exporter
from ..fit.schedule import prepare
from ..run_ids import Relations, run_id_of
from ..run_log import Row, as_table, metadata, read_log, row, unfinished, write_log
from .model import Fitted, Pairs, fit_ranker

VALIDATION = "validation"
OLDER = "older"  # windows of which there are only repeats
ORDER = "cutoff asc, user_id asc, item_id asc"
ROWS_TO_COMPARE = 64
ARTIFACTS = ("ranker_model",)
NOT_SIGNALS = {"cutoff", "stage", "user_id", "item_id", "is_repeat", "found_by", "is_taken", "user_targets"}


def train_rankers(
    relations: Relations, settings: dict[str, Any], model_dir: str, log: Callable[[str], None]
) -> pd.DataFrame:
    """Fit the ranker of every stage whose examples, settings or code changed.

    relations: ranker_examples, whose columns are signals but for NOT_SIGNALS, and stages. A stage learns from the
    older ones, whose windows ended by its cutoff.
    """
    config = TrainingConfig.from_settings(settings)
    signals = [name for name in relations["ranker_examples"].columns if name not in NOT_SIGNALS]
    rows: list[Row] = []
    stages = relations["stages"].order("cutoff asc").select("stage, cutoff").fetchall()
    exporter = Exporter()
    for stage, cutoff in stages:
        if stage == VALIDATION:
            continue
        examples = relations["ranker_examples"].filter(f"cutoff > {cutoff}")
        run_id = run_id_of({"ranker_examples": examples}, config)
        folder = Path(model_dir).absolute() / run_id
        logged = read_log(folder, ARTIFACTS, log)
        if logged is None:
            log(f"two_tower {stage}: ranker {run_id} learns from the windows before")
            started = time.perf_counter()
            prepare(config)
            pairs = read_pairs(examples.order(ORDER).to_arrow_table(), signals)
            fitted = fit_ranker(pairs, config, log)
            with unfinished(folder) as hidden:
                path = hidden / "ranker.onnx"
                about = {"run_id": run_id, "tower": "ranker"}
                batch = dict(zip(signals, some_rows(pairs).unbind(1), strict=True))
                exporter.write(fitted.order_by, fitted.model, signals, batch, set(), path, about)
                rows_of_run = _rows(fitted, pairs, time.perf_counter() - started)
                write_log(hidden, rows_of_run, dict.fromkeys(ARTIFACTS, path))
            logged = read_log(folder, ARTIFACTS, log)
            assert logged is not None
        else:
            log(f"two_tower {stage}: ranker {run_id} is up to date, training skipped")
        rows += [{"stage": stage, "run_id": run_id, **entry} for entry in logged]
    return as_table(rows)


def some_rows(pairs: Pairs) -> Tensor:
    """A few of the pairs [n, S], by which an exported file is compared with what was fitted; zeros without any."""
    if not len(pairs):
        return torch.zeros(2, len(pairs.names))
    return torch.from_numpy(pairs.signals[np.linspace(0, len(pairs) - 1, ROWS_TO_COMPARE).astype(np.int64)])


def read_pairs(examples: pa.Table, signals: list[str]) -> Pairs:
    """Pairs from the rows of ranker_examples."""
    columns = [examples[name].cast(pa.float32()).fill_null(np.nan).to_numpy() for name in signals]
    cutoffs = examples["cutoff"].to_numpy().astype(np.int64)
    users = numbers_of(examples["user_id"])
    whole = pc.not_equal(examples["stage"], OLDER).to_numpy(zero_copy_only=False).astype(bool)
    lists = np.full(len(examples), -1, np.int64)
    keys = cutoffs * (int(users.max(initial=0)) + 1) + users
    lists[whole] = np.unique(keys[whole], return_inverse=True)[1]
    return Pairs(
        tuple(signals),
        np.stack(columns, 1).astype(np.float32),
        examples["is_taken"].to_numpy(zero_copy_only=False).astype(bool),
        examples["is_repeat"].to_numpy(zero_copy_only=False).astype(bool),
        users,
        examples["user_targets"].to_numpy().astype(np.int64),
        lists,
    )


def numbers_of(ids: pa.ChunkedArray) -> NDArray[np.int64]:
    """A number for each id, the same for equal ones."""
    encoded = pa.chunked_array(ids).combine_chunks().dictionary_encode()
    numbers: NDArray[np.int64] = encoded.indices.to_numpy().astype(np.int64)
    return numbers


def _rows(fitted: Fitted, pairs: Pairs, seconds: float) -> list[Row]:
    return [
        row("recall", "ranker", value=fitted.ranker_recall),
        row("recall", "towers", value=fitted.towers_recall),
        row("count", "pairs", value=float(len(pairs))),
        row("count", "users", value=float(pairs.user.max(initial=-1) + 1)),
        row("duration", "total", value=seconds),
        *metadata(order_by=fitted.order_by),
    ]
