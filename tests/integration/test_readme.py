"""The tutorial's path for a new team, typed as it stands there, on the files of examples/my_shop.

README quotes these files, too. With TWO_TOWER_CLEAN_INSTALL=1 the installation is typed as well.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from helpers.dbt_runner import REPO
from helpers.html_page import Page, tables_agree
from helpers.lists_page import lists_page
from helpers.package_project import MADE, SOURCE

CLEAN = bool(os.environ.get("TWO_TOWER_CLEAN_INSTALL"))
BLOCK = re.compile(r"^```\w+ title=\"(.+?)\"\n(.*?)^```$", re.DOTALL | re.MULTILINE)
PAGES = [REPO / "README.md", REPO / "docs" / "tutorials" / "your-own-shop.md"]
EXAMPLE = REPO / "examples" / "my_shop"
COMMANDS = {"install", "run"}
NOT_THE_CHECKOUT = shutil.ignore_patterns(
    ".venv*", "target", "logs", "data", "artifacts", "*.duckdb*", ".git", "dbt_packages", "site"
)


def blocks(page: Path) -> dict[str, str]:
    """The code blocks of a page that have a title: {title: text}."""
    return dict(BLOCK.findall(page.read_text()))


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


def install_the_wheel(folder: Path) -> None:
    """Type the installation, which builds a wheel of the copy; all Python of the copy is then taken away."""
    typed(blocks(PAGES[1])["install"], folder)
    for package in ("python_udfs", "training"):
        shutil.rmtree(folder / "two_tower" / package)
    place = typed("python -c 'import two_tower.training.cli as cli; print(cli.__file__)'", folder)
    assert "site-packages" in place
    assert "export-encoder" in typed("two-tower --help", folder)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_page_quotes_stands_in_the_example(page: Path) -> None:
    quoted = {name: text for name, text in blocks(page).items() if name not in COMMANDS}
    assert {"packages.yml", "profiles.yml", "dbt_project.yml"} <= set(quoted)
    for name, text in quoted.items():
        assert text in (EXAMPLE / name).read_text(), f"{page.name} quotes another {name}"


def test_both_pages_install_in_the_same_way() -> None:
    readme, tutorial = map(blocks, PAGES)
    assert readme["install"] == tutorial["install"]


def test_the_path_of_a_new_team_leads_to_lists(tmp_path: Path) -> None:
    shutil.copytree(EXAMPLE, tmp_path, dirs_exist_ok=True)
    shutil.copytree(REPO, tmp_path / "two_tower", ignore=NOT_THE_CHECKOUT)
    commands = blocks(PAGES[1])
    if CLEAN:
        install_the_wheel(tmp_path)
    shown = typed(commands["run"], tmp_path)
    assert "Completed successfully" in shown
    assert "because_of" in shown.split("Catalog written")[1]
    assert "10 rows" in shown
    page = Page((tmp_path / "report.html").read_text())
    assert f"The page: {tmp_path / 'report.html'}" in shown
    assert tables_agree(page, tmp_path / "my_shop.duckdb") >= 18
    assert "Green tea" in page.text
    with duckdb.connect(str(tmp_path / "my_shop.duckdb"), read_only=True) as connection:
        connection.execute("use main_recommender")
        for name, section in lists_page().items():
            answer = connection.sql(section.query)
            assert (name, answer.columns) == (name, section.rows[0])
            assert answer.fetchall() or name == "new_arrivals", name  # the shop has no new products
    manifest = json.loads((tmp_path / "target" / "manifest.json").read_text())
    assert (manifest["unit_tests"], manifest["exposures"]) == ({}, {}), "the package's own"


@pytest.mark.skipif(not CLEAN, reason="downloads for minutes; `make test-clean-install` runs it")
def test_the_second_project_builds_from_a_clean_environment(tmp_path: Path) -> None:
    shutil.copytree(REPO, tmp_path / "two_tower", ignore=NOT_THE_CHECKOUT)
    shutil.copytree(SOURCE, tmp_path / "shop", ignore=shutil.ignore_patterns(*MADE))
    packages = tmp_path / "shop" / "packages.yml"
    packages.write_text(packages.read_text().replace("local: ..", "local: ../two_tower"))
    install_the_wheel(tmp_path)
    typed(
        "cd shop\npython make_shop.py garden_shop.duckdb\ndbt deps && dbt build && dbt test && dbt docs generate",
        tmp_path,
    )
