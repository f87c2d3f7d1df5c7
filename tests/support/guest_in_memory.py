"""A guest of the SSH server without a client: what asyncssh would call is called, what it would send is kept."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any, cast

from notebook_tui.ssh.command import Home, OpenFile, Wish
from notebook_tui.ssh.guest import Guest

PATIENCE = 60.0


class Channel:
    def __init__(self) -> None:
        self.written = b""
        self.status: int | None = None
        self.is_paused = False

    def get_environment_bytes(self) -> dict[bytes, bytes]:
        return {}

    def get_connection(self) -> Any:
        return SimpleNamespace(_transport=None)

    def get_write_buffer_size(self) -> int:
        return 0

    def is_closing(self) -> bool:
        return self.status is not None

    def write(self, data: bytes) -> None:
        self.written += data

    def pause_reading(self) -> None:
        self.is_paused = True

    def resume_reading(self) -> None:
        self.is_paused = False

    def exit(self, status: int) -> None:
        self.status = status


class Host:
    """A connection whose guests may all that there is; `view` is what shows them notebooks."""

    role = "admin"

    def __init__(self, view: Callable[[Home | OpenFile, Guest], Awaitable[int]]) -> None:
        self._view = view

    def may(self, wish: Wish) -> bool:
        return True

    async def view(self, wish: Home | OpenFile, guest: Guest) -> int:
        return await self._view(wish, guest)

    async def perform(self, wish: Wish, guest: Guest) -> int:
        guest.say(await guest.input.whole())
        return 0

    def refused(self, why: str) -> None:
        raise AssertionError(why)

    def touched(self) -> None: ...

    def left(self, guest: Guest) -> None: ...


def begin(host: Host, command: str | None = None, term: str = "xterm-256color") -> tuple[Guest, Channel]:
    """A guest who has just come, with that command, and a terminal unless `term` is empty."""
    guest, channel = Guest(host), Channel()
    guest.connection_made(cast(Any, channel))
    if term:
        guest.pty_requested(term, (90, 24, 0, 0), {})
    guest.shell_requested() if command is None else guest.exec_requested(command)
    guest.session_started()
    return guest, channel


async def until(holds: Callable[[], object], what: str) -> None:
    end = asyncio.get_running_loop().time() + PATIENCE
    while not holds():
        assert asyncio.get_running_loop().time() < end, f"never came true: {what}"
        await asyncio.sleep(0.01)
