"""What a new team gets wrong gives one short error with cause and remedy, and no traceback."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from helpers.package_project import PackageProject
from two_tower.python_udfs import installation

MOST_LINES = 5  # of cause and remedy


@dataclass
class Mistake:
    """What is done wrong, the command that meets it, and what the error says."""

    says: list[str]
    command: list[str] = field(default_factory=lambda: ["run", "--select", "stg_interactions"])
    variables: dict[str, Any] = field(default_factory=dict)
    tables: list[str] = field(default_factory=list)  # statements on the shop's own tables
    files: dict[str, tuple[str, str]] = field(default_factory=dict)  # text of the project and what takes its place


def staging(model: str) -> list[str]:
    return ["run", "--select", f"two_tower,{model}"]


SPLITS = ["run", "--select", "stg_interactions", "data_end", "interaction_splits"]
COLUMNS = {"user_id": "Customer Id", "item_id": "sku", "event_at": "order", "quantity": "QTY", "price": "Unit Price"}
ORDERS = "create or replace table raw.orders as select * replace ({}) from raw.orders"
CUSTOMERS = "create or replace table raw.customers as select * replace ({}) from raw.customers"
REMEDY_OF_THE_PLUGIN = "plugins: [{module: two_tower.python_udfs.plugin}]"


def products_as(select: str) -> list[str]:
    """Statements that put a table in the place of the products."""
    return ["drop view main.dim_products", f"create table main.dim_products as {select}"]


def mapped(**changed: Any) -> dict[str, Any]:
    """The column map with some columns of the interactions changed."""
    return {
        "two_tower_columns": {
            "interactions": COLUMNS | changed, "users": {"user_id": "Customer Id"}, "items": {"item_id": "SKU"},
        }
    }  # fmt: skip


MISTAKES = {
    "input not given": Mistake(
        ["var two_tower_items: not given", "'model' or 'source.table'"],
        variables={"two_tower_items": "demo_items"},
    ),
    "input given as a ref": Mistake(
        ["var two_tower_items: value 'ref('dim_products')' is not allowed", "bare name of a model"],
        variables={"two_tower_items": "ref('dim_products')"},
    ),
    "source table that is not in the database": Mistake(
        ["var two_tower_users (shop.customers): there is no table or view", "correct the name of the source"],
        staging("stg_users"),
        tables=["drop table raw.customers"],
    ),
    "input that is ephemeral": Mistake(
        ["(dim_products): there is no table or view", "build it first, as a table or view (not ephemeral)"],
        staging("stg_items"),
        tables=["drop view main.dim_products"],
        files={
            "models/shop/dim_products.sql": (
                "with\n\nproducts",
                "{{ config(materialized='ephemeral') }}\nwith\n\nproducts",
            )
        },
    ),
    "column that is not there": Mistake(
        ["(fct_order_lines), column Customer: missing; found Customer Id, order, sku", "which one is user_id"],
        variables=mapped(user_id="Customer"),
    ),
    "columns not mapped": Mistake(
        ["(fct_order_lines), column user_id: missing", "{interactions: {user_id: your column}}"],
        variables={"two_tower_columns": {"items": {"item_id": "SKU"}}},
    ),
    "map of an input that there is not": Mistake(
        ["var two_tower_columns: unknown input 'orders'", "interactions, users, items"],
        variables={"two_tower_columns": {"orders": {}}},
    ),
    "map of a column that there is not": Mistake(
        ["var two_tower_columns, interactions: unknown column 'userid'", "{our column: your column}"],
        variables=mapped(userid="Customer Id"),
    ),
    "time as text": Mistake(
        ["column order: is VARCHAR, expected a timestamp or date", "cast it in your model"],
        tables=[ORDERS.format('"order"::varchar as "order"')],
    ),
    "time of day": Mistake(
        ["column order: is TIME, expected a timestamp or date", "cast it in your model"],
        tables=[ORDERS.format('"order"::timestamp::time as "order"')],
    ),
    "time with time zone": Mistake(
        ["column order: is TIMESTAMP WITH TIME ZONE", '"order" at time zone \'UTC\' as "order"'],
        tables=[ORDERS.format('"order"::timestamptz as "order"')],
    ),
    "key with a fraction": Mistake(
        ["column sku: is DOUBLE, which is no key", "the same in all inputs"],
        tables=["alter table raw.order_lines alter sku type double"],
    ),
    "quantity as text": Mistake(
        ["column QTY: is VARCHAR, expected a number", "cast it in your model"],
        tables=['alter table raw.order_lines alter "QTY" type varchar'],
    ),
    "customer twice": Mistake(
        ["stg_users, column user_id: 2 rows have the value", "keep one row per user_id in shop.customers"],
        staging("stg_users"),
        tables=["insert into raw.customers select * from raw.customers limit 1"],
    ),
    "NULL ids": Mistake(
        ["stg_interactions, column user_id: NULL in", "fill or drop these rows in fct_order_lines"],
        tables=['update raw.orders set "Customer Id" = null where "Order No" = 1'],
    ),
    "time in the future": Mistake(
        ["stg_interactions, column event_at:", "in the future, the latest '2999-01-01", "unit of time"],
        tables=[ORDERS.format("timestamp '2999-01-01' as \"order\"")],
    ),
    "empty table": Mistake(
        ["stg_interactions, every column: no rows", "look for an empty load or a filter in fct_order_lines"],
        tables=["delete from raw.order_lines"],
    ),
    "one item": Mistake(
        ["var two_tower_interactions (fct_order_lines): there is only one item", "which column is item_id"],
        SPLITS,
        tables=["update raw.order_lines set sku = 7000"],
    ),
    "no interactions before the cutoff": Mistake(
        ["no interactions before the cutoff; they reach from 2026-", "lower var two_tower_test_days"],
        SPLITS,
        variables={"two_tower_test_days": 900},
    ),
    "every user cold": Mistake(
        ["every user of the test window", "is new: nobody comes back", "an order or session number"],
        SPLITS,
        tables=['update raw.orders set "Customer Id" = uuid()'],
    ),
    "keys that never meet": Mistake(
        ["var two_tower_users (shop.customers): none of its keys is in the interactions", "bring both to one form"],
        ["run", "--select", "stg_users", "user_features"],
        tables=[CUSTOMERS.format('\'C-\' || "Customer Id" as "Customer Id"')],
    ),
    "gate of a policy that there is not": Mistake(
        [
            "var two_tower_min_recall: value '{'repeat': 0.3}' is not allowed",
            "give a mapping of numbers by allow_repeats, unseen_only",
        ],
        variables={"two_tower_min_recall": {"repeat": 0.3}},
    ),
    "gate that is no number": Mistake(
        ["var two_tower_min_lift_over_als: value", "give a mapping of numbers by allow_repeats, unseen_only"],
        variables={"two_tower_min_lift_over_als": {"unseen_only": "10%"}},
    ),
    "rules that are not built": Mistake(
        ["var two_tower_merchandising_rules (dim_products): there is no table or view", "build it first"],
        staging("active_rules"),
        variables={"two_tower_merchandising_rules": "dim_products"},
        tables=["drop view main.dim_products"],
    ),
    "exclusions by a key with a fraction": Mistake(
        ["var two_tower_user_exclusions (dim_products)", "column item_id: is DOUBLE, which is no key"],
        staging("excluded_items"),
        variables={"two_tower_user_exclusions": "dim_products"},
        tables=products_as("select 1 as user_id, 7000.0::double as item_id"),
    ),
    "availability by a time with time zone": Mistake(
        [
            "available_from: is TIMESTAMP WITH TIME ZONE; it is",
            'cast("available_from" as timestamp) as "available_from"',
        ],
        staging("unavailable_items"),
        variables={"two_tower_item_availability": "dim_products"},
        tables=products_as("select 7000 as item_id, now() as available_from"),
    ),
    "K = 0": Mistake(["var two_tower_k: value '0' is not allowed", "not below 1"], variables={"two_tower_k": 0}),
    "column map left blank": Mistake(
        ["var two_tower_columns, interactions: value 'None' is not allowed", "{our column: your column}"],
        variables={"two_tower_columns": {"interactions": None}},
    ),
    "var under the team's own project": Mistake(
        ["var two_tower_policy: stands under garden_shop", "`vars: {two_tower: ...}`"],
        files={"dbt_project.yml": ("\nvars:\n", "\nvars:\n  garden_shop: {two_tower_policy: unseen_only}\n")},
    ),
    "package in another database": Mistake(
        ["is to be built in the database 'elsewhere', and the profile's is 'garden_shop'", "leave +database out"],
        files={
            "dbt_project.yml": ("recommender}", "recommender, +database: elsewhere}"),
            "profiles.yml": (
                "      threads: 4\n",
                "      threads: 4\n      attach: [{path: ':memory:', alias: elsewhere}]\n",
            ),
        },
    ),
    "unknown var": Mistake(
        ["var two_tower_splt: unknown name", "two_tower_split"], variables={"two_tower_splt": "time"}
    ),
    "var with a typo in front": Mistake(["var twotower_k: unknown name", "two_tower_k"], variables={"twotower_k": 5}),
    "feature of a type that is none": Mistake(
        ["(shop.customers), column garden: is STRUCT", "{two_tower_encoding: ignore}"],
        staging("stg_users"),
        tables=[CUSTOMERS.format("{'name': garden} as garden")],
    ),
    "vector without a length": Mistake(
        ["(shop.customers), column garden: is DOUBLE[]", "float[n]"],
        staging("stg_users"),
        tables=[CUSTOMERS.format("[1.5::double] as garden")],
    ),
    "encoding that there is not": Mistake(
        [
            "(dim_products), column users: two_tower_encoding is 'onehot'",
            "category, categories, number, text, vector or ignore",
        ],
        staging("stg_items"),
        files={
            "models/shop/_shop_models.yml": (
                "    columns:\n",
                "    columns:\n      - {name: users, config: {meta: {two_tower_encoding: onehot}}}\n",
            )
        },
    ),
    "two columns with one name": Mistake(
        ["column post_code: is named post_code as a feature, like column Post Code", "rename one of them"],
        staging("stg_users"),
        tables=[
            'alter table raw.customers rename garden to "Post Code"',
            "alter table raw.customers add post_code int",
        ],
    ),
    "plugin line missing": Mistake(
        ["profiles.yml, target without_plugin: the plugin line of two_tower is missing", REMEDY_OF_THE_PLUGIN],
        ["compile", "--select", "stg_users", "--target", "without_plugin"],
    ),
    "UDF called from a view": Mistake(
        ["model had_before: is a view that calls top_k()", "config(materialized='table')"],
        files={
            "models/marts/had_before.sql": (
                "select distinct",
                "{{ config(materialized='view') }} select top_k(u, i, 3)",
            )
        },
    ),
    "model with a name of ours": Mistake(
        [
            "model stg_items: has the name of a model of two_tower",
            "require_ref_searches_node_package_before_root: true",
        ],
        files={"dbt_project.yml": ("require_ref_searches_node_package_before_root: true", "fail_fast: false")},
    ),
    "refresh before any training": Mistake(
        ["schema second__recommender: there are no trained towers yet", "run `dbt build` once"],
        ["run", "--exclude", "tag:train", "--target", "second_shop"],
    ),
    "lists in too many categories": Mistake(
        ["var two_tower_category (group): 4 categories for 115 users are up to", "name a coarser column"],
        staging("item_categories"),
        variables={"two_tower_category": "group", "two_tower_k": 1_000_000},
    ),
    "--empty": Mistake(
        ["--empty: would publish", "--exclude package:two_tower"], ["run", "--empty", "--select", "recommendations"]
    ),
    "--sample": Mistake(
        ["--sample: would publish", "--exclude package:two_tower"],
        ["build", "--sample", "3 days", "--select", "stg_users"],
    ),
}


@pytest.fixture
def spoilt(garden: PackageProject) -> Iterator[PackageProject]:
    with garden.restored():
        yield garden


def must_be_clear(errors: str, says: list[str]) -> None:
    """Cause and remedy stand together, within a few lines; other models that fail of it refer to that error."""
    assert "Traceback" not in errors, errors
    lines = errors.strip().splitlines()
    told = ["\n".join(lines[place : place + MOST_LINES]) for place, line in enumerate(lines) if says[0] in line]
    assert any(all(words in text for words in [*says, "Remedy: "]) for text in told), errors
    assert errors.count("Remedy: ") == 1, errors


def lists(garden: PackageProject) -> dict[str, Any]:
    """Everything downstream of the staging models, which may hold the shop's new rows."""
    return {table: rows for table, rows in garden.content().items() if not table.startswith("stg_")}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_told_with_its_remedy(spoilt: PackageProject, name: str) -> None:
    mistake = MISTAKES[name]
    published = lists(spoilt)
    spoilt.change(*mistake.tables)
    for path, (old, new) in mistake.files.items():
        text = (spoilt.folder / path).read_text()
        assert old in text
        (spoilt.folder / path).write_text(text.replace(old, new, 1))
    outcome = spoilt.dbt(*mistake.command, **mistake.variables).must_fail()
    must_be_clear(outcome.errors, mistake.says)
    assert lists(spoilt) == published


INSTALLATIONS: dict[str, tuple[str, Callable[[], Any], list[str], list[str]]] = {
    "pip distribution older than the package": (
        "version", lambda: "0.0.9", ["run", "--select", "stg_users"],
        ["the dbt package is 0.1.0, the pip distribution is 0.0.9", "pip install './two_tower'"],
    ),
    "found on compile, too": (
        "version", lambda: "0.0.9", ["compile", "--select", "two_tower,stg_items"],
        ["the dbt package is 0.1.0, the pip distribution is 0.0.9", "pip install './two_tower'"],
    ),
    "train extra missing": (
        "missing_packages", lambda: ["torch", "onnx"], ["run", "--select", "training_runs"],
        ["training_runs: cannot be fitted without the packages torch, onnx", "pip install './two_tower[train]'"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", INSTALLATIONS)
def test_a_wrong_installation_is_told_with_its_remedy(
    garden: PackageProject, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    function, answer, command, says = INSTALLATIONS[name]
    monkeypatch.setattr(installation, function, answer)
    must_be_clear(garden.dbt(*command).must_fail().errors, says)


def test_a_model_that_there_is_not_is_named(garden: PackageProject) -> None:
    # dbt's own error, which comes before any macro of ours could speak
    outcome = garden.dbt("compile", "--select", "stg_items", two_tower_items="dim_product").must_fail()
    assert "Traceback" not in outcome.errors
    assert "'model.two_tower.stg_items'" in outcome.errors
    assert "depends on a node named 'dim_product' which was not found" in outcome.errors


HOLD = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('held', flush=True); sys.stdin.read()"


def test_a_locked_database_names_who_holds_it(garden: PackageProject) -> None:
    with held(garden) as pid:
        outcome = garden.dbt("run", "--select", "stg_users").must_fail()
    must_be_clear(
        outcome.errors, ["another process has the database open", f"(PID {pid})", "let dbt wait by `retries:"]
    )


def test_dbt_waits_for_a_reader_where_the_profile_says_so(garden: PackageProject) -> None:
    with garden.restored(), held(garden, "time.sleep(3)"):
        garden.dbt("run", "--select", "two_tower,stg_users", "--target", "waits").must_pass()


@contextmanager
def held(garden: PackageProject, until: str = "sys.stdin.read()") -> Iterator[int]:
    """Another process has the database open, read-only; its id."""
    script = f"import duckdb, sys, time; c = duckdb.connect(sys.argv[1], read_only=True); print(1, flush=True); {until}"
    command = [sys.executable, "-c", script, str(garden.database)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == "1\n"
        yield holder.pid
        holder.communicate("")
