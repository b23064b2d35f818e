"""What a night's refresh costs after one more day of events, beside a full run without training.

python benchmarks/refresh.py [DATABASE]

DATABASE: after `make demo`, of which a copy is used. The copy is refreshed without the last day of the transactions,
then with it; then everything but the towers is made afresh, as on the days on which they are trained, and both must
have published the same. Seconds of processor time and by the clock, dbt's start included. Says also how many lists
changed of users who did nothing on that day: those could not have been kept. Writes results/refresh.md.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
from results import RESULTS, write_table

PROJECT = Path(__file__).resolve().parent.parent
# stay as they are, so that both runs publish the same
LEARNS = ("feature_vocabulary", "training_runs", "item_weights", "ranker_runs")
RUNS = {"refresh": ["--exclude", "tag:train"], "full run without training": ["--exclude", *LEARNS]}
PUBLISHED = ("user_embeddings", "item_embeddings", "recommendations", "recommendations_by_category", "similar_items")
DBT = [sys.executable, "-c", "from dbt.cli.main import cli; cli()"]


def run(work: Path, database: Path, name: str) -> tuple[float, float]:
    """Seconds of one run, of processor time and by the clock. Exits with the place of the log where it fails."""
    given = json.dumps({"two_tower_data_dir": str(work / "data")})
    command = [*DBT, "run", *RUNS[name], "--vars", given, "--target-path", str(work / "target")]
    started, spent = time.perf_counter(), os.times()
    with (work.parent / "refresh.log").open("a") as log:
        environment = os.environ | {"TWO_TOWER_DATABASE": str(database)}
        done = subprocess.run(command, cwd=PROJECT, env=environment, stdout=log, stderr=subprocess.STDOUT, check=False)
    if done.returncode:
        raise SystemExit(f"{name} failed: {(work.parent / 'refresh.log').read_text()[-2000:]}")
    now = os.times()
    used = now.children_user + now.children_system - spent.children_user - spent.children_system
    return used, time.perf_counter() - started


def lists(database: Path) -> dict[str, list[str]]:
    """The items of each user's list, best first."""
    with duckdb.connect(str(database), read_only=True) as connection:
        asked = "select user_id, list(item_id order by rank) from recommendations group by user_id"
        return dict(connection.execute(asked).fetchall())


def active_users(transactions: Path) -> set[str]:
    """Users of the last day."""
    with duckdb.connect() as connection:
        asked = f"""
            select distinct cast(household_id as varchar) from '{transactions}'
            where transaction_timestamp >= (select max(transaction_timestamp)::date from '{transactions}')
        """
        return {user for (user,) in connection.execute(asked).fetchall()}


def changed_lists(before: dict[str, list[str]], after: dict[str, list[str]], active: set[str]) -> str:
    """How many of the users without a new event have another list than before, and other items in it."""
    idle = [user for user in after if user in before and user not in active]
    order = sum(before[user] != after[user] for user in idle) / max(len(idle), 1)
    items = sum(set(before[user]) != set(after[user]) for user in idle) / max(len(idle), 1)
    return f"Of {len(idle)} users without a new event {order:.0%} got another list, {items:.0%} other items in it."


def published(database: Path) -> dict[str, str]:
    """One hash for each table that others read. A refresh leaves out the embeddings that only rankers learn from."""
    with duckdb.connect(str(database), read_only=True) as connection:
        served = dict.fromkeys(("user_embeddings", "item_embeddings"), "where stage = 'production'")
        asked = "select cast(sum(hash(rows)) as varchar) from (from {} {}) as rows"
        return {
            table: connection.execute(asked.format(table, served.get(table, ""))).fetchall()[0][0]
            for table in PUBLISHED
        }


def transactions(source: Path, target: Path, days_less: int) -> int:
    """Write the transactions but those of the last days; how many they are."""
    with duckdb.connect() as connection:
        at = "cast(transaction_timestamp as date)"
        kept = f"select * from '{source}' where {at} <= (select max({at}) from '{source}') - {days_less}"
        connection.execute(f"copy ({kept}) to '{target}' (format parquet)")
        return int(connection.execute(f"select count(*) from '{target}'").fetchall()[0][0])


def main() -> None:
    """Print and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("database", type=Path, nargs="?", default=PROJECT / "two_tower.duckdb")
    parser.add_argument("--data", type=Path, default=PROJECT / "data" / "complete_journey")
    parser.add_argument("--out", type=Path, default=RESULTS)
    given = parser.parse_args()
    with TemporaryDirectory() as folder:
        work = Path(folder) / "work"
        shutil.copytree(given.data, work / "data")
        database = Path(shutil.copy(given.database, work))
        source, target = given.data / "transactions.parquet", work / "data" / "transactions.parquet"
        before = transactions(source, target, 1)
        run(work, database, "refresh")
        old = lists(database)
        events = transactions(source, target, 0) - before
        rows, found = [], []
        for name in RUNS:
            used, seconds = run(work, database, name)
            found.append(published(database))
            new = lists(database)
            ratio = used / rows[0]["processor seconds"] if rows else 1.0
            row = {"run": name, "new events": events, "processor seconds": used, "seconds": seconds}
            rows.append(row | {"over the refresh": ratio})
    different = [table for table in PUBLISHED if found[0][table] != found[1][table]]
    if different:
        raise SystemExit(f"refresh and full run have published different tables: {', '.join(different)}")
    told = f"Both published the same. {changed_lists(old, new, active_users(source))}"
    write_table("refresh", "A night's refresh, after one more day", rows, told, folder=given.out)


if __name__ == "__main__":
    main()
