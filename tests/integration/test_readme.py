"""README's path for a new team, typed as it stands there; with TWO_TOWER_CLEAN_INSTALL=1 its installation, too."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.dbt_runner import REPO
from helpers.package_project import MADE, SOURCE

CLEAN = bool(os.environ.get("TWO_TOWER_CLEAN_INSTALL"))
BLOCK = re.compile(r"^```(\w+) (\S+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
NOT_THE_CHECKOUT = shutil.ignore_patterns(
    ".venv*", "target", "logs", "data", "artifacts", "*.duckdb*", ".git", "dbt_packages"
)


def blocks() -> dict[str, tuple[str, str]]:
    """The named code blocks of the section: {name: (language, text)}, in their order."""
    section = (REPO / "README.md").read_text().split("## Your own project in 15 minutes")[1].split("\n## ")[0]
    return {name: (language, text) for language, name, text in BLOCK.findall(section)}


def typed(commands: str, folder: Path) -> str:
    """Run lines in one shell; the environment of the tests takes the place of one that was not installed."""
    activate = ". .venv/bin/activate\n" if CLEAN and (folder / ".venv").exists() else ""
    path = os.environ["PATH"] if CLEAN else f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-e", "-c", activate + commands], cwd=folder, env=os.environ | {"PATH": path, "DO_NOT_TRACK": "1"},
        capture_output=True, text=True, timeout=1500, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_path_of_a_new_team_leads_to_lists(tmp_path: Path) -> None:
    shutil.copytree(REPO, tmp_path / "two_tower", ignore=NOT_THE_CHECKOUT)
    found = blocks()
    assert [name for name, (language, _) in found.items() if language == "bash"] == ["install", "run"]
    if CLEAN:
        typed(found["install"][1], tmp_path)
    for name, (language, text) in found.items():
        if language != "bash":
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_text(text)
    shown = typed(found["run"][1], tmp_path)
    assert "Completed successfully" in shown
    assert "product_id" in shown.split("Catalog written")[1]
    assert "10 rows" in shown


@pytest.mark.skipif(not CLEAN, reason="downloads for minutes; `make test-clean-install` runs it")
def test_the_second_project_builds_from_a_clean_environment(tmp_path: Path) -> None:
    shutil.copytree(REPO, tmp_path / "two_tower", ignore=NOT_THE_CHECKOUT)
    shutil.copytree(SOURCE, tmp_path / "shop", ignore=shutil.ignore_patterns(*MADE))
    packages = tmp_path / "shop" / "packages.yml"
    packages.write_text(packages.read_text().replace("local: ..", "local: ../two_tower"))
    typed(blocks()["install"][1], tmp_path)
    typed(
        "cd shop\npython make_shop.py garden_shop.duckdb\ndbt deps && dbt build && dbt test && dbt docs generate",
        tmp_path,
    )
