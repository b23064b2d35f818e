"""What a night's refresh costs after one more day of events, beside a full run without training.

python benchmarks/refresh.py [DATABASE]

DATABASE: after `make demo`, of which a copy is used. The copy is refreshed without the last day of the transactions,
then with it; then everything but the towers is made afresh, as on the days on which they are trained, and both must
have published the same. Seconds by the clock, dbt's start included. Writes results/refresh.md.
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
RUNS = {"refresh": ["--exclude", "tag:train"], "full run without training": ["--exclude", "training_runs"]}
PUBLISHED = ("user_embeddings", "item_embeddings", "recommendations", "recommendations_by_category", "similar_items")
DBT = [sys.executable, "-c", "from dbt.cli.main import cli; cli()"]


def run(work: Path, database: Path, name: str) -> float:
    """Seconds of one run. Exits with the place of the log where it fails."""
    given = json.dumps({"two_tower_data_dir": str(work / "data")})
    command = [*DBT, "run", *RUNS[name], "--vars", given, "--target-path", str(work / "target")]
    started = time.perf_counter()
    with (work.parent / "refresh.log").open("a") as log:
        environment = os.environ | {"TWO_TOWER_DATABASE": str(database)}
        done = subprocess.run(command, cwd=PROJECT, env=environment, stdout=log, stderr=subprocess.STDOUT, check=False)
    if done.returncode:
        raise SystemExit(f"{name} failed: {(work.parent / 'refresh.log').read_text()[-2000:]}")
    return time.perf_counter() - started


def published(database: Path) -> list[str]:
    """One hash for each table that others read."""
    with duckdb.connect(str(database), read_only=True) as connection:
        asked = "select cast(sum(hash(rows)) as varchar) from {} as rows"
        return [connection.execute(asked.format(table)).fetchall()[0][0] for table in PUBLISHED]


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
        events = transactions(source, target, 0) - before
        rows, found = [], []
        for name in RUNS:
            seconds = run(work, database, name)
            found.append(published(database))
            ratio = seconds / rows[0]["seconds"] if rows else 1.0
            rows.append({"run": name, "new events": events, "seconds": seconds, "over the refresh": ratio})
    if found[0] != found[1]:
        raise SystemExit(f"refresh and full run have published different tables of {', '.join(PUBLISHED)}")
    write_table("refresh", "A night's refresh, after one more day", rows, "Both published the same.", folder=given.out)


if __name__ == "__main__":
    main()
