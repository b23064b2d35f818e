"""What unit and integration tests share."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from helpers.synthetic_shop import PlantedWorld, plant


@pytest.fixture(scope="session")
def planted_world(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., PlantedWorld]:
    """A maker of small shops: `planted_world(users=50)` plants and writes one into a folder of its own."""

    def make(**sizes: int) -> PlantedWorld:
        return plant(tmp_path_factory.mktemp("shop"), **sizes)

    return make
