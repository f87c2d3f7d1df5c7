"""A runtime's node that lives with the custodian, as a session has it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import beamlike as bl
from beamlike.distribution.secret import Secret
from notebook_tui.serve.custodian_link import this_node
from notebook_tui.serve.custody import Custody
from notebook_tui.session.booted import offer_modules
from notebook_tui.session.runtime import RuntimeEnded


class HeldNode:
    """`connect` makes the connection to it anew; to be gone it may take `stop_seconds`."""

    def __init__(
        self, name: str, custody: Custody, connect: Callable[[], Awaitable[None]], stop_seconds: float
    ) -> None:
        self._name = name
        self._custody = custody
        self._connect = connect
        self._stop_seconds = stop_seconds

    @property
    def apart(self) -> tuple[str, ...]:
        """The nodes of custodians are no part of the user's cluster."""
        return self._custody.nodes

    async def fate(self) -> str:
        return await self._custody.fate(self._name) or "the connection to it was lost"

    async def stop(self, *, grace: float) -> None:
        await bl.disconnect(self._name)
        await self._custody.stop(self._name, within=self._stop_seconds)

    async def let_go(self) -> None:
        """It is for whoever comes next."""
        await bl.disconnect(self._name)

    async def reconnect(self) -> None:
        """RuntimeEnded, in words, if there is nothing to reconnect to."""
        ended = await self._custody.fate(self._name)
        if ended is not None:
            raise RuntimeEnded(ended)
        if self._name not in this_node().nodes(hidden=True):
            await self._connect()


async def connect_to(
    name: str, address: tuple[str, int], secret: Secret, directory: str | None, *, encrypted: bool = False
) -> None:
    # Offered first, so that what is there of an earlier connection stays what it is.
    offers = offer_modules(name, directory)
    try:
        await this_node().connect(name, address, secret=secret, encrypted=encrypted)
    except BaseException:
        for offer in offers:
            offer.withdraw()
        raise
