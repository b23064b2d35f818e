from __future__ import annotations

import subprocess
import sys
from pathlib import Path

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


def test_top_k_finds_what_faiss_finds_and_prints_the_ratio() -> None:
    sizes = ["--users", "70", "--items", "50", "--dim", "8", "--exclusions", "3", "--runs", "1", "--max-by-users", "10"]
    command = [sys.executable, str(BENCHMARKS / "top_k.py"), *sizes]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("ratio") == 2, done.stdout  # of the clock and of the CPUs
