"""Runtimes on platforms whose machines are the custodian's: they outlive the server, and are reached by its tunnels."""

from __future__ import annotations

import time

import beamlike as bl
from beamlike.distribution.secret import Secret
from beamlike.kernel.current import current_node
from notebook_tui.serve.custody import Custody
from notebook_tui.serve.custody_messages import STOP_FAR_SECONDS
from notebook_tui.session.booted import Booted, offer_modules
from notebook_tui.session.keepsakes import Keepsake
from notebook_tui.session.runtime import Connection, RuntimeEnded, Span, step


class HeldFar:
    """As the runtime, which is one of a platform that is dialled."""

    def __init__(self, runtime: Booted, custody: Custody) -> None:
        self.name = runtime.name
        self.alone = runtime.alone
        self._runtime = runtime
        self._custody = custody

    async def connect(self, owner: bl.Pid, notebook: str, directory: str | None) -> Connection:
        runtime, custody = self._runtime, self._custody
        began = time.time()
        booted = await custody.boot_far(self.name, owner)
        try:
            step(owner, "sending it what makes it a runtime")
            await _connect(custody, booted.node, directory)
            server = await runtime.start(booted.node, owner, notebook, directory, custody.lease)
            price = await runtime.price(owner)
        except BaseException:
            await custody.stop(booted.node, within=STOP_FAR_SECONDS)
            raise
        custody.take(booted)
        text = f"{self.name}, {booted.where}"
        return self._connection(
            Keepsake(server, "", 0, text, self.name, directory or "", began, runtime.lifetime, price)
        )

    def resume(self, keepsake: Keepsake) -> Connection:
        """The runtime that an earlier server had, which is still to be reconnected to."""
        return self._connection(keepsake)

    def _connection(self, keepsake: Keepsake) -> Connection:
        held, custody = _FarNode(keepsake, self._custody), self._custody
        return Connection(
            keepsake.server,
            held,
            keepsake.text,
            custody.lease,
            held.reconnect,
            lifetime=_lifetime(keepsake),
            usd_per_hour=keepsake.usd_per_hour,
            keepsake=keepsake,
        )


def _lifetime(keepsake: Keepsake) -> Span | None:
    if keepsake.lifetime is None:
        return None
    return Span(time.monotonic() - (time.time() - keepsake.began), keepsake.lifetime)


class _FarNode:
    """A machine's node, as a session has it."""

    def __init__(self, keepsake: Keepsake, custody: Custody) -> None:
        self._node = keepsake.server.node
        self._directory = keepsake.directory or None
        self._custody = custody

    @property
    def apart(self) -> tuple[str, ...]:
        """The nodes of custodians are no part of the user's cluster."""
        return self._custody.nodes

    async def fate(self) -> str:
        return await self._custody.fate(self._node) or "the connection to it was lost"

    async def stop(self, *, grace: float) -> None:
        await bl.disconnect(self._node)
        await self._custody.stop(self._node, within=STOP_FAR_SECONDS)

    async def let_go(self) -> None:
        """It is for whoever comes next."""
        await bl.disconnect(self._node)

    async def reconnect(self) -> None:
        """RuntimeEnded, in words, if there is nothing to reconnect to."""
        ended = await self._custody.fate(self._node)
        if ended is not None:
            raise RuntimeEnded(ended)
        if self._node not in _this_node().nodes(hidden=True):
            await _connect(self._custody, self._node, self._directory)


async def _connect(custody: Custody, name: str, directory: str | None) -> None:
    way = await custody.way_to(name)
    # Offered first, so that what is there of an earlier connection stays what it is.
    offers = offer_modules(name, directory)
    try:
        await _this_node().connect(name, (way.host, way.port), secret=Secret(way.token), encrypted=True)
    except BaseException:
        for offer in offers:
            offer.withdraw()
        raise


def _this_node() -> bl.Node:
    node = current_node()
    assert isinstance(node, bl.Node)
    return node
