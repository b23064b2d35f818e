"""Kills a small shop's runs at random moments, and looks after each at what readers see.

python benchmarks/crashes.py [--kills 100] [--seed 0] [--folder DIR]

Each run follows a change of the inputs: a refresh, or one time in four a run with training. It is killed with all of
its processes (SIGKILL). Then the published file must hold one set: lists, embeddings and registries of one run, files
of that run with the checksums of the registries, and table macros that agree with the tables. The next run must
succeed by itself and publish a newer set, and at the end `prune` must leave nothing of the killed ones. Prints the
seed, what each kill hit, and the counts.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
from places import DBT
from helpers.package_project import PackageProject, make_package_project

REFRESH = ["run", "--exclude", "tag:train"]
TRAINING = ["run", "--exclude", "tag:evaluate"]
SCHEMA = "main__recommender"
SET = "from {s}.published_set"
CHECKS = {  # what must give no row
    "lists of one run": f"select run_id from {{s}}.recommendations except select ranker_run_id {SET}",
    "registry of the lists": f"select ranker_run_id {SET} except select run_id from {{s}}.ranker_registry",
    "embeddings of one run": f"select run_id from {{s}}.user_embeddings except select towers_run_id {SET}",
    "items of one run": f"select run_id from {{s}}.item_embeddings except select towers_run_id {SET}",
    "registry of the towers": f"select towers_run_id {SET} except select run_id from {{s}}.model_registry",
    "categories and lists": f"select run_id from {{s}}.recommendations_by_category except select ranker_run_id {SET}",
    "nothing excluded": "from {s}.recommendations semi join {s}.excluded_items using (user_id, item_id)",
    "scores of the ranker": (
        "from {s}.recommendations as r inner join {s}.ranked_candidates as c using (user_id, item_id) "
        "where r.score != c.score"
    ),
    "rows as written": (
        "select published_rows from {s}.published_tables where table_name = 'recommendations' "
        "except select count(*) from {s}.recommendations"
    ),
}


@dataclass
class Kill:
    """One killed run: the command, the second, what dbt had last said, and what was wrong afterwards."""

    command: str
    second: float
    last: str
    problems: list[str]


def killed(shop: PackageProject, command: list[str], second: float) -> tuple[bool, str]:
    """Run dbt and kill it with all of its processes after so many seconds; was it at work, and its last words."""
    path = shop.folder / "killed.log"
    with path.open("w") as log:
        run = subprocess.Popen([*DBT, *command], cwd=shop.folder, stdout=log, stderr=log, start_new_session=True)
        try:
            run.wait(second)
            was_running = False
        except subprocess.TimeoutExpired:
            was_running = True
            os.killpg(run.pid, signal.SIGKILL)
            run.wait()
    lines = path.read_text().splitlines()
    return was_running, lines[-1] if lines else ""


def problems_of(shop: PackageProject) -> list[str]:
    """What is wrong with the published file; nothing where it is one whole set."""
    try:
        with duckdb.connect(str(shop.published), read_only=True) as reader:
            found = [name for name, sql in CHECKS.items() if reader.execute(sql.format(s=SCHEMA)).fetchall()]
            users = reader.execute(
                f"select distinct user_id from {SCHEMA}.recommendations order by all limit 5"
            ).fetchall()
            for (user,) in users:
                asked = f"select rank, item_id, score from {SCHEMA}.recommend_for('{user}') except all "
                if reader.execute(
                    asked + f"select rank, item_id, score from {SCHEMA}.recommendations where user_id = '{user}'"
                ).fetchall():
                    found.append(f"recommend_for({user})")
            return found + lost_files(shop, reader)
    except (duckdb.Error, OSError) as error:
        return [f"not readable: {str(error).splitlines()[0]}"]


def lost_files(shop: PackageProject, reader: duckdb.DuckDBPyConnection) -> list[str]:
    """Files of the registries that are not there as they say."""
    columns = [("model_registry", "user_model"), ("model_registry", "item_model"), ("ranker_registry", "ranker_model")]
    found = []
    for table, column in columns:
        for path, digest in reader.execute(f"select {column}, {column}_sha256 from {SCHEMA}.{table}").fetchall():
            if hashlib.sha256((shop.folder / "artifacts" / path).read_bytes()).hexdigest() != digest:
                found.append(path)
    return found


def change_inputs(shop: PackageProject, chance: random.Random) -> None:
    """Orders of another customer and moment, so that every run has other lists to publish."""
    shift = chance.randint(1, 600)
    shop.change(
        f'insert into raw.orders select * replace ("order" + interval {shift} minute as "order") '
        f"from raw.orders using sample 20 rows (reservoir, {chance.randint(0, 10**6)})"
    )


def served(shop: PackageProject) -> int:
    """Number of the published set."""
    return int(shop.published_rows(f"select set_id from {SCHEMA}.published_set")[0][0])


def main() -> None:
    """Kill, look, go on; exits with 1 where anything was wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folder", type=Path, help="a shop that an earlier call has built here is used again")
    given = parser.parse_args()
    with TemporaryDirectory() as made:
        folder = given.folder or Path(made) / "shop"
        sys.exit(1 if test(folder, given.kills, random.Random(given.seed), given.seed) else 0)


def test(folder: Path, kills: int, chance: random.Random, seed: int) -> int:
    """Kills whose readers or next run found something wrong."""
    shop = PackageProject(folder) if (folder / "published.duckdb").exists() else make_package_project(folder)
    shop.dbt_command("run").must_pass()
    started = time.perf_counter()
    shop.dbt_command(*REFRESH).must_pass()
    usual = time.perf_counter() - started
    print(f"seed {seed}; a refresh takes {usual:.0f} s", flush=True)
    done: list[Kill] = []
    while len(done) < kills:
        change_inputs(shop, chance)
        command = TRAINING if chance.random() < 0.25 else REFRESH
        second = chance.uniform(0.2, 2.5 if command is TRAINING else 1.0) * usual
        was_running, last = killed(shop, command, second)
        if was_running:
            kill = Kill(" ".join(command), second, last, problems_of(shop))
            kill.problems += next_run(shop)
            done.append(kill)
            print(
                f"{len(done)}: {kill.command} at {second:.1f} s, '{last[:70]}': {kill.problems or 'well'}", flush=True
            )
    left = leftovers(shop)
    wrong = sum(bool(kill.problems) for kill in done) + bool(left)
    print(f"{len(done)} kills, {wrong} with something wrong; leftovers after prune: {left or 'none'}")
    return wrong


def next_run(shop: PackageProject) -> list[str]:
    """What was wrong with the run after a kill."""
    before = served(shop)
    outcome = shop.dbt_command(*REFRESH)
    if not outcome.passed:
        return [f"next run failed: {outcome.output[-500:]}"]
    return problems_of(shop) + ([] if served(shop) > before else ["nothing newer was published"])


def leftovers(shop: PackageProject) -> list[str]:
    """What `prune` leaves of killed runs."""
    shop.dbt_command("run-operation", "two_tower.prune", "--args", "{keep: 2}").must_pass()
    hidden = [*(shop.folder / "artifacts").glob(".*"), *shop.folder.glob("published.duckdb*.tmp*")]
    return [path.name for path in hidden]


if __name__ == "__main__":
    main()
