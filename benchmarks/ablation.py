"""What each ingredient of the model is worth: recall@10 on the validation window with one of them taken away.

python benchmarks/ablation.py SHOP... [--data FOLDER] [--work FOLDER] [--seeds 0 1 2] [--stages towers ranker]

SHOP: one of shops/shops.yml whose database `make shops` has left in the folder. The test window is never read. Stage
`towers` ranks the whole catalogue by the towers alone, with the settings of the factors that the last run chose. What
is taken away before a fit is fitted without; a part of the embedding is taken out of fitted towers, and the weights of
the rest stay. Stage `ranker` orders the candidates of the validation window, each user by networks that have not
learned from that user; without the ranker the towers order the same candidates. Without the towers neither their
scores nor what they alone named is there; with ALS in their place the tuned ALS names as many candidates, by the same
SQL, and the ranker reads its score. Recall of the stage is the mean of the policies. Its seeds are those of the ranker
and of ALS; the towers are those of the last run.
Losses are paired by user, means over seeds of each user's recall first. Writes <out>/<shop>.csv, and <out>/README.md of
all shops there.
"""

from __future__ import annotations

import argparse
import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import yaml
from places import PROJECT
from public_shop import Shop
from results_tables import markdown
from two_tower.python_udfs.plugin import register
from two_tower.training.baselines.lists import read_world
from two_tower.training.baselines.table import weighed
from two_tower.training.config import TrainingConfig
from two_tower.training.factorization.als import als
from two_tower.training.fit.embedder import Embedder
from two_tower.training.fit.schedule import prepare, search
from two_tower.training.fit.validation import Recalls, embeddings, recalls_of, validation_rows
from two_tower.training.inputs.examples import Examples
from two_tower.training.model.layout import has_repeats, layout_of
from two_tower.training.progress import Progress
from two_tower.training.ranker.model import TOWER_SCORE, Pairs, fit_ranker
from two_tower.training.ranker.runs import NOT_SIGNALS, ORDER, VALIDATION, read_pairs
from two_tower.training.tuning.towers import Warehouse

HERE = Path(__file__).resolve().parent

DEFAULTS: dict[str, Any] = yaml.safe_load((PROJECT / "dbt_project.yml").read_text())["vars"]

HEADER = ["shop", "stage", "policy", "without", "seeds", "users", "recall_at_10", "low", "high", "change", "change_low"]
HEADER += ["change_high", "seconds"]
TOWER_SCORES = ("sequence_score", "factors_score", "features_score", TOWER_SCORE)
SIGNALS: dict[str, tuple[str, ...]] = {  # of the ranker, by what they are taken away as
    "the towers": TOWER_SCORES,
    "scores of the towers": TOWER_SCORES,
    "weights of EASE": ("neighbour_score", "best_similarity"),
    "what the user did with the item": (
        "interactions", "purchase_days", "recency_30", "recency_90", "recency_weight", "days_since_last",
        "days_since_first", "interval_days", "due",
    ),
    "rhythm of the item": ("item_due", "item_return_share"),
    "popularity": ("item_users", "item_recent_users", "item_new_users"),
    "activity of the user": ("user_items", "user_recent_items", "user_new_share", "user_active_days"),
}  # fmt: skip
CATEGORIES = "categories of the history"
ALS = "the towers, with ALS in their place"
STAGES = ("towers", "ranker")
Found = dict[tuple[str, str, str], list[Recalls]]  # by stage, policy and what is taken away, one per seed


def without_features(examples: Examples) -> Examples:
    """Users and items of whom nothing is known but what they did."""
    users, items, behaviour = (
        replace(inputs, columns=tuple(c for c in inputs.columns if c.changes or c.name == "item_index"))
        for inputs in (examples.users, examples.items, examples.behaviour)
    )
    return replace(examples, users=users, items=items, behaviour=behaviour)


def settings_without(config: TrainingConfig, examples: Examples) -> dict[str, dict[str, Any]]:
    """Settings by the ingredient that they take away; only where the shop has it."""
    halves = {name: getattr(config, name) // 2 for name in ("dim", "features", "sequence")}
    found: dict[str, dict[str, Any]] = {"training of content": {"epochs": 0}, "half of all dimensions": halves}
    if config.factors_features and not config.factors_linear:
        found["feature values as users of ALS"] = {"factors_features": 0.0}
    if layout_of(examples, config).sequence:
        found["the sequence part, with factors in its place"] = {"sequence": 0}
        found["hidden ids"] = {"sequence_id_dropout": 0.0, "id_dropout": 0.0}
    return found


def measure(shop: Shop, seeds: list[int], stages: list[str], log: Callable[[str], None]) -> list[list[Any]]:
    """Rows of HEADER for one shop."""
    name, database = shop.name, shop.database
    task = Warehouse(str(database), "main").read(None)
    policies = ["allow_repeats", "unseen_only"] if has_repeats(task.examples) else ["unseen_only"]
    found: Found = {}
    seconds: dict[tuple[str, str], float] = {}
    for seed in seeds:
        seeded = replace(task.config, seed=seed)
        trials = {"nothing": (seeded, task.examples), "all features": (seeded, without_features(task.examples))}
        for without, settings in settings_without(task.config, task.examples).items():
            trials[without] = (replace(seeded, **settings), task.examples)
        for without, (tried, examples) in trials.items() if "towers" in stages else ():
            started = time.perf_counter()
            embedder, _, _ = search(examples, tried, Progress())
            spent = seconds.get(("towers", without), 0.0) + time.perf_counter() - started
            seconds["towers", without] = spent
            add_towers(found, embedder, policies, without)
            log(f"{name} {seed} towers without {without}: {found['towers', policies[0], without][-1].mean():.4f}")
        if "ranker" in stages:
            add_rankers(found, database, seeded, seconds)
            found.setdefault(("ranker", "all", ALS), []).append(ranked_als(shop, seeded))
            log(f"{name} {seed} rankers: {found['ranker', 'all', 'nothing'][-1].mean():.4f}")
    return with_intervals(name, found, seconds)


def add_towers(found: Found, embedder: Embedder, policies: list[str], without: str) -> None:
    """Recalls of towers by policy; of the whole ones also without each of the parts."""
    rows = validation_rows(embedder.examples)
    users, items = embeddings(embedder, rows)
    parts = {without: slice(0, 0)}
    if without == "nothing":
        parts |= {
            f"the part {part}": place for part, place in embedder.layout.parts.items() if place.stop > place.start
        }
    for name, place in parts.items():
        kept = items.clone()
        kept[:, place] = 0.0
        for policy in policies:
            recalls = recalls_of(embedder.examples, rows, (block @ kept.T for block in users), policy)
            found.setdefault(("towers", policy, name), []).append(recalls)


def add_rankers(found: Found, database: Path, config: TrainingConfig, seconds: dict[tuple[str, str], float]) -> None:
    """Recalls of the ranker on the candidates of the validation window, and without signals or without itself."""
    pairs, others = pairs_of(database), pairs_of(database, "found_by != ['towers']")
    signals = list(pairs.names)
    first = signals.index("user_active_days") + 1
    groups = {"nothing": (), **SIGNALS} | ({CATEGORIES: tuple(signals[first:])} if signals[first:] else {})
    for without, names in groups.items():
        known = others if without == "the towers" else pairs
        tried = known.signals.copy()
        tried[:, [signals.index(name) for name in names]] = 0.0  # what never varies says nothing
        started = time.perf_counter()
        prepare(config)
        fitted = fit_ranker(replace(known, signals=tried), config, lambda _: None)
        spent = seconds.get(("ranker", without), 0.0) + time.perf_counter() - started
        seconds["ranker", without] = spent
        found.setdefault(("ranker", "all", without), []).append(fitted.by_ranker)
        if without == "nothing":
            found.setdefault(("ranker", "all", "the ranker"), []).append(fitted.by_towers)


def pairs_of(database: Path, condition: str = "true") -> Pairs:
    """Candidates of the validation window."""
    with duckdb.connect(str(database), read_only=True) as connection:
        examples = connection.table("ranker_examples").filter(f"stage = '{VALIDATION}' and {condition}").order(ORDER)
        signals = [name for name in examples.columns if name not in NOT_SIGNALS]
        return read_pairs(examples.to_arrow_table(), signals)


def ranked_als(shop: Shop, config: TrainingConfig) -> Recalls:
    """Recalls of a ranker on candidates as they are where ALS has the towers' place, in a copy of the database."""
    # under the same name, which views have
    copy = Shop(shop.name, shop.data, shop.work / "als", two_tower_model_dir=shop.vars["two_tower_model_dir"])
    copy.work.mkdir(exist_ok=True)
    shutil.copy(shop.database, copy.database)
    with duckdb.connect(str(copy.database)) as connection:
        put_als(connection, (DEFAULTS | copy.vars)["two_tower_als"]["unseen_only"], config)
    copy.run_dbt(["learning_candidates", "ranker_examples"])
    fitted = fit_ranker(pairs_of(copy.database), config, lambda _: None)
    copy.database.unlink()
    return fitted.by_ranker


def put_als(connection: duckdb.DuckDBPyConnection, tuned: dict[str, Any], config: TrainingConfig) -> None:
    """Write factors of ALS, as of the validation window, where the embeddings of the towers are."""
    names = ("interaction_splits", "cutoff_targets", "item_features", "user_interests")
    ((cutoff,),) = connection.execute(f"select cutoff from stages where stage = '{VALIDATION}'").fetchall()
    world = read_world(*(connection.table(name) for name in names), cutoff)
    matrix, settings = weighed("als", world.interactions, tuned, seed=config.seed, threads=config.threads)
    vectors = als(matrix, **settings)
    for entity, ids, found in zip(("user", "item"), (world.user_ids, world.item_ids), vectors, strict=True):
        padded = np.zeros((len(ids), config.dim), np.float32)
        padded[:, : found.shape[1]] = found
        embedding = pa.FixedSizeListArray.from_arrays(pa.array(padded.ravel()), config.dim)
        connection.register("of_als", pa.table({"id": ids, "embedding": embedding}))
        connection.execute(
            f"update {entity}_embeddings as towers set embedding = of_als.embedding from of_als "
            f"where towers.stage = '{VALIDATION}' and towers.{entity}_id = of_als.id"
        )
    connection.execute(
        f"update model_registry set sequence_dim = 0, factors_dim = {config.dim} where stage = '{VALIDATION}'"
    )


def with_intervals(name: str, found: Found, seconds: dict[tuple[str, str], float]) -> list[list[Any]]:
    """Means over seeds, and their change against the whole stage with the 95 % interval over users."""
    rows: list[list[Any]] = []
    with duckdb.connect() as connection:
        register(connection)
        for (stage, policy, without), recalls in sorted(found.items(), key=lambda pair: pair[0][:2], reverse=True):
            own, whole = np.mean(recalls, 0), np.mean(found[stage, policy, "nothing"], 0)
            ((interval, ratio),) = connection.execute(
                "select bootstrap_interval($1, 0), bootstrap_ratio($1, $2, 0)", [own.tolist(), whole.tolist()]
            ).fetchall()
            change = [ratio["ratio"], ratio["low"], ratio["high"]] if without != "nothing" else [None] * 3
            numbers = [own.mean(), interval["low"], interval["high"], *change]
            rounded = [None if number is None else round(float(number), 4) for number in numbers]
            spent = round(seconds.get((stage, without), 0.0))
            rows.append([name, stage, policy, without, len(recalls), len(own), *rounded, spent])
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
            [
                *(str(getattr(row, column)) for column in ("shop", "stage", "policy", "without", "seeds")),
                recall,
                "" if is_whole else change,
            ]
        )
    lines += ["", *markdown(["shop", "stage", "policy", "without", "seeds", "recall@10", "change"], table)]
    (folder / "README.md").write_text("\n".join(lines) + "\n")


def main() -> None:
    """Fit, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shops", nargs="+")
    parser.add_argument("--data", type=Path, default=PROJECT / "shops" / "data", help="folder of make shops")
    parser.add_argument("--work", type=Path, default=PROJECT / "shops" / "data", help="where the databases are")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--stages", nargs="+", choices=STAGES, default=list(STAGES))
    parser.add_argument("--out", type=Path, default=HERE / "ablation")
    given = parser.parse_args()
    given.out.mkdir(exist_ok=True)
    for name in given.shops:
        shop = Shop(name, given.data.absolute(), given.work.absolute())
        rows = measure(shop, given.seeds, given.stages, lambda line: print(line, flush=True))
        pd.DataFrame(rows, columns=HEADER).to_csv(given.out / f"{name}.csv", index=False)
        write_report(given.out)


if __name__ == "__main__":
    main()
