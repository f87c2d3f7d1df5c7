"""What every backend keeps (`backend_contract`), kept by Fly, against its emulator."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.nodes.backend_contract import BackendContract, World
from tests.support.fly_world import fly_behind_proxy, fly_world


class TestFly(BackendContract):
    @pytest.fixture
    def world(self) -> Iterator[World]:
        with fly_world() as world:
            yield world


class TestFlyFromOutside(BackendContract):
    """Of a program that is not in the private network, as on a laptop."""

    @pytest.fixture
    def world(self, tmp_path: Path) -> Iterator[World]:
        with fly_behind_proxy(tmp_path) as world:
            yield world
