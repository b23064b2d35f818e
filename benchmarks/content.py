"""What texts are worth to the towers: recall@10 with ids only, with categories, with hashed and with pretrained text.

python benchmarks/content.py DATA --text tags [--categories author,publisher] [--encoder FOLDER] [--out table.csv]

DATA: a folder with interactions.parquet (user_id, item_id) and items.parquet (item_id and columns of text). A tenth of
the items and a twentieth of the users are held out whole: all of theirs lies in the test window. Of the rest a fifth
does, by chance; earlier windows are training. Cold items are ranked among themselves, the rest in the whole catalogue.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import yaml
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner
from two_tower.python_udfs.plugin import register

REPOSITORY = Path(__file__).resolve().parents[1]
K = 10
INTERACTIONS = """
    select user_id, item_id, timestamp '2026-01-01' + interval (
        case
            when hash(item_id, 'cold') % 10 = 0 or hash(user_id, 'cold') % 20 = 0 or chance % 5 = 0
                then 112 + chance % 27
            else chance % 112
        end
    ) day as event_at
    from (select distinct user_id, item_id, hash(user_id, item_id) // 1000 as chance from '{data}/interactions.parquet')
"""


def write_project(folder: Path, data: Path, texts: list[str], categories: list[str], encoder: str | None) -> list[str]:
    """A project whose var two_tower_items chooses the content; returns the choices."""
    plugins = [{"module": "two_tower.python_udfs.plugin"}]
    output = {"type": "duckdb", "path": "content.duckdb", "threads": 2, "plugins": plugins}
    variables = {
        "two_tower_interactions": "interactions", "two_tower_users": "people", "two_tower_policy": "new",
        "two_tower_training_snapshots": 3,
    }  # fmt: skip
    (folder / "models").mkdir()
    text = f"concat_ws(' ', {', '.join(texts)})"
    choices = {"ids_only": [], "categories": categories, "hashed_text": [*categories, f"{text} as words"]}
    models = {"interactions": INTERACTIONS.format(data=data)}
    models["people"] = "select distinct user_id from {{ ref('interactions') }}"
    if encoder:
        choices["pretrained_text"] = [*choices["hashed_text"], "vectors.embedding as vector"]
        config = f"{{{{ config(materialized='embeddings', encoder='{encoder}') }}}}"
        models["vectors"] = f"{config} select item_id, {text} as content from '{data}/items.parquet'"
    if not categories:
        del choices["categories"]
    for name, columns in choices.items():
        join = "left join {{ ref('vectors') }} as vectors using (item_id)" if name == "pretrained_text" else ""
        models[name] = f"select {', '.join(['item_id', *columns])} from '{data}/items.parquet' {join}"
    for name, sql in models.items():
        (folder / "models" / f"{name}.sql").write_text(sql)
    words = [{"name": "words", "config": {"meta": {"two_tower_encoding": "text"}}}]
    described = [{"name": name, "columns": words} for name in choices if name.endswith("_text")]
    files: dict[str, Any] = {
        "models/content.yml": {"models": described},
        "dbt_project.yml": {"name": "content", "profile": "content", "vars": variables},
        "packages.yml": {"packages": [{"local": str(REPOSITORY)}]},
        "profiles.yml": {"content": {"target": "dev", "outputs": {"dev": output}}},
    }
    for name, content in files.items():
        (folder / name).write_text(yaml.safe_dump(content))
    return list(choices)


def dbt(*command: str) -> None:
    """Run dbt in the current folder; stops at a failure."""
    done = dbtRunner().invoke([*command, "--quiet", "--no-send-anonymous-usage-stats"])
    DuckDBConnectionManager.close_all_connections()
    if not done.success:
        sys.exit(1)


def recalls(connection: duckdb.DuckDBPyConnection) -> dict[str, list[float]]:
    """recall@10 of each user by slice: all, cold_user, cold_item; beside it that of cold items in a random order."""
    users = connection.execute(
        "select user_id, embedding from user_embeddings where horizon = 'evaluation' and policy = 'new' order by 1"
    ).fetchnumpy()
    items = connection.execute(
        "select e.item_id, e.embedding, f.interactions = 0 as cold from item_embeddings e "
        "join item_features f on e.item_id = f.item_id and f.snapshot = 1 where e.horizon = 'evaluation' order by 1"
    ).fetchnumpy()
    user_row = {user: row for row, user in enumerate(users["user_id"])}
    item_row = {item: row for row, item in enumerate(items["item_id"])}
    U, V = np.stack(list(users["embedding"])), np.stack(list(items["embedding"]))
    had: dict[int, list[int]] = {}
    wanted: dict[int, list[int]] = {}
    for relation, into in (("user_histories", had), ("snapshot_targets", wanted)):
        for user, item in connection.execute(f"select user_id, item_id from {relation} where snapshot = 1").fetchall():
            into.setdefault(user_row[user], []).append(item_row[item])
    cold = np.asarray(items["cold"], bool)
    found: dict[str, list[float]] = {"all": [], "cold_user": [], "cold_item": [], "cold_item_by_chance": []}
    for user, targets in sorted(wanted.items()):
        scores = V @ U[user]
        scores[had.get(user, [])] = -np.inf
        hits = recall(scores, targets)
        found["all"].append(hits)
        if user not in had:
            found["cold_user"].append(hits)
        if cold[targets].any():
            found["cold_item"].append(recall(np.where(cold, scores, -np.inf), [t for t in targets if cold[t]]))
            found["cold_item_by_chance"].append(max(K, cold[targets].sum()) / cold.sum())
    return found


def recall(scores: np.ndarray, targets: list[int]) -> float:
    """Share of the targets among the K best, or of K if there are more targets."""
    best = np.argpartition(-scores, K)[:K]
    return len(set(best.tolist()) & set(targets)) / min(K, len(targets))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--text", default="title")
    parser.add_argument("--categories", default="")
    parser.add_argument("--encoder", type=Path)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    encoder = str(given.encoder.absolute()) if given.encoder else None
    out = given.out.absolute() if given.out else None
    rows = []
    with tempfile.TemporaryDirectory() as place:
        categories = [name for name in given.categories.split(",") if name]
        choices = write_project(Path(place), given.data.absolute(), given.text.split(","), categories, encoder)
        with contextlib.chdir(place):
            dbt("deps")
            for content in choices:
                started = time.perf_counter()
                dbt("run", "--select", "+item_embeddings", "+user_embeddings", "--vars", f"two_tower_items: {content}")
                with duckdb.connect("content.duckdb", read_only=True) as connection:
                    found = recalls(connection)
                with duckdb.connect() as connection:
                    register(connection)
                    for name, values in found.items():
                        ((interval,),) = connection.execute("select bootstrap_interval(?, 0)", [values]).fetchall()
                        numbers = np.round([np.mean(values), interval["low"], interval["high"]], 4)
                        rows.append([given.data.name, content, name, len(values), *numbers.tolist()])
                        print(*rows[-1], f"{time.perf_counter() - started:.0f} s", flush=True)
    if out:
        with out.open("w", newline="") as file:
            csv.writer(file).writerows([["data", "content", "slice", "users", "recall_at_10", "low", "high"], *rows])
