"""Nothing that happens after a cutoff may change what is known at it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from helpers.dbt_runner import REPO
from helpers.demo_project import Shop

WHAT_IS_KNOWN = ("run", "--select", "demo", "staging", "splits", "features", "inputs")
# what the towers of the evaluation read, with and without the future; cutoffs count back from another end
SEEN = {
    "user_histories": ("cutoff - {first} as age, * exclude (cutoff)", "cutoff >= {first}"),
    "item_features": ("cutoff - {first} as age, * exclude (cutoff)", "cutoff >= {first} and interactions > 0"),
    "user_features": ("cutoff - {first} as age, * exclude (cutoff)", "cutoff >= {first} and interactions > 0"),
    "cutoff_targets": ("cutoff - {first} as age, * exclude (cutoff, is_measured)", "cutoff > {first}"),
    "feature_vocabulary": ("* exclude (stage)", "stage = '{stage}'"),
    "user_inputs": (
        "cutoff - {first} as age, * exclude (stage, cutoff)",
        "stage = '{stage}' and has_history",
    ),
    "item_inputs": (
        "cutoff - {first} as age, * exclude (stage, cutoff)",
        "stage = '{stage}' and interactions > 0",
    ),
}


def differences(full: Shop, past: Shop) -> list[str]:
    """Tables in which the evaluation's view of the full shop differs from the production view of its past."""
    found = []
    for table, (columns, condition) in SEEN.items():
        rows = []
        for shop, first, stage in ((full, 1, "evaluation"), (past, 0, "production")):
            query = f"select {columns} from {table} where {condition}".format(first=first, stage=stage)
            rows.append(sorted(map(repr, shop.rows(query))))
        assert rows[0], table
        if rows[0] != rows[1]:
            found.append(table)
    return found


def run_both(
    make_shop: Callable[..., Shop],
    project: Path = REPO,
    command: tuple[str, ...] = WHAT_IS_KNOWN,
    users: int = 80,
    items: int = 60,
    **variables: object,
) -> tuple[Shop, Shop]:
    """The shop with its whole data and the same shop as it was at the evaluation's cutoff."""
    full = make_shop(users=users, items=items)
    full.project = project
    full.dbt(*command, **of_full(), **variables).must_pass()
    past = make_shop(users=users, items=items)
    past.project = project
    past.world.transactions = past.world.transactions[
        past.world.transactions["transaction_timestamp"] < pd.Timestamp(cutoff_of(full))
    ]
    past.world.write()
    past.dbt(*command, **of_past(full), **variables).must_pass()
    return full, past


def cutoff_of(full: Shop) -> str:
    """The moment at which the evaluation's lists are made."""
    ((cutoff,),) = full.rows("select as_of from stages where stage = 'evaluation'")
    return str(cutoff)


def of_full() -> dict[str, object]:
    """Vars of the full shop."""
    return {"two_tower_stages": ["evaluation"], "two_tower_training_cutoffs": 4}


def of_past(full: Shop) -> dict[str, object]:
    """Vars of its past, for which production is what the evaluation is for the full shop, and one cutoff less."""
    return {
        "two_tower_as_of": cutoff_of(full), "two_tower_stages": ["production"], "two_tower_training_cutoffs": 3,
    }  # fmt: skip


def test_deleting_the_future_changes_nothing(make_shop: Callable[..., Shop]) -> None:
    assert differences(*run_both(make_shop, REPO)) == []


@pytest.fixture(scope="module", params=["last_event", "random"])
def unordered(make_shop: Callable[..., Shop], request: pytest.FixtureRequest) -> tuple[Shop, str]:
    """A shop of each split that is not by time, with its features."""
    shop = make_shop(users=80, items=60)
    shop.dbt(*WHAT_IS_KNOWN, two_tower_split=request.param).must_pass()
    return shop, request.param


@pytest.mark.parametrize("window_number", [0, 1])
def test_what_is_predicted_is_not_known(unordered: tuple[Shop, str], window_number: int) -> None:
    shop, split = unordered
    # a random split has the validation fold in the histories of the cutoffs that only teach
    seen = f"cutoff {'=' if split == 'random' and window_number == 1 else '>='} {window_number + 1}"
    has_past = {"user_inputs": "has_history", "item_inputs": "interactions > 0"}

    def known() -> dict[str, list[str]]:
        return {
            table: sorted(map(repr, shop.rows(f"from {table} where stage = 'evaluation' and {seen} and {past}")))
            for table, past in has_past.items()
        }

    before = known()
    assert all(before.values())
    with duckdb.connect(str(shop.database)) as connection:
        connection.execute("create or replace table kept as from interaction_splits")
        connection.execute(f"delete from interaction_splits where window_number = {window_number}")
    try:
        changed = ["--select", "features", "inputs", "--exclude", "cutoff_targets"]
        shop.dbt("run", *changed, two_tower_split=split).must_pass()
        assert known() == before
    finally:
        with duckdb.connect(str(shop.database)) as connection:
            connection.execute("create or replace table interaction_splits as from kept")


def test_a_planted_leak_is_caught(make_shop: Callable[..., Shop], tmp_path: Path) -> None:
    project = copy_of_the_project(tmp_path)
    macro = project / "macros" / "splits" / "is_history.sql"
    text = macro.read_text()
    assert ">= {{ cutoff }}" in text
    macro.write_text(text.replace(">= {{ cutoff }}", ">= {{ cutoff }} - 1"))
    assert "user_histories" in differences(*run_both(make_shop, project))


def copy_of_the_project(folder: Path) -> Path:
    """The dbt project alone, to be changed by a test."""
    project = folder / "project"
    for name in ("models", "macros", "tests/dbt"):
        shutil.copytree(REPO / name, project / name)
    for name in ("dbt_project.yml", "profiles.yml"):
        shutil.copy(REPO / name, project / name)
    return project


# --- the ranker
TRAINED = {"two_tower_training": {"epochs": 1, "ranker_folds": 2, "ranker_epochs": 2, "threads": 1}}
TOWERS = ("run", "--select", "+item_embeddings", "+user_embeddings")
PUBLISHED = ("run", "--select", "+recommendations", "--exclude", "item_embeddings", "user_embeddings")
EXAMPLES = (
    "select user_id, item_id, * exclude (cutoff, stage, user_id, item_id) "
    "from ranker_examples where stage = 'validation'"
)
CANDIDATES = "select user_id, item_id, * exclude (stage, user_id, item_id) from {} where stage = '{}'"


@pytest.fixture(scope="module")
def listed(make_shop: Callable[..., Shop]) -> tuple[Shop, Shop]:
    """The full shop with its evaluated lists, and its past with published ones, both by the towers of the first."""
    full, past = run_both(make_shop, command=TOWERS, users=150, items=120, **TRAINED)
    full.dbt("run", "--select", "+evaluation_recommendations", **of_full(), **TRAINED).must_pass()
    with duckdb.connect(str(past.database)) as connection:
        connection.execute(f"attach '{full.database}' as whole (read_only)")
        for table in ("item_embeddings", "user_embeddings"):
            connection.execute(f"delete from {table}")
            connection.execute(
                f"insert into {table} select * replace (if(stage = 'evaluation', 'production', stage) as stage) "
                f"from whole.{table}"
            )
    return full, past


def of_evaluated_users(shop: Shop, query: str, full: Shop) -> list[str]:
    """Rows of a query, the user first, for the users whose lists are evaluated."""
    users = {user for (user,) in full.rows("select distinct user_id from evaluated_candidates")}
    return sorted(repr(row) for row in shop.rows(query) if row[0] in users)


@pytest.mark.parametrize("policy", ["allow_repeats", "unseen_only"])
def test_what_is_measured_is_what_would_have_been_published(listed: tuple[Shop, Shop], policy: str) -> None:
    full, past = listed
    past.dbt(*PUBLISHED, **of_past(full), **TRAINED, two_tower_policy=policy).must_pass()
    evaluated = (
        "select user_id, rank, item_id, round(score, 6), source from evaluation_recommendations "
        f"where model = 'two_tower' and policy = '{policy}' and rank <= 10"
    )
    lists = of_evaluated_users(full, evaluated, full)
    assert len(lists) > 1000
    published = "select user_id, rank, item_id, round(score, 6), source from recommendations"
    assert lists == of_evaluated_users(past, published, full)
    # with the order, the chances and the candidates
    known = of_evaluated_users(full, CANDIDATES.format("learning_candidates", "evaluation"), full)
    if policy == "allow_repeats":
        assert known == of_evaluated_users(past, CANDIDATES.format("candidates", "production"), full)


def test_what_rankers_learn_from_does_not_know_what_comes_after(listed: tuple[Shop, Shop], tmp_path: Path) -> None:
    full, past = listed
    past.dbt(*PUBLISHED, **of_past(full), **TRAINED).must_pass()
    learned, learned_then = (sorted(map(repr, shop.rows(EXAMPLES))) for shop in listed)
    assert len(learned) > 1000
    assert learned == learned_then
    # and would it be seen, if they did?
    project = copy_of_the_project(tmp_path)
    macro = project / "macros" / "ranking" / "signals.sql"
    text = macro.read_text()
    condition = "where {{ two_tower.is_history('splits.window_number', cutoff) }}"
    assert condition in text
    macro.write_text(text.replace(condition, ""))
    leaky = Shop(full.world, tmp_path / "leaky", project)
    leaky.folder.mkdir()
    shutil.copy(full.database, leaky.database)
    leaky.dbt("run", "--select", "ranker_examples", **of_full(), **TRAINED).must_pass()
    assert sorted(map(repr, leaky.rows(EXAMPLES))) != learned


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
    small = {"epochs": 1, "threads": 1}
    variables = {"two_tower_training": small, "two_tower_stages": ["production"]}
    shop.dbt("run", "--select", "+model_registry", **variables).must_pass()
    import onnxruntime

    (path,) = shop.rows("select item_model from model_registry where stage = 'production'")[0]
    assert "label" in [
        entry.name for entry in onnxruntime.InferenceSession(shop.folder / "artifacts" / path).get_inputs()
    ]
