"""What every backend keeps (`backend_contract`), kept by Fly, against its emulator."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.nodes.backend_contract import BackendContract, World
from tests.support.fly_world import fly_world


class TestFly(BackendContract):
    @pytest.fixture
    def world(self) -> Iterator[World]:
        with fly_world() as world:
            yield world
