"""Runtimes of this machine that live with the custodian."""

from __future__ import annotations

import asyncio

import beamlike as bl
from beamlike.distribution.secret import load_secret
from beamlike.kernel.current import current_node
from notebook_tui.serve.custody import Custody
from notebook_tui.session.booted import START_SECONDS, Local, offer_modules, starter
from notebook_tui.session.keepsakes import Keepsake
from notebook_tui.session.runtime import Connection, RuntimeEnded, step


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
        """The nodes of custodians are no part of the user's cluster."""
        return self._custody.nodes

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
