"""The fast ones of benchmarks/faults.py: each fault ends in one clear error, and readers keep their set."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from helpers.dbt_runner import REPO
from helpers.package_project import PackageProject

FAST = [
    "user tower: unreadable", "user tower gives NaN", "registry of towers without rows", "published file missing",
    "published file cut", "published file: a folder in its place", "archive of sets: a file in its place",
    "exports: a file in the folder's place", "exports: the last one damaged", "warehouse: file cut",
    "memory_limit: 1MB", "memory_limit: lots", "memory_limit misspelt", "memory runs out in a model",
    "two_tower_as_of: yesterday", "two_tower_as_of long after the newest event", "what a killed publication has left",
]  # fmt: skip


@pytest.fixture(scope="module")
def faults() -> ModuleType:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(REPO / "benchmarks"))
        return importlib.import_module("faults")


@pytest.fixture(scope="module")
def kept(garden: PackageProject, faults: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    kept = tmp_path_factory.mktemp("kept")
    faults.keep(garden, kept)
    return kept


@pytest.fixture
def shop(garden: PackageProject, faults: ModuleType, kept: Path) -> Iterator[PackageProject]:
    with faults.put_back(garden, kept):
        yield garden


@pytest.mark.parametrize("name", FAST)
def test_a_fault_is_told_and_readers_keep_their_set(shop: PackageProject, faults: ModuleType, name: str) -> None:
    fault = faults.FAULTS[name]
    seen = faults.meet(shop, name, fault, whole=False)
    assert seen.problem(fault) == "", seen.outcome.output
