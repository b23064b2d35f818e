"""Files of trained models that a refresh finds swapped, changed or moved."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers.package_project import PackageProject

SERVE = ("run", "--select", "two_tower,user_embeddings", "two_tower,item_embeddings", "two_tower,ranked_candidates")


@pytest.fixture
def shop(garden: PackageProject) -> Iterator[PackageProject]:
    artifacts, kept = garden.folder / "artifacts", garden.folder / "kept"
    shutil.copytree(artifacts, kept)
    with garden.restored():
        yield garden
    shutil.rmtree(artifacts, ignore_errors=True)
    kept.rename(artifacts)


def file_of(shop: PackageProject, stage: str, column: str) -> Path:
    table = "ranker_registry" if column == "ranker_model" else "model_registry"
    ((path,),) = shop.rows(f"select {column} from main__recommender.{table} where stage = '{stage}'")
    return shop.folder / "artifacts" / path


@pytest.mark.parametrize("column", ["user_model", "ranker_model"])
def test_the_file_of_another_run_stops_the_refresh(shop: PackageProject, column: str) -> None:
    before = shop.content()
    shutil.copyfile(file_of(shop, "evaluation", column), file_of(shop, "production", column))
    failed = shop.dbt(*SERVE).must_fail()
    assert "the file was swapped" in failed.errors
    assert "is not of run" in failed.errors
    after = shop.content()
    table = "user_embeddings" if column == "user_model" else "ranked_candidates"
    assert after[table] == before[table]


def test_a_moved_folder_of_models_serves(shop: PackageProject) -> None:
    before = shop.content()
    (shop.folder / "artifacts").rename(shop.folder / "models of the shop")
    shop.dbt(*SERVE, two_tower_model_dir="models of the shop").must_pass()
    assert shop.content()["user_embeddings"] == before["user_embeddings"]
    assert shop.content()["item_embeddings"] == before["item_embeddings"]
    shutil.rmtree(shop.folder / "models of the shop")
