"""Cold starts, and what content is worth: recall@10 of items and users that training has not seen.

python benchmarks/content.py SHOP [--data FOLDER] [--contents ids_only categories hashed_text] [--encoder FOLDER]

SHOP: one of shops/shops.yml. A tenth of its items and of its users is held out of training whole: all of theirs is
test. Cold items are ranked among themselves: by the towers, by what their content has in common with that of the user's
history (content_knn, weighed as is best on the validation window), by the popularity that their content lets expect
(expected_popularity, one list for all users), and by chance, which is all that popularity itself has to say of them.
Warm items are ranked in the whole catalogue for users with a history (warm) and without (cold_user), by the towers and
by popularity. Contents: `own` = the columns that the shop's project has, or a choice of them. Writes <out>/<shop>.csv;
lifts are those of the towers over a row's model, paired by user. <out>/README.md is the table of all shops that are
there.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from itertools import product
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
from places import PROJECT
from content_rivals import content_of, expected_popularity, ties_of
from public_shop import SHOPS, Shop
from results_tables import markdown
from scipy.sparse import csr_matrix
from two_tower.python_udfs.plugin import register

HERE = Path(__file__).resolve().parent

K = 10
HELD_OUT = 0.1
VALIDATION_USERS = 1000  # enough to choose the content's weights by
CONTENTS = ("own", "ids_only", "categories", "hashed_text", "pretrained_text")
MODELS = ["+item_embeddings", "+user_embeddings"]
HEADER = [
    "shop",
    "content",
    "seed",
    "slice",
    "model",
    "users",
    "recall_at_10",
    "low",
    "high",
    "lift",
    "lift_low",
    "lift_high",
]
Rows = tuple[dict[str, int], ...]
Recalls = dict[tuple[str, str], list[float]]  # by slice and model, over users in one order


def shop_of(name: str, content: str, data: Path, work: Path, encoder: str) -> Shop:
    """A shop with items and users held out, and a choice of content."""
    chosen: dict[str, Any] = {}
    if content != "own":
        own = SHOPS[name].get("two_tower_items", "demo_items")
        chosen = {"two_tower_items": "items_by_content", "shops_items": own}
        chosen |= {"shops_content": content, "shops_encoder": encoder if content == "pretrained_text" else ""}
    held_out = {"two_tower_cold_start_item_share": HELD_OUT, "two_tower_cold_start_user_share": HELD_OUT}
    return Shop(name, data, work, "_cold", **held_out, **chosen)


def pairs_of(connection: duckdb.DuckDBPyConnection, table: str, cutoff: int, rows: Rows) -> dict[int, list[int]]:
    """Rows of items by row of user, as a table has them at a cutoff; rows: of users, and of items, by id."""
    found: dict[int, list[int]] = {}
    query = f"select user_id, item_id from {table} where cutoff = {cutoff}"
    for user, item in connection.execute(query).fetchall():
        if user in rows[0] and item in rows[1]:
            found.setdefault(rows[0][user], []).append(rows[1][item])
    return found


def best_content(connection: duckdb.DuckDBPyConnection, items: pa.Table, rows: Rows) -> csr_matrix:
    """The content whose neighbours of the history are most of what users wanted next in the validation window."""
    had, wanted = (pairs_of(connection, table, 2, rows) for table in ("user_histories", "cutoff_targets"))
    users = [user for user in sorted(wanted) if user in had][:: max(len(wanted) // VALIDATION_USERS, 1)]
    known = np.unique([item for mine in had.values() for item in mine])
    best: tuple[float, csr_matrix] | None = None
    for by_rarity, by_length in product((True, False), (True, False)):
        content = content_of(items, by_rarity, by_length)
        found: Recalls = {}
        for user in users:
            new = np.setdiff1d(np.intersect1d(wanted[user], known), had[user])
            scores = np.full(len(rows[1]), -np.inf)
            scores[known] = content[known] @ np.asarray(content[had[user]].sum(axis=0)).ravel()
            scores[had[user]] = -np.inf
            add(found, "validation", "content_knn", scores + ties_of(len(scores)), new)
        recall = float(np.mean(found.get(("validation", "content_knn"), [0.0])))
        print(f"content KNN, by rarity {by_rarity}, by length {by_length}: {recall:.4f} on validation", flush=True)
        if best is None or recall > best[0]:
            best = recall, content
    assert best is not None
    return best[1]


def measure(connection: duckdb.DuckDBPyConnection) -> Recalls:
    """recall@10 of each user of a slice with something to find there that is new to them."""
    users = connection.execute(
        "select user_id, embedding from user_embeddings where stage = 'evaluation' order by 1"
    ).fetchnumpy()
    items = connection.execute(
        "select e.item_id, e.embedding, f.interactions = 0 as cold, f.recent_users + f.users / 1e6 as popularity "
        "from item_embeddings e join item_features f on e.item_id = f.item_id and f.cutoff = 1 "
        "where e.stage = 'evaluation' order by 1"
    ).fetchnumpy()
    inputs = connection.table("item_inputs").filter("stage = 'evaluation' and cutoff = 1").order("item_id")
    rows = tuple({id_: row for row, id_ in enumerate(ids)} for ids in (users["user_id"], items["item_id"]))
    columns = inputs.to_arrow_table()
    content = best_content(connection, columns, rows)
    had, wanted = (pairs_of(connection, table, 1, rows) for table in ("user_histories", "cutoff_targets"))
    U, V = (np.stack(list(of["embedding"])).astype(np.float64) for of in (users, items))
    cold, popularity = np.asarray(items["cold"], bool), np.asarray(items["popularity"], float)
    expected = expected_popularity(content_of(columns, by_rarity=True, by_length=True), popularity)
    ties, among = ties_of(len(cold)), np.flatnonzero(cold)
    found: Recalls = {}
    for user, targets in sorted(wanted.items()):
        mine = had.get(user, [])
        new = np.setdiff1d(targets, mine)
        scores = {"two_tower": V @ U[user] + ties, "popularity": popularity + ties}
        for name, values in scores.items():
            values[mine] = -np.inf
            add(found, "warm" if mine else "cold_user", name, values, new[~cold[new]])
            if mine:
                add(found, "cold_item_among_all", name, values, new[cold[new]])
        if mine and cold[new].any():
            alike = content[among] @ np.asarray(content[mine].sum(axis=0)).ravel()
            wanted_cold = np.searchsorted(among, new[cold[new]])
            add(found, "cold_item", "two_tower", scores["two_tower"][among], wanted_cold)
            add(found, "cold_item", "content_knn", alike + ties[among], wanted_cold)
            add(found, "cold_item", "expected_popularity", (expected + ties)[among], wanted_cold)
            found.setdefault(("cold_item", "chance"), []).append(max(K, len(wanted_cold)) / len(among))
    return found


def add(found: Recalls, part: str, model: str, scores: np.ndarray, targets: np.ndarray) -> None:
    """Add the share of the targets among the K best, or of K if there are more targets; nothing without targets."""
    if len(targets):
        best = np.argpartition(-scores, min(K, len(scores) - 1))[:K]
        found.setdefault((part, model), []).append(len(np.intersect1d(best, targets)) / min(K, len(targets)))


def with_intervals(found: Recalls) -> list[list[Any]]:
    """Rows of slice, model, users, recall, its 95 % interval, lift of the towers over the model and its interval."""
    rows: list[list[Any]] = []
    with duckdb.connect() as connection:
        register(connection)
        for (part, model), values in sorted(found.items(), reverse=True):
            towers = found[part, "two_tower"]
            ((own, lift),) = connection.execute(
                "select bootstrap_interval($1, 0), bootstrap_ratio($2, $1, 0)", [values, towers]
            ).fetchall()
            lifts = [] if model == "two_tower" else [lift["ratio"], lift["low"], lift["high"]]
            numbers = [np.mean(values), own["low"], own["high"], *lifts]
            rounded = [None if number is None else round(float(number), 4) for number in numbers]
            rows.append([part, model, len(values), *rounded, *[None] * (6 - len(rounded))])
    return rows


def main() -> None:
    """Build the shop once per content, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shop", choices=list(SHOPS))
    parser.add_argument("--data", type=Path, default=PROJECT / "shops" / "data")
    parser.add_argument("--work", type=Path, default=PROJECT / "shops" / "data")
    parser.add_argument("--contents", nargs="+", choices=CONTENTS, default=["own"])
    parser.add_argument("--encoder", default="", help="folder of a sentence encoder, for pretrained_text")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--settings", type=json.loads, default={}, help="JSON of two_tower_training, for all contents")
    parser.add_argument("--out", type=Path, default=HERE / "content")
    given = parser.parse_args()
    for content, seed in product(given.contents, given.seeds):
        started = time.perf_counter()
        shop = shop_of(given.shop, content, given.data.absolute(), given.work.absolute(), given.encoder)
        if not shop.is_there():
            sys.exit(f"{given.shop}: there is no data in {given.data}")
        shop.run_dbt(MODELS, two_tower_training={"seed": seed} | given.settings)
        with duckdb.connect(str(shop.database), read_only=True) as connection:
            found = pd.DataFrame(
                [[given.shop, content, seed, *row] for row in with_intervals(measure(connection))], columns=HEADER
            )
        print(found.to_string(), f"{time.perf_counter() - started:.0f} s", sep="\n", flush=True)
        add_to(given.out / f"{given.shop}.csv", found)
        write_report(given.out)


def add_to(path: Path, found: pd.DataFrame) -> None:
    """Write what was found into the shop's table; other contents and seeds stay, in the order of CONTENTS."""
    if path.exists():
        before = pd.read_csv(path)
        again = before["content"].isin(found["content"]) & before["seed"].isin(found["seed"])
        found = pd.concat([before[~again], found])
    found["order"] = found["content"].map(CONTENTS.index)
    found.sort_values(["order", "seed"], kind="stable").drop(columns="order").to_csv(path, index=False)


def write_report(folder: Path) -> None:
    """One row per shop and content, means over seeds: the towers' recall with its interval, and what others reach."""
    results = pd.concat([pd.read_csv(path) for path in sorted(folder.glob("*.csv"))])
    numbers = results.groupby(["shop", "content", "slice", "model"], sort=False)[["recall_at_10", "low", "high"]].mean()
    lines = ["# What content is worth", "", "Recall@10 of the towers, 95 % intervals over users; written by "]
    lines[-1] += "`benchmarks/content.py`, which says what the slices are. Beside: what others reach there."
    shown = [("warm", "popularity"), ("cold_user", "popularity")]
    shown += [("cold_item", model) for model in ("content_knn", "expected_popularity", "chance")]
    head = [
        "shop",
        "content",
        "users with a history",
        "cold users (popularity)",
        "cold items (content KNN; expected popularity; chance)",
    ]
    lines += ["", *markdown([*head, "cold items among all"], [])]
    for shop, content in dict.fromkeys(key[:2] for key in numbers.index):
        of = numbers.loc[(shop, content)]
        own = {part: "{:.4f} ({:.4f} - {:.4f})".format(*of.loc[part, "two_tower"]) for part, _ in shown}
        other = {pair: of.recall_at_10.get(pair, float("nan")) for pair in shown}
        cold = "; ".join(f"{other[pair]:.4f}" for pair in shown[2:])
        among = of.recall_at_10.get(("cold_item_among_all", "two_tower"), float("nan"))
        cells = [shop, content, own["warm"], f"{own['cold_user']} ({other[shown[1]]:.4f})"]
        cells += [f"{own['cold_item']} ({cold})", f"{among:.4f}"]
        lines.append("| " + " | ".join(cells) + " |")
    (folder / "README.md").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
