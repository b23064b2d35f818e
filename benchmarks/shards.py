"""Models by shards of users on real engines: the same tables, memory by process, and what killing does.

python benchmarks/shards.py FOLDER [--shards 4] [--users 120] [--runs processes s3 driver ray kill node] [--demo FOLDER]

Makes a planted shop in FOLDER, runs it whole, and by shards in a copy for each of the runs; with --demo the shop is
that of a folder of the project after `make demo`. TWO_TOWER_MEMORY limits DuckDB in each process. The last three need
the extra `ray`. In `s3` the files lie in an object store: moto, a server on this machine. In `driver` dbt itself gets
SIGKILL at a random moment, and is run again. In `kill` a Ray worker that is at work gets it at three moments, in `node`
one of two nodes is lost at one. By hand, since it takes minutes.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import fsspec
from places import DBT, PROJECT
from helpers.same_tables import Warehouses
from helpers.synthetic_shop import plant
from integration.test_same_by_shards import LEARNS, SETTINGS, profile_with
from two_tower.python_udfs.shards.storage import filesystem


def start(folder: Path, given: dict[str, Any], profiles: Path, *arguments: str) -> subprocess.Popen[bytes]:
    """Start dbt on a shop with these vars, in a process of its own."""
    given = given | {"two_tower_model_dir": str(folder / "artifacts")}
    command = [
        *DBT, *arguments,
        "--project-dir", str(PROJECT), "--profiles-dir", str(profiles), "--target-path", str(folder / "target"),
        "--log-path", str(folder / "logs"), "--vars", json.dumps(given),
    ]  # fmt: skip
    environment = os.environ | {"TWO_TOWER_DATABASE": str(folder / "shop.duckdb")}
    with (folder / "output").open("w") as output:  # a pipe that nobody reads would fill up, and dbt would wait
        return subprocess.Popen(command, cwd=folder, env=environment, stdout=output, stderr=subprocess.STDOUT)


def at_work() -> list[int]:
    """Processes that run a shard for Ray."""
    found = []
    for status in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if status.read_bytes().startswith(b"ray::run_shard"):
                found.append(int(status.parent.name))
        except OSError:
            continue
    return found


def peak_of(process: int) -> int:
    """Most memory that a process has held, in MB; 0 once it is gone."""
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return 0
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) // 1024 if found else 0


def moments(number: int, rng: random.Random) -> Iterator[float]:
    """Random seconds from the first shard on."""
    yield from sorted(rng.uniform(1, 25) for _ in range(number))


def watch(process: subprocess.Popen[bytes], number: int, strike: Callable[[], str], seed: int) -> int:
    """Wait for the end, and strike at random moments; the peak of dbt's own process in MB."""
    due = list(moments(number, random.Random(seed)))
    began, peak = None, 0
    while process.poll() is None:
        peak = max(peak, peak_of(process.pid))
        if began is None and at_work():
            began = time.perf_counter()
        if began and due and time.perf_counter() - began > due[0]:
            said = strike()
            if said:
                print(f"  after {due.pop(0):.1f} s: {said}", flush=True)
        time.sleep(0.02)
    return peak


def kill_a_worker() -> str:
    """Kill one that is at work, if there is one."""
    for process in at_work()[:1]:
        os.kill(process, signal.SIGKILL)
        return f"killed worker {process}"
    return ""


@contextmanager
def object_store() -> Iterator[dict[str, Any]]:
    """Settings of a store that speaks S3, on this machine, with a bucket called shop."""
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(port=0)
    server.start()
    settings = {"endpoint_url": "http://{}:{}".format(*server.get_host_and_port()), "key": "anyone", "secret": "any"}
    fsspec.filesystem("s3", **settings).mkdir("shop")
    yield {"fs": "s3", **settings}
    server.stop()


def differences(whole: Path, shop: Path, stores: list[dict[str, Any]]) -> dict[str, str]:
    """What differs from the run without shards, by table; says how much was compared."""
    both = Warehouses(whole / "shop.duckdb", shop / "shop.duckdb")
    for store in stores:
        own = filesystem("s3://", stores)
        both.connection.register_filesystem(own)
        print(f"  {len(own.glob('s3://shop/shards/**/*-of-*.parquet'))} files in {store['fs']}", flush=True)
    found = both.differences(leaving_out={"run_history", "publication"})
    print(f"  {len(both.tables('one'))} tables, differences: {found or 'none'}", flush=True)
    return found


def run(folder: Path, whole: Path, given: dict[str, Any], name: str, seed: int) -> bool:
    """Make the shop by shards in one of the ways, with the vars that are given; whether all is right."""
    if name != "s3":
        return run_with([], folder, whole, given, name, seed)
    with object_store() as store:
        return run_with([store], folder, whole, given | {"two_tower_shard_dir": "s3://shop/shards"}, name, seed)


def run_with(
    stores: list[dict[str, Any]], folder: Path, whole: Path, given: dict[str, Any], name: str, seed: int
) -> bool:
    """The same, with the object stores that are there."""
    shop = folder / name
    shutil.rmtree(shop, ignore_errors=True)
    left_out = ("target", "logs") if name == "driver" else ("target", "logs", "published*")
    shutil.copytree(whole, shop, ignore=shutil.ignore_patterns(*left_out))
    with duckdb.connect(str(shop / "shop.duckdb")) as connection:
        connection.execute("drop table run_history")
    local = name in ("processes", "driver", "s3")
    config: dict[str, Any] = {
        "engine": "processes" if local else "ray",
        "workers": 2,
        "threads": 1,
        "memory": os.environ.get("TWO_TOWER_MEMORY", "4GB"),
    }
    cluster, strike = None, (0, lambda: "")
    if not local:
        from ray.cluster_utils import Cluster

        cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
        second = cluster.add_node(num_cpus=1)
        config["address"] = cluster.address

        def lose_a_node() -> str:
            cluster.remove_node(second, allow_graceful=False)
            return "one of two nodes is lost"

        strike = {"ray": strike, "kill": (3, kill_a_worker), "node": (1, lose_a_node)}[name]
    began = time.perf_counter()
    profiles = profile_with(shop / "profile", stores, **config)
    command = ("run", "--exclude", *LEARNS)
    process = start(shop, given, profiles, *command)
    print(f"{name}, seed {seed}:", flush=True)
    if name == "driver":
        served = (shop / "published.duckdb").read_bytes()
        made = "shop.duckdb.shards/*/*/*/0-of-*"
        while not list(shop.glob(made)):
            time.sleep(0.1)
        time.sleep(random.Random(seed).uniform(1, 25))
        process.kill()
        process.wait()
        views = f"{len(list(shop.glob(made)))} models were made by shards"
        same = (shop / "published.duckdb").read_bytes() == served
        print(f"  killed dbt: {views}; the published file is {'the same' if same else 'another one'}", flush=True)
        for path in shop.glob("published*"):
            shutil.rmtree(path) if path.is_dir() else path.unlink()  # drift is told from it
        process = start(shop, given, profiles, *command)
    peak = watch(process, *strike, seed)
    tasks = [int(mb) for mb in re.findall(r"at most (\d+) MB in a process", (shop / "logs" / "dbt.log").read_text())]
    if cluster:
        cluster.shutdown()
    print(
        f"  exit {process.returncode} after {time.perf_counter() - began:.0f} s; most memory: dbt {peak} MB, ", end=""
    )
    print(f"a task's process {max(tasks, default=0)} MB", flush=True)
    if process.returncode:
        print((shop / "output").read_text()[-3000:])
        return False
    return not differences(whole, shop, stores)


def main() -> None:
    """The runs that are named, one after another."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--shards", type=int, default=4)
    parser.add_argument("--users", type=int, default=120)
    parser.add_argument("--seed", type=int, default=0, help="of the moments at which something is killed")
    parser.add_argument("--demo", type=Path, help="folder of the project after `make demo`, instead of a planted shop")
    parser.add_argument("--vars", type=json.loads, default={}, help="more vars, as JSON: those of the demo's run")
    parser.add_argument("--runs", nargs="*", default=["processes", "s3", "driver", "ray", "kill", "node"])
    given = parser.parse_args()
    folder = given.folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    whole = folder / "whole"
    variables: dict[str, Any] = {"two_tower_data_dir": str(folder / "data"), **SETTINGS}
    if given.demo:
        variables = {"two_tower_data_dir": str(given.demo.absolute() / "data" / "complete_journey")}
        os.chdir(given.demo)  # views of its warehouse name files from there
    if given.demo and not whole.exists():
        shutil.copytree(given.demo / "artifacts", whole / "artifacts")
        shutil.copy(given.demo / "published.duckdb", whole)
        shutil.copy(given.demo / "two_tower.duckdb", whole / "shop.duckdb")
    elif not whole.exists():
        plant(folder / "data", users=given.users, items=60, days=200)
        whole.mkdir()
        began = time.perf_counter()
        process = start(whole, variables, PROJECT, "run")
        peak = watch(process, 0, lambda: "", 0)
        print(f"whole: exit {process.returncode} after {time.perf_counter() - began:.0f} s; dbt {peak} MB", flush=True)
    variables |= {"two_tower_shards": given.shards, **given.vars}
    right = [run(folder, whole, variables, name, given.seed) for name in given.runs]
    sys.exit(0 if all(right) else 1)


if __name__ == "__main__":
    main()
