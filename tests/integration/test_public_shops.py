"""The projects of the public shops find their inputs; what is measured on them takes hours and is `make shops`."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
import yaml
from helpers.dbt_runner import REPO
from helpers.package_project import PackageProject

SHOPS = yaml.safe_load((REPO / "shops" / "shops.yml").read_text())


@pytest.fixture(scope="module")
def shops(tmp_path_factory: pytest.TempPathFactory) -> PackageProject:
    """A copy of the project with the package installed."""
    folder = tmp_path_factory.mktemp("shops") / "project"
    shutil.copytree(REPO / "shops" / "models", folder / "models")
    for name in ("dbt_project.yml", "profiles.yml", "packages.yml"):
        shutil.copy(REPO / "shops" / name, folder / name)
    packages = folder / "packages.yml"
    packages.write_text(packages.read_text().replace("local: ..", f"local: {os.path.relpath(REPO, folder)}"))
    project = PackageProject(folder)
    project.dbt("deps").must_pass()
    return project


@pytest.mark.parametrize("name", ["complete_journey", "instacart", "ml_100k"])
def test_inputs_are_found(shops: PackageProject, name: str) -> None:
    variables = {key: value for key, value in SHOPS[name].items() if key.startswith("two_tower_")}
    shops.dbt("parse", shop=name, **variables).must_pass()
    nodes = json.loads((Path(shops.folder) / "target" / "manifest.json").read_text())["nodes"]
    (parent,) = nodes["model.two_tower.stg_items"]["depends_on"]["nodes"]
    given = variables.get("two_tower_items", "demo_items")
    assert parent.split(".")[-1] == given
    assert parent.split(".")[1] == ("two_tower" if given == "demo_items" else "two_tower_shops")
