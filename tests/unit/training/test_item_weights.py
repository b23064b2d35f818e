"""What one item says for another: EASE by hand, what is kept of it, and shops with next to nothing."""

from __future__ import annotations

import duckdb
import numpy as np
import pytest
from two_tower.training.factorization import item_weights as module
from two_tower.training.factorization.item_weights import SCHEMA, item_weights


def of_histories(cells: np.ndarray, newest: int = 100, shuffle: int = 0) -> dict[tuple[str, str], float]:
    """Weights by (item, given item) of a matrix [users, items] of recency weights, 0 = never had."""
    users, items = np.nonzero(cells)
    order = np.random.default_rng(shuffle).permutation(len(users))
    rows = [(1, f"u{users[n]}", f"i{items[n]}", 1, float(cells[users[n], items[n]])) for n in order]
    with duckdb.connect() as connection:
        connection.execute(
            "create table h (cutoff int, user_id text, item_id text, position int, recency_weight double)"
        )
        if rows:
            connection.executemany("insert into h values (?, ?, ?, ?, ?)", rows)
        connection.execute("create table s as select 'evaluation' as stage, 1 as cutoff")
        found = item_weights(connection.table("h"), connection.table("s"), newest)
    assert found.schema == SCHEMA
    assert set(found["stage"].to_pylist()) <= {"evaluation"}
    pairs = zip(found["item_id"].to_pylist(), found["given_item_id"].to_pylist(), strict=True)
    return dict(zip(pairs, found["weight"].to_pylist(), strict=True))


@pytest.fixture
def cells() -> np.ndarray:
    random = np.random.default_rng(0)
    return random.gamma(1.0, 2.0, (60, 12)) * (random.random((60, 12)) < 0.3)


def test_weights_are_those_of_ease(cells: np.ndarray) -> None:
    entries = np.log1p(cells)
    gram = entries.T @ entries + module.REGULARIZATION * np.mean(entries[entries > 0] ** 2) * np.eye(12)
    inverse = np.linalg.inv(gram)
    expected = -inverse / np.diag(inverse)  # [given, found]
    found = of_histories(cells)
    assert len(found) == 12 * 11
    for (item, given), weight in found.items():
        assert item != given
        assert weight == pytest.approx(expected[int(given[1:]), int(item[1:])], abs=2e-6)


def test_the_largest_in_size_are_kept(cells: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    every = of_histories(cells)
    monkeypatch.setattr(module, "KEPT", 3)
    monkeypatch.setattr(module, "BLOCK", 5)
    kept = of_histories(cells)
    for given in {given for _, given in every}:
        own = {found: weight for (found, other), weight in every.items() if other == given}
        first = sorted(own, key=lambda found: -abs(own[found]))[:3]
        assert {found: kept[found, given] for found in first} == {found: own[found] for found in first}
    assert len(kept) == 3 * 12


def test_the_order_of_the_rows_changes_nothing(cells: np.ndarray) -> None:
    assert of_histories(cells, shuffle=1) == of_histories(cells, shuffle=2)


@pytest.mark.parametrize("cells", [np.zeros((2, 2)), np.eye(1), np.array([[1.0, 0.0], [2.0, 0.0]])])
def test_nothing_speaks_for_another_where_there_is_one_item(cells: np.ndarray) -> None:
    assert of_histories(cells) == {}
