"""Measure the towers on public shops, each with the project's defaults, and write the results as a table.

python shops/run.py --data FOLDER [--shops steam_au_reviews ml_100k] [--seeds 0 1 2]

FOLDER holds a folder of parquet files per shop; a shop without one is left out with a word. MovieLens-100K comes from a
PyPI wheel, The Complete Journey is the demo of the project. The towers are fitted per seed, the rest once per shop.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import yaml
from load_ml_100k import land
from report import write_report

HERE = Path(__file__).parent
SHOPS: dict[str, dict[str, Any]] = yaml.safe_load((HERE / "shops.yml").read_text())
# what the measure needs: no lists of today, no tests
MODELS = ["+recall_by_model", "+model_comparisons", "+training_epochs"]
AGAIN = ["training_runs+,+model_comparisons", "training_epochs"]  # with the towers of another seed
RESULTS = """
    select recalls.policy, recalls.slice, recalls.model, recalls.n_users, recalls.recall, recalls.recall_low,
        recalls.recall_high, lifts.baseline, lifts.lift, lifts.lift_low, lifts.lift_high
    from recall_by_model as recalls
    left join model_comparisons as lifts
        on recalls.model = lifts.model and recalls.policy = lifts.policy and recalls.k = lifts.k
            and recalls.slice = lifts.slice and lifts.model = 'two_tower'
    where recalls.k = 10
"""


class Shop:
    """One shop: its vars, its database, its runs of dbt."""

    def __init__(self, name: str, data: Path, work: Path):
        self.name, self.work = name, work
        self.data = work if name == "ml_100k" else data
        self.is_demo = name == "complete_journey"
        self.folder = HERE.parent if self.is_demo else HERE
        found = HERE / "tuning" / f"found_{name}.yml"
        own = {} if self.is_demo else {"shop": name, "shops_data_dir": str(self.data.absolute())}
        measured = {"two_tower_horizons": ["evaluation"], "two_tower_model_dir": str(work / "artifacts" / name)}
        searched = yaml.safe_load(found.read_text()) if found.exists() else {}
        self.vars = own | SHOPS[name] | searched | measured

    def is_there(self) -> bool:
        """Whether the shop's tables can be had; fetches them where a package carries them."""
        if self.name == "ml_100k":
            return land(self.work / "ml-100k")
        if self.is_demo:
            return not subprocess.run([sys.executable, "demo/load_complete_journey.py"], cwd=HERE.parent).returncode
        return (self.data / self.name.replace("_", "-")).exists()

    def run_dbt(self, select: list[str], seed: int) -> float:
        """Build models with the towers fitted by a seed; returns the seconds. Exits with dbt's words where it fails."""
        variables = self.vars | {"two_tower_training": {"seed": seed}}
        place = ["--project-dir", self.folder, "--profiles-dir", self.folder, "--target-path", self.work / self.name]
        words = ["dbt", "run", "--vars", json.dumps(variables), "--select", *select, *map(str, place)]
        log = self.work / f"{self.name}.log"
        started = time.monotonic()
        with log.open("a") as file:
            result = subprocess.run(
                [Path(sys.executable).with_name(words[0]), *words[1:]], cwd=self.folder, stdout=file,
                stderr=subprocess.STDOUT, env=os.environ | {"TWO_TOWER_DATABASE": str(self.database)}, check=False,
            )  # fmt: skip
        if result.returncode:
            raise SystemExit(f"{self.name}: dbt run failed, see {log}")
        return time.monotonic() - started

    @property
    def database(self) -> Path:
        """The shop's DuckDB file."""
        return self.work / f"{self.name}.duckdb"

    def measure(self, seed: int, seconds: float) -> pd.DataFrame:
        """Recalls, intervals and lifts as the dbt models have them."""
        with duckdb.connect(str(self.database), read_only=True) as connection:
            rows = connection.execute(RESULTS).df()
            fit = connection.execute("select sum(seconds) from training_epochs").fetchall()[0][0]
        return rows.assign(shop=self.name, seed=seed, seconds=round(seconds), fit_seconds=round(fit))


def main() -> None:
    """Run the shops one after another; each one's results are written when it ends."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--data", type=Path, default=HERE / "data", help="folder with a folder per shop")
    parser.add_argument("--work", type=Path, default=HERE / "data", help="where databases and logs go")
    parser.add_argument("--out", type=Path, default=HERE / "results")
    parser.add_argument("--shops", nargs="+", choices=list(SHOPS), default=list(SHOPS))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    arguments = parser.parse_args()
    work = arguments.work.absolute()
    work.mkdir(parents=True, exist_ok=True)
    arguments.out.mkdir(exist_ok=True)
    for name in arguments.shops:
        shop = Shop(name, arguments.data.absolute(), work)
        if not shop.is_there():
            print(f"{name}: left out, there is no {shop.data / name.replace('_', '-')}")
            continue
        rows = []
        for seed in arguments.seeds:
            print(f"{name}: towers of seed {seed}", flush=True)
            seconds = shop.run_dbt(AGAIN if rows else MODELS, seed)
            rows.append(shop.measure(seed, seconds))
        pd.concat(rows).to_csv(arguments.out / f"{name}.csv", index=False, float_format="%.5f")
    write_report(arguments.out)


if __name__ == "__main__":
    main()
