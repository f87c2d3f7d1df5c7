"""What every backend keeps (`backend_contract`), kept on this host."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.nodes.backend_contract import BackendContract, World
from tests.support.local_world import LocalWorld


class TestLocal(BackendContract):
    @pytest.fixture
    def world(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
        monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
        return LocalWorld(tmp_path)
