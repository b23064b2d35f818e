from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


def run(script: str, *arguments: object) -> str:
    command = [sys.executable, str(BENCHMARKS / script), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_top_k_finds_what_faiss_finds_and_writes_the_ratio(tmp_path: Path) -> None:
    pytest.importorskip("faiss", reason="the peer is in the environment of `make bench` alone")
    run("top_k.py", "--cases", "70,50,8,3,1", "--out", tmp_path)
    assert "| 70 | 50 | 8 | 3 | 1 |" in (tmp_path / "top_k.md").read_text()


def test_synthetic_shop_is_the_same_again_and_has_what_it_promises(tmp_path: Path) -> None:
    for place in ("once", "again"):
        run("scale/make_shop.py", "S", tmp_path / place)
    once, again = (pq.read_table(tmp_path / place / "events.parquet") for place in ("once", "again"))
    assert once.equals(again)
    assert abs(len(once) - 100_000) < 5_000
    events = once.to_pandas()
    counts = events.item_id.value_counts()
    assert 0.1 < counts.head(len(counts) // 100).sum() / len(events) < 0.6  # a hundredth of the items
    had = events.duplicated(["user_id", "item_id"]).mean()
    assert 0.2 < had < 0.4
