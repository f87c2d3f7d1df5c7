"""Children that cannot dial their parent, and are dialled through tunnels that break: real processes, real sockets."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.nodes.backend_contract import BackendContract, World
from tests.support.dialled_world import DialledWorld


@pytest.fixture
def dialled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DialledWorld:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    return DialledWorld(tmp_path)


class TestDialled(BackendContract):
    @pytest.fixture
    def world(self, dialled: DialledWorld) -> World:
        return dialled
