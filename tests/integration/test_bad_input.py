"""Bad input gives one clear error, nothing downstream runs, and what was published stays as it was."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest
from helpers.demo_project import Shop
from helpers.synthetic_shop import PlantedWorld

Change = Callable[[PlantedWorld], None]


@pytest.fixture(scope="module")
def built_shop(make_shop: Callable[..., Shop]) -> Shop:
    shop = make_shop(users=20, items=20, days=60)
    shop.dbt("run", "--select", "demo", "staging").must_pass()
    return shop


@pytest.fixture
def shop(built_shop: Shop) -> Iterator[Shop]:
    """The built shop with a world that a test may spoil; the good one is written back afterwards."""
    good = built_shop.world
    yield replace(
        built_shop,
        world=replace(good, **{t: getattr(good, t).copy() for t in ("transactions", "products", "demographics")}),
    )
    good.write()


def drop(table: str, column: str) -> Change:
    def change(world: PlantedWorld) -> None:
        setattr(world, table, getattr(world, table).drop(columns=column))

    return change


def put(table: str, column: str, value: Any) -> Change:
    """Set the first value of a column."""

    def change(world: PlantedWorld) -> None:
        frame = getattr(world, table)
        if value is None:
            frame[column] = frame[column].astype("Int64")
        frame.loc[frame.index[0], column] = value

    return change


def retype(table: str, column: str, kind: str) -> Change:
    def change(world: PlantedWorld) -> None:
        frame = getattr(world, table)
        frame[column] = frame[column].astype(kind)

    return change


def repeat(table: str) -> Change:
    def change(world: PlantedWorld) -> None:
        frame = getattr(world, table)
        setattr(world, table, pd.concat([frame, frame.head(1)]))

    return change


def empty(table: str) -> Change:
    def change(world: PlantedWorld) -> None:
        setattr(world, table, getattr(world, table).head(0))

    return change


FUTURE = pd.Timestamp("2999-12-31 23:59:59")

CASES: dict[str, tuple[Change, str, list[str]]] = {  # what is spoilt, the model that stops, what it says
    "missing column of events": (
        drop("transactions", "household_id"),
        "stg_interactions",
        ["complete_journey.transactions", "column household_id: missing", "models/demo/demo_interactions.sql"],
    ),
    "missing column of items": (
        drop("products", "brand"),
        "stg_items",
        ["complete_journey.products", "column brand: missing", "models/demo/demo_items.sql"],
    ),
    "time as text": (
        retype("transactions", "transaction_timestamp", "str"),
        "stg_interactions",
        ["complete_journey.transactions", "column transaction_timestamp: is VARCHAR, expected timestamp"],
    ),
    "quantity as text": (
        retype("transactions", "quantity", "str"),
        "stg_interactions",
        ["complete_journey.transactions", "column quantity: is VARCHAR, expected bigint"],
    ),
    "user twice": (
        repeat("demographics"),
        "stg_users",
        ["stg_users, column user_id: 2 rows have the value '", "keep one row per user_id"],
    ),
    "item twice": (
        repeat("products"),
        "stg_items",
        ["stg_items, column item_id: 2 rows have the value '1000'", "keep one row per item_id"],
    ),
    "event of nobody": (
        put("transactions", "household_id", None),
        "stg_interactions",
        ["stg_interactions, column user_id: NULL in 1 rows", "fill or drop these rows"],
    ),
    "event with nothing": (
        put("transactions", "product_id", None),
        "stg_interactions",
        ["stg_interactions, column item_id: NULL in 1 rows", "fill or drop these rows"],
    ),
    "item without id": (
        put("products", "product_id", None),
        "stg_items",
        ["stg_items, column item_id: NULL in 1 rows", "fill or drop these rows"],
    ),
    "future": (
        put("transactions", "transaction_timestamp", FUTURE),
        "stg_interactions",
        ["stg_interactions, column event_at: 1 rows lie in the future", "2999-12-31 23:59:59", "correct the clock"],
    ),
    "no events": (empty("transactions"), "stg_interactions", ["stg_interactions, every column: no rows", "empty load"]),
    "no items": (empty("products"), "stg_items", ["stg_items, every column: no rows", "empty load"]),
}


def content(shop: Shop, table: str) -> list[tuple[Any, ...]]:
    return shop.rows(f"select count(*), bit_xor(hash(t)) from {table} as t")


@pytest.mark.parametrize("case", CASES)
def test_bad_rows_are_refused(shop: Shop, case: str) -> None:
    change, model, said = CASES[case]
    published = content(shop, model)
    change(shop.world)
    shop.world.write()

    run = shop.dbt("run", "--select", "demo", "staging").must_fail()

    assert run.output.count("Remedy:") == 1, run.output
    for words in said:
        assert words in run.output, run.output
    assert content(shop, model) == published


def test_nothing_downstream_of_bad_rows_runs(shop: Shop) -> None:
    repeat("demographics")(shop.world)
    shop.world.write()
    run = shop.dbt("run", "--select", "+recommendations").must_fail()
    assert "SKIP relation main.recommendations" in run.output, run.output


def test_a_folder_without_files_is_refused(shop: Shop) -> None:
    run = shop.dbt("run", "--select", "demo_items", two_tower_data_dir="nowhere").must_fail()
    for words in ("complete_journey.products ('nowhere/products.parquet')", "no such file", "two_tower_data_dir"):
        assert words in run.output, run.output


BAD_VARS: dict[str, tuple[dict[str, Any], list[str]]] = {
    "unknown name": ({"two_tower_splt": "time"}, ["var two_tower_splt: unknown name", "two_tower_split"]),
    "unknown word": (
        {"two_tower_split": "tme"},
        ["var two_tower_split: value 'tme'", "one of time, last_event, random"],
    ),
    "too small": ({"two_tower_k": 0}, ["var two_tower_k: value '0'", "a whole number not below 1"]),
    "not a number": (
        {"two_tower_test_days": "x"},
        ["var two_tower_test_days: value 'x'", "a whole number not below 1"],
    ),
    "too large": (
        {"two_tower_test_fraction": 2},
        ["var two_tower_test_fraction: value '2'", "a number not below 0.01 and not above 0.4"],
    ),
    "number in quotes": (
        {"two_tower_training_cutoffs": "6"},
        ["var two_tower_training_cutoffs: value '6'", "a whole number not below 1"],
    ),
    "dimension in quotes": ({"two_tower_dim": "64"}, ["var two_tower_dim: value '64'", "a whole number not below 1"]),
    "left blank": ({"two_tower_columns": None}, ["var two_tower_columns: value 'None'", "a mapping"]),
    "cap of nothing": (
        {"two_tower_caps": {"brand": 0}},
        ["var two_tower_caps: value '{'brand': 0}'", "a mapping of names to whole numbers not below 1"],
    ),
    "gates left blank": ({"two_tower_min_recall": None}, ["var two_tower_min_recall: value 'None'", "a mapping"]),
    "one cutoff, not a list": ({"two_tower_ks": 10}, ["values of k must be a list that is not empty, got 10"]),
    "weights that are a list": (
        {"two_tower_experiments": {"a": ["control", "b"]}},
        ["var two_tower_experiments, experiment a: '['control', 'b']' is not allowed", "one of them named control"],
    ),
    "settings left blank": ({"two_tower_training": None}, ["var two_tower_training: value 'None'", "a mapping"]),
}


@pytest.mark.parametrize("case", BAD_VARS)
def test_bad_vars_are_refused(shop: Shop, case: str) -> None:
    variables, said = BAD_VARS[case]
    run = shop.dbt("run", "--select", "stg_items", **variables).must_fail()
    for words in said:
        assert words in run.output, run.output
    assert "OK created" not in run.output, run.output
