from __future__ import annotations

import duckdb
import numpy as np
import pytest
from two_tower.python_udfs.plugin import register


@pytest.fixture(scope="module")
def connection() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    register(connection)
    return connection


def one(connection: duckdb.DuckDBPyConnection, call: str, *arguments: object) -> dict[str, float | None]:
    return connection.execute(
        f"select {call}", [list(a) if isinstance(a, np.ndarray) else a for a in arguments]
    ).fetchall()[0][0]


def test_interval_agrees_with_the_normal_one(connection: duckdb.DuckDBPyConnection) -> None:
    values = np.random.default_rng(1).normal(3.0, 2.0, 4000)
    found = one(connection, "bootstrap_interval(?::double[], 7)", values)
    error = 1.96 * values.std() / np.sqrt(len(values))
    assert found["low"] == pytest.approx(values.mean() - error, abs=0.15 * error)
    assert found["high"] == pytest.approx(values.mean() + error, abs=0.15 * error)


def test_interval_covers_the_truth_about_as_often_as_it_says(connection: duckdb.DuckDBPyConnection) -> None:
    samples = np.random.default_rng(2).normal(0.0, 1.0, (400, 60))
    covered = sum(
        one(connection, "bootstrap_interval(?::double[], ?)", sample, seed)["low"]
        <= 0
        <= one(connection, "bootstrap_interval(?::double[], ?)", sample, seed)["high"]
        for seed, sample in enumerate(samples)
    )
    assert 0.90 < covered / 400 < 0.98


def test_pairing_makes_a_constant_difference_certain(connection: duckdb.DuckDBPyConnection) -> None:
    base = np.random.default_rng(3).uniform(0, 1, 500)
    found = one(connection, "bootstrap_difference(?::double[], ?::double[], 0)", base + 0.1, base)
    assert list(found.values()) == pytest.approx([0.1, 0.1, 0.1])
    found = one(connection, "bootstrap_ratio(?::double[], ?::double[], 0)", base * 1.5, base)
    assert list(found.values()) == pytest.approx([0.5, 0.5, 0.5])


def test_ratio_is_of_the_means_and_its_interval_holds_it(connection: duckdb.DuckDBPyConnection) -> None:
    random = np.random.default_rng(4)
    values, base = random.uniform(0, 1, 300), random.uniform(0, 1, 300)
    found = one(connection, "bootstrap_ratio(?::double[], ?::double[], 0)", values, base)
    assert found["ratio"] == pytest.approx(values.mean() / base.mean() - 1)
    assert found["low"] < found["ratio"] < found["high"]


def test_all_models_are_judged_on_the_same_draws(connection: duckdb.DuckDBPyConnection) -> None:
    random = np.random.default_rng(5)
    values, base = random.uniform(0, 1, 200), random.uniform(0, 1, 200)
    pair = one(connection, "bootstrap_difference(?::double[], ?::double[], 9)", values, base)
    single = one(connection, "bootstrap_interval(?::double[], 9)", values - base)
    assert (pair["low"], pair["high"]) == pytest.approx((single["low"], single["high"]))


def test_same_seed_same_interval_whoever_shares_the_call(connection: duckdb.DuckDBPyConnection) -> None:
    values = np.random.default_rng(6).uniform(0, 1, 777)
    alone = one(connection, "bootstrap_interval(?::double[], 1)", values)
    query = "select distinct bootstrap_interval(list_transform(?::double[], lambda x: x), 1) from range(50)"
    assert connection.execute(query, [list(values)]).fetchall() == [(alone,)]
    assert one(connection, "bootstrap_interval(?::double[], 2)", values) != alone


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("bootstrap_interval([]::double[], 0)", {"low": None, "high": None}),
        ("bootstrap_interval([0.25], 0)", {"low": 0.25, "high": 0.25}),
        ("bootstrap_interval(null, 0)", None),
        ("bootstrap_ratio([]::double[], []::double[], 0)", {"ratio": None, "low": None, "high": None}),
        ("bootstrap_ratio([3], [2], 0)", {"ratio": 0.5, "low": 0.5, "high": 0.5}),
        ("bootstrap_ratio([1, 2], [0, 0], 0)", {"ratio": None, "low": None, "high": None}),
        ("bootstrap_ratio([1, 1], [0, 1], 0)", {"ratio": 1.0, "low": 0.0, "high": 1.0}),
        ("bootstrap_difference([3], [2], -1)", {"difference": 1.0, "low": 1.0, "high": 1.0}),
    ],
)
def test_small_cases(connection: duckdb.DuckDBPyConnection, call: str, expected: object) -> None:
    assert one(connection, call) == expected


def test_no_rows(connection: duckdb.DuckDBPyConnection) -> None:
    assert connection.execute("select bootstrap_interval([1.0], 0) from range(0)").fetchall() == []


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("bootstrap_ratio([1, 2], [1], 0)", "lists of 2 and 1 values"),
        ("bootstrap_interval([1, null], 0)", "holds NULL"),
    ],
)
def test_wrong_arguments_are_named(connection: duckdb.DuckDBPyConnection, call: str, message: str) -> None:
    with pytest.raises(duckdb.Error, match=message):
        one(connection, call)
