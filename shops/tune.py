"""Search the baselines' parameters and the towers' settings on a shop's validation window.

python shops/tune.py SHOP [--data FOLDER] [--trials 40] [--minutes 60]

Trials of the baselines go to shops/tuning, those of the towers into the table tower_trials of the shop's database; the
best settings of both go to shops/tuning, where shops/run.py reads them. What is stopped goes on.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from public_shop import HERE, SHOPS, Shop


def main() -> None:
    """Build what the searches read, then search."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("shop", choices=[name for name in SHOPS if name != "complete_journey"])
    parser.add_argument("--data", type=Path, default=HERE / "data", help="folder with a folder per shop")
    parser.add_argument("--work", type=Path, default=HERE / "data", help="where databases and logs go")
    parser.add_argument("--trials", type=int, default=40, help="per model, earlier ones included")
    parser.add_argument("--minutes", type=float, default=60, help="at most this long per model")
    given = parser.parse_args()
    shop = Shop(given.shop, given.data.absolute(), given.work.absolute())
    if not shop.is_there():
        sys.exit(f"{given.shop}: there is no data in {given.data}")
    shop.run_dbt(["+training_runs"])
    limits = ["--database", str(shop.database), "--trials", str(given.trials), "--minutes", str(given.minutes)]
    baselines = ["--out", str(HERE / "tuning"), "--dataset", given.shop, "--policies", *shop.vars["two_tower_policies"]]
    for name, own in (("tune-baselines", baselines), ("tune", ["--out", str(shop.tuned)])):
        subprocess.run([sys.executable, "-m", "two_tower.training.cli", name, *limits, *own], check=True)


if __name__ == "__main__":
    main()
