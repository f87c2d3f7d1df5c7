"""The server's end of its custodian, which has the runtimes that outlive it."""

from __future__ import annotations

import asyncio
import json
import logging
import subprocess
from collections.abc import Iterable
from typing import Final

import beamlike as bl
from beamlike.distribution.secret import Secret
from beamlike.kernel.current import current_node
from notebook_tui.serve.background import DidNotStart, NotThere, found_once_started, start_in_background
from notebook_tui.serve.custody_messages import (
    CUSTODIAN,
    Attend,
    Booted,
    BootFar,
    BootRuntime,
    Dismiss,
    FateOf,
    NotBooted,
    StandIn,
    StopRuntime,
    Taken,
    Way,
    WayTo,
)
from notebook_tui.serve.errors import NoServer
from notebook_tui.serve.rendezvous import CUSTODIANS, Server, servers
from notebook_tui.serve.standing_in import own_directory, own_environment
from notebook_tui.session.booted import (
    BOOT_SECONDS,
    FAR_BOOT_SECONDS,
    LEASE_SECONDS,
)
from notebook_tui.session.state_directory import state_directory

logger = logging.getLogger("notebook_tui.serve")
CALL_SECONDS: Final = 10.0
FAR_CALL_SECONDS: Final = 40.0
STOP_FAR_SECONDS: Final = 80.0
"""A machine of a platform may take so long to go."""
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
        return await self._boot(BootRuntime(python, tuple(env.items()), name), BOOT_SECONDS)

    async def boot_far(self, spec: str, owner: bl.Pid) -> Booted:
        """As `boot`, on a machine of a platform."""
        return await self._boot(BootFar(spec, owner), FAR_BOOT_SECONDS)

    async def way_to(self, node: str) -> Way:
        """NotConnected says why there is none."""
        wanted = WayTo(node, _node().name)
        answer: Way | str = await bl.GenServer.call(self._address(), wanted, timeout=FAR_CALL_SECONDS)
        if isinstance(answer, str):
            raise bl.NotConnected(f"{node} cannot be reached: {answer}")
        return answer

    async def _boot(self, wanted: BootRuntime | BootFar, seconds: float) -> Booted:
        await self._there()
        answer = await bl.GenServer.call(self._address(), wanted, timeout=2 * seconds + CALL_SECONDS)
        if isinstance(answer, NotBooted):
            raise bl.BeamlikeError(answer.why)
        booted: Booted = answer
        self._nodes.add(booted.node)
        return booted

    def take(self, booted: Booted) -> None:
        """It is somebody's runtime now."""
        bl.GenServer.cast(self._address(), Taken(booted.asked))

    async def stop(self, node: str, *, within: float = CALL_SECONDS) -> None:
        """It has ended, or will with its custodian."""
        self._nodes.discard(node)
        if self._custodian is not None:
            try:
                await bl.GenServer.call(self._address(), StopRuntime(node), timeout=within)
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
        address = CUSTODIAN, custodian.node
        await bl.GenServer.call(address, attend, timeout=CALL_SECONDS)
        await bl.GenServer.call(address, StandIn(own_environment(), own_directory()), timeout=CALL_SECONDS)
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


def _node() -> bl.Node:
    node = current_node()
    assert isinstance(node, bl.Node)
    return node
