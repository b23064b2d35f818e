"""The layout of the repository: folders that can be looked through, and models that flow one way."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

import pytest
from helpers.dbt_runner import REPO, invoke
from two_tower.python_udfs.publication.exports import LISTS

CODE = [
    "benchmarks", "demo", "integration_tests", "macros", "models", "python_udfs", "report", "shops", "tests",
    "training",
]  # fmt: skip
MADE = {"artifacts", "build", "data", "dbt_packages", "logs", "target"}
MOST_FILES = 22


@pytest.fixture(scope="module")
def parsed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, list[str]]]:
    """The folder with the project's manifest, and the arguments of dbt that keep it."""
    folder = tmp_path_factory.mktemp("parsed")
    places = ["--project-dir", REPO, "--profiles-dir", REPO, "--target-path", folder, "--log-path", folder]
    arguments = [*map(str, places), "--no-send-anonymous-usage-stats"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TWO_TOWER_DATABASE", ":memory:")
        invoke(folder, "parse", *arguments).must_pass()
        yield folder, arguments


@pytest.fixture(scope="module")
def models(parsed: tuple[Path, list[str]]) -> dict[str, dict[str, Any]]:
    """Nodes of the project's models by id."""
    nodes = json.loads((parsed[0] / "manifest.json").read_text())["nodes"]
    return {name: node for name, node in nodes.items() if node["resource_type"] == "model"}


def folders_read(models: dict[str, dict[str, Any]]) -> dict[str, set[str]]:
    """By folder of models, the other folders that its models read, by themselves or through macros and hooks."""
    folder = {name: node["original_file_path"].split("/")[1] for name, node in models.items()}
    reads: dict[str, set[str]] = {place: set() for place in folder.values()}
    for name, node in models.items():
        reads[folder[name]] |= {folder[other] for other in node["depends_on"]["nodes"] if other in folder}
    return {place: others - {place} for place, others in reads.items()}


def circle(reads: dict[str, set[str]]) -> list[str]:
    """Folders that read each other in a circle, if there are any."""
    try:
        TopologicalSorter(reads).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_folders_of_models_do_not_read_each_other_in_a_circle(models: dict[str, dict[str, Any]]) -> None:
    reads = folders_read(models)
    assert reads["features"] >= {"splits", "staging"}
    assert circle(reads) == []


def test_what_the_tables_of_merchandising_refuse_is_said_before_the_training(models: dict[str, dict[str, Any]]) -> None:
    read = {name: {other.rsplit(".", 1)[1] for other in node["depends_on"]["nodes"]} for name, node in models.items()}
    assert {"item_categories", "unavailable_items", "excluded_items"} <= read["model.two_tower.item_inputs"]
    assert "item_inputs" in read["model.two_tower.training_runs"]


def test_a_longer_circle_is_found() -> None:
    assert len(circle({"splits": {"inputs"}, "inputs": {"features"}, "features": {"splits"}})) == 4
    assert circle({"splits": set(), "features": {"splits"}}) == []


def test_no_folder_holds_more_files_of_code_than_one_can_look_through() -> None:
    paths = [path.relative_to(REPO) for folder in CODE for path in (REPO / folder).rglob("*")]
    code = [path for path in paths if path.suffix in (".py", ".sql") and not MADE & set(path.parts)]
    counts = Counter(str(path.parent) for path in code)
    assert set(CODE) <= {Path(folder).parts[0] for folder in counts}
    assert {folder: n for folder, n in counts.items() if n > MOST_FILES} == {}


def selected(parsed: tuple[Path, list[str]], selector: str) -> set[str]:
    """Names of all that a selector selects."""
    command = [sys.executable, "-c", "from dbt.cli.main import cli; cli()", "--quiet", "ls", "--selector", selector]
    done = subprocess.run([*command, "--output", "name", *parsed[1]], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return set(done.stdout.split())


def test_selectors_part_what_serves_from_what_measures(
    parsed: tuple[Path, list[str]], models: dict[str, dict[str, Any]]
) -> None:
    tags = {node["name"]: node["tags"] for node in models.values()}
    lists, evaluation = (tags.keys() & selected(parsed, name) for name in ("lists", "evaluation"))
    assert lists == {name for name in tags if "train" not in tags[name]}
    assert evaluation == {name for name in tags if "evaluate" in tags[name]}
    assert "recommendations" in lists
    assert {"gates", "als", "evaluated_candidates", "evaluation_recommendations"} <= evaluation


def test_every_public_model_and_table_macro_is_published(models: dict[str, dict[str, Any]]) -> None:
    published = models["model.two_tower.published_relations"]
    public = {name for name, node in models.items() if node["access"] == "public"}
    after = {"model.two_tower.publication", "model.two_tower.run_history"}
    assert public - set(published["depends_on"]["nodes"]) == after
    hooks = [hook["sql"] for node in models.values() for hook in node["config"]["post-hook"]]
    created = {call for hook in hooks for call in re.findall(r"two_tower\.(create_\w+)\(\)", hook)}
    assert created == set(re.findall(r"two_tower\.(create_\w+)\(\)", published["raw_code"]))
    assert "create_recommend_for" in created


def test_every_public_list_is_exported(models: dict[str, dict[str, Any]]) -> None:
    with_ranks = {
        node["name"]: node["columns"].keys()
        for node in models.values()
        if node["fqn"][1] == "recommendations" and "rank" in node["columns"]
    }
    assert with_ranks.keys() == LISTS.keys()
    assert all(set(keys) <= with_ranks[name] for name, keys in LISTS.items())


def test_publication_waits_for_all_that_is_published_and_for_the_gates(models: dict[str, dict[str, Any]]) -> None:
    publication = models["model.two_tower.publication"]["depends_on"]["nodes"]
    assert {"model.two_tower.published_relations", "model.two_tower.gates", "model.two_tower.recommendations"} <= set(
        publication
    )
