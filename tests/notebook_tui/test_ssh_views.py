"""Views of guests, in the program that draws them: how one begins, and what is left of one that has ended."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Awaitable, Callable
from pathlib import Path
from time import time
from typing import Any, cast

import pytest

from notebook_tui.document.state import State
from notebook_tui.session.people import OWNER
from notebook_tui.ssh.command import Home, OpenFile
from notebook_tui.ssh.guest import Guest
from notebook_tui.ssh.server import Admitted
from notebook_tui.ssh.views import Views
from notebook_tui.ui.channel_app import ChannelApp
from notebook_tui.ui.terminal_environment import use_terminal_environment
from tests.support.fake_session import FakeSession, code, notebook_of
from tests.support.guest_in_memory import Host, begin, until

QUIT = b"\x1b[113;5u"
"""Ctrl+Q, as a terminal tells it that speaks Kitty's protocol."""


def test_the_app_of_a_view_that_has_ended_is_held_by_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
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


WORDS = "the server ends; the notebooks' text is kept"


@pytest.mark.parametrize(("ends", "status"), [((WORDS, 75), 75), (("your key opens nothing here any more",), 1)])
def test_a_view_whose_server_ends_says_so_and_has_a_status_to_come_again_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ends: tuple[str, int], status: int
) -> None:
    monkeypatch.setenv("BEAMLIKE_STATE", str(tmp_path / "state"))

    async def main() -> None:
        guest, channel = begin(Host(real_view(tmp_path)))
        await until(lambda: b"HOME" in channel.written, "home is shown")
        guest.close(*ends)
        await until(lambda: channel.status is not None, "the view has ended")
        assert channel.status == status
        assert ends[0].encode() in channel.written

    asyncio.run(main())


def test_a_view_whose_server_ends_while_the_notebook_opens_has_the_status_to_come_again() -> None:
    async def main() -> None:
        opens = asyncio.Event()

        async def view(wish: Home | OpenFile, guest: Guest) -> int:
            opens.set()
            await asyncio.Event().wait()
            return 0

        guest, channel = begin(Host(view), "open t.livemd")
        await opens.wait()
        guest.close(WORDS, 75)
        await until(lambda: channel.status is not None, "the view has ended")
        assert channel.status == 75

    asyncio.run(main())


def test_who_has_quit_when_the_server_ends_is_not_told_to_come_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BEAMLIKE_STATE", str(tmp_path / "state"))

    async def main() -> None:
        guest, channel = begin(Host(real_view(tmp_path)))
        await until(lambda: b"HOME" in channel.written, "home is shown")
        assert guest.app is not None
        guest.app.exit()
        guest.close(WORDS, 75)
        await until(lambda: channel.status is not None, "the view has ended")
        assert channel.status == 1

    asyncio.run(main())


def real_view(directory: Path) -> Callable[[Home | OpenFile, Guest], Awaitable[int]]:
    views = Views(cast(Any, None), cast(Any, None))

    async def view(wish: Home | OpenFile, guest: Guest) -> int:
        return await views.view(wish, guest, Admitted(OWNER, directory))

    return view


def test_what_is_typed_while_the_notebook_opens_is_there_for_the_view() -> None:
    async def main() -> None:
        may_open = asyncio.Event()

        async def view(wish: Home | OpenFile, guest: Guest) -> int:
            await may_open.wait()
            use_terminal_environment(guest.environment)
            session = FakeSession(State(notebook_of(code("a", "x")), path="t.livemd"), time)
            guest.app = ChannelApp(session, guest, cast(Any, None))
            await guest.app.run_async(size=(90, 24))
            return 0

        guest, channel = begin(Host(view), "open t.livemd")
        guest.data_received(b"jj", None)  # before the guest's task has had its first turn
        await until(lambda: channel.is_paused, "the other side is kept from sending more")
        guest.data_received(b"jitype", None)
        may_open.set()
        await until(lambda: guest.app is not None, "there is a view, which is not up")
        guest.data_received(b"d", None)
        await until(lambda: typed_in(guest) == "xtyped", "all that was typed, in its order")
        assert not channel.is_paused
        guest.connection_lost(None)
        await until(lambda: channel.status is not None, "the view has ended")

    asyncio.run(main())


def typed_in(guest: Guest) -> str:
    """The text of the cell that is edited."""
    screen = guest.app.notebook_screen if guest.app is not None else None
    return screen._view.editor.text if screen is not None and screen.is_editing else ""


def test_what_comes_for_a_command_before_it_begins_is_there_for_the_command() -> None:
    async def main() -> None:
        async def view(wish: Home | OpenFile, guest: Guest) -> int:
            raise AssertionError("a command is no view")

        guest, channel = begin(Host(view), "run --inputs - t.livemd", term="")
        guest.data_received(b"{", None)
        await asyncio.sleep(0)
        guest.data_received(b"}", None)
        guest.eof_received()
        await until(lambda: channel.status is not None, "the command has ended")
        assert channel.written == b"{}"

    asyncio.run(main())
