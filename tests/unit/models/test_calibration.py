"""The gate about the ranker's chances: what it said against what happened."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from helpers.evaluation_sql import Evaluation

SELECT = ("evaluated_candidates", "cutoff_targets", "ranker_calibration", "chances_are_what_happens")
CASES = {  # pairs of which the ranker said 50 %, how many were taken, what dbt counts
    "as said, but for a fifth": (1000, 400, "PASS=4 WARN=0 ERROR=0"),
    "too few were taken": (1000, 399, "PASS=3 WARN=0 ERROR=1"),
    "too many were taken": (1000, 601, "PASS=3 WARN=0 ERROR=1"),
    "of few pairs it warns": (999, 0, "PASS=3 WARN=1 ERROR=0"),
    "of very few chance may be the reason": (20, 7, "PASS=4 WARN=0 ERROR=0"),
}


@pytest.mark.parametrize("case", CASES)
def test_chances_are_held_against_what_happened(tmp_path: Path, case: str) -> None:
    pairs, taken, counted = CASES[case]
    candidates = pd.DataFrame({"user_id": [f"u{n}" for n in range(pairs)], "item_id": "i", "chance": 0.5})
    tables = {
        "evaluated_candidates": candidates,
        "cutoff_targets": candidates.head(taken)[["user_id", "item_id"]].assign(cutoff=1, is_repeat=False),
    }
    evaluation = Evaluation.of(tmp_path / "shop", tables)
    done = evaluation.dbt("build", "--select", *SELECT, "--exclude", "test_type:generic", "test_type:unit")
    assert counted in done.output, done.output
