"""Search the hyper-parameters of ALS, EASE and ItemKNN on the validation window: what `make tune` runs.

two-tower tune-baselines --database my_shop.duckdb --dataset my_shop [--out tuning]

Reads the tables interaction_splits, cutoff_targets and item_features of a built project at cutoff 2 (the test
window is never read). After each fit it writes the CSV of trials and found_<dataset>.yml: values for the vars of
dbt_project.yml. Trials that the CSV already has count: a second call goes on where the first one was stopped.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np
import optuna
import yaml
from scipy.sparse import csr_matrix

from ..baselines.lists import Policy, World, best_lists, read_world, users_at_once
from ..baselines.matrix import FloatArray, IntArray, codes_of
from ..baselines.table import fit_baseline
from .spaces import SPACES, STARTS, STEP_DECAYS, Parameters, as_asked
from .tables import VALIDATION_CUTOFF, built_tables

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ..baselines.models import Scorer

POLICIES: tuple[Policy, ...] = ("allow_repeats", "unseen_only")
TABLES = ("interaction_splits", "cutoff_targets", "item_features", "user_interests")
K = 10
Row = dict[str, Any]


def relevant_items(targets: duckdb.DuckDBPyRelation, world: World, policy: Policy) -> csr_matrix:
    """What each user did in the window after the cutoff, under a policy; binary, [users, items]."""
    condition = f"cutoff = {VALIDATION_CUTOFF}" + (" and not is_repeat" if policy == "unseen_only" else "")
    rows = targets.filter(condition).project("user_id, item_id").to_arrow_table()
    users = codes_of(rows["user_id"].combine_chunks(), world.user_ids)
    items = codes_of(rows["item_id"].combine_chunks(), world.item_ids)
    return csr_matrix((np.ones(len(users), dtype=np.float32), (users, items)), shape=world.seen.shape)


def recalls(scorer: Scorer, world: World, relevant: Mapping[Policy, csr_matrix]) -> dict[Policy, float]:
    """Mean over users with a relevant item of hits@10 / min(10, relevant items), by policy; scores each user once."""
    users = np.flatnonzero(sum(np.diff(items.indptr) for items in relevant.values())).astype(np.int64)
    found: dict[Policy, list[float]] = {policy: [] for policy in relevant}
    step = users_at_once(len(world.item_ids))
    for block in (users[start : start + step] for start in range(0, len(users), step)):
        scores = scorer(block)
        for policy, items in relevant.items():
            found[policy] += shares_found(scores, world, policy, items, block)
    return {policy: round(float(np.mean(shares)), 5) for policy, shares in found.items()}


def shares_found(scores: FloatArray, world: World, policy: Policy, items: csr_matrix, users: IntArray) -> list[float]:
    """Of each user with a relevant item, hits@10 / min(10, relevant items); scores and items: [users, items]."""
    codes = best_lists(lambda _: scores.copy(), world, policy, K, users).codes
    wanted = [items.indices[items.indptr[user] : items.indptr[user + 1]] for user in users]
    return [np.isin(got, own).sum() / min(K, len(own)) for got, own in zip(codes, wanted, strict=True) if len(own)]


@dataclass(frozen=True)
class Budget:
    """How long to search: trials per policy, but no longer than minutes; and how."""

    trials: int
    minutes: float
    seed: int
    threads: int


def search(
    model: str,
    world: World,
    relevant: Mapping[Policy, csr_matrix],
    budget: Budget,
    tried: Sequence[Row],
) -> Iterator[Row]:
    """Fit and measure until the budget is spent, one row per fit; the rows of an earlier search count and teach.

    Rows outside of the space count only. First come the starts of the space, then the best of the earlier rows with
    each decay by step that was not tried, for nothing else would lead there. Each policy has its own TPE study; they
    ask in turn, every fit teaches both.
    """
    policies = list(relevant)
    studies = opened_studies(model, policies, budget.seed, tried)
    began = time.monotonic()
    for number in range(len(tried), budget.trials * len(policies)):
        if time.monotonic() - began > budget.minutes * 60:
            return
        asked = policies[number % len(policies)]
        trial = studies[asked].ask()
        parameters = SPACES[model](trial)
        fit_began = time.monotonic()
        scorer = fit_baseline(model, world.interactions, parameters, seed=budget.seed, threads=budget.threads)
        seconds = round(time.monotonic() - fit_began, 1)
        found = {f"recall_{policy}": recall for policy, recall in recalls(scorer, world, relevant).items()}
        studies[asked].tell(trial, found[f"recall_{asked}"])
        teach({policy: study for policy, study in studies.items() if policy != asked}, trial, found)
        yield {"trial": number, "asked_for": asked} | parameters | found | {"fit_seconds": seconds}


def opened_studies(
    model: str, policies: Sequence[Policy], seed: int, tried: Sequence[Row]
) -> dict[Policy, optuna.Study]:
    """A study per policy that knows the earlier rows and has in its queue what is to be tried first."""
    studies = {
        policy: optuna.create_study(
            direction="maximize",
            sampler=optuna.samplers.TPESampler(seed=seed + number + len(tried), n_startup_trials=8, multivariate=True),
        )
        for number, policy in enumerate(policies)
    }
    for row in tried:
        known = as_asked(model, row)
        if known:
            teach(studies, known, row)
    untried = set(STEP_DECAYS) - {row.get("step_decay") or 1.0 for row in tried}
    bests = [study.best_params if study.trials else {} for study in studies.values()]  # none where all lie outside
    for number, start in list(enumerate(STARTS[model]))[len(tried) :]:
        studies[policies[number % len(policies)]].enqueue_trial(start)
    for study, best in zip(studies.values(), bests, strict=True):
        for step_decay in sorted(untried, reverse=True) if "step_decay" in best else ():
            study.enqueue_trial(best | {"step_decay": step_decay})
    return studies


def teach(studies: Mapping[Policy, optuna.Study], trial: optuna.trial.BaseTrial, found: Mapping[str, Any]) -> None:
    """Tell the studies of a fit that another one asked for; one whose policy was not measured then learns nothing."""
    for policy, study in studies.items():
        recall = found.get(f"recall_{policy}")
        if recall is not None:
            study.add_trial(
                optuna.trial.create_trial(params=trial.params, distributions=trial.distributions, value=recall)
            )


def best_of(rows: Sequence[Row], policy: str) -> Parameters:
    """The parameters of the trial with the highest validation recall under a policy."""
    best = max(rows, key=lambda row: row.get(f"recall_{policy}") or 0.0)
    other = ("trial", "stage", "asked_for", "fit_seconds")
    given = {name: value for name, value in best.items() if value is not None}  # the rest is the default
    return {name: given[name] for name in given if name not in other and not name.startswith("recall_")}


def read_trials(path: Path) -> list[Row]:
    """The rows that `write_trials` wrote; none where there is no file."""
    if not path.exists():
        return []
    with path.open(newline="") as file:
        return [{name: value_of(cell) for name, cell in row.items()} for row in csv.DictReader(file)]


def value_of(cell: str) -> float | str | None:
    """A cell of a CSV as it was before it was written."""
    if not cell:
        return None
    try:
        value: float | str | None = json.loads(cell)
    except json.JSONDecodeError:
        return cell
    return value


def write_trials(path: Path, rows: Sequence[Row]) -> None:
    """All rows as CSV; a kill leaves the file as it was or as it shall be."""
    text = io.StringIO()
    names = dict.fromkeys(name for row in rows for name in row)
    writer = csv.DictWriter(text, fieldnames=list(names), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    replace(path, text.getvalue())


def write_found(folder: Path, dataset: str, model: str) -> None:
    """The model's entry of found_<dataset>.yml by the trials in the folder; other entries stay."""
    path = folder / f"found_{dataset}.yml"
    found = (yaml.safe_load(path.read_text()) or {}) if path.exists() else {}
    rows = read_trials(folder / f"{model}_{dataset}.csv")
    policies = [policy for policy in POLICIES if any(row.get(f"recall_{policy}") is not None for row in rows)]
    found[f"two_tower_{model}"] = {policy: best_of(rows, policy) for policy in policies}
    replace(path, yaml.safe_dump(found, sort_keys=True, width=110))


def replace(path: Path, text: str) -> None:
    """Write a file in one step."""
    unfinished = path.with_suffix(".tmp")
    unfinished.write_text(text)
    unfinished.replace(path)


def main(given: list[str] | None = None) -> None:
    """Parse the command line, search each model in turn, write after each fit."""
    parser = argparse.ArgumentParser("two-tower tune-baselines", description=str(__doc__).partition("\n")[0])
    parser.add_argument("--database", required=True, help="DuckDB file of a built project; read only")
    parser.add_argument("--schema", default="main")
    parser.add_argument("--out", type=Path, default=Path("tuning"), help="folder of the files written")
    parser.add_argument("--dataset", required=True, help="goes into their names: another one for other data")
    parser.add_argument("--models", nargs="+", choices=sorted(SPACES), default=list(SPACES))
    parser.add_argument("--policies", nargs="+", choices=POLICIES, default=list(POLICIES))
    parser.add_argument("--trials", type=int, default=40, help="fits per model and policy, earlier ones included")
    parser.add_argument("--minutes", type=float, default=30, help="at most this long per model and call")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args(given)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    with duckdb.connect(arguments.database, read_only=True) as connection:
        tables = built_tables(connection, arguments.database, arguments.schema, TABLES)
        splits, targets, features, interests = (tables[name] for name in TABLES)
        world = read_world(splits, targets, features, interests, VALIDATION_CUTOFF)
        relevant: dict[Policy, csr_matrix] = {
            policy: items for policy in arguments.policies if (items := relevant_items(targets, world, policy)).nnz
        }
    for policy in set(arguments.policies) - set(relevant):
        print(f"policy {policy}: left out, since there is nothing to find in the validation window", flush=True)
    budget = Budget(arguments.trials, arguments.minutes, arguments.seed, arguments.threads)
    arguments.out.mkdir(parents=True, exist_ok=True)
    for model in arguments.models:
        trials = arguments.out / f"{model}_{arguments.dataset}.csv"
        rows = read_trials(trials)
        if len(rows) >= budget.trials * len(relevant):
            print(f"{trials}: has {len(rows)} trials already; ask for more with --trials", flush=True)
        for row in search(model, world, relevant, budget, tuple(rows)):
            print(row, flush=True)
            rows.append(row)
            write_trials(trials, rows)
            write_found(arguments.out, arguments.dataset, model)
