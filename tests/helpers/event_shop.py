"""A team's shop of views, carts and purchases: 88, 7 and 5 % of the events. Nothing is bought twice.

Items belong to niches. A user looks at items of a few niches, at some that everybody looks at and hardly anyone buys,
and at others by chance. What is liked is bought now and then, at once or days later. Most users buy once or twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import yaml
from helpers.dbt_runner import REPO
from helpers.package_project import PackageProject

START = pd.Timestamp("2026-01-01")
DAYS, WINDOW = 168, 28
LIKED, HUBS, CHANCE = 0.5, 0.3, 0.2  # shares of the views
CART_OF_LIKED, CART_OF_HUBS, CART_OF_CHANCE = 0.14, 0.006, 0.02
BOUGHT_OF_CART = 0.85


@dataclass(frozen=True)
class Sizes:
    """How large a shop is."""

    users: int = 400
    items: int = 240
    niches: int = 24
    sessions: float = 6.0  # of a user on average


SMALL = Sizes()


def plant_events(
    folder: Path, sizes: Sizes = SMALL, seed: int = 0, package: Path = REPO, **variables: Any
) -> PackageProject:
    """Write project and raw tables; install the package."""
    shop = PackageProject(folder)
    folder.mkdir(parents=True)
    rng = np.random.default_rng(seed)
    niche = rng.permutation(sizes.items) % sizes.niches
    write_project(folder, package, variables)
    frames = {
        "events": events(rng, niche, sizes),
        "people": pd.DataFrame({"user_id": range(sizes.users), "town": rng.integers(0, 5, sizes.users).astype(str)}),
        "things": pd.DataFrame({"item_id": range(sizes.items), "shelf": (niche % 6).astype(str)}),
    }
    with duckdb.connect(str(shop.database)) as connection:
        connection.execute("create schema raw")
        for name, frame in frames.items():
            connection.register("frame", frame)
            connection.execute(f"create table raw.{name} as select * from frame")
    shop.dbt("deps").must_pass()
    return shop


def write_project(folder: Path, package: Path, variables: dict[str, Any]) -> None:
    """Project files; one model by input."""
    plugins = [{"module": "two_tower.python_udfs.plugin"}]
    output = {"type": "duckdb", "path": "garden_shop.duckdb", "threads": 2, "plugins": plugins}
    given = {
        "two_tower_interactions": "events", "two_tower_users": "people", "two_tower_items": "things",
        "two_tower_category": "shelf", "two_tower_segment": "", "two_tower_policy": "unseen_only",
        "two_tower_policies": ["unseen_only"], "two_tower_training_cutoffs": 2, "two_tower_dim": 48,
        "two_tower_stages": ["evaluation"], "two_tower_min_item_interactions": 2,
        "two_tower_as_of": str((START + pd.Timedelta(days=DAYS)).date()), "two_tower_candidates": 50,
        "two_tower_training": {
            "features": 16, "threads": 1, "batch_size": 64, "ranker_folds": 2, "sequence_epochs": 3, "epochs": 1,
        },
    } | variables  # fmt: skip
    files = {
        "dbt_project.yml": {"name": "events", "profile": "events", "vars": given},
        "packages.yml": {"packages": [{"local": str(package)}]},
        "profiles.yml": {"events": {"target": "dev", "outputs": {"dev": output}}},
    }
    for name, content in files.items():
        (folder / name).write_text(yaml.safe_dump(content))
    (folder / "models").mkdir()
    for name in ("events", "people", "things"):
        (folder / "models" / f"{name}.sql").write_text(f"select * from raw.{name}")


def events(rng: np.random.Generator, niche: np.ndarray, sizes: Sizes) -> pd.DataFrame:
    """user_id, item_id, event_type, event_at, quantity, price."""
    popularity = 1.0 / (1.0 + rng.permutation(sizes.items)) ** 0.6
    hubs = rng.choice(sizes.items, max(sizes.items // 20, 2), replace=False)
    rows: list[tuple[int, int, float, str]] = []
    for user in range(sizes.users):
        liked = np.isin(niche, rng.choice(sizes.niches, 2, replace=False))
        weights = [popularity * liked, popularity * np.isin(np.arange(sizes.items), hubs), popularity]
        bought: set[int] = set()
        first = rng.uniform(0, DAYS - WINDOW)
        visits = 1 + rng.poisson(sizes.sessions * rng.gamma(1.0, 1.0))
        for day in np.sort(rng.uniform(first, DAYS, visits)):
            for place in range(1 + rng.poisson(5.0)):
                kind = rng.choice(3, p=[LIKED, HUBS, CHANCE])
                item = int(rng.choice(sizes.items, p=weights[kind] / weights[kind].sum()))
                if item in bought:
                    continue
                at = day + place / 1440
                rows.append((user, item, at, "view"))
                chance = CART_OF_LIKED if liked[item] else CART_OF_HUBS if item in hubs else CART_OF_CHANCE
                if rng.random() < chance:
                    rows.append((user, item, at + 0.0003, "cart"))
                    later = at + 0.0006 + (rng.exponential(15.0) if rng.random() < 0.6 else 0.0)
                    if rng.random() < BOUGHT_OF_CART and later < DAYS:
                        rows.append((user, item, later, "purchase"))
                        bought.add(item)
    frame = pd.DataFrame(rows, columns=["user_id", "item_id", "day", "event_type"])
    seconds = (frame.pop("day") * 86_400).astype("int64")
    frame["event_at"] = (START + pd.to_timedelta(seconds, unit="s")).astype("datetime64[us]")
    frame["quantity"] = 1
    frame["price"] = 5.0 + frame["item_id"] % 7
    return frame
