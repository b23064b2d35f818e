"""Runs of the project itself, each shop with a database, artifacts and target folder of its own."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from helpers.demo_project import Shop
from helpers.every_input import UNTRAINED, Team
from helpers.package_project import PackageProject, make_package_project
from helpers.synthetic_shop import PlantedWorld


@pytest.fixture(scope="session")
def make_shop(
    planted_world: Callable[..., PlantedWorld], tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., Shop]:
    """A maker of shops: `make_shop(users=50)`; nothing has been run in them yet."""

    def make(**sizes: int) -> Shop:
        return Shop(planted_world(**sizes), tmp_path_factory.mktemp("run"))

    return make


@pytest.fixture(scope="session")
def garden(tmp_path_factory: pytest.TempPathFactory) -> PackageProject:
    """The second project after one `dbt build`, its tests included; a test that changes it does so in `restored()`."""
    garden = make_package_project(tmp_path_factory.mktemp("garden") / "shop")
    garden.dbt_command("build").must_pass()
    return garden


@pytest.fixture(scope="session")
def team(tmp_path_factory: pytest.TempPathFactory) -> Team:
    """A team's project with every input; nothing is trained. A test that changes it does so in `holding()`."""
    team = Team(tmp_path_factory.mktemp("team") / "shop").write().fill()
    team.dbt("deps").must_pass()
    team.dbt("run", "--select", *UNTRAINED).must_pass()
    return team
