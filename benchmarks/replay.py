"""Replays shops week by week, and counts the weeks of normal life in which a drift check would have stopped or warned.

python benchmarks/replay.py --data FOLDER [--shops complete_journey steam_au_reviews] [--weeks 60] [--out DIR]

Each week's run sees what the shop knew then: the events so far, and the users and items that had one. Its measures and
samples become the published set with which the next week is compared, as those of a publication do. Only what the
drift checks read is built. Shops need real times: complete_journey, ml_100k, steam_au_reviews, movielens_latest. FOLDER
holds a folder of parquet files per shop, as for shops/run.py. Of a longer shop the last `--weeks` weeks are replayed.
"""

from __future__ import annotations

import argparse
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pandas as pd
import yaml
from places import PROJECT
from helpers.dbt_runner import invoke
from public_shop import Shop

SHOPS = ("complete_journey", "ml_100k", "steam_au_reviews", "movielens_latest")
INPUTS = ("interactions", "users", "items")
READ = ("stg_interactions", "stg_users", "stg_items", "stg_reviews", "run_measures", "feature_samples", "drift_checks")
EMPTY = {  # what run_measures reads of lists, which are not made here
    "user_embeddings": "select '' as stage, '' as source",
    "recommendations": "select '' as user_id, 1 as rank, '' as item_id, 0.5::double as score",
    "item_categories": "select '' as item_id",
}
SCHEMA = "main_two_tower"
SEEN = "select distinct {key} from raw.interactions where event_at <= ?"


class Replay:
    """A project over tables that hold what a shop knew at a moment."""

    def __init__(self, shop: Shop, folder: Path):
        self.folder, self.database = folder, folder / "replay.duckdb"
        (folder / "models").mkdir(parents=True)
        variables = {key: value for key, value in shop.vars.items() if key.startswith("two_tower_")}
        tables = {name: variables.get(f"two_tower_{name}", f"demo_{name}") for name in INPUTS}
        demo = {} if shop.name != "complete_journey" else {"models": {"two_tower": {"demo": {"+enabled": False}}}}
        package = {
            "name": "replay", "version": "1.0.0", "profile": "replay",
            "flags": {"send_anonymous_usage_stats": False, "require_ref_searches_node_package_before_root": True},
            "models": {"two_tower": {"+schema": "two_tower"}} | demo,
            "vars": {
                "two_tower_split": "random", "two_tower_stages": ["production"], "two_tower_category": "",
                "two_tower_kind": "", "two_tower_segment": "", "two_tower_item_label": "",
                "two_tower_published_file": "published.duckdb",
            } | {f"two_tower_{name}": f"seen_{name}" for name in INPUTS},
        }  # fmt: skip
        output = {
            "type": "duckdb", "path": str(self.database), "threads": 2,
            "plugins": [{"module": "two_tower.python_udfs.plugin"}],
        }  # fmt: skip
        files = {
            "dbt_project.yml": package,
            "profiles.yml": {"replay": {"target": "dev", "outputs": {"dev": output}}},
            "packages.yml": {"packages": [{"local": str(PROJECT)}]},
        }
        for name, content in files.items():
            (folder / name).write_text(yaml.safe_dump(content))
        for name in INPUTS:
            (folder / "models" / f"seen_{name}.sql").write_text(f"select * from raw.seen_{name}")
        with duckdb.connect(str(shop.database)) as connection:
            connection.execute(f"attach '{self.database}' as replay; create schema replay.raw")
            connection.execute(f"create schema replay.{SCHEMA}")
            for name, table in tables.items():
                connection.execute(f"create table replay.raw.{name} as from {table}")
            for name, query in EMPTY.items():
                connection.execute(f"create table replay.{SCHEMA}.{name} as {query} limit 0")
        invoke(folder, "deps").must_pass()

    def span(self) -> tuple[datetime, datetime]:
        """The shop's first and last event."""
        with duckdb.connect(str(self.database), read_only=True) as connection:
            found = connection.execute(
                "select min(event_at)::timestamp, max(event_at)::timestamp from raw.interactions"
            )
            first, last = found.fetchall()[0]
            return first, last

    def run(self, moment: datetime) -> list[str]:
        """The failed drift checks of a run at a moment, whose measures are published whatever they are."""
        with duckdb.connect(str(self.database)) as connection:
            connection.execute(
                "create or replace table raw.seen_interactions as from raw.interactions where event_at <= ?", [moment]
            )
            for name in ("user", "item"):
                connection.execute(
                    f"create or replace table raw.seen_{name}s as from raw.{name}s "
                    f"where {name}_id in ({SEEN.format(key=name + '_id')})",
                    [moment],
                )
        invoke(self.folder, "run", "--select", "package:replay", *READ).must_pass()
        with duckdb.connect(str(self.database)) as connection:
            failed = connection.execute(f"select message from {SCHEMA}.drift_checks where is_failed").fetchall()
            (self.folder / "published.duckdb").unlink(missing_ok=True)
            connection.execute(f"attach '{self.folder / 'published.duckdb'}' as published")
            connection.execute(f"create schema published.{SCHEMA}")
            for name in ("run_measures", "feature_samples"):
                connection.execute(f"create table published.{SCHEMA}.{name} as from {SCHEMA}.{name}")
            connection.execute(f"create table published.{SCHEMA}.published_set as select 1 as set_id")
        return [message for (message,) in failed]


def weeks_of(first: datetime, last: datetime, most: int) -> list[datetime]:
    """Ends of the weeks of a shop, a month after its first event at the earliest."""
    ends = []
    while last >= first + timedelta(days=28) and len(ends) <= most:
        ends.append(last)
        last -= timedelta(days=7)
    return ends[::-1]


def main() -> None:
    """Replay the shops, and write what each week's checks said."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=PROJECT / "shops" / "data")
    parser.add_argument("--work", type=Path, default=PROJECT / "shops" / "data")
    parser.add_argument("--shops", nargs="+", choices=SHOPS, default=list(SHOPS))
    parser.add_argument("--weeks", type=int, default=60)
    parser.add_argument("--out", type=Path, default=PROJECT / "benchmarks" / "results")
    given = parser.parse_args()
    rows = []
    for name in given.shops:
        shop = Shop(name, given.data.absolute(), given.work.absolute(), suffix="_replay")
        if not shop.is_there():
            print(f"{name}: left out, its tables are not there")
            continue
        shop.run_dbt([str(shop.vars.get(f"two_tower_{of}", f"demo_{of}")) for of in INPUTS])
        with TemporaryDirectory() as made:
            replay = Replay(shop, Path(made) / "replay")
            first, *others = weeks_of(*replay.span(), given.weeks)
            replay.run(first)
            for moment in others:
                said = replay.run(moment)
                rows.append({"shop": name, "week_until": f"{moment:%Y-%m-%d}", "failed": " ".join(said)})
                if said:
                    print(f"{name}, week until {moment:%Y-%m-%d}: {said}", flush=True)
        alarms = [bool(row["failed"]) for row in rows if row["shop"] == name]
        print(f"{name}: {len(alarms)} weeks, {sum(alarms)} with an alarm", flush=True)
        pd.DataFrame(rows).to_csv(given.out / "replay.csv", index=False)


if __name__ == "__main__":
    main()
