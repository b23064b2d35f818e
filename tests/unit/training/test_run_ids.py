"""What a run is known by."""

from __future__ import annotations

from pathlib import Path

import duckdb
from two_tower.training import run_ids
from two_tower.training.config import TrainingConfig
from two_tower.training.run_ids import run_id_of


def test_what_no_fit_reads_is_there() -> None:
    """A name that is left after a move would make each edit of what it stood for train anew."""
    folder = Path(run_ids.__file__).parent
    assert {name for name in run_ids.NOT_FITTING if not (folder / name).exists()} == set()


def test_rows_settings_and_the_search_make_the_run_id_but_no_order_of_rows() -> None:
    with duckdb.connect() as connection:
        rows, others = "select n from range(9) t(n)", "select n + (n = 3)::int as n from range(9) t(n)"
        given = {query: {"inputs": connection.sql(query)} for query in (rows, f"{rows} order by n desc", others)}
        first, reordered, changed = (run_id_of(relations, TrainingConfig()) for relations in given.values())
        assert first == reordered
        found = [first, changed, run_id_of(given[rows], TrainingConfig(epochs=1))]
        found += [
            run_id_of(given[rows], TrainingConfig(), "searched"),
            run_id_of({"other": given[rows]["inputs"]}, TrainingConfig()),
        ]
    assert len({*found}) == len(found)
