from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import ablation
import content
import duckdb
import load_instacart
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import recall_by_group
import refresh
import results_tables

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


def run(script: str, *arguments: object) -> str:
    command = [sys.executable, str(BENCHMARKS / script), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


IMPORTS = """
import runpy, sys
root, *scripts = sys.argv[1:]
path = sys.path[1:]
for script in scripts:
    sys.path[:] = [script.rpartition("/")[0], *path]
    for name, module in list(sys.modules.items()):
        place = getattr(module, "__file__", None) or [*getattr(module, "__path__", []), ""][0]
        if place.startswith(root) and "site-packages" not in place and not name.startswith("two_tower"):
            del sys.modules[name]
    try:
        runpy.run_path(script, run_name="imported")
    except ImportError as error:
        print(script, error, error.name)
"""


def test_what_a_script_imports_is_there() -> None:
    """In a process whose path has nothing of the tests."""
    folders = ("benchmarks", "benchmarks/scale", "shops")
    scripts = [str(path) for folder in folders for path in sorted((BENCHMARKS.parent / folder).glob("*.py"))]
    assert len(scripts) > 20
    command = [sys.executable, "-c", IMPORTS, f"{BENCHMARKS.parent}/", *scripts]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    # peers are in the environment of `make bench` alone
    assert [line for line in done.stdout.splitlines() if line.split()[-1] not in ("faiss", "ray")] == []


@pytest.fixture
def cold_shop() -> Iterator[duckdb.DuckDBPyConnection]:
    """Two shelves of warm items w, forty cold items c; the user `warm` had w0 of shelf 1, where c0 to c4 are, too.

    The towers' embeddings put shelf 2 before shelf 1.
    """
    items = [("w0", 1, 5), ("w1", 2, 9), ("w2", 2, 0.5)] + [(f"c{n:02d}", 1 if n < 5 else 2, 0) for n in range(40)]
    with duckdb.connect() as connection:
        connection.execute("create table items (item_id varchar, shelf integer, users double)")
        connection.executemany("insert into items values (?, ?, ?)", items)
        for statement in (
            "create table item_features as select item_id, 1 as cutoff, users as interactions, users, users as "
            "recent_users from items",
            "create table item_inputs as select 'evaluation' as stage, 1 as cutoff, item_id, 0 as item_index, "
            "shelf, users::float as users from items",
            "create table item_embeddings as select 'evaluation' as stage, item_id, "
            "[shelf::float, hash(item_id) % 9 / 99.0]::float[2] as embedding from items",
            "create table user_embeddings as select 'evaluation' as stage, unnest(['warm', 'cold']) as user_id, "
            "[1.0, 1.0]::float[2] as embedding",
            "create table user_histories as select 1 as cutoff, 'warm' as user_id, 'w0' as item_id",
            "create table cutoff_targets as select 1 as cutoff, * from (values ('warm', 'w0'), ('warm', 'c00'), "
            "('warm', 'c01'), ('warm', 'w1'), ('cold', 'w2'), ('cold', 'c07')) t(user_id, item_id)",
        ):
            connection.execute(statement)
        yield connection


def test_cold_items_are_ranked_among_themselves_and_cold_users_get_warm_items(
    cold_shop: duckdb.DuckDBPyConnection,
) -> None:
    found = content.measure(cold_shop)
    assert found["cold_item", "content_knn"] == [1.0], "both new items of the user's shelf are among the ten"
    assert found["cold_item", "two_tower"] == [0.0], "all ten are of the other shelf"
    assert found["cold_item", "expected_popularity"] == [1.0], "shelf 1 has 5 users an item, shelf 2 in the middle less"
    assert found["cold_item", "chance"] == [10 / 40]
    assert found["cold_user", "popularity"] == [1.0], "w2, although nothing but popularity is known"
    assert found["warm", "popularity"] == [1.0], "w1; w0 was had and c00 is no warm item"
    rows = {(part, model): numbers for part, model, *numbers in content.with_intervals(found)}
    assert rows["cold_item", "content_knn"][:2] == [1, 1.0]
    assert rows["cold_item", "content_knn"][4] == -1.0, "the towers found nothing of it"


def test_content_is_weighed_as_finds_most_in_the_validation_window() -> None:
    """What is wanted shares both tags with the history, and has four more: by cosine all of one tag come before it."""
    items = {"had": [1, 2], "wanted": [1, 2, 3, 4, 5, 6]} | {f"only {n}": [1 + n % 2] for n in range(24)}
    tags = pa.array(list(items.values()), pa.list_(pa.int64()))
    table = pa.table({"cutoff": [2] * len(items), "item_index": [0] * len(items), "tags": tags})
    rows = ({"reader": 0, "others": 1}, {name: place for place, name in enumerate(items)})
    with duckdb.connect() as connection:
        connection.execute("create table user_histories as select 2 as cutoff, 'reader' as user_id, 'had' as item_id")
        connection.executemany("insert into user_histories values (2, 'others', ?)", [[name] for name in items])
        connection.execute(
            "create table cutoff_targets as select 2 as cutoff, 'reader' as user_id, 'wanted' as item_id"
        )
        chosen = content.best_content(connection, table, rows)
    common = np.asarray((chosen @ chosen[0].T).todense()).ravel()
    assert common.argsort()[-2:].tolist() == [0, 1]


def test_als_stands_where_the_towers_of_the_validation_window_are() -> None:
    """Two groups of users with an item each; products of what stands in the place of embeddings tell them apart."""
    with duckdb.connect() as connection:
        for statement in (
            "create table interaction_splits as select 'u' || n as user_id, 'i' || n % 2 as item_id, "
            "timestamp '2025-01-01' as event_at, 2 as window_number from range(8) t(n)",
            "create table cutoff_targets as select 2 as cutoff, user_id, item_id from interaction_splits limit 0",
            "create table item_features as select 2 as cutoff, unnest(['i0', 'i1']) as item_id, 4 as users, 4 as "
            "recent_users",
            "create table user_interests as select 2 as cutoff, user_id, item_id, 1 as interactions, 1.0 as "
            "recency_weight, 0.0 as days_since_last, 1.0 as interest from interaction_splits",
            "create table stages as select * from (values ('validation', 2), ('evaluation', 1)) t(stage, cutoff)",
            "create table model_registry as select stage, 3 as sequence_dim, 4 as factors_dim from stages",
            "create table user_embeddings as select distinct stage, user_id, [9.0::float for _ in range(8)]::float[8] "
            "as embedding from interaction_splits, stages",
            "create table item_embeddings as select stage, item_id, [9.0::float for _ in range(8)]::float[8] as "
            "embedding from item_features, stages",
        ):
            connection.execute(statement)
        settings = {"factors": 2, "regularization": 0.1, "iterations": 10}
        ablation.put_als(connection, settings, ablation.TrainingConfig(dim=8, features=2))
        found = connection.execute("""
            select stage, array_inner_product(users.embedding, items.embedding) as product,
                cast(substr(user_id, 2) as integer) % 2 = cast(substr(item_id, 2) as integer) as is_had
            from user_embeddings as users inner join item_embeddings as items using (stage)
        """).df()
        parts = connection.execute("select sequence_dim, factors_dim from model_registry order by stage").fetchall()
    of_als = found[found["stage"] == "validation"]
    assert (of_als["product"] > 0.5).tolist() == of_als["is_had"].tolist()
    assert (found[found["stage"] == "evaluation"]["product"] == 8 * 81).all(), "the towers of the other stage stay"
    assert parts == [(3, 4), (0, 8)]


def test_the_report_has_a_row_per_shop_and_policy_and_the_mean_lift(tmp_path: Path) -> None:
    def row(shop: str, policy: str, model: str, recall: float, **lift: object) -> dict[str, object]:
        known = {"shop": shop, "policy": policy, "slice": "all", "model": model, "seed": 0, "n_users": 7}
        known |= {"recall": recall, "recall_low": recall - 0.01, "recall_high": recall + 0.01}
        known |= {"recall_all": recall / 2, "ndcg": recall / 4}
        return known | {"seconds": 9, "fit_seconds": 4, "machine": "2 cores"} | lift

    def shop(name: str, lifts: dict[str, float]) -> None:
        rows = []
        for policy, lift in lifts.items():
            given = {"baseline": "als", "lift": lift, "lift_low": lift - 0.1, "lift_high": lift + 0.1}
            rows += [row(name, policy, "two_tower", 0.2, **given), row(name, policy, "als", 0.1)]
        pd.DataFrame(rows).to_csv(tmp_path / f"{name}.csv", index=False)

    shop("grocery", {"allow_repeats": 0.1, "unseen_only": 0.3})
    shop("films", {"unseen_only": 0.6})
    pd.DataFrame([row("films", "unseen_only", "tuned", 0.25)]).to_csv(tmp_path / "tuned_films.csv", index=False)
    (tmp_path / "recall_by_group").mkdir()
    group_number = {
        "shop": "films",
        "policy": "unseen_only",
        "kind": "history",
        "group_number": 1,
        "label": "1 to 3 items",
        "n": 9,
    }
    models = [group_number | {"model": "two_tower", "found": 0.3}, group_number | {"model": "als", "found": 0.2}]
    pd.DataFrame(models).to_csv(tmp_path / "recall_by_group" / "films.csv", index=False)
    (tmp_path / "lists").mkdir()
    pd.DataFrame([{
        "shop": "films", "list_type": "buy_again", "task": "taken of the list", "units": 7, "value": 0.3,
        "baseline": "purchases of 90 days", "baseline_value": 0.2, "difference": 0.1, "difference_low": -0.05,
        "difference_high": 0.25,
    }]).to_csv(tmp_path / "lists" / "films.csv", index=False)  # fmt: skip
    results_tables.write_report(tmp_path)
    text = (tmp_path / "README.md").read_text()
    assert "| films, unseen_only | history: 1 to 3 items | 9 | 0.3000 | 0.2000 | als 0.2000 |" in text
    assert "| films, unseen_only | **0.2000** (0.1900 - 0.2100) | 0.2500, defaults 80.0% | 0.1000 |" in text
    assert "| films, unseen_only | 0.1000, 0.0500 | 0.0500, 0.0250 | als 0.0500, 0.0250 |" in text
    assert "| als +60.0% (+50.0% to +70.0%) |" in text, "the best other"
    assert "- over als, mean of 2 shops: +40.0%, median +40.0%" in text, "the policies of one shop count as one"
    assert "- over the best other model, mean of 2 shops: +40.0%, median +40.0%" in text
    assert "Measured on 2 cores." in text
    numbers = "7 | 0.3000 | purchases of 90 days 0.2000 | +0.1000 (-0.0500 to +0.2500) |"
    assert f"| films | buy_again | taken of the list | {numbers}" in text
    drawn = (tmp_path / "recall.svg").read_bytes()
    assert b"grocery, allow_repeats" in drawn
    results_tables.write_report(tmp_path)
    assert (tmp_path / "recall.svg").read_bytes() == drawn


@pytest.fixture
def measured_shop() -> Iterator[duckdb.DuckDBPyConnection]:
    """Four users, one without a history; items a (3 users), b (2), c (1) and the new d. `good` finds a and c."""
    with duckdb.connect() as connection:
        connection.execute("""
            create table user_histories as
                select 1 as cutoff, unnest(['u1', 'u2', 'u2', 'u3', 'u3', 'u3']) as user_id;
            create table item_features as select 1 as cutoff, *
                from (values ('a', 3.0), ('b', 2.0), ('c', 1.0), ('d', 0.0)) as t (item_id, users);
            create table relevant_items as select 'unseen_only' as policy, 'all' as slice, *
                from (values ('u1', 'a'), ('u2', 'b'), ('u3', 'c'), ('u4', 'd')) as t (user_id, item_id);
            create table evaluation_lists as select 'good' as model, policy, user_id, item_id, 1 as rank
                from relevant_items where item_id in ('a', 'c');
            create table recall_by_user as select 'good' as model, policy, 10 as k, slice, user_id,
                cast(item_id in ('a', 'c') as double) as recall from relevant_items;
        """)
        yield connection


def test_bands_say_whose_and_which_items_are_found(measured_shop: duckdb.DuckDBPyConnection) -> None:
    rows = recall_by_group.recall_by_group(measured_shop, "tiny")
    found = rows[["kind", "label", "n", "found"]].itertuples(index=False, name=None)
    assert list(found) == [
        ("history", "no items", 1, 0.0),
        ("history", "1 to 1 items", 1, 1.0),
        ("history", "2 to 2 items", 1, 0.0),
        ("history", "3 to 3 items", 1, 1.0),
        ("popularity", "1 items of 3 to 3 users", 1, 1.0),
        ("popularity", "1 items of 2 to 2 users", 1, 0.0),
        ("popularity", "1 items of 1 to 1 users", 1, 1.0),
        ("popularity", "1 items of 0 to 0 users", 1, 0.0),
    ]


def test_top_k_finds_what_faiss_finds_and_writes_the_ratio(tmp_path: Path) -> None:
    pytest.importorskip("faiss", reason="the peer is in the environment of `make bench` alone")
    run("top_k.py", "--cases", "70,50,8,3,1", "--out", tmp_path)
    assert "| 70 | 50 | 8 | 3 | 1 |" in (tmp_path / "top_k.md").read_text()


def test_the_refresh_is_measured_with_and_without_the_last_day(tmp_path: Path) -> None:
    source, target = tmp_path / "all.parquet", tmp_path / "some.parquet"
    with duckdb.connect() as connection:
        days = "unnest([date '2025-01-01', date '2025-01-02', date '2025-01-02', date '2025-01-03'])"
        connection.execute(f"copy (select {days} as transaction_timestamp) to '{source}' (format parquet)")
    assert [refresh.transactions(source, target, less) for less in (0, 1, 2)] == [4, 3, 1]


def test_what_a_refresh_and_a_full_run_have_published_is_compared_row_by_row(tmp_path: Path) -> None:
    database = tmp_path / "shop.duckdb"

    def published(score: float, order: str) -> list[str]:
        with duckdb.connect(str(database)) as connection:
            for table in refresh.PUBLISHED:
                columns = f"'production' as stage, n, {score} * n as score"
                connection.execute(
                    f"create or replace table {table} as select {columns} from range(5) t(n) order by n {order}"
                )
        return list(refresh.published(database).values())

    first = published(1.0, "asc")
    assert published(1.0, "desc") == first
    # no sum of floats depends on the order in which threads add them up
    assert all(now != before for now, before in zip(published(1.0 + 1e-9, "asc"), first, strict=True))


def test_lists_that_changed_without_a_new_event_are_counted() -> None:
    before = {"active": ["a"], "same": ["a", "b"], "order": ["a", "b"], "other": ["a", "b"], "gone": ["a"]}
    after = {"active": ["b"], "same": ["a", "b"], "order": ["b", "a"], "other": ["a", "c"], "fresh": ["a"]}
    told = refresh.changed_lists(before, after, {"active"})
    assert told == "Of 3 users without a new event 67% got another list, 33% other items in it."


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


def test_orders_without_dates_are_dated_back_from_the_last(tmp_path: Path) -> None:
    sample = tmp_path / "sample.csv"
    sample.write_text(
        "order_id,user_id,order_number,order_hour_of_day,days_since_prior_order,product_id\n"
        "7,1,1,9,,A\n7,1,1,9,,B\n8,1,2,10,3,A\n9,1,3,11,30,C\n5,2,1,23,,A\n"
    )
    found = duckdb.sql(load_instacart.ORDER_LINES.format(file=sample)).order("order_id, item_id")
    dated = [(order, item, str(at)) for order, _, item, at in found.fetchall()]
    assert dated == [
        (5, "A", "2017-12-31 23:00:00"),
        (7, "A", "2017-11-28 09:00:00"),
        (7, "B", "2017-11-28 09:00:00"),
        (8, "A", "2017-12-01 10:00:00"),
        (9, "C", "2017-12-31 11:00:00"),
    ]
