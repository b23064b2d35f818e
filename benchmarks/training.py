"""How fast the towers learn beside ALS and RecTools' SASRec and DSSM: validation recall@10 over seconds.

python benchmarks/training.py SHOP... [--work FOLDER]

SHOP: one of shops/shops.yml with an order and without repeat purchases, whose database `make shops` has left in the
folder. The peers come from training/peers_<shop>.csv, which shops/peers/speed.py writes in an environment of its own:
run it in the same hour. An example is a place of a history (in DSSM, a user) that is gone over once. Seconds are those
of fitting alone; those to ALS's recall count everything from the start of the fit. The settings of the factors are
those of the last run. Fits end where the validation window would join. Writes results/training.md.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import yaml
from results import write_table
from two_tower.training.baselines.lists import read_world
from two_tower.training.baselines.table import fit_baseline
from two_tower.training.fit.optimise import Epoch
from two_tower.training.fit.schedule import search
from two_tower.training.progress import Progress
from two_tower.training.tuning.baselines import VALIDATION_CUTOFF, recalls, relevant_items
from two_tower.training.tuning.towers import Warehouse

HERE = Path(__file__).resolve().parent
TUNED = HERE.parent / "shops" / "tuning"
RUNS = 3  # of ALS
READ = ("interaction_splits", "cutoff_targets", "item_features", "user_interests")
Row = dict[str, Any]


def row(
    shop: str, model: str, dim: int, seconds: float, recall: float, to_als: float | None, rate: float | None = None
) -> Row:
    """One measurement; rate: examples a second."""
    return {
        "shop": shop, "model": model, "dim": dim, "examples_a_second": round(rate) if rate else "",
        "seconds": seconds, "recall_at_10": round(recall, 4), "seconds_to_als": to_als or "",
    }  # fmt: skip


def als(shop: str, database: Path, threads: int) -> Row:
    """The tuned ALS: median seconds of a fit."""
    parameters = yaml.safe_load((TUNED / f"found_{shop}.yml").read_text())["two_tower_als"]["unseen_only"]
    with duckdb.connect(str(database), read_only=True) as connection:
        splits, targets, features, interests = (connection.table(name) for name in READ)
        world = read_world(splits, targets, features, interests, VALIDATION_CUTOFF)
        relevant = relevant_items(targets, world, "unseen_only")
    seconds = []
    for _ in range(RUNS):
        started = time.perf_counter()
        scorer = fit_baseline("als", world.interactions, parameters, threads=threads)
        seconds.append(time.perf_counter() - started)
    recall, median = recalls(scorer, world, {"unseen_only": relevant})["unseen_only"], float(np.median(seconds))
    return row(shop, "ALS, tuned", int(parameters["factors"]), median, recall, median)


def towers(shop: str, database: Path, goal: float) -> list[Row]:
    """The sequence part alone, and the whole."""
    task = Warehouse(str(database), "main").read(None)
    started, epochs, passed = time.perf_counter(), list[Epoch](), list[float]()

    def on_epoch(epoch: Epoch) -> None:
        epochs.append(epoch)
        if epoch.recall["unseen_only"] >= goal:
            passed.append(time.perf_counter() - started)

    fitted, _, _ = search(task.examples, task.config, Progress(), on_epoch=on_epoch)
    total = time.perf_counter() - started
    sequence = [epoch for epoch in epochs if epoch.phase == "sequence"]
    lengths = np.diff(task.examples.histories.offsets)[task.examples.users.cutoffs == task.examples.serving_cutoff + 1]
    examples = int(np.minimum(lengths, task.config.sequence_length).sum())
    best = max(sequence, key=lambda epoch: epoch.recall["unseen_only"])
    recall = max(epoch.recall["unseen_only"] for epoch in epochs)
    spent = sum(epoch.seconds for epoch in sequence[: sequence.index(best) + 1])
    rate = examples / float(np.median([epoch.seconds for epoch in sequence]))
    first = passed[0] if passed else None
    return [
        row(shop, "towers, sequence part", fitted.layout.sequence, spent, best.recall["unseen_only"], first, rate),
        row(shop, "towers", fitted.config.dim, total, recall, first),
    ]


def peers(shop: str, goal: float) -> list[Row]:
    """What shops/peers/speed.py has measured."""
    curves = pd.read_csv(HERE / "training" / f"peers_{shop}.csv")
    found = []
    for model, curve in curves.groupby("model"):
        columns = (curve[name].to_numpy() for name in ("dim", "examples", "seconds", "recall_at_10"))
        dim, examples, seconds, recall = columns
        best, passed = int(recall.argmax()), np.flatnonzero(recall >= goal)
        first = float(seconds[passed[0]]) if len(passed) else None
        rate = examples[-1] / seconds[-1]
        found.append(row(shop, str(model), int(dim[0]), float(seconds[best]), float(recall[best]), first, rate))
    return found


def main() -> None:
    """Fit, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shops", nargs="+")
    parser.add_argument("--work", type=Path, default=HERE.parent / "shops" / "data", help="where the databases are")
    parser.add_argument("--threads", type=int, default=2, help="of ALS; the towers have those of their last run")
    given = parser.parse_args()
    rows = []
    for shop in given.shops:
        database = given.work / f"{shop}.duckdb"
        rows.append(als(shop, database, given.threads))
        goal = float(rows[-1]["recall_at_10"])
        rows += towers(shop, database, goal) + peers(shop, goal)
    write_table(
        "training", "How fast the towers learn", rows,
        "Recall@10 on the validation window, at its best epoch, and the seconds until then; seconds_to_als: until the "
        "recall of the tuned ALS, empty where that is never reached. One seed.",
    )  # fmt: skip


if __name__ == "__main__":
    main()
