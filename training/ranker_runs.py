"""The ranker of each horizon: decide whether a fit is needed, fit, publish the artifact, and tell it all as rows."""

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

from .config import TrainingConfig
from .export import Exporter
from .fit import prepare
from .ranker import Fitted, Pairs, fit_ranker
from .run_ids import Relations, run_id_of
from .run_log import Row, as_table, metadata, read_log, row, unfinished, write_log

VALIDATION = "validation"
ORDER = "horizon, user_id, item_id"
NOT_SIGNALS = {"horizon", "user_id", "item_id", "is_repeat", "found_by", "is_taken", "user_targets"}


def train_rankers(
    relations: Relations, settings: dict[str, Any], model_dir: str, log: Callable[[str], None]
) -> pd.DataFrame:
    """Fit the ranker of every horizon whose examples, settings or code changed.

    relations: ranker_examples, whose columns are signals but for NOT_SIGNALS, and horizons. A horizon learns from the
    older ones, whose windows ended by its cut-off.
    """
    config = TrainingConfig.from_settings(settings)
    signals = [name for name in relations["ranker_examples"].columns if name not in NOT_SIGNALS]
    rows: list[Row] = []
    horizons = relations["horizons"].order("snapshot").select("horizon, snapshot").fetchall()
    exporter = Exporter()
    for horizon, snapshot in horizons:
        older = [name for name, other in horizons if other > snapshot]
        if horizon == VALIDATION or not older:
            continue
        names = ", ".join(f"'{name}'" for name in older)
        examples = relations["ranker_examples"].filter(f"horizon in ({names})")
        run_id = run_id_of({"ranker_examples": examples}, config)
        folder = Path(model_dir).absolute() / run_id
        logged = read_log(folder)
        if logged is None:
            log(f"two_tower {horizon}: ranker {run_id} learns from {' and '.join(older)}")
            started = time.perf_counter()
            prepare(config)
            pairs = read_pairs(examples.order(ORDER).to_arrow_table(), signals)
            fitted = fit_ranker(pairs, config, log)
            with unfinished(folder) as hidden:
                path = hidden / "ranker.onnx"
                about = {"run_id": run_id, "tower": "ranker"}
                batch = {name: torch.zeros(2) for name in signals}
                exporter.write(fitted.order_by, fitted.model, signals, batch, set(), path, about)
                rows_of_run = _rows(fitted, pairs, time.perf_counter() - started)
                write_log(hidden, rows_of_run, {"ranker_model": path})
            logged = read_log(folder)
            assert logged is not None
        else:
            log(f"two_tower {horizon}: ranker {run_id} is up to date, training skipped")
        rows += [{"horizon": horizon, "run_id": run_id, **entry} for entry in logged]
    return as_table(rows)


def read_pairs(examples: pa.Table, signals: list[str]) -> Pairs:
    """Pairs from the rows of ranker_examples; a user of two horizons counts as two."""
    table = np.stack(
        [
            examples[name].cast(pa.float32()).fill_null(np.nan).to_numpy().astype(np.float32)
            for name in signals
        ],
        1,
    )  # fmt: skip
    keys = pc.binary_join_element_wise(examples["horizon"], examples["user_id"], " ")
    encoded = (
        keys.combine_chunks().dictionary_encode() if isinstance(keys, pa.ChunkedArray) else keys.dictionary_encode()
    )
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    return Pairs(
        tuple(signals),
        table,
        examples["is_taken"].to_numpy(zero_copy_only=False).astype(bool),
        examples["is_repeat"].to_numpy(zero_copy_only=False).astype(bool),
        encoded.indices.to_numpy().astype(np.int64),
        examples["user_targets"].to_numpy().astype(np.int64),
    )


def _rows(fitted: Fitted, pairs: Pairs, seconds: float) -> list[Row]:
    return [
        row("recall", "ranker", value=fitted.ranker_recall),
        row("recall", "towers", value=fitted.towers_recall),
        row("count", "pairs", value=float(len(pairs))),
        row("count", "users", value=float(pairs.user.max(initial=-1) + 1)),
        row("duration", "total", value=seconds),
        *metadata(order_by=fitted.order_by),
    ]
