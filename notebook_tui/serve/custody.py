"""The server's end of its custodian, and runtimes that live there."""

from __future__ import annotations

import asyncio
import json
import logging
import subprocess
from collections.abc import Iterable
from typing import Final

import beamlike as bl
from beamlike.distribution.secret import Secret, load_secret
from beamlike.kernel.current import current_node
from notebook_tui.serve.background import DidNotStart, NotThere, found_once_started, start_in_background
from notebook_tui.serve.custody_messages import (
    CUSTODIAN,
    Attend,
    Booted,
    BootRuntime,
    Dismiss,
    FateOf,
    NotBooted,
    StopRuntime,
    Taken,
)
from notebook_tui.serve.errors import NoServer
from notebook_tui.serve.rendezvous import CUSTODIANS, Server, servers
from notebook_tui.session.booted import BOOT_SECONDS, LEASE_SECONDS, START_SECONDS, Local, offer_modules, starter
from notebook_tui.session.keepsakes import Keepsake
from notebook_tui.session.runtime import Connection, Runtime, RuntimeEnded, step
from notebook_tui.session.state_directory import state_directory

logger = logging.getLogger("notebook_tui.serve")
CALL_SECONDS: Final = 10.0
LOG: Final = "runtimes.log"
_REFUSALS: Final = (bl.CallFailed, bl.CallTimeout, bl.NotConnected)


class Custody:
    """Of the server of `directory`, which is the process that calls `begin`. `lease`: so many seconds runtimes outlive
    a server."""

    def __init__(self, directory: str, lease: float = LEASE_SECONDS) -> None:
        self._directory = directory
        self.lease = lease
        self._custodian: Server | None = None
        self._server: bl.Pid | None = None
        self._nodes: set[str] = set()
        """Of the runtimes of these sessions, which the custodian is to keep whenever the way to it is found again."""
        self._starting = asyncio.Lock()

    @property
    def node(self) -> str:
        """That of the custodian; empty while there is none."""
        return "" if self._custodian is None else self._custodian.node

    def held(self, runtime: Runtime) -> Runtime:
        """The runtime, as one that outlives the server: with the custodian, or in its service. Else as it is, and it
        ends with the server."""
        if type(runtime) is Local:
            return Held(runtime, self)
        outliving = getattr(runtime, "outliving", None)  # a service is visited: what knows how is loaded with the first
        outlives: Runtime = runtime if outliving is None else outliving(self.lease)
        return outlives

    async def begin(self, server: bl.Pid, keeps: Iterable[str]) -> None:
        """The custodian that an earlier server has left, if there is one, keeps the runtimes on these nodes."""
        self._server, self._nodes = server, set(keeps)
        found = await asyncio.to_thread(self._found)
        if found is None:
            return
        try:
            await self._take(found)
        except _REFUSALS as error:
            logger.warning("the runtimes of the server before are not found again: %s", error)

    async def boot(self, python: str, env: dict[str, str], name: str) -> Booted:
        """NoServer says why there is no custodian; BeamlikeError, why there is no runtime. It ends with the process
        that asks, until that has taken it."""
        await self._there()
        wanted = BootRuntime(python, tuple(env.items()), name)
        answer = await bl.GenServer.call(self._address(), wanted, timeout=2 * BOOT_SECONDS + CALL_SECONDS)
        if isinstance(answer, NotBooted):
            raise bl.BeamlikeError(answer.why)
        booted: Booted = answer
        self._nodes.add(booted.node)
        return booted

    def take(self, booted: Booted) -> None:
        """It is somebody's runtime now."""
        bl.GenServer.cast(self._address(), Taken(booted.asked))

    async def stop(self, node: str) -> None:
        """It has ended, or will with its custodian."""
        self._nodes.discard(node)
        if self._custodian is not None:
            try:
                await bl.GenServer.call(self._address(), StopRuntime(node), timeout=CALL_SECONDS)
            except _REFUSALS as error:
                logger.warning("%s is left to its lease: %s", node, error)

    async def fate(self, node: str) -> str | None:
        """What became of that node, in words; None while it runs."""
        if self._custodian is None:
            return "it has ended"
        try:
            words: str | None = await bl.GenServer.call(self._address(), FateOf(node), timeout=CALL_SECONDS)
        except bl.CallTimeout:
            return None
        except (bl.CallFailed, bl.NotConnected):
            return "the program that has the runtimes has ended"
        return words

    def dismiss(self) -> None:
        """No runtime is needed any more."""
        if self._custodian is not None:
            bl.GenServer.cast(self._address(), Dismiss())

    def _address(self) -> bl.Server:
        assert self._custodian is not None
        return CUSTODIAN, self._custodian.node

    async def _there(self) -> None:
        async with self._starting:
            if self._custodian is None or self._custodian.node not in _node().nodes(hidden=True):
                found = await asyncio.to_thread(self._found) or await self._started()
                try:
                    await self._take(found)
                except _REFUSALS as error:
                    raise NoServer(f"the program that is to have the runtimes cannot be reached: {error}") from error

    async def _take(self, custodian: Server) -> None:
        assert self._server is not None
        await _node().connect(custodian.node, (custodian.host, custodian.port), secret=Secret(custodian.secret))
        attend = Attend(self._server, frozenset(self._nodes))
        await bl.GenServer.call((CUSTODIAN, custodian.node), attend, timeout=CALL_SECONDS)
        self._custodian = custodian

    def _found(self) -> Server | None:
        return next((each for each in servers(CUSTODIANS) if each.directory == self._directory), None)

    async def _started(self) -> Server:
        log = state_directory(CUSTODIANS) / LOG
        words = ("notebook_tui.serve.custodian",)
        told = json.dumps({"directory": self._directory, "lease": self.lease}).encode()
        program = await asyncio.to_thread(start_in_background, words, log, told)
        STARTED.append(program)
        try:
            return await found_once_started(program, self._found)
        except DidNotStart:
            raise NoServer(f"the program that is to have the runtimes does not start: {log} says why") from None
        except NotThere as error:
            raise NoServer(f"the program that is to have the runtimes {error}; {log} says what it does") from None


STARTED: Final[list[subprocess.Popen[bytes]]] = []
"""They outlive this program; while it lives, nobody takes them for forgotten."""


class Held:
    """As the runtime `local`, but a child of the custodian: it outlives the server for the lease."""

    alone = False

    def __init__(self, local: Local, custody: Custody) -> None:
        self.name = local.name
        self._local = local
        self._custody = custody

    async def connect(self, owner: bl.Pid, notebook: str, directory: str | None) -> Connection:
        local, custody = self._local, self._custody
        step(owner, "starting a process")
        booted = await custody.boot(local.python, local.env, self.name)
        try:
            step(owner, "sending it what makes it a runtime")
            await _connect(booted.node, (booted.host, booted.port), directory)
            start_runtime = await asyncio.to_thread(starter)
            where = local.directory or directory
            server: bl.Pid = await bl.rpc.call(
                booted.node, start_runtime, owner, notebook, where, custody.lease, None, timeout=START_SECONDS
            )
        except BaseException:
            await custody.stop(booted.node)
            raise
        custody.take(booted)
        text = f"{self.name}, {booted.where}"
        return self._connection(Keepsake(server, booted.host, booted.port, text, self.name, directory or ""))

    def resume(self, keepsake: Keepsake) -> Connection:
        """The runtime that an earlier server had, which is still to be reconnected to."""
        return self._connection(keepsake)

    def _connection(self, keepsake: Keepsake) -> Connection:
        held = _HeldNode(keepsake, self._custody)
        return Connection(keepsake.server, held, keepsake.text, self._custody.lease, held.reconnect, keepsake=keepsake)


class _HeldNode:
    """A runtime's node, as a session has it."""

    def __init__(self, keepsake: Keepsake, custody: Custody) -> None:
        self._keepsake = keepsake
        self._node = keepsake.server.node
        self._custody = custody

    @property
    def apart(self) -> tuple[str, ...]:
        """The custodian's node is no part of the user's cluster."""
        return (self._custody.node,)

    async def fate(self) -> str:
        return await self._custody.fate(self._node) or "the connection to it was lost"

    async def stop(self, *, grace: float) -> None:
        await bl.disconnect(self._node)
        await self._custody.stop(self._node)

    async def let_go(self) -> None:
        """It is for whoever comes next."""
        await bl.disconnect(self._node)

    async def reconnect(self) -> None:
        """RuntimeEnded, in words, if there is nothing to reconnect to."""
        ended = await self._custody.fate(self._node)
        if ended is not None:
            raise RuntimeEnded(ended)
        if self._node not in _node().nodes(hidden=True):
            await _connect(self._node, (self._keepsake.host, self._keepsake.port), self._keepsake.directory or None)


async def _connect(name: str, address: tuple[str, int], directory: str | None) -> None:
    # Offered first, so that what is there of an earlier connection stays what it is.
    offers = offer_modules(name, directory)
    try:
        await _node().connect(name, address, secret=load_secret())
    except BaseException:
        for offer in offers:
            offer.withdraw()
        raise


def _node() -> bl.Node:
    node = current_node()
    assert isinstance(node, bl.Node)
    return node
