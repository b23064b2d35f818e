"""RecTools' SASRec on the split of a shop: a peer of the towers, in an environment of its own.

python3 -m venv .venv-peers
.venv-peers/bin/pip install torch==2.13.0 && .venv-peers/bin/pip install -r shops/peers/requirements.txt
.venv-peers/bin/python shops/peers/sasrec.py SHOP DATABASE [--minutes 10]

DATABASE: what shops/run.py left. Fits on what lies before the validation window until recall@10 there stops rising or
half of the time is over, then afresh for as many epochs with that window. Recall as in the project's own evaluation,
policy `unseen_only`: hits / min(10, items to find), all users, whole catalogue without what they had; who has no
history gets popular items. Writes sasrec_<shop>.csv into shops/results.
"""

from __future__ import annotations

import argparse
import csv
import time
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import torch
from pytorch_lightning import seed_everything
from rectools import Columns
from rectools.dataset import Dataset
from rectools.models import SASRecModel

K = 10
FACTORS, LONGEST = 64, 50
STEPS = 50  # per epoch, where there are few users
PATIENCE = 5
MOST_USERS = 4096  # of the validation window, as the towers have it
MOST_EPOCHS = 200
DRAWS = 1000
HEADER = (
    "policy",
    "slice",
    "model",
    "n_users",
    "recall",
    "recall_low",
    "recall_high",
    "shop",
    "seed",
    "seconds",
    "fit_seconds",
)
Lists = dict[str, list[str]]


def read_splits(database: str, schema: str) -> pd.DataFrame:
    """Interactions in their order in time; ties as the split has them."""
    with duckdb.connect(database, read_only=True) as connection:
        query = (
            f"select user_id, item_id, window_number from {schema}.interaction_splits "
            "order by event_at, window_number desc, item_id"
        )
        return connection.execute(query).df()


def lists_after(splits: pd.DataFrame, window_number: int) -> tuple[pd.DataFrame, Lists]:
    """What is known before a window, and per user what is new in it."""
    known = splits[splits["window_number"] > window_number]
    window = splits[splits["window_number"] == window_number][["user_id", "item_id"]].drop_duplicates()
    new = window.merge(known[["user_id", "item_id"]].drop_duplicates(), how="left", indicator=True)
    wanted = new[new["_merge"] == "left_only"].groupby("user_id")["item_id"].apply(list)
    return known, dict(wanted)


def dataset_of(known: pd.DataFrame) -> Dataset:
    """The interactions as RecTools takes them, a second apart."""
    return Dataset.construct(
        pd.DataFrame(
            {
                Columns.User: known["user_id"],
                Columns.Item: known["item_id"],
                Columns.Weight: 1.0,
                Columns.Datetime: pd.Timestamp("2000-01-01") + pd.to_timedelta(np.arange(len(known)), unit="s"),
            }
        )
    )


def recalls(model: SASRecModel, data: Dataset, known: pd.DataFrame, wanted: Lists) -> np.ndarray:
    """recall@10 of each user in `wanted`."""
    popular = known.groupby("item_id")["user_id"].nunique().sort_values(ascending=False).index[:K].tolist()
    with_history = set(known["user_id"])
    warm = [user for user in wanted if user in with_history]
    found = model.recommend(warm, data, K, filter_viewed=True, on_unsupported_targets="ignore")
    lists = found.groupby(Columns.User)[Columns.Item].apply(list)
    return np.array(
        [len(set(lists.get(user, popular)) & set(items)) / min(K, len(items)) for user, items in wanted.items()]
    )


def unfitted(known: pd.DataFrame, seed: int, factors: int = FACTORS) -> SASRecModel:
    """A model that has not seen an epoch: RecTools' defaults (full softmax), but of a size that two cores can fit."""
    seed_everything(seed, workers=True)
    events = known.groupby("user_id").size()
    batch = int(np.clip(len(events) // STEPS, 16, 128))
    return SASRecModel(
        n_factors=factors, session_max_len=longest(events), batch_size=batch, deterministic=True, epochs=1
    )


def longest(events: pd.Series) -> int:
    """Length of the histories by users' events; RecTools fills up each to it."""
    return int(min(events.quantile(0.95), LONGEST))


def epochs_by_validation(splits: pd.DataFrame, seed: int, seconds: float) -> int:
    """Number of epochs after which recall on the validation window was best."""
    known, wanted = lists_after(splits[splits["window_number"] > 0], 1)
    users = np.random.default_rng(seed).permutation(sorted(wanted))[:MOST_USERS]
    data, sample = dataset_of(known), {user: wanted[user] for user in users}
    model, began, best, best_epoch = unfitted(known, seed), time.monotonic(), -1.0, 0
    for epoch in range(1, MOST_EPOCHS + 1):
        model.fit_partial(data, min_epochs=1, max_epochs=1)
        recall = recalls(model, data, known, sample).mean()
        print(f"epoch {epoch}: validation recall@10 {recall:.4f}, {time.monotonic() - began:.0f} s", flush=True)
        if recall > best:
            best, best_epoch = recall, epoch
        if epoch - best_epoch >= PATIENCE:
            break
        if time.monotonic() - began > seconds:
            print("the time is over, recall might have risen further")
            break
    return best_epoch


def arguments(description: str | None, minutes: str, out: Path) -> argparse.Namespace:
    """What the command line gives to a comparison; `minutes` says of what they are, `out` is the default folder."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shop")
    parser.add_argument("database")
    parser.add_argument("--schema", default="main")
    parser.add_argument("--minutes", type=float, default=10, help=minutes)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, default=out)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    return given


def main() -> None:
    """Fit, measure, write one row."""
    given = arguments(__doc__, "about, for both fits", Path(__file__).parents[1] / "results")
    began = time.monotonic()
    splits = read_splits(given.database, given.schema)
    epochs = epochs_by_validation(splits, given.seed, given.minutes * 30)
    known, wanted = lists_after(splits, 0)
    data = dataset_of(known)
    model = unfitted(known, given.seed)
    model.fit_partial(data, min_epochs=epochs, max_epochs=epochs)
    fitted = time.monotonic() - began
    values = recalls(model, data, known, wanted)
    drawn = np.random.default_rng(given.seed).integers(0, len(values), (DRAWS, len(values)))
    low, high = np.quantile(values[drawn].mean(axis=1), [0.025, 0.975])
    numbers = [len(values), *(round(float(number), 5) for number in (values.mean(), low, high))]
    row = [
        "unseen_only",
        "all",
        "sasrec",
        *numbers,
        given.shop,
        given.seed,
        round(time.monotonic() - began),
        round(fitted),
    ]
    print(f"{epochs} epochs:", dict(zip(HEADER, row, strict=True)))
    with (given.out / f"sasrec_{given.shop}.csv").open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([HEADER, row])


if __name__ == "__main__":
    main()
