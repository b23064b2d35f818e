"""Engines: what runs the shards of a model. Each is one function of jobs and settings, and knows no SQL."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context, parent_process
from threading import Lock, Thread
from typing import Any

from .job import Done, Job, ShardError, run_shard

_starting = Lock()
_pools: dict[
    int, ProcessPoolExecutor
] = {}  # by number of workers: starting one takes seconds, and a run has many models


def in_turn(jobs: Sequence[Job], settings: dict[str, Any]) -> list[Done]:  # noqa: ARG001 (one form for all engines)
    """One shard after another in dbt's own process."""
    return [run_shard(job) for job in jobs]


def processes(jobs: Sequence[Job], settings: dict[str, Any]) -> list[Done]:
    """Processes of this machine, as many as `workers` says at a time."""
    workers = int(settings.get("workers") or os.cpu_count() or 1)
    with _starting:
        # spawned: a copy of a process with DuckDB's threads would hang
        new = ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_end_with_dbt)
        pool = _pools.setdefault(workers, new)
    try:
        return list(pool.map(run_shard, jobs))
    except BrokenProcessPool:
        _pools.pop(workers, None)
        raise ShardError(
            f"{jobs[0].name}: a process was killed, most likely for want of memory.\n"
            "Remedy: give more shards (var two_tower_shards, then dbt build), or `workers: 1` in the plugin's config."
        ) from None


def _end_with_dbt() -> None:
    """A process whose dbt was killed would wait for work for ever."""

    def wait() -> None:
        dbt = parent_process()
        if dbt:
            dbt.join()
            os._exit(1)

    Thread(target=wait, daemon=True).start()


def ray(jobs: Sequence[Job], settings: dict[str, Any]) -> list[Done]:
    """Tasks of a Ray cluster at `address`, or of this machine. What a lost worker was at is done again."""
    try:
        import ray as cluster
    except ImportError:
        raise ShardError("engine ray: it is not installed.\nRemedy: pip install 'two-tower[ray]'") from None
    address = settings.get("address") or "local"
    with _starting:
        if not cluster.is_initialized():
            host, _, port = address.removeprefix("ray://").rpartition(":")
            try:
                if port.isdigit():  # Ray itself would try for minutes
                    socket.create_connection((host, int(port)), 5).close()
                cluster.init(address=address, log_to_driver=False, configure_logging=False)
            except (OSError, ValueError, RuntimeError) as error:
                raise ShardError(
                    f"engine ray: nothing answers at address '{address}' ({str(error).splitlines()[0]}).\n"
                    "Remedy: start it with `ray start --head`, and give `address` as it says in the plugin's config."
                ) from None
    task = cluster.remote(num_cpus=int(settings.get("threads") or 1), max_retries=10)(run_shard)
    running = [task.remote(job) for job in jobs]
    try:
        done: list[Done] = cluster.get(running)
    except cluster.exceptions.RayTaskError as error:
        for each in running:
            cluster.cancel(each)
        raise ShardError(str(error.cause)) from None
    except cluster.exceptions.RayError as error:
        raise ShardError(f"{jobs[0].name}: {str(error).splitlines()[0]}") from None
    return done


ENGINES: dict[str, Callable[[Sequence[Job], dict[str, Any]], list[Done]]] = {
    "in_turn": in_turn,
    "processes": processes,
    "ray": ray,
}
