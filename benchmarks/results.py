"""What every benchmark shares: paired runs, and tables under benchmarks/results that name the machine."""

from __future__ import annotations

import os
import platform
import statistics
import time
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"
PACKAGES = ("duckdb", "numpy", "onnxruntime", "torch", "faiss-cpu", "dbt-core")


def measured(run: Callable[[], object]) -> tuple[float, float]:
    """Seconds by the clock and of all CPUs."""
    clock, cpu = time.perf_counter(), time.process_time()
    run()
    return time.perf_counter() - clock, time.process_time() - cpu


def paired(ours: Callable[[], object], theirs: Callable[[], object], runs: int) -> dict[str, float]:
    """Both in turn, so that a busy machine slows both: medians of the seconds, and of the pairs' ratios."""
    pairs = [(measured(theirs), measured(ours)) for _ in range(runs)]
    return {
        "seconds": statistics.median(own[0] for _, own in pairs),
        "peer_seconds": statistics.median(peer[0] for peer, _ in pairs),
        "ratio": statistics.median(own[0] / peer[0] for peer, own in pairs),
        "ratio_of_cpu": statistics.median(own[1] / peer[1] for peer, own in pairs),
    }


def machine() -> str:
    """One line that names machine and versions."""
    cpu = Path("/proc/cpuinfo")
    lines = cpu.read_text().splitlines() if cpu.exists() else []
    model = next(
        (line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine()
    )
    packages = []
    for name in PACKAGES:
        try:
            packages.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    load = f"load {os.getloadavg()[0]:.1f} when written"
    return f"{model}, {os.cpu_count()} cores ({load}), Python {platform.python_version()}, {', '.join(packages)}"


def write_table(name: str, title: str, rows: Sequence[dict[str, Any]], *words: str, folder: Path = RESULTS) -> None:
    """Write results/<name>.md and print it: a title, the machine, one row per measurement, words after it."""
    columns = list(rows[0])
    shown = [[f"{value:.3g}" if isinstance(value, float) else str(value) for value in row.values()] for row in rows]
    lines = [columns, ["---"] * len(columns), *shown]
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    text = "\n\n".join([f"# {title}", machine(), table, *words]) + "\n"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.md").write_text(text)
    print(text)
