"""Seconds and peak memory of each stage on synthetic shops of growing size, and how the seconds grow.

    python benchmarks/scale/run.py [--sizes S M L] [--shards 8] [--training-users 500000] [--work FOLDER]

The project is used as a package, with towers of 64 dimensions, one epoch of each kind and approximate lists. A stage
is a process of its own, so that its peak memory is its own; its seconds are those of its models, without dbt's start.
With --shards tables of users are made by shards, in processes of this machine, one at a time; task_gb is the largest.
Growth: the exponent of the seconds over the events, from each size to the next.
"""

from __future__ import annotations

import argparse
import csv
import json
import math
import os
import re
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Any

from make_shop import SIZES, Size, make_shop

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))
from results import RESULTS, write_table  # noqa: E402 (a script of the folder above)

STAGES = {  # name: what dbt selects, what it leaves out
    "features": (["+training_runs", "+item_weights"], ["training_runs", "item_weights"]),
    "training": (["training_runs", "model_registry", "item_weights"], []),
    "embeddings": (["user_embeddings", "item_embeddings"], []),
    "ranking": (["+ranked_candidates"], ["+user_embeddings", "+item_embeddings", "+item_weights"]),
    "recommendations": (["+two_tower.recommendations.recommendations"], ["+ranked_candidates"]),
}
VARS: dict[str, Any] = {
    "two_tower_dim": 64,
    "two_tower_top_k": "approximate",
    "two_tower_training": {
        "features": 16, "sequence": 22, "epochs": 1, "sequence_epochs": 1, "ranker_folds": 2,
    },
}  # fmt: skip
DBT = [sys.executable, "-c", "from dbt.cli.main import cli; cli()"]


def run_stage(name: str, work: Path, own: dict[str, Any]) -> tuple[float, float, float]:
    """Seconds of the stage's models, gigabytes of dbt's process at its peak, and of the largest task of a shard.

    Exits with the log where it fails.
    """
    selected, left_out = STAGES[name]
    variables = VARS | own | {"scale_data_dir": str(work / "data"), "two_tower_model_dir": str(work / "artifacts")}
    words = ["run", "--select", *selected, *(["--exclude", *left_out] if left_out else [])]
    place = ["--project-dir", HERE, "--profiles-dir", HERE, "--target-path", work / "target", "--log-path", work / name]
    place += ["--target", "shards" if own.get("two_tower_shards") else "dev"]
    environment = os.environ | {"TWO_TOWER_DATABASE": str(work / "scale.duckdb")}
    (work / name / "dbt.log").unlink(missing_ok=True)
    with (work / "log").open("a") as log:
        command = [*DBT, *words, "--vars", json.dumps(variables), *map(str, place)]
        process = subprocess.Popen(command, cwd=HERE, env=environment, stdout=log, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"dbt failed, see {work / 'log'}")
    (work / f"{name}.json").write_text((work / "target" / "run_results.json").read_text())
    told = re.findall(r"at most (\d+) MB in a process", (work / name / "dbt.log").read_text())
    return seconds_of(work / f"{name}.json"), usage.ru_maxrss / 2**20, max(map(int, told), default=0) / 1024


def seconds_of(results: Path) -> float:
    """From the first model's start to the last one's end."""
    timings = [part for result in json.loads(results.read_text())["results"] for part in result["timing"]]
    moments = [[datetime.fromisoformat(part[end]) for part in timings] for end in ("started_at", "completed_at")]
    return (max(moments[1]) - min(moments[0])).total_seconds()


def measure(size: str, work: Path, own: dict[str, Any]) -> list[dict[str, Any]]:
    """One row per stage. own: vars of this run."""
    work.mkdir(parents=True, exist_ok=True)
    for old in ("scale.duckdb", "scale.duckdb.wal"):
        (work / old).unlink(missing_ok=True)
    shop = Size(SIZES[size])
    started = time.perf_counter()
    make_shop(shop, work / "data")
    print(f"{size}: {shop.events} events written in {time.perf_counter() - started:.0f} s", flush=True)
    rows = []
    for stage in STAGES:
        seconds, memory, task = run_stage(stage, work, own)
        row = {"size": size, "events": shop.events, "users": shop.users, "items": shop.items}
        row |= {"shards": own["two_tower_shards"], "stage": stage, "seconds": round(seconds, 2)}
        rows.append(row | {"peak_gb": round(memory, 2), "task_gb": round(task, 2)})
        print(f"{size}: {stage} {seconds:.1f} s, {memory:.2f} GB, a task {task:.2f} GB", flush=True)
    return rows


def growth(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The exponent of each stage's seconds from one size to the next; a bar per doubling of the seconds."""
    of_stage: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in rows:
        of_stage.setdefault((row["stage"], str(row["shards"])), []).append(row)
    for series in of_stage.values():
        for before, after in zip([None, *series], series, strict=False):
            exponent = ""
            if before:
                ratios = [after[name] / before[name] for name in ("seconds", "events")]
                exponent = f"{math.log(ratios[0]) / math.log(ratios[1]):.2f}"
            after["exponent"] = exponent
            after["plot"] = "█" * max(round(2 * math.log2(after["seconds"])), 1)
    return [row for series in of_stage.values() for row in series]


def main() -> None:
    """Measure the sizes; what results/scale.csv has of other sizes stays."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", nargs="+", choices=list(SIZES), default=["S", "M"])
    parser.add_argument("--shards", type=int, default=0)
    parser.add_argument("--training-users", type=int, default=0)
    parser.add_argument("--work", type=Path, default=HERE / "data")
    parser.add_argument("--out", type=Path, default=RESULTS)
    given = parser.parse_args()
    subprocess.run([*DBT, "deps", "--project-dir", HERE, "--profiles-dir", HERE], cwd=HERE, check=True)
    path = given.out / "scale.csv"
    given.out.mkdir(parents=True, exist_ok=True)
    known = list(csv.DictReader(path.open())) if path.exists() else []
    for size in given.sizes:
        own = {"two_tower_shards": given.shards, "two_tower_training_users": given.training_users}
        known = [row for row in known if (row["size"], row["shards"]) != (size, str(given.shards))]
        known += measure(size, given.work.absolute() / size, own)
        known.sort(key=lambda row: (int(row["events"]), int(row["shards"])))
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, list(known[0]))
            writer.writeheader()
            writer.writerows(known)
    numbers = ("events", "seconds", "peak_gb", "task_gb")
    rows = growth([row | {name: float(row[name]) for name in numbers} for row in known])
    write_table("scale", "Growth of each stage", rows, "The bars are logarithmic.", folder=given.out)


if __name__ == "__main__":
    main()
