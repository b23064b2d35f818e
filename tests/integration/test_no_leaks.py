"""Nothing that happens after a cut-off may change what is known at it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from helpers.dbt_runner import REPO
from helpers.demo_project import Shop

WHAT_IS_KNOWN = ["run", "--select", "demo", "staging", "splits", "features", "inputs"]
# what the towers of the evaluation read, with and without the future; snapshots count back from another end
SEEN = {
    "user_histories": ("snapshot - {first} as age, * exclude (snapshot)", "snapshot >= {first}"),
    "item_features": ("snapshot - {first} as age, * exclude (snapshot)", "snapshot >= {first} and interactions > 0"),
    "user_features": ("snapshot - {first} as age, * exclude (snapshot)", "snapshot >= {first} and interactions > 0"),
    "snapshot_targets": ("snapshot - {first} as age, * exclude (snapshot)", "snapshot > {first}"),
    "feature_codes": ("* exclude (horizon)", "horizon = '{horizon}'"),
    "user_inputs": (
        "snapshot - {first} as age, * exclude (horizon, snapshot)",
        "horizon = '{horizon}' and interactions > 0",
    ),
    "item_inputs": (
        "snapshot - {first} as age, * exclude (horizon, snapshot)",
        "horizon = '{horizon}' and interactions > 0",
    ),
}


def differences(full: Shop, past: Shop) -> list[str]:
    """Tables in which the evaluation's view of the full shop differs from the production view of its past."""
    found = []
    for table, (columns, condition) in SEEN.items():
        rows = []
        for shop, first, horizon in ((full, 1, "evaluation"), (past, 0, "production")):
            oldest = f"{first} + 4"
            old = f" and snapshot <= {oldest}" if "snapshot" in columns else ""
            query = f"select {columns} from {table} where {condition}{old}".format(first=first, horizon=horizon)
            rows.append(sorted(map(repr, shop.rows(query))))
        assert rows[0], table
        if rows[0] != rows[1]:
            found.append(table)
    return found


def run_both(make_shop: Callable[..., Shop], project: Path) -> tuple[Shop, Shop]:
    """The shop with its whole data and the same shop as it was at the evaluation's cut-off."""
    full = make_shop(users=80, items=60)
    full.project = project
    full.dbt(*WHAT_IS_KNOWN).must_pass()
    (cutoff,) = full.rows("select as_of from horizons where horizon = 'evaluation'")[0]
    past = make_shop(users=80, items=60)
    past.project = project
    past.world.transactions = past.world.transactions[
        past.world.transactions["transaction_timestamp"] < pd.Timestamp(cutoff)
    ]
    past.world.write()
    past.dbt(*WHAT_IS_KNOWN, two_tower_as_of=str(cutoff)).must_pass()
    return full, past


def test_deleting_the_future_changes_nothing(make_shop: Callable[..., Shop]) -> None:
    assert differences(*run_both(make_shop, REPO)) == []


@pytest.fixture(scope="module", params=["last_event", "random"])
def unordered(make_shop: Callable[..., Shop], request: pytest.FixtureRequest) -> tuple[Shop, str]:
    """A shop of each split that is not by time, with its features."""
    shop = make_shop(users=80, items=60)
    shop.dbt(*WHAT_IS_KNOWN, two_tower_split=request.param).must_pass()
    return shop, request.param


@pytest.mark.parametrize("bucket", [0, 1])
def test_what_is_predicted_is_not_known(unordered: tuple[Shop, str], bucket: int) -> None:
    shop, split = unordered
    # a random split has the validation fold in the histories of the snapshots that only teach
    seen = f"snapshot {'=' if split == 'random' and bucket == 1 else '>='} {bucket + 1} and interactions > 0"

    def known() -> dict[str, list[str]]:
        return {
            table: sorted(map(repr, shop.rows(f"from {table} where horizon = 'evaluation' and {seen}")))
            for table in ("user_inputs", "item_inputs")
        }

    before = known()
    assert all(before.values())
    with duckdb.connect(str(shop.database)) as connection:
        connection.execute("create or replace table kept as from interaction_splits")
        connection.execute(f"delete from interaction_splits where bucket = {bucket}")
    try:
        changed = ["--select", "features", "inputs", "--exclude", "snapshot_targets"]
        shop.dbt("run", *changed, two_tower_split=split).must_pass()
        assert known() == before
    finally:
        with duckdb.connect(str(shop.database)) as connection:
            connection.execute("create or replace table interaction_splits as from kept")


def test_a_planted_leak_is_caught(make_shop: Callable[..., Shop], tmp_path: Path) -> None:
    project = copy_of_the_project(tmp_path)
    macro = project / "macros" / "splits" / "is_history.sql"
    text = macro.read_text()
    assert ">= {{ snapshot }}" in text
    macro.write_text(text.replace(">= {{ snapshot }}", ">= {{ snapshot }} - 1"))
    assert "user_histories" in differences(*run_both(make_shop, project))


def copy_of_the_project(folder: Path) -> Path:
    """The dbt project alone, to be changed by a test."""
    project = folder / "project"
    for name in ("models", "macros", "tests/dbt"):
        shutil.copytree(REPO / name, project / name)
    for name in ("dbt_project.yml", "profiles.yml"):
        shutil.copy(REPO / name, project / name)
    return project


def test_a_new_feature_column_reaches_the_network(make_shop: Callable[..., Shop], tmp_path: Path) -> None:
    project = copy_of_the_project(tmp_path)
    demo = project / "models" / "demo"
    model, contract = demo / "demo_items.sql", demo / "_demo_models.yml"
    model.write_text(
        model.read_text().replace("        department,\n", "        department,\n        upper(brand) as label,\n", 1)
    )
    line = "      - {name: label, data_type: varchar, description: The brand in capitals.}\n"
    text = contract.read_text()
    place = text.index("      - ", text.index("columns:", text.index("name: demo_items")))
    contract.write_text(text[:place] + line + text[place:])
    shop = make_shop(users=80, items=60)
    shop.project = project
    small = {"epochs": 1, "final_epochs": 0, "recall_steps": 10, "threads": 1}
    variables = {"two_tower_training": small, "two_tower_horizons": ["production"]}
    shop.dbt("run", "--select", "+model_registry", **variables).must_pass()
    import onnxruntime

    (path,) = shop.rows("select item_model from model_registry where horizon = 'production'")[0]
    assert "label" in [entry.name for entry in onnxruntime.InferenceSession(path).get_inputs()]
