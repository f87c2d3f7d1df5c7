"""Nodes in operating-system processes of their own, to be driven, cut off, frozen and killed."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import psutil

import beamlike as bl
from tests.support.local_nodes import PATIENCE
from tests.support.peer_node import READY, framed, next_term

SECRET = b"a secret of the test"
STREAM_LIMIT = 1 << 26


class Peer:
    """One of them; `node` is its name. Its pipe works whatever becomes of the connections between nodes."""

    def __init__(self, node: str, process: Process) -> None:
        self.node = node
        self._process = process
        self._turn = asyncio.Lock()

    async def start(self, options: dict[str, Any]) -> None:
        self._tell((self.node, options))
        assert await self._answer() == READY

    async def call(self, function: Callable[..., Any], *args: Any) -> Any:
        """Has a process of the node call `function`, and returns or raises what that does."""
        async with self._turn, asyncio.timeout(2 * PATIENCE):
            self._tell((function, args))
            return await self._answer()

    async def until(self, condition: Callable[..., Any], *args: Any) -> bool:
        """True as soon as the condition holds over there; fails when it does not within PATIENCE."""
        async with asyncio.timeout(PATIENCE):
            while not await self.call(condition, *args):  # noqa: ASYNC110 - nobody over there tells
                await asyncio.sleep(0.005)
        return True

    def _tell(self, term: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(framed(term))

    async def _answer(self) -> Any:
        assert self._process.stdout is not None
        succeeded, outcome = await next_term(self._process.stdout)
        if not succeeded:
            raise outcome
        return outcome

    def kill(self) -> None:
        self._process.send_signal(signal.SIGKILL)

    def freeze(self) -> None:
        """Returns once it runs no more."""
        self._process.send_signal(signal.SIGSTOP)
        while psutil.Process(self._process.pid).status() != psutil.STATUS_STOPPED:
            time.sleep(0.001)  # the system says by no event that a process was stopped

    def thaw(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    async def end(self) -> None:
        """By force; nothing of it is left when this returns."""
        if self._process.returncode is None:
            self.kill()
        await self._process.wait()
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        await self._process.stdout.read()


class Peers:
    """Those that a test has started."""

    def __init__(self) -> None:
        self._started: list[Peer] = []

    async def start(self, name: str, *, environment: Mapping[str, str] | None = None, **options: Any) -> Peer:
        """Starts `name`@127.0.0.1 (or "name@host"), with options as for bl.Node; it is connected to nobody unless they
        say so. `environment` is added to that of this process. Raises what keeps the node from starting."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.support.peer_node",
            env={**os.environ, **(environment or {}), "PYTHONPATH": os.pathsep.join(sys.path)},
            stdin=PIPE,
            stdout=PIPE,
            limit=STREAM_LIMIT,
        )
        peer = Peer(name if "@" in name else f"{name}@127.0.0.1", process)
        self._started.append(peer)
        await peer.start({"secret": SECRET, **options})
        return peer

    async def end(self) -> None:
        for peer in self._started:
            await peer.end()


@asynccontextmanager
async def peers() -> AsyncIterator[Peers]:
    """Whoever was started is ended, however frozen."""
    started = Peers()
    try:
        yield started
    finally:
        await started.end()


def among_peers(test: Callable[[Peers], Awaitable[None]]) -> Callable[[], None]:
    """Runs an async test on the node main@127.0.0.1, with whatever peers it starts."""

    async def main() -> None:
        async with peers() as started, main_node():
            await test(started)

    # No functools.wraps: pytest would take the peers for a fixture.
    def run() -> None:
        asyncio.run(main())

    run.__name__, run.__doc__, run.__module__ = test.__name__, test.__doc__, test.__module__
    return run


@asynccontextmanager
async def main_node(**options: Any) -> AsyncIterator[bl.Node]:
    """The node of the test itself, main@127.0.0.1; nothing in its loop may fail unseen."""
    failures: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: failures.append(context))
    async with bl.Node("main@127.0.0.1", **{"secret": SECRET, **options}) as node:
        yield node
    assert not failures
