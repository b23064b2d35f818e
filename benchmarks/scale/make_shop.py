"""A synthetic shop of any size, the same for the same seed: parquet files of events, users and items.

    python benchmarks/scale/make_shop.py M FOLDER

Popularity follows a power law; users and items belong to clusters of taste, and most of what users take is of their
own; a share of the events repeats what the same user had before. Features tell the cluster of most users and items.
Users are written in blocks, so memory does not grow with their number.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

Integers = npt.NDArray[np.int64]
SIZES = {"S": 100_000, "M": 1_000_000, "L": 10_000_000, "XL": 50_000_000}  # events
BLOCK = 50_000  # users
SECONDS = 365 * 86_400
START = np.datetime64("2025-01-01T00:00:00", "us")
OWN_CLUSTER, REPEATED, TELLING = 0.7, 0.3, 0.8  # shares: of fresh events, of events, of features
POWER = 0.8  # the item of rank r is taken as often as 1 / (r + 10) ** POWER


@dataclass(frozen=True)
class Size:
    """A tenth of the events as users; the catalogue grows with the root of the users, as catalogues do."""

    events: int

    @property
    def users(self) -> int:
        """Number of users."""
        return self.events // 10

    @property
    def items(self) -> int:
        """Number of items: 10,000 at S, 31,622 at M, 100,000 at L."""
        return int(100 * self.users**0.5)

    @property
    def clusters(self) -> int:
        """Number of tastes."""
        return max(self.items // 500, 2)


class Catalogue:
    """The items' clusters, and how often each is taken. Item numbers go by popularity."""

    def __init__(self, size: Size, random: np.random.Generator):
        self.clusters = random.integers(0, size.clusters, size.items)
        order = np.argsort(self.clusters, kind="stable")
        weights = (np.arange(size.items) + 10.0) ** -POWER
        self.order, self.overall = order, np.cumsum(weights) / weights.sum()
        self.within = np.concatenate([[0], np.cumsum(weights[order])])
        self.bounds = np.searchsorted(self.clusters[order], np.arange(size.clusters + 1))

    def draw(self, clusters: Integers, random: np.random.Generator) -> Integers:
        """One item for each of the clusters, by popularity within the cluster."""
        low, high = self.within[self.bounds[clusters]], self.within[self.bounds[clusters + 1]]
        places = np.searchsorted(self.within, low + (high - low) * random.random(len(clusters)), side="right") - 1
        return self.order[np.minimum(places, len(self.order) - 1)]

    def draw_any(self, n: int, random: np.random.Generator) -> Integers:
        """Items by their popularity alone."""
        return np.minimum(np.searchsorted(self.overall, random.random(n)), len(self.order) - 1)


def told(clusters: Integers, there_are: int, prefix: str, random: np.random.Generator) -> pa.Array:
    """A categorical feature that tells the cluster most of the time."""
    known = np.where(random.random(len(clusters)) < TELLING, clusters, random.integers(0, there_are, len(clusters)))
    return pa.array(np.char.add(prefix, known.astype(str)))


def repeated(items: Integers, starts: Integers, random: np.random.Generator) -> Integers:
    """Items of which some are replaced by an earlier one of the same user, whose events begin at `starts`."""
    places = np.arange(len(items))
    earlier = starts + (random.random(len(items)) * (places - starts)).astype(np.int64)
    source = np.where((random.random(len(items)) < REPEATED) & (places > starts), earlier, places)
    while (source[source] != source).any():  # a repeat of a repeat is one of the first
        source = source[source]
    return items[source]


def block_of_events(users: Integers, clusters: Integers, catalogue: Catalogue, random: np.random.Generator) -> pa.Table:
    """Events of some users: a few have many, most have few, ten on the average."""
    counts = 1 + random.geometric(1 / np.clip(random.pareto(2.5, len(users)) * 13.5, 1, 500)).clip(0, 2000)
    user = np.repeat(np.arange(len(users)), counts)
    fresh = np.where(
        random.random(len(user)) < OWN_CLUSTER,
        catalogue.draw(clusters[user], random),
        catalogue.draw_any(len(user), random),
    )
    items = repeated(fresh, np.repeat(np.cumsum(counts) - counts, counts), random)
    when = random.integers(0, SECONDS, len(user))
    when = when[np.lexsort([when, user])]
    at = START + when.astype("timedelta64[s]")
    prices = np.round(1 + (items * 7919 % 5000) / 100, 2)
    return pa.table({"user_id": users[user], "item_id": items, "event_at": at, "price": prices})


def write(path: Path, tables: Any) -> None:
    """Tables one after another into one parquet file."""
    writer = None
    for table in tables:
        writer = writer or pq.ParquetWriter(path, table.schema)
        writer.write_table(table)
    if writer:
        writer.close()


def make_shop(size: Size, folder: Path, seed: int = 0) -> None:
    """Write events.parquet, users.parquet and items.parquet."""
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(seed)
    catalogue = Catalogue(size, random)
    item_columns = {
        "item_id": np.arange(size.items),
        "brand": told(catalogue.clusters, size.clusters, "brand ", random),
        "shelf": pa.array(np.char.add("shelf ", (catalogue.clusters // 5).astype(str))),
        "list_price": np.round(1 + (np.arange(size.items) * 7919 % 5000) / 100, 2),
    }
    write(folder / "items.parquet", [pa.table(item_columns)])
    clusters = random.integers(0, size.clusters, size.users)
    user_columns = {
        "user_id": np.arange(size.users),
        "club": told(clusters, size.clusters, "club ", random),
        "joined_year": random.integers(2010, 2026, size.users),
    }
    write(folder / "users.parquet", [pa.table(user_columns)])
    blocks = (np.arange(a, min(a + BLOCK, size.users)) for a in range(0, size.users, BLOCK))
    write(folder / "events.parquet", (block_of_events(b, clusters[b], catalogue, random) for b in blocks))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("size", choices=list(SIZES))
    parser.add_argument("folder", type=Path)
    given = parser.parse_args()
    make_shop(Size(SIZES[given.size]), given.folder)
