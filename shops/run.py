"""Measure the towers on public shops, each with the project's defaults, and write the results as a table.

python shops/run.py --data FOLDER [--shops steam_au_reviews ml_100k] [--seeds 0 1 2] [--tuned] [--lists]

FOLDER holds a folder of parquet files per shop; a shop without one is left out with a word. MovieLens-100K comes from a
PyPI wheel, The Complete Journey is the demo of the project. The towers are fitted per seed, the rest once per shop.
Shops that shops.yml calls unseen are left out unless they are asked for:
`--shops instacart movielens_latest movielens_latest_random --out shops/results/unseen`.
--tuned measures the towers with the settings that shops/tune.py found, too, for the table to set beside the defaults.
--lists measures the other lists as well, by list_quality, with the towers of the last seed.
"""

from __future__ import annotations

import argparse
import os
from importlib.metadata import version
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import yaml
from public_shop import HERE, SHOPS, Shop
from recall_by_group import recall_by_group
from results_tables import write_report

# what the measure needs: no lists of today, no tests
MODELS = ["+recall_by_model", "+model_comparisons"]
# with the towers of another seed
AGAIN = ["training_runs+,+model_comparisons", "training_runs+,+recall_by_model"]
RESULTS = """
    select recalls.policy, recalls.slice, recalls.model, recalls.n_users, recalls.recall, recalls.recall_low,
        recalls.recall_high, recalls.recall_all, recalls.ndcg,
        lifts.baseline, lifts.lift, lifts.lift_low, lifts.lift_high
    from recall_by_model as recalls
    left join model_comparisons as lifts
        on recalls.model = lifts.model and recalls.policy = lifts.policy and recalls.k = lifts.k
            and recalls.slice = lifts.slice and lifts.model = 'two_tower'
    where recalls.k = 10
    order by all
"""
LISTS = "select * from list_quality order by list_type, task, baseline"
# with the choice of settings
FIT = "select value from training_runs where stage = 'evaluation' and kind = 'duration' and name = 'total'"
# of the ranker and of the towers' order, each user by networks that have not learned from that user
VALIDATION = "select name, value from ranker_runs where stage = 'evaluation' and kind = 'recall'"


def measure(shop: Shop, seed: int, seconds: float) -> pd.DataFrame:
    """Recalls, intervals and lifts as the dbt models have them."""
    with duckdb.connect(str(shop.database), read_only=True) as connection:
        rows = connection.execute(RESULTS).df()
        ((fit,),) = connection.execute(FIT).fetchall()
        validation = {f"{name}_validation": value for name, value in connection.execute(VALIDATION).fetchall()}
    machine = f"{os.cpu_count()} cores, torch {version('torch')}, DuckDB {duckdb.__version__}"
    return rows.assign(
        shop=shop.name, seed=seed, seconds=round(seconds), fit_seconds=round(fit), **validation, machine=machine
    )


def measure_seeds(shop: Shop, seeds: list[int], settings: dict[str, Any]) -> pd.DataFrame:
    """Results of all seeds with these settings of the towers."""
    rows: list[pd.DataFrame] = []
    for seed in seeds:
        print(f"{shop.name}: towers of seed {seed} {settings or ''}", flush=True)
        seconds = shop.run_dbt(AGAIN if rows else MODELS, two_tower_training=settings | {"seed": seed})
        rows.append(measure(shop, seed, seconds))
    return pd.concat(rows)


def measure_tuned(shop: Shop, seeds: list[int]) -> pd.DataFrame:
    """Recalls of the towers with the settings that were searched, as those of one more model."""
    settings = yaml.safe_load(shop.tuned.read_text())["vars"]["two_tower_training"]
    rows = measure_seeds(shop, seeds, settings)
    towers = rows[rows["model"] == "two_tower"].drop_duplicates(["policy", "slice", "seed"])
    return towers.drop(columns=["baseline", "lift", "lift_low", "lift_high"]).assign(model="tuned")


def measure_lists(shop: Shop, seed: int) -> pd.DataFrame:
    """Rows of list_quality."""
    shop.run_dbt(["+list_quality"], two_tower_training={"seed": seed})
    with duckdb.connect(str(shop.database), read_only=True) as connection:
        return connection.execute(LISTS).df().assign(shop=shop.name, seed=seed)


def main() -> None:
    """Run the shops one after another; each one's results are written when it ends."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    designed_on = [name for name, settings in SHOPS.items() if not settings.get("unseen")]
    parser.add_argument("--data", type=Path, default=HERE / "data", help="folder with a folder per shop")
    parser.add_argument("--work", type=Path, default=HERE / "data", help="where databases and logs go")
    parser.add_argument("--out", type=Path, default=HERE / "results")
    parser.add_argument("--shops", nargs="+", choices=list(SHOPS), default=designed_on)
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--tuned", action="store_true", help="with the towers' settings of shops/tuning, too")
    parser.add_argument("--lists", action="store_true", help="with list_quality of the last seed")
    arguments = parser.parse_args()
    work = arguments.work.absolute()
    for folder in ("recall_by_group", "lists"):
        (arguments.out / folder).mkdir(parents=True, exist_ok=True)
    for name in arguments.shops:
        shop = Shop(name, arguments.data.absolute(), work)
        if not shop.is_there():
            print(f"{name}: left out, there is no {shop.data / name.replace('_', '-')}")
            continue
        results = {name: measure_seeds(shop, arguments.seeds, {})}
        with duckdb.connect(str(shop.database), read_only=True) as connection:
            results[f"recall_by_group/{name}"] = recall_by_group(connection, name)
        if arguments.lists:
            results[f"lists/{name}"] = measure_lists(shop, arguments.seeds[-1])
        if arguments.tuned and shop.tuned.exists():
            results[f"tuned_{name}"] = measure_tuned(shop, arguments.seeds)
        for stem, rows in results.items():
            rows.to_csv(arguments.out / f"{stem}.csv", index=False, float_format="%.5f")
    write_report(arguments.out)


if __name__ == "__main__":
    main()
