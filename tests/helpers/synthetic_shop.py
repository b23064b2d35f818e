"""A small shop with planted tastes, in the file layout of The Complete Journey.

Users belong to clusters. A user mostly buys what the cluster likes and comes back to a few favourites. The cluster
shows in the product category of an item and in the income of a user, so it can be learned for users and items without
a history.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

START = pd.Timestamp("2017-01-01")
INCOMES = ["Under 15K", "15-24K", "25-34K", "35-49K", "50-74K", "75-99K", "100-124K", "125-149K"]
TABLES = ("transactions", "products", "demographics")


@dataclass
class PlantedWorld:
    """Three frames and the folder that they are written to; change a frame and `write()` again."""

    folder: Path
    transactions: pd.DataFrame
    products: pd.DataFrame
    demographics: pd.DataFrame
    late_items: list[str]  # sold in the last 28 days only
    late_users: list[str]  # buy in the last 28 days only
    silent_users: list[str]  # never buy: demographics are all there is

    def write(self) -> PlantedWorld:
        self.folder.mkdir(parents=True, exist_ok=True)
        for table in TABLES:
            getattr(self, table).to_parquet(self.folder / f"{table}.parquet", index=False)
        return self


@dataclass
class _Plan:
    """Who likes what: cluster (users,), cluster (items,), favourites (users, 8), popularity (items,)."""

    user_cluster: np.ndarray
    item_cluster: np.ndarray
    favourites: np.ndarray
    popularity: np.ndarray
    first_day: np.ndarray
    late_item: np.ndarray


def plant(
    folder: Path, *, users: int = 300, items: int = 150, clusters: int = 6, days: int = 280, seed: int = 0
) -> PlantedWorld:
    """Make the shop: `users` who buy (a tenth of them only lately) and a tenth more who never do."""
    rng = np.random.default_rng(seed)
    plan = _make_plan(rng, users, items, clusters, days)
    silent = np.arange(users + 1, users + users // 10 + 1)
    known = np.flatnonzero(rng.random(users) < 2 / 3)  # the others have no demographics, as in the real data
    known = np.union1d(known, np.flatnonzero(plan.first_day >= days - 28))
    household = np.concatenate([known + 1, silent])
    cluster = np.concatenate([plan.user_cluster[known], rng.integers(0, clusters, len(silent))])
    return PlantedWorld(
        folder=folder,
        transactions=_make_transactions(rng, plan, days),
        products=_make_products(rng, plan.item_cluster),
        demographics=_make_demographics(rng, household, cluster),
        late_items=[str(1000 + i) for i in np.flatnonzero(plan.late_item)],
        late_users=[str(u + 1) for u in np.flatnonzero(plan.first_day >= days - 28)],
        silent_users=[str(u) for u in silent],
    ).write()


def _make_plan(rng: np.random.Generator, users: int, items: int, clusters: int, days: int) -> _Plan:
    user_cluster = rng.integers(0, clusters, users)
    item_cluster = np.arange(items) % clusters
    late_item = np.arange(items) >= items - items // 10
    popularity = 1.0 / (1.0 + np.arange(items) // clusters) ** 0.7
    favourites = np.stack(
        [
            rng.choice(items, 8, replace=items < 16, p=_taste(popularity, item_cluster == c, ~late_item))
            for c in user_cluster
        ]
    )
    first_day = rng.integers(0, max(days // 3, 1), users)
    first_day[: users // 10] = days - 28 + rng.integers(0, 7, users // 10)
    return _Plan(user_cluster, item_cluster, favourites, popularity, first_day, late_item)


def _taste(popularity: np.ndarray, liked: np.ndarray, on_sale: np.ndarray) -> np.ndarray:
    """Probability of each item: liked ones weigh 25 times as much as others of the same popularity."""
    weight = popularity * np.where(liked, 25.0, 1.0) * on_sale
    return weight / weight.sum()


def _make_transactions(rng: np.random.Generator, plan: _Plan, days: int) -> pd.DataFrame:
    rows = []
    basket = 0
    for user, cluster in enumerate(plan.user_cluster):
        liked = plan.item_cluster == cluster
        before = _taste(plan.popularity, liked, ~plan.late_item)
        after = _taste(np.where(plan.late_item, 1.0, plan.popularity), liked, np.ones(len(liked), bool))
        day = float(plan.first_day[user])
        while day < days:
            basket += 1
            wanted = rng.choice(len(liked), 3, p=after if day >= days - 28 else before)
            again = rng.choice(plan.favourites[user], 3)
            for item in np.unique(np.concatenate([wanted, again])):
                rows.append((user + 1, basket, 1000 + item, day))
            day += rng.gamma(2.0, 4.0)
    frame = pd.DataFrame(rows, columns=["household_id", "basket_id", "product_id", "day"])
    frame["quantity"] = rng.integers(1, 4, len(frame))
    price = 1.0 + (frame["product_id"] % 17) / 2
    frame["sales_value"] = (frame["quantity"] * price).round(2)
    seconds = (frame.pop("day") * 86_400).round().astype("int64")
    frame["transaction_timestamp"] = (START + pd.to_timedelta(seconds, unit="s")).astype("datetime64[us]")
    return frame


def _make_products(rng: np.random.Generator, item_cluster: np.ndarray) -> pd.DataFrame:
    items = len(item_cluster)
    number = np.arange(items)
    frame = pd.DataFrame(
        {
            "product_id": 1000 + number,
            "manufacturer_id": rng.integers(1, 20, items),
            "department": rng.choice(["GROCERY", "DRUG GM", "PRODUCE"], items),
            "brand": rng.choice(["National", "Private"], items),
            "product_category": [f"CATEGORY {c}" for c in item_cluster],
            "product_type": [f"TYPE {c}-{n % 3}" for c, n in zip(item_cluster, number, strict=True)],
            "package_size": [f"{n % 30 + 1} OZ" if n % 3 else None for n in number],
        }
    )
    return frame[frame["product_id"] != 1001]  # sold, yet missing from products, as some are in the real data


def _make_demographics(rng: np.random.Generator, household: np.ndarray, cluster: np.ndarray) -> pd.DataFrame:
    count = len(household)
    return pd.DataFrame(
        {
            "household_id": household,
            "age": rng.choice(["19-24", "25-34", "35-44", "45-54", "55-64", "65+"], count),
            "income": [INCOMES[c % len(INCOMES)] for c in cluster],
            "home_ownership": rng.choice(np.array(["Homeowner", "Renter", None], dtype=object), count),
            "marital_status": rng.choice(np.array(["Married", "Unmarried", None], dtype=object), count),
            "household_size": rng.choice(["1", "2", "3", "4", "5+"], count),
            "household_comp": rng.choice(
                ["1 Adult Kids", "1 Adult No Kids", "2 Adults Kids", "2 Adults No Kids"], count
            ),
            "kids_count": rng.choice(["0", "1", "2", "3+"], count),
        }
    )
