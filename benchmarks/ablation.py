"""What each ingredient of the towers is worth: recall@10 on the validation window with one of them taken away.

python benchmarks/ablation.py SHOP... [--work FOLDER] [--seeds 0 1 2]

SHOP: one of shops/shops.yml whose database `make shops` has left in the folder. All fits end where the validation
window would join, so the test window is never read; the settings of the factors are chosen once per shop, by the whole
towers of the first seed, and held. What is taken away before a fit is fitted without; a part of the embedding is taken
out of fitted towers, which fit it apart from the others, and the shares of the rest stay. Losses are paired by user,
means over seeds of each user's recall first. Writes <out>/<shop>.csv, and <out>/README.md of all shops there.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import torch
from two_tower.python_udfs.plugin import register
from two_tower.training.config import TrainingConfig
from two_tower.training.examples import Examples
from two_tower.training.fit import adapted, fit
from two_tower.training.tune import Warehouse
from two_tower.training.two_towers import TwoTowers, has_repeats
from two_tower.training.validation import (
    CONTENT,
    FACTORS,
    MEMORY,
    POPULARITY,
    Recalls,
    choose_factors,
    validation_recalls,
)

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "shops"))
from report import markdown  # noqa: E402

PARTS = {"memory": MEMORY, "factors": FACTORS, "content": CONTENT, "popularity": POPULARITY}
HEADER = ["shop", "policy", "without", "seeds", "users", "recall_at_10", "low", "high", "change", "change_low"]
HEADER += ["change_high", "seconds"]
FEWER = 128  # dimensions
Found = dict[tuple[str, str], list[Recalls]]  # by policy and what is taken away, one per seed


def without_features(examples: Examples) -> Examples:
    """Users and items of whom nothing is known but what they did."""
    users, items, behaviour = (
        replace(inputs, columns=tuple(c for c in inputs.columns if c.changes or c.name == "item_code"))
        for inputs in (examples.users, examples.items, examples.behaviour)
    )
    return replace(examples, users=users, items=items, behaviour=behaviour)


def settings_without(config: TrainingConfig, examples: Examples) -> dict[str, dict[str, Any]]:
    """Settings by the ingredient that they take away; only where the shop has it."""
    found: dict[str, dict[str, Any]] = {"training of content": {"epochs": 0}}
    if config.factors_features and not config.factors_linear:
        found["feature values as users of ALS"] = {"factors_features": 0.0}
    if has_repeats(examples):
        found["half of recall's passes"] = {"recall_epochs": config.recall_epochs // 2}
    elif adapted(config, examples).memory_dim:
        found[f"{FEWER} of the sequence part's dimensions"] = {"sequence": config.sequence - FEWER}
        found["hidden ids"] = {"sequence_id_dropout": 0.0, "id_dropout": 0.0}
    else:
        found[f"{FEWER} of the factors' dimensions"] = {"dim": config.dim - FEWER}
    return found


def measure(name: str, database: Path, seeds: list[int], log: Callable[[str], None]) -> list[list[Any]]:
    """Rows of HEADER for one shop."""
    task = Warehouse(str(database), "main").read(None)
    policies = ["repeats", "new"] if has_repeats(task.examples) else ["new"]
    torch.set_num_threads(task.config.threads)
    held = choose_factors(task.examples, adapted(task.config, task.examples), log)
    chosen = {key: value for key, value in held.as_dict().items() if key.startswith("factors_")}
    config = replace(task.config, **chosen)
    found: Found = {}
    seconds: dict[str, float] = {}
    for seed in seeds:
        seeded = replace(config, seed=seed)
        trials = {"nothing": (seeded, task.examples), "all features": (seeded, without_features(task.examples))}
        for without, settings in settings_without(config, task.examples).items():
            trials[without] = (replace(seeded, **settings), task.examples)
        for without, (tried, examples) in trials.items():
            started = time.perf_counter()
            towers, _ = fit(examples, tried, lambda _: None, watch=lambda _: None)
            seconds[without] = seconds.get(without, 0.0) + time.perf_counter() - started
            for policy in policies:
                found.setdefault((policy, without), []).append(validation_recalls(towers, policy))
                log(f"{name} {seed} {policy} without {without}: {found[policy, without][-1].mean():.4f}")
            if without == "nothing":
                add_parts(found, towers, policies)
    return with_intervals(name, found, seconds)


def add_parts(found: Found, towers: TwoTowers, policies: list[str]) -> None:
    """Recalls of the towers without each of the parts; one that has no share is not missed."""
    before = towers.user.shares.clone()
    for part, place in PARTS.items():
        towers.user.shares[:, place] = 0.0
        for policy in policies[:1]:  # where things are had again, shares are for `repeats` alone
            found.setdefault((policy, f"the part {part}"), []).append(validation_recalls(towers, policy))
        towers.user.shares.copy_(before)


def with_intervals(name: str, found: Found, seconds: dict[str, float]) -> list[list[Any]]:
    """Means over seeds, and their change against the whole towers with the 95 % interval over users."""
    rows: list[list[Any]] = []
    with duckdb.connect() as connection:
        register(connection)
        for (policy, without), recalls in sorted(found.items(), key=lambda pair: pair[0][0]):
            own, whole = np.mean(recalls, 0), np.mean(found[policy, "nothing"], 0)
            ((interval, ratio),) = connection.execute(
                "select bootstrap_interval($1, 0), bootstrap_ratio($1, $2, 0)", [own.tolist(), whole.tolist()]
            ).fetchall()
            change = [ratio["ratio"], ratio["low"], ratio["high"]] if without != "nothing" else [None] * 3
            numbers = [own.mean(), interval["low"], interval["high"], *change]
            rounded = [None if number is None else round(float(number), 4) for number in numbers]
            rows.append([name, policy, without, len(recalls), len(own), *rounded, round(seconds.get(without, 0.0))])
    return rows


def write_report(folder: Path) -> None:
    """One table of all shops' results."""
    results = pd.concat([pd.read_csv(path) for path in sorted(folder.glob("*.csv"))])
    words = "Recall@10 on the validation window, means over seeds, 95 % intervals over users; written by"
    lines = ["# What each ingredient is worth", "", f"{words} `benchmarks/ablation.py`, which says how."]
    table = []
    for row in results.itertuples():
        recall = f"{row.recall_at_10:.4f} ({row.low:.4f} - {row.high:.4f})"
        change = f"{row.change:+.1%} ({row.change_low:+.1%} to {row.change_high:+.1%})"
        is_whole = row.without == "nothing"
        table.append(
            [str(row.shop), str(row.policy), str(row.without), str(row.seeds), recall, "" if is_whole else change]
        )
    lines += ["", *markdown(["shop", "policy", "without", "seeds", "recall@10", "change"], table)]
    (folder / "README.md").write_text("\n".join(lines) + "\n")


def main() -> None:
    """Fit, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shops", nargs="+")
    parser.add_argument("--work", type=Path, default=HERE.parent / "shops" / "data", help="where the databases are")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--out", type=Path, default=HERE / "ablation")
    given = parser.parse_args()
    given.out.mkdir(exist_ok=True)
    for name in given.shops:
        rows = measure(name, given.work / f"{name}.duckdb", given.seeds, lambda line: print(line, flush=True))
        pd.DataFrame(rows, columns=HEADER).to_csv(given.out / f"{name}.csv", index=False)
        write_report(given.out)


if __name__ == "__main__":
    main()
