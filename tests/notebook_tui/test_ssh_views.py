"""Views of guests, in the program that draws them: what is left of one that has ended."""

from __future__ import annotations

import asyncio
import gc
import weakref
from pathlib import Path
from typing import Any, cast

import pytest

from notebook_tui.session.people import OWNER
from notebook_tui.ssh.command import Home, OpenFile
from notebook_tui.ssh.guest import Guest
from notebook_tui.ssh.server import Admitted
from notebook_tui.ssh.views import Views
from tests.support.guest_in_memory import Host, begin, until

QUIT = b"\x1b[113;5u"
"""Ctrl+Q, as a terminal tells it that speaks Kitty's protocol."""


def test_nothing_of_a_view_that_has_ended_stays_in_the_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BEAMLIKE_STATE", str(tmp_path / "state"))
    views = Views(cast(Any, None), cast(Any, None))
    visitor = Admitted(OWNER, tmp_path)

    async def view(wish: Home | OpenFile, guest: Guest) -> int:
        return await views.view(wish, guest, visitor)

    async def visit() -> weakref.ref[object]:
        guest, channel = begin(Host(view))
        await until(lambda: b"HOME" in channel.written, "home is shown")
        app = weakref.ref[object](guest.app)
        guest.data_received(QUIT, None)
        await until(lambda: channel.status is not None, "the view has ended")
        assert channel.status == 0
        return app

    async def main() -> None:
        app = await visit()

        def is_gone() -> bool:
            gc.collect()
            return app() is None

        await until(is_gone, "nothing holds the view")

    asyncio.run(main())
