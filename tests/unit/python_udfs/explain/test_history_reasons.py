"""history_reasons against the sums written out."""

from __future__ import annotations

from typing import Any

import duckdb
import numpy as np
import pytest
from two_tower.python_udfs.plugin import register

ITEMS, DIM = 40, 6


@pytest.fixture
def connection() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    register(connection)
    return connection


def asked(connection: duckdb.DuckDBPyConnection, users: list[dict[str, Any]], vectors: Any, k: int) -> list[Any]:
    """Result of the function for one block of users."""
    structs = "struct(history struct(item_id varchar, position integer, weight double)[], "
    structs += "listed struct(item_id varchar, position integer)[])[]"
    call = f"select history_reasons(cast($1 as {structs}), cast($2 as float[{vectors.shape[1]}][]), $3)"
    return list(connection.execute(call, [users, vectors.tolist(), k]).fetchall()[0][0])


def planted(random: np.random.Generator, length: int, width: int) -> dict[str, Any]:
    had, listed = random.choice(ITEMS, length, replace=False), random.choice(ITEMS, width, replace=False)
    return {
        "history": [
            {"item_id": f"i{item}", "position": int(item) + 1, "weight": float(random.normal())} for item in had
        ],
        "listed": [{"item_id": f"i{item}", "position": int(item) + 1} for item in listed],
    }


@pytest.mark.parametrize("k", [1, 3])
def test_the_largest_contributions_and_their_sum(connection: duckdb.DuckDBPyConnection, k: int) -> None:
    random = np.random.default_rng(0)
    vectors = random.standard_normal((ITEMS, DIM), np.float32)
    users = [planted(random, *size) for size in [(1, 4), (7, 10), (2, 1), (7, 10), (30, 3), (3, 0), (7, 2)]]
    for user, found in zip(users, asked(connection, users, vectors, k), strict=True):
        assert [row["item_id"] for row in found] == [item["item_id"] for item in user["listed"]]
        for item, row in zip(user["listed"], found, strict=True):
            given = {
                had["item_id"]: had["weight"] * float(vectors[had["position"] - 1] @ vectors[item["position"] - 1])
                for had in user["history"]
            }
            assert row["history_score"] == pytest.approx(sum(given.values()), abs=1e-5)
            most = sorted(given, key=lambda name: -given[name])[:k]
            assert list(row["reasons"]) == most
            assert list(row["reasons"].values()) == pytest.approx([given[name] for name in most], abs=1e-5)


def test_as_many_users_as_do_not_fit_into_memory_at_once(
    connection: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    random = np.random.default_rng(1)
    vectors = random.standard_normal((ITEMS, DIM), np.float32)
    users = [planted(random, 5, 4) for _ in range(20)]
    whole = asked(connection, users, vectors, 3)
    monkeypatch.setattr("two_tower.python_udfs.explain.history_reasons.MOST_NUMBERS", 100)
    assert asked(connection, users, vectors, 3) == whole


def test_nobody_has_no_reasons(connection: duckdb.DuckDBPyConnection) -> None:
    assert asked(connection, [], np.zeros((1, DIM), np.float32), 3) == []


def test_a_position_that_there_is_not_is_named(connection: duckdb.DuckDBPyConnection) -> None:
    user = {
        "history": [{"item_id": "a", "position": 3, "weight": 1.0}],
        "listed": [{"item_id": "b", "position": 1}],
    }
    with pytest.raises(duckdb.Error, match=r"history_reasons: users.history holds position 3; there are 2"):
        asked(connection, [user], np.zeros((2, DIM), np.float32), 3)


def test_an_error_of_the_weights_names_their_function(connection: duckdb.DuckDBPyConnection) -> None:
    users = "[{'embedding': [1, 2]::float[2], 'history': [3]}]"
    with pytest.raises(duckdb.Error, match=r"attribute_history: users.history holds position 3; there are 2"):
        connection.execute(f"select attribute_history({users}, [[1, 0], [0, 1]]::float[2][])").fetchall()
