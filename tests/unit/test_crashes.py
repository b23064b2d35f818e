"""What the crash test looks at after a kill: a torn set, a file that is not there, scores of another state."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import crashes
import duckdb
import pytest

SCHEMA = "main__recommender"
WRONG = {  # what makes a set that is not one, and what is said of it
    "update {s}.recommendations set run_id = 'b'": "lists of one run",
    "update {s}.user_embeddings set run_id = 'b'": "embeddings of one run",
    "update {s}.ranked_candidates set score = 2": "scores of the ranker",
    "insert into {s}.excluded_items values ('u', 'i')": "nothing excluded",
    "delete from {s}.recommendations": "rows as written",
    "update {s}.model_registry set user_model = 'gone.onnx'": "not readable",
    "update {s}.ranker_registry set ranker_model_sha256 = '0'": "a.onnx",
}


@dataclass
class Shop:
    folder: Path

    @property
    def published(self) -> Path:
        return self.folder / "published.duckdb"


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    (tmp_path / "artifacts").mkdir()
    (tmp_path / "artifacts" / "a.onnx").write_bytes(b"tower")
    digest = hashlib.sha256(b"tower").hexdigest()
    tables: dict[str, dict[str, Any]] = {
        "published_set": {"ranker_run_id": "a", "towers_run_id": "a"},
        "published_tables": {"table_name": "recommendations", "published_rows": 1},
        "recommendations": {"user_id": "u", "rank": 1, "item_id": "i", "score": 1.0, "run_id": "a"},
        "recommendations_by_category": {"run_id": "a"},
        "ranked_candidates": {"user_id": "u", "item_id": "i", "score": 1.0},
        "user_embeddings": {"run_id": "a"},
        "item_embeddings": {"run_id": "a"},
        "excluded_items": {"user_id": "u", "item_id": "other"},
        "ranker_registry": {"run_id": "a", "ranker_model": "a.onnx", "ranker_model_sha256": digest},
        "model_registry": {
            "run_id": "a", "user_model": "a.onnx", "user_model_sha256": digest, "item_model": "a.onnx",
            "item_model_sha256": digest,
        },
    }  # fmt: skip
    shop = Shop(tmp_path)
    with duckdb.connect(str(shop.published)) as connection:
        connection.execute(f"create schema {SCHEMA}")
        for name, row in tables.items():
            columns = ", ".join(f"{value!r} as {column}" for column, value in row.items())
            connection.execute(f"create table {SCHEMA}.{name} as select {columns}")
        connection.execute(
            f"create macro {SCHEMA}.recommend_for(u) as table from {SCHEMA}.recommendations where user_id = u"
        )
    return shop


def test_one_whole_set_is_well(shop: Shop) -> None:
    assert crashes.problems_of(shop) == []


@pytest.mark.parametrize("statement", WRONG)
def test_what_is_not_one_set_is_found(shop: Shop, statement: str) -> None:
    with duckdb.connect(str(shop.published)) as connection:
        connection.execute(statement.format(s=SCHEMA))
    assert WRONG[statement] in " ".join(crashes.problems_of(shop))


def test_a_file_that_cannot_be_read_is_found(shop: Shop) -> None:
    shop.published.write_bytes(shop.published.read_bytes()[:5000])
    assert crashes.problems_of(shop)[0].startswith("not readable")
