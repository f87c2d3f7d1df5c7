"""Runtimes as a session sees them: something to connect to, and the connection.

User code never shares a process with the terminal.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Protocol, cast

import beamlike as bl
from beamlike.kernel.record import frozen
from notebook_tui.session.crash import readable
from notebook_tui.session.durations import told
from notebook_tui.session.keepsakes import Keepsake


@frozen
class Span:
    """So many seconds from a moment on, which is of the clock that never goes back."""

    began: float
    seconds: float

    @property
    def is_over(self) -> bool:
        return time.monotonic() >= self.began + self.seconds


class Host(Protocol):
    """Where a runtime is: a child node that was booted for it, or a node that runs for itself."""

    async def fate(self) -> str:
        """Why it was lost, in words."""
        ...

    async def stop(self, *, grace: float) -> object:
        """Ends what was started there."""
        ...


class Left(Host, Protocol):
    """A host that outlives the program of its session."""

    async def let_go(self) -> None:
        """It is for whoever comes next: the runtime sees that its owner is out of reach, not that it has ended."""
        ...


class RuntimeEnded(Exception):
    """There is nothing any more to reconnect to; the message says why."""


@frozen
class Connection:
    """A runtime that is up: `server` takes its messages, and its end is the runtime's end."""

    server: bl.Pid
    child: Host
    """A `Left` where there is a keepsake."""
    text: str
    lease: float = 0.0
    """So many seconds it lives on where its owner cannot be reached."""
    reconnect: Callable[[], Awaitable[None]] | None = None
    """Makes a new connection to its node; None where it ends with the connection."""

    lifetime: Span | None = None
    """That of its machine, which ends with it; None if it has no limit."""
    usd_per_hour: float | None = None
    """What its machine costs; None if that is not known, or nobody is paid."""
    keepsake: Keepsake | None = None
    """By which the next program finds it, for it outlives this one; None if it does not."""

    @property
    def apart(self) -> tuple[str, ...]:
        """The nodes by which it is held, which are no part of its cluster."""
        return tuple(getattr(self.child, "apart", ()))

    async def fate(self) -> str:
        """Why the runtime was lost, in words."""
        if self.lifetime is not None and self.lifetime.is_over:
            return f"it has reached its lifetime of {told(self.lifetime.seconds)}; 00, or a cell, starts a new one"
        return readable(await self.child.fate())

    async def let_go(self) -> None:
        """The runtime, which has a keepsake, stays for whoever comes next."""
        await cast(Left, self.child).let_go()

    async def stop(self) -> None:
        """Ends the runtime and all that it booted."""
        await self.child.stop(grace=0.2)


@frozen
class Step:
    """To the session, by the process that connects: what is being done now, in words."""

    connector: bl.Pid
    text: str


def step(owner: bl.Pid, text: str) -> None:
    """Tell it to whoever waits for the runtime; to be called by the process that connects."""
    bl.send(owner, Step(bl.self(), text))


class Runtime(Protocol):
    async def connect(self, owner: bl.Pid, notebook: str, directory: str | None) -> Connection:
        """Makes a fresh runtime whose messages go to `owner`. BeamlikeError or OSError say why it cannot be had. Each
        `step` on the way may be told; who is cancelled leaves nothing behind."""
        ...
