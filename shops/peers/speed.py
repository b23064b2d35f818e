"""How fast RecTools' SASRec and DSSM learn on the split of a shop: validation recall@10 after each epoch.

.venv-peers/bin/python shops/peers/speed.py SHOP DATABASE [--minutes 10]

The environment is that of sasrec.py. Both have as many dimensions as the towers' sequence part, and RecTools' defaults
otherwise, but SASRec smaller batches where there are few users, as in sasrec.py. The test window is never read. Seconds
are those of fitting alone. Writes peers_<shop>.csv into benchmarks/training, where benchmarks/training.py looks for it.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import numpy as np
import pandas as pd
from pytorch_lightning import seed_everything
from rectools.dataset import Dataset
from rectools.models import DSSMModel, SASRecModel
from sasrec import MOST_USERS, arguments, dataset_of, lists_after, longest, read_splits, recalls, unfitted

DIM = 192
PATIENCE = 5  # measurements without a better recall
DSSM_EPOCHS = 10  # between two measurements: one of its epochs has one example per user
MOST_VALUES = 1000  # of a feature, as RecTools makes one input of each


def sasrec(known: pd.DataFrame, seed: int) -> Iterator[tuple[SASRecModel, Dataset, int, float]]:
    """The model after each epoch, with what it recommends from, its examples and seconds so far."""
    events = known.groupby("user_id").size()
    model, length = unfitted(known, seed, DIM), longest(events)
    data, examples, seconds = dataset_of(known), 0, 0.0
    while True:
        began = time.monotonic()
        model.fit_partial(data, min_epochs=1, max_epochs=1)
        seconds += time.monotonic() - began
        examples += int(np.minimum(events - 1, length).sum())
        yield model, data, examples, seconds


def dssm(known: pd.DataFrame, database: str, schema: str) -> Iterator[tuple[DSSMModel, Dataset, int, float]]:
    """The same of DSSM, which gets the categories of both sides."""
    data = with_features(dataset_of(known), known, database, schema)
    model, examples, seconds = None, 0, 0.0
    while True:
        began = time.monotonic()
        with TemporaryDirectory() as place, contextlib.chdir(place):  # where it leaves checkpoints
            fitted = DSSMModel(model=model, n_factors=DIM, max_epochs=DSSM_EPOCHS, deterministic=True, loggers=False)
            fitted.fit(data)
        seconds += time.monotonic() - began
        model, examples = fitted.model, examples + DSSM_EPOCHS * known["user_id"].nunique()
        yield fitted, data, examples, seconds


def with_features(data: Dataset, known: pd.DataFrame, database: str, schema: str) -> Dataset:
    """The data with id, value pairs of each text column; where a side has none, a constant."""
    features = {}
    with duckdb.connect(database, read_only=True) as connection:
        for entity in ("user", "item"):
            frame = connection.table(f"{schema}.stg_{entity}s").df().set_index(f"{entity}_id")
            ids = pd.Index(known[f"{entity}_id"].unique())
            pairs = [pd.DataFrame({"id": ids, "feature": "all", "value": "all"})]
            for column in frame:
                values = frame[column].reindex(ids).explode().dropna()
                values = values[values.map(lambda value: isinstance(value, str))]
                values = values[values.isin(values.value_counts().index[:MOST_VALUES])]
                pairs.append(pd.DataFrame({"id": values.index, "feature": column, "value": values.to_numpy()}))
            features[entity] = pd.concat(pairs)
    return Dataset.construct(
        data.get_raw_interactions(),
        user_features_df=features["user"], cat_user_features=list(features["user"]["feature"].unique()),
        item_features_df=features["item"], cat_item_features=list(features["item"]["feature"].unique()),
    )  # fmt: skip


def main() -> None:
    """Fit both, measure, write."""
    out = Path(__file__).parents[2] / "benchmarks" / "training"
    given = arguments(__doc__, "of fitting, at most, for each", out)
    splits = read_splits(given.database, given.schema)
    known, wanted = lists_after(splits[splits["window_number"] > 0], 1)
    users = np.random.default_rng(given.seed).permutation(sorted(wanted))[:MOST_USERS]
    sample, rows = {user: wanted[user] for user in users}, []
    models = {"RecTools SASRec": sasrec(known, given.seed), "RecTools DSSM": dssm(known, given.database, given.schema)}
    for name, epochs in models.items():
        seed_everything(given.seed, workers=True)
        found: list[float] = []
        for model, data, examples, seconds in epochs:
            found.append(float(recalls(model, data, known, sample).mean()))
            rows.append([given.shop, name, DIM, examples, round(seconds, 2), round(found[-1], 5)])
            print(*rows[-1], flush=True)
            if seconds > given.minutes * 60 or len(found) - 1 - int(np.argmax(found)) >= PATIENCE:
                break
    header = ["shop", "model", "dim", "examples", "seconds", "recall_at_10"]
    given.out.mkdir(parents=True, exist_ok=True)
    pd.DataFrame(rows, columns=header).to_csv(given.out / f"peers_{given.shop}.csv", index=False)


if __name__ == "__main__":
    main()
