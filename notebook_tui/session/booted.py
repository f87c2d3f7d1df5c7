"""Runtimes on machines that a backend boots: a child process here, a Fly Machine, a pod.

All in which these differ is in the backend.
"""

from __future__ import annotations

import asyncio
import shutil
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import partial

import beamlike as bl
import nodes
from nodes.backend import dials_child
from nodes.phases import OnPhase
from notebook_tui.session.runtime import Connection, Span, Step, step

START_SECONDS = 15.0
"""How long a node on this host may take to become a runtime."""
FAR_START_SECONDS = 60.0
"""One elsewhere: what makes it a runtime is sent to it."""
BOOT_SECONDS = 30.0
FAR_BOOT_SECONDS = 600.0
"""An image may have to be pulled, and a machine be added to a cluster."""
LEASE_SECONDS = 240.0
"""A cell may hold the interpreter lock for long, as a sort in C does, and a terminal may be stopped for a while: what
its variables hold is worth waiting for. Of a notebook that has ended a runtime hears at once."""

_SAID_BEFORE = frozenset({"requested", "ready", "failed"})
"""Phases of a boot that say nothing new to whoever asked for it."""


class Booted:
    """A runtime on a machine of `backend`. `directory` is where its cells run; else where the notebook lies, if that is
    this machine, and on another one where its image says.

    It ends after `idle_limit` seconds without an evaluation and without a question, and after `lifetime` in any case.
    `alone` says that its machine has something, such as a volume, that the next one can only have when it is gone.
    """

    def __init__(
        self,
        name: str,
        backend: nodes.Backend,
        *,
        directory: str | None = None,
        idle_limit: float | None = None,
        lifetime: float | None = None,
        lease: float = LEASE_SECONDS,
        alone: bool = False,
    ) -> None:
        self.name = name
        self.directory = directory
        self.idle_limit = idle_limit
        self.lifetime = lifetime
        self.alone = alone
        self._backend = backend
        self._lease = lease
        self._is_here = getattr(backend, "on_this_host", False)

    async def connect(self, owner: bl.Pid, notebook: str, directory: str | None) -> Connection:
        lifetime = None if self.lifetime is None else Span(time.monotonic(), self.lifetime)
        child = await self.boot(partial(tell_phase, owner, bl.self(), self._is_here), self._lease)
        try:
            step(owner, "sending it what makes it a runtime")
            offer_modules(child.node, directory)
            server = await self.start(child.node, owner, notebook, directory, 0.0)
            price = await self.price(owner)
        except BaseException:
            await child.stop(grace=0)
            raise
        text = f"{self.name}, {child.machine.where}"
        return Connection(server, child, text, lifetime=lifetime, usd_per_hour=price)

    @property
    def is_dialled(self) -> bool:
        """Whether its machine is reached through tunnels, from this host."""
        return dials_child(self._backend)

    async def boot(self, on_phase: OnPhase, lease: float) -> nodes.Child:
        """A machine for it, of the current node."""
        return await nodes.boot(
            self._backend,
            timeout=BOOT_SECONDS if self._is_here else FAR_BOOT_SECONDS,
            own_thread=True,
            lease=lease,
            max_lifetime=self.lifetime,
            on_phase=on_phase,
        )

    async def price(self, owner: bl.Pid) -> float | None:
        """For an hour, in dollars, where it is known: a notebook goes on without."""
        if self._is_here:
            return None
        from flame.prices import price_of_backend

        try:
            price = await asyncio.to_thread(price_of_backend, self._backend)
        except ValueError as error:
            step(owner, f"its price is not known: {error}")
            return None
        return None if price is None else price.usd_per_hour

    async def start(self, node: str, owner: bl.Pid, notebook: str, directory: str | None, lease: float) -> bl.Pid:
        """Makes that node, which is connected and offered the runtime, one for `owner`; returns its server."""
        start_runtime = await asyncio.to_thread(starter)
        where = self.directory or (directory if self._is_here else None)
        seconds = START_SECONDS if self._is_here else FAR_START_SECONDS
        server: bl.Pid = await bl.rpc.call(
            node, start_runtime, owner, notebook, where, lease, self.idle_limit, timeout=seconds
        )
        return server


class Local(Booted):
    """A runtime in a child process on this machine, of the interpreter that runs the terminal program, or of `python`.

    To other nodes it is a program of its user as any other: it reaches those that hold the user's secret.
    """

    def __init__(
        self,
        name: str = "local",
        *,
        python: str | None = None,
        directory: str | None = None,
        env: Mapping[str, str] | None = None,
    ) -> None:
        self.python = python or sys.executable
        self.env = dict(env or {})
        backend = nodes.Local(python=self.python, env=self.env, users_secret=True)
        super().__init__(name, backend, directory=directory, alone=True)

    async def connect(self, owner: bl.Pid, notebook: str, directory: str | None) -> Connection:
        if shutil.which(self.python) is None:
            raise FileNotFoundError(f"the runtime {self.name!r} is to be of a Python that is not there: {self.python}")
        return await super().connect(owner, notebook, directory)


def tell_phase(owner: bl.Pid, connector: bl.Pid, is_here: bool, phase: nodes.Phase) -> None:
    """That a boot has come so far, as a step of the process that connects."""
    if phase.name in _SAID_BEFORE:
        return
    words = phase.words
    if phase.name == "dialled":
        words = "it is connected"
    elif is_here and phase.name == "creating":
        words = "starting a process"
    bl.send(owner, Step(connector, words or phase.name))


def starter() -> Callable[..., Awaitable[bl.Pid]]:
    """What makes a node a runtime; loads it, which takes a while."""
    # The whole runtime comes with it: a program that shows a notebook is up sooner without.
    from notebook_tui.runtime.server import start_runtime

    return start_runtime


def offer_modules(runtime: str, directory: str | None) -> tuple[bl.Offer, ...]:
    """What a runtime may import that it does not have: what makes it one, and what lies beside the notebook. The offers
    are over when its node, once connected, is lost."""
    offers = ("notebook_tui",) if directory is None else ("notebook_tui", directory)
    return tuple(bl.offer(each, to=runtime) for each in offers)
