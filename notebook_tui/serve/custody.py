"""The server's end of its custodian, which has the runtimes that outlive it.

One of another version, which a server before has left, keeps what it has until that ends; what is new is booted by one
of this version beside it.
"""

from __future__ import annotations

import asyncio
import json
import logging
import subprocess
from collections.abc import Iterable
from typing import Final

import beamlike as bl
from notebook_tui.serve.background import DidNotStart, NotThere, found_once_started, start_in_background
from notebook_tui.serve.custodian_link import CALL_SECONDS, REFUSALS, CustodianLink, this_node
from notebook_tui.serve.custody_messages import (
    VERSION,
    Attend,
    Booted,
    BootFar,
    BootRuntime,
    Dismiss,
    FateOf,
    NotBooted,
    StopRuntime,
    Taken,
    Way,
    WayTo,
)
from notebook_tui.serve.errors import NoServer
from notebook_tui.serve.rendezvous import CUSTODIANS, Server, servers
from notebook_tui.session.booted import (
    BOOT_SECONDS,
    FAR_BOOT_SECONDS,
    LEASE_SECONDS,
)
from notebook_tui.session.state_directory import state_directory

logger = logging.getLogger("notebook_tui.serve")
FAR_CALL_SECONDS: Final = 40.0
LOG: Final = "runtimes.log"
ENDED: Final = "it has ended"


class Custody:
    """Of the server of `directory`, which is the process that calls `begin`. `lease`: so many seconds runtimes outlive
    a server."""

    def __init__(self, directory: str, lease: float = LEASE_SECONDS) -> None:
        self._directory = directory
        self.lease = lease
        self._links: list[CustodianLink] = []
        self._own: CustodianLink | None = None
        """To the one of this version, which boots."""
        self._unreached: list[Server] = []
        self._server: bl.Pid | None = None
        self._nodes: dict[str, CustodianLink | None] = {}
        """Of the runtimes of these sessions, which custodians are to keep whenever the way to them is found again; and
        to which of them, once that is known."""
        self._starting = asyncio.Lock()

    @property
    def node(self) -> str:
        """That of the custodian that boots; empty while there is none."""
        return "" if self._own is None else self._own.node

    @property
    def nodes(self) -> tuple[str, ...]:
        """Those of all custodians."""
        return tuple(link.node for link in self._links)

    async def begin(self, server: bl.Pid, keeps: Iterable[str]) -> None:
        """Custodians that earlier servers have left keep the runtimes on these nodes."""
        self._server, self._nodes = server, dict.fromkeys(keeps)
        for found in await asyncio.to_thread(self._found):
            try:
                await self._take(found)
            except REFUSALS as error:
                self._unreached.append(found)
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
        link = await self._link_of(node)
        answer: Way | str = ENDED if link is None else await link.ask(WayTo(node, this_node().name), FAR_CALL_SECONDS)
        if isinstance(answer, str):
            raise bl.NotConnected(f"{node} cannot be reached: {answer}")
        return answer

    async def _boot(self, wanted: BootRuntime | BootFar, seconds: float) -> Booted:
        link = await self._there()
        # Not asked again: what the first question has booted would be nobody's.
        answer = await link.ask(wanted, 2 * seconds + CALL_SECONDS, again=False)
        if isinstance(answer, NotBooted):
            raise bl.BeamlikeError(answer.why)
        booted: Booted = answer
        self._nodes[booted.node] = link
        return booted

    def take(self, booted: Booted) -> None:
        """It is somebody's runtime now."""
        link = self._nodes.get(booted.node)
        if link is not None:
            link.tell(Taken(booted.asked))

    async def stop(self, node: str, *, within: float = CALL_SECONDS) -> None:
        """It has ended, or will with its custodian."""
        link = await self._link_of(node)
        self._nodes.pop(node, None)
        if link is not None:
            try:
                await link.ask(StopRuntime(node), within)
            except REFUSALS as error:
                logger.warning("%s is left to its lease: %s", node, error)
            self._let_go(link)

    async def fate(self, node: str) -> str | None:
        """What became of that node, in words; None while it runs, or that is not known."""
        link = await self._link_of(node)
        return self._unknown() if link is None else await _fate(link, node)

    def dismiss(self) -> None:
        """No runtime is needed any more."""
        for link in self._links:
            link.tell(Dismiss())

    async def _link_of(self, node: str) -> CustodianLink | None:
        """To the custodian that has it, or had it last; None if there is none."""
        known = self._nodes.get(node)
        if known is not None or not self._links:
            return known
        if len(self._links) == 1 and not self._unreached:
            return self._links[0]
        for link in self._links:
            if await _fate(link, node) is None:
                if node in self._nodes:
                    self._nodes[node] = link
                return link
        return None

    def _let_go(self, link: CustodianLink) -> None:
        """One of another version, once it has nothing: nobody else would end it while this server lives."""
        has = self._nodes.values()
        if link is not self._own and link in self._links and link not in has and None not in has:
            link.tell(Dismiss())
            self._links.remove(link)

    def _unknown(self) -> str:
        if not self._unreached:
            return ENDED
        pids = ", ".join(str(each.pid) for each in self._unreached)
        return (
            f"expected to find it again with the program that an earlier server has left (process {pids}), and that "
            f"cannot be asked, as one of another version of beamlike; what it has ends within {self.lease:g} s"
        )

    async def _there(self) -> CustodianLink:
        async with self._starting:
            if self._own is not None and await self._own.holds():
                return self._own
            found = await asyncio.to_thread(self._found_own) or await self._started()
            try:
                return await self._take(found)
            except REFUSALS as error:
                raise NoServer(f"the program that is to have the runtimes cannot be reached: {error}") from error

    async def _take(self, custodian: Server) -> CustodianLink:
        link = CustodianLink(custodian, self._attend, self.lease)
        await link.begin()
        self._links = [*(each for each in self._links if each.is_up and each.node != link.node), link]
        if custodian.version == VERSION:
            self._own = link
        return link

    def _attend(self) -> Attend:
        assert self._server is not None
        return Attend(self._server, frozenset(self._nodes))

    def _found(self) -> tuple[Server, ...]:
        return tuple(each for each in servers(CUSTODIANS) if each.directory == self._directory)

    def _found_own(self) -> Server | None:
        return next((each for each in self._found() if each.version == VERSION), None)

    async def _started(self) -> Server:
        log = state_directory(CUSTODIANS) / LOG
        words = ("notebook_tui.serve.custodian",)
        told = json.dumps({"directory": self._directory, "lease": self.lease, "version": VERSION}).encode()
        program = await asyncio.to_thread(start_in_background, words, log, told)
        STARTED.append(program)
        try:
            return await found_once_started(program, self._found_own)
        except DidNotStart:
            raise NoServer(f"the program that is to have the runtimes does not start: {log} says why") from None
        except NotThere as error:
            raise NoServer(f"the program that is to have the runtimes {error}; {log} says what it does") from None


async def _fate(link: CustodianLink, node: str) -> str | None:
    try:
        words: str | None = await link.ask(FateOf(node), CALL_SECONDS)
    except (bl.CallTimeout, bl.NotConnected):  # the custodian lives
        return None
    except bl.CallFailed:
        return "the program that has the runtimes has ended"
    return words


STARTED: Final[list[subprocess.Popen[bytes]]] = []
"""They outlive this program; while it lives, nobody takes them for forgotten."""
