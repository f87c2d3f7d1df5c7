"""The way from a server to one custodian, which is found again when it is lost: the custodian ends itself, and its
runtimes, when it has had no server for the lease."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Final

import beamlike as bl
from beamlike.distribution.secret import Secret
from beamlike.kernel.current import current_node
from beamlike.kernel.terms import NOCONNECTION
from notebook_tui.serve.custody_messages import CUSTODIAN, VERSION, Attend, StandIn
from notebook_tui.serve.rendezvous import CUSTODIANS, Server, servers
from notebook_tui.serve.standing_in import own_directory, own_environment

logger = logging.getLogger("notebook_tui.serve")
CALL_SECONDS: Final = 10.0
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0
REFUSALS: Final = (bl.CallFailed, bl.CallTimeout, bl.NotConnected)


class CustodianLink:
    """To that custodian, for a server that attends to it as `attend` says then."""

    def __init__(self, custodian: Server, attend: Callable[[], Attend], lease: float) -> None:
        self.custodian = custodian
        self.node = custodian.node
        self._address = CUSTODIAN, custodian.node
        self._attend = attend
        self._lease = lease
        self._taking = asyncio.Lock()

    @property
    def is_up(self) -> bool:
        return self.node in this_node().nodes(hidden=True)

    async def begin(self) -> None:
        """From now on it has this server. One of REFUSALS says why not."""
        await self._take()
        bl.spawn(self._stay)

    async def holds(self) -> bool:
        """Whether there is a way, maybe only since now."""
        try:
            return await self._found_again()
        except REFUSALS:
            return False

    async def ask(self, wanted: object, within: float, *, again: bool = True) -> Any:
        """The answer; asked `again` where the way was lost and is found. NotConnected if it lives and is not found,
        CallFailed if it has ended, CallTimeout."""
        try:
            return await bl.GenServer.call(self._address, wanted, timeout=within)
        except bl.CallFailed as failed:
            if not again or failed.reason != NOCONNECTION or not await self._found_again():
                raise
        return await bl.GenServer.call(self._address, wanted, timeout=within)

    def tell(self, news: object) -> None:
        bl.GenServer.cast(self._address, news)

    async def _take(self) -> None:
        """NotConnected or CallTimeout, where it cannot be had now."""
        custodian = self.custodian
        await this_node().connect(self.node, (custodian.host, custodian.port), secret=Secret(custodian.secret))
        try:
            await bl.GenServer.call(self._address, self._attend(), timeout=CALL_SECONDS)
            if custodian.version == VERSION:
                stand_in = StandIn(own_environment(), own_directory())
                await bl.GenServer.call(self._address, stand_in, timeout=CALL_SECONDS)
        except bl.CallFailed as failed:
            raise bl.NotConnected(f"{self.node} does not take this server: {failed.why}") from failed

    async def _found_again(self) -> bool:
        """Whether it has this server again; False once it has ended. One of REFUSALS says why not yet."""
        async with self._taking:
            if self.is_up:
                return True
            if not await asyncio.to_thread(self._lives):
                return False
            await self._take()
            logger.info("the way to the program that has the runtimes is found again")
            return True

    def _lives(self) -> bool:
        return any(each.node == self.node for each in servers(CUSTODIANS))

    async def _stay(self) -> None:
        """While it lives, it has this server: nobody else would notice before something is asked of it."""
        while True:
            bl.monitor_node(self.node)
            await bl.receive(lambda news: isinstance(news, bl.NodeDown) and news.node == self.node)
            if not await self._found_again_within_the_lease():
                return

    async def _found_again_within_the_lease(self) -> bool:
        pause = FIRST_PAUSE
        try:
            async with asyncio.timeout(self._lease):
                while True:
                    try:
                        return await self._found_again()
                    except (*REFUSALS, OSError) as error:
                        logger.warning("the way to the program that has the runtimes is lost: %s", error)
                    await asyncio.sleep(pause)
                    pause = min(2 * pause, LONGEST_PAUSE)
        except TimeoutError:
            return False


def this_node() -> bl.Node:
    node = current_node()
    assert isinstance(node, bl.Node)
    return node
