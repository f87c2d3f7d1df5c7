"""Runtimes on platforms whose machines are the custodian's: they outlive the server, and are reached by its tunnels."""

from __future__ import annotations

import time
from functools import partial

import beamlike as bl
from beamlike.distribution.secret import Secret
from notebook_tui.serve.custody import Custody
from notebook_tui.serve.custody_messages import STOP_FAR_SECONDS
from notebook_tui.serve.held_node import HeldNode, connect_to
from notebook_tui.session.booted import Booted
from notebook_tui.session.keepsakes import Keepsake
from notebook_tui.session.runtime import Connection, Span, step


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
        custody, node = self._custody, keepsake.server.node
        connect = partial(_connect, custody, node, keepsake.directory or None)
        held = HeldNode(node, custody, connect, STOP_FAR_SECONDS)
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


async def _connect(custody: Custody, name: str, directory: str | None) -> None:
    way = await custody.way_to(name)
    await connect_to(name, (way.host, way.port), Secret(way.token), directory, encrypted=True)
