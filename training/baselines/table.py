"""One entry for the fitted baselines: parameters by name in, Scorer out; and the body of their dbt models."""

from __future__ import annotations

import hashlib
import inspect
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import implicit
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from .lists import World, best_lists, list_table, read_world, users_to_measure
from .matrix import IntArray, Interactions, scale, weigh
from .models import Scorer, fit_als, fit_ease, fit_item_knn

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from duckdb import DuckDBPyRelation as Relation
    from scipy.sparse import csr_matrix

FITS: Mapping[str, Callable[..., Scorer]] = {
    "als": fit_als,
    "ease": fit_ease,
    "item_knn": fit_item_knn,
}
EVALUATION_CUTOFF = 1


def _names(function: Callable[..., Any]) -> set[str]:
    """Names of a function's parameters that have a default, i.e. that a var may set."""
    return {p.name for p in inspect.signature(function).parameters.values() if p.default is not p.empty}


def fit_baseline(
    model: str, interactions: Interactions, parameters: Mapping[str, Any], *, seed: int = 0, threads: int = 0
) -> Scorer:
    """Weigh the interactions, fit `model` on them; raises ValueError as `weighed` does."""
    matrix, settings = weighed(model, interactions, parameters, seed=seed, threads=threads)
    return FITS[model](matrix, **settings)


def weighed(
    model: str, interactions: Interactions, parameters: Mapping[str, Any], *, seed: int = 0, threads: int = 0
) -> tuple[csr_matrix, dict[str, Any]]:
    """The matrix [users, items] on which a model is fitted, and the settings of its fit function.

    parameters: those of weigh, scale and the fit function. Raises ValueError naming a parameter that none of the three
    takes, and where a value is out of range.
    """
    given = {"seed": seed, "threads": threads} | dict(parameters)
    takers = (weigh, scale, FITS[model])
    known = {name for taker in takers for name in _names(taker)}
    unknown = set(parameters) - known
    if unknown:
        raise ValueError(f"{model}: unknown parameter {sorted(unknown)[0]!r}; known are {sorted(known)}")
    own_weight, neighbours = given.get("own_weight", 0), given.get("neighbours", 1)
    if not 0 <= own_weight <= 1 or neighbours < 1 or given.get("regularization", 1) <= 0:
        raise ValueError(
            f"{model}: own_weight must be in 0..1, neighbours at least 1 and regularization positive, got {given}"
        )
    weigh_by, scale_by, fit_by = ({n: given[n] for n in _names(taker) if n in given} for taker in takers)
    return scale(weigh(interactions, **weigh_by), **scale_by), fit_by


def baseline_table(
    model: str,
    settings: Mapping[str, Any],
    splits: Relation,
    targets: Relation,
    item_features: Relation,
    interests: Relation,
) -> pa.Table:
    """Lists of one baseline for the users that the evaluation measures; the whole body of its dbt model.

    settings: parameters {policy: {...}}, policies, evaluation_k, seed, model_dir. Relations: as in read_world.
    The lists are kept in <model_dir>/baselines/<model>.parquet and read back while nothing they depend on has changed.
    Raises ValueError where a policy has no parameters.
    """
    missing = set(settings["policies"]) - set(settings["parameters"])
    if missing:
        raise ValueError(f"var two_tower_{model} has no entry for policy {sorted(missing)[0]!r}; add one")
    world = read_world(splits, targets, item_features, interests, EVALUATION_CUTOFF)
    users = users_to_measure(targets, world)
    path = Path(settings["model_dir"]) / "baselines" / f"{model}.parquet"
    key = _key(model, settings, world, users)
    kept = _read_kept(path, key)
    if kept is not None:
        return kept
    tables = []
    for policy in settings["policies"]:
        scorer = fit_baseline(model, world.interactions, settings["parameters"][policy], seed=settings["seed"])
        lists = best_lists(scorer, world, policy, settings["evaluation_k"], users)
        tables.append(list_table(model, policy, lists, world))
    table = pa.concat_tables(tables)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(f".{os.getpid()}.tmp")
    pq.write_table(table.replace_schema_metadata({"key": key}), unfinished)
    unfinished.replace(path)
    return table


def _key(model: str, settings: Mapping[str, Any], world: World, users: IntArray) -> str:
    """Hash of what the lists depend on: the known world, the users, the settings, the code and the ALS library."""
    own = {name: settings[name] for name in ("parameters", "policies", "evaluation_k", "seed")}
    digest = hashlib.sha256(json.dumps([model, own, implicit.__version__], sort_keys=True).encode())
    events = world.interactions
    for values in (
        events.cells,
        events.starts,
        events.age_days,
        events.weights,
        events.steps,
        world.popular,
        world.popularity,
        users,
    ):
        digest.update(np.ascontiguousarray(values).data)
    for ids in (world.user_ids, world.item_ids):
        digest.update("\n".join(ids.to_pylist()).encode())
    folder = Path(__file__).parent
    for path in (*sorted(folder.glob("*.py")), folder.parent / "factorization" / "linear.py"):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _read_kept(path: Path, key: str) -> pa.Table | None:
    """The lists of an earlier fit of the same key; None where there is none or the file can not be read."""
    try:
        metadata = pq.read_schema(path).metadata or {}
        return pq.read_table(path) if metadata.get(b"key") == key.encode() else None
    except (OSError, pa.ArrowInvalid):
        return None
