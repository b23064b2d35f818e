"""A database of a handful of rows, whose tables have the columns and types that the project's contracts state."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import yaml

REPO = Path(__file__).parents[2]
AS_OF = datetime(2026, 11, 30)
Rows = Iterable[dict[str, Any]]
WITHOUT_CONTRACT = {  # inputs (decision 0023), and what Python makes
    "training_runs": {
        "stage": "varchar", "run_id": "varchar", "kind": "varchar", "name": "varchar", "epoch": "bigint",
        "value": "double", "text": "varchar",
    },
    "stg_items": {
        "item_id": "varchar", "item_label": "varchar", "item_value": "double", "name": "varchar",
        "department": "varchar", "weight": "double",
    },
    "stg_users": {"user_id": "varchar", "user_label": "varchar", "club": "varchar"},
    "item_inputs": {
        "stage": "varchar",
        "item_id": "varchar",
        "name": "bigint",
        "department": "bigint",
        "weight": "float",
    },
    "user_inputs": {"stage": "varchar", "user_id": "varchar", "club": "bigint"},
}  # fmt: skip


@cache
def contracts() -> dict[str, dict[str, str]]:
    """Types of the columns of every model, by model and column."""
    found: dict[str, dict[str, str]] = {}
    for path in sorted((REPO / "models").rglob("*.yml")):
        for model in (yaml.safe_load(path.read_text()) or {}).get("models", []):
            types = {column["name"]: column.get("data_type", "") for column in model.get("columns", [])}
            found[model["name"]] = {name: "float[]" if "{{" in kind else kind for name, kind in types.items()}
    return {name: columns for name, columns in found.items() if columns and all(columns.values())} | WITHOUT_CONTRACT


def fill(connection: duckdb.DuckDBPyConnection, table: str, rows: Rows) -> None:
    """Insert rows; columns that a row does not name are null."""
    for row in rows:
        marks = ", ".join("?" for _ in row)
        connection.execute(f"insert into {table} ({', '.join(row)}) values ({marks})", list(row.values()))


def small_warehouse(path: Path, users: int = 6, items: int = 12, k: int = 3, **others: Rows) -> Path:
    """Write the database of a shop in which user u had items u and u + 1 and is shown the k items from u + 1 on.

    others: more rows by table. Item i is called "Item i", department "even" or "odd", and has 10 i + 5 recent buyers.
    """
    with duckdb.connect(str(path)) as connection:
        connection.begin()
        for table, columns in contracts().items():
            connection.execute(
                f"create table {table} ({', '.join(f'{name} {kind}' for name, kind in columns.items())})"
            )
        for table, rows in {**served(users, items, k), **measured(users)}.items():
            fill(connection, table, rows)
        for table, rows in others.items():
            fill(connection, table, rows)
        connection.commit()
    return path


def served(users: int, items: int, k: int) -> dict[str, list[dict[str, Any]]]:
    """Rows of what a run without evaluation makes."""
    of_items = [{"item_id": f"i{i}", "department": ("even", "odd")[i % 2]} for i in range(items)]
    of_users = [f"u{u}" for u in range(users)]
    had = [(f"u{u}", f"i{i % items}", n) for u in range(users) for n, i in enumerate((u, u + 1), start=1)]
    return {
        "stg_items": [{**row, "name": f"Item {row['item_id'][1:]}", "weight": 1.5} for row in of_items],
        "stg_users": [{"user_id": user, "club": "gold"} for user in of_users],
        "stg_interactions": [
            {"user_id": user, "item_id": item, "event_at": AS_OF - timedelta(days=n)} for user, item, n in had
        ],
        "user_segments": [{"user_id": user, "segment": "gold"} for user in of_users],
        "item_categories": [{"item_id": row["item_id"], "category": row["department"]} for row in of_items],
        "user_histories": [
            {"cutoff": 0, "user_id": user, "item_id": item, "interactions": n, "days_since_last": n}
            for user, item, n in had
        ],
        "item_features": [
            {"cutoff": 0, "item_id": f"i{i}", "recent_users": 10 * i + 5, "users": 20 * i + 5,
             "interactions": 30 * i + 5, "mean_price": 1.0 + i, "days_since_first": 7.0 * i}
            for i in range(items)
        ],
        "user_features": [{"cutoff": 0, "user_id": user} for user in of_users],
        "recommendations": [
            {"user_id": f"u{u}", "rank": rank, "item_id": f"i{(u + rank) % items}", "score": 0.5 / rank, "boost": 0.0,
             "model_rank": rank, "applied_rules": [], "source": "history", "run_id": "run", "features_as_of": AS_OF,
             "reasons": {f"i{u % items}": 2.0, f"i{(u + 1) % items}": 1.0}}
            for u in range(users) for rank in range(1, k + 1)
        ],
        "stages": [
            {"stage": "production", "vocabulary": "production", "cutoff": 0, "as_of": AS_OF},
            {"stage": "evaluation", "vocabulary": "evaluation", "cutoff": 1, "as_of": AS_OF - timedelta(days=28)},
        ],
        "similar_items": [{"item_id": "i1", "rank": 1, "similar_item_id": "i2", "similarity": 0.75}],
        "trending_items": [{"segment": "all", "rank": 1, "item_id": "i1", "users": 9, "previous_users": 4}],
        "training_epochs": [
            {"stage": "production", "phase": "final", "epoch": n, "loss": 1 / n, "seconds": 2.5} for n in (1, 2)
        ],
        "training_runs": [
            {"stage": "production", "kind": "seconds", "name": "final", "value": 5.0},
            {"stage": "production", "kind": "parameter", "name": "dim", "value": 16.0},
        ],
        "model_registry": [{"stage": "production", "run_id": "run", "epochs": 2, "seconds": 5.0, "trained_at": AS_OF}],
        "experiment_results": [
            {"experiment": "lists", "metric": "conversion", "variant": "treatment", "n_users": 50, "mean": 0.3,
             "difference": 0.05, "difference_low": 0.01, "difference_high": 0.09, "has_sample_ratio_mismatch": True}
        ],
        "item_audiences": [{"item_id": "i1", "rank": 1, "user_id": "u0", "score": 4.5}],
    }  # fmt: skip


def measured(users: int) -> dict[str, list[dict[str, Any]]]:
    """Rows of the evaluation: of ten places two_tower fills 2.5 with what is taken, the popular list 1.5."""
    recalls = {"two_tower": 0.25, "ease": 0.2, "popularity": 0.125}
    of = {"policy": "allow_repeats", "k": 10, "slice": "all"}
    return {
        "recall_by_user": [
            {"model": model, **of, "user_id": f"u{u}", "hits": each[u % 2]}
            for model, each in {"two_tower": (2, 3), "popularity": (1, 2)}.items()
            for u in range(users)
        ],
        "recall_by_model": [
            {"model": model, **of, "recall": recall, "recall_low": recall - 0.01, "recall_high": recall + 0.01,
             "coverage": recall / 2, "n_users": users}
            for model, recall in recalls.items()
        ],
        "model_comparisons": [
            {"model": "two_tower", "baseline": "ease", **of, "lift": 0.25, "lift_low": 0.1, "lift_high": 0.4}
        ],
        "list_trade_offs": [
            {"knob": "two_tower_diversity", "weight": weight, "recall": recall, "recall_low": recall - 0.02,
             "recall_high": recall + 0.02, "difference": recall - 0.25, "expected_value": 1.5 - weight,
             "coverage": 0.5 + weight, "new_item_share": 0.0}
            for weight, recall in ((0.0, 0.25), (0.2, 0.2))
        ],
        "ranker_calibration": [{"bin": 1, "said": 0.1, "happened": 0.12, "pairs": 1000}],
    }  # fmt: skip
