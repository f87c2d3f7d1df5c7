"""Runtimes as a session sees them: something to connect to, and the connection.

`Local` is a child process of the terminal program. User code never shares a process with the terminal.
"""

from __future__ import annotations

import asyncio
import shutil
import sys
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Protocol

import beamlike as bl
import nodes
from beamlike.kernel.record import frozen
from notebook_tui.session.crash import readable

BOOT_SECONDS = 30.0
START_SECONDS = 15.0
LEASE_SECONDS = 240.0
"""A cell may hold the interpreter lock for long, as a sort in C does, and a terminal may be stopped for a while: what
its variables hold is worth waiting for. Of a notebook that has ended a runtime hears at once."""


class Host(Protocol):
    """Where a runtime is: a child node that was booted for it, or a node that runs for itself."""

    async def fate(self) -> str:
        """Why it was lost, in words."""
        ...

    async def stop(self, *, grace: float) -> object:
        """Ends what was started there."""
        ...


@frozen
class Connection:
    """A runtime that is up: `server` takes its messages, and its end is the runtime's end."""

    server: bl.Pid
    child: Host
    text: str
    lease: float = 0.0
    """So many seconds it lives on where its owner cannot be reached."""
    reconnect: Callable[[], Awaitable[None]] | None = None
    """Makes a new connection to its node; None where it ends with the connection."""

    async def fate(self) -> str:
        """Why the runtime was lost, in words."""
        return readable(await self.child.fate())

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


def _starter() -> Callable[..., Awaitable[bl.Pid]]:
    # The whole runtime comes with it: a program that shows a notebook is up sooner without.
    from notebook_tui.runtime.server import start_runtime

    return start_runtime


def _offer_modules(runtime: str, directory: str | None) -> None:
    """What a runtime may import that it does not have: what makes it one, and what lies beside the notebook."""
    bl.offer("notebook_tui", to=runtime)
    if directory is not None:
        bl.offer(directory, to=runtime)


def _tell_phase(owner: bl.Pid, connector: bl.Pid, phase: nodes.Phase) -> None:
    words = {"creating": "starting a process", "dialled": "it has dialled back"}.get(phase.name, phase.words)
    if phase.name not in ("requested", "ready", "failed"):
        bl.send(owner, Step(connector, words or phase.name))


class Local:
    """A runtime in a child process on this machine, of the interpreter that runs the terminal program, or of `python`.

    Its cells run in `directory`, else where the notebook lies. To other nodes it is a program of its user as any other:
    it reaches those that hold the user's secret.
    """

    def __init__(
        self,
        name: str = "local",
        *,
        python: str | None = None,
        directory: str | None = None,
        env: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        self._python = python or sys.executable
        self._directory = directory
        self._env = dict(env or {})

    async def connect(self, owner: bl.Pid, notebook: str, directory: str | None) -> Connection:
        if shutil.which(self._python) is None:
            raise FileNotFoundError(f"the runtime {self.name!r} is to be of a Python that is not there: {self._python}")
        backend = nodes.Local(python=self._python, env=self._env, users_secret=True)
        told = partial(_tell_phase, owner, bl.self())
        child = await nodes.boot(backend, timeout=BOOT_SECONDS, own_thread=True, lease=LEASE_SECONDS, on_phase=told)
        try:
            step(owner, "sending it what makes it a runtime")
            _offer_modules(child.node, directory)
            where = self._directory or directory
            start_runtime = await asyncio.to_thread(_starter)
            server = await bl.rpc.call(child.node, start_runtime, owner, notebook, where, timeout=START_SECONDS)
        except BaseException:
            await child.stop(grace=0)
            raise
        return Connection(server, child, f"{self.name}, {child.machine.where}")
