"""Secrets that a notebook was given are in the environment of its cells, and go when they are revoked."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from notebook_tui.document.operations import QueueCells
from notebook_tui.session.secrets import store
from notebook_tui.session.secrets.store import SecretStore
from tests.support.local_nodes import PATIENCE
from tests.support.open_notebook import opened

CELL = "import os\nos.environ.get('LB_KEY')"


@pytest.fixture(autouse=True)
def no_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "_keyring", lambda: None)


def test_a_secret_comes_and_goes_while_the_runtime_lives_and_is_there_in_the_next(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path, CELL) as it:
            await it.run(1)
            assert it.result(1) is None
            await it.client.give_secrets({"KEY": "swordfish"})
            await it.run(1)
            assert it.result(1) == "'swordfish'"
            await it.client.restart()
            await it.until(lambda state: state.runtime.phase == "connected")
            await it.run(1)
            assert it.result(1) == "'swordfish'"
            await it.client.revoke_secrets("KEY")
            await it.run(1)
            assert it.result(1) is None

    asyncio.run(main())


def test_no_cell_runs_before_the_secrets_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    connecting = threading.Event()

    def slow(self: SecretStore, name: str) -> str:
        """As a keyring that asks its user."""
        assert connecting.wait(PATIENCE)
        return real(self, name)

    async def main() -> None:
        SecretStore().set("KEY", "swordfish")
        async with opened(tmp_path, CELL) as it:
            await it.client.give_stored_secrets("KEY")
        monkeypatch.setattr(SecretStore, "get", slow)
        async with opened(tmp_path, CELL) as it:
            it.client.send(QueueCells(("cell-1",)))
            await it.until(lambda state: state.runtime.phase == "connecting")
            connecting.set()
            await it.until(lambda state: state.runs > 0 and state.evaluating is None)
            assert it.result(1) == "'swordfish'"

    real = SecretStore.get
    asyncio.run(main())
