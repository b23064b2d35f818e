"""What it saves to go on from the towers of some days before, and what it costs in recall@10.

python benchmarks/continuation.py complete_journey steam_au_reviews [--data FOLDER] [--days 7]

Shops of shops/shops.yml whose split is by time. Each is built as of some days before its last event, then as of now
going on from those towers, then as of now afresh. Seconds are those of the training run, reading included. Writes
results/continuation.md.
"""

from __future__ import annotations

import argparse
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from results import write_table

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "shops"))
from public_shop import SHOPS, Shop  # noqa: E402

MODELS = ["+evaluation_recommendations", "+relevant_items"]
END = "select max(event_at) from stg_interactions"
SECONDS = "select value from training_runs where kind = 'duration' and name = 'total'"
START = "select text from training_runs where name = 'continued_from'"
RECALLS = """
    with relevant as (from relevant_items where slice = 'all'),
    lists as (from evaluation_recommendations where rank <= 10)
    select policy, count(lists.item_id) / least(10, count(*))
    from relevant left join lists using (policy, user_id, item_id)
    group by policy, user_id order by policy, user_id
"""


def train(shop: Shop, continuations: int, seed: int, as_of: str) -> tuple[float, str | None, dict[str, np.ndarray]]:
    """Seconds of the run, what it went on from, and recall@10 of each user by policy."""
    settings = {"continuations": continuations, "seed": seed}
    shop.run_dbt(MODELS, two_tower_training=settings, two_tower_as_of=as_of)
    with duckdb.connect(str(shop.database), read_only=True) as connection:
        ((seconds,),), ((before,),) = (connection.execute(query).fetchall() for query in (SECONDS, START))
        recalls: dict[str, list[float]] = {}
        for policy, recall in connection.execute(RECALLS).fetchall():
            recalls.setdefault(policy, []).append(recall)
    return seconds, before, {policy: np.array(values) for policy, values in recalls.items()}


def compare(shop: Shop, days: int, seed: int) -> list[dict[str, Any]]:
    """One row per policy."""
    shop.run_dbt(["+stg_interactions"])
    with duckdb.connect(str(shop.database), read_only=True) as connection:
        ((end,),) = connection.execute(END).fetchall()
    train(shop, 1, seed, str(end - timedelta(days=days)))
    ours, before, continued = train(shop, 1, seed, "")
    assert before, "there is nothing to go on from"
    theirs, _, fresh = train(shop, 0, seed, "")
    return [
        {
            "shop": shop.name, "policy": policy, "seed": seed, "days": days, "seconds": ours, "seconds_afresh": theirs,
            "ratio": ours / theirs, "recall_at_10": continued[policy].mean(), "afresh": values.mean(),
            "standard_error": values.std() / len(values) ** 0.5,
        }
        for policy, values in fresh.items()
    ]  # fmt: skip


def main() -> None:
    """Build, train, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shops", nargs="+", choices=list(SHOPS))
    parser.add_argument("--data", type=Path, default=HERE.parent / "shops" / "data")
    parser.add_argument("--work", type=Path, default=HERE.parent / "shops" / "data")
    parser.add_argument("--days", type=int, default=7)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    given = parser.parse_args()
    rows = []
    for name in given.shops:
        shop = Shop(name, given.data.absolute(), given.work.absolute(), "_continued")
        if not shop.is_there():
            sys.exit(f"{name}: there is no data in {given.data}")
        rows += [row for seed in given.seeds for row in compare(shop, given.days, seed)]
    write_table(
        "continuation", "Training that goes on, against training afresh", rows,
        "Recall@10 on the test window of all users; standard error of that afresh, over users.",
    )  # fmt: skip


if __name__ == "__main__":
    main()
