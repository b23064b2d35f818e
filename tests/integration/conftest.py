"""Runs of the project itself, each shop with a database, artifacts and target folder of its own."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from planted import PlantedWorld
from shop import Shop


@pytest.fixture(scope="session")
def make_shop(
    planted_world: Callable[..., PlantedWorld], tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., Shop]:
    """A maker of shops: `make_shop(users=50)`; nothing has been run in them yet."""

    def make(**sizes: int) -> Shop:
        return Shop(planted_world(**sizes), tmp_path_factory.mktemp("run"))

    return make
