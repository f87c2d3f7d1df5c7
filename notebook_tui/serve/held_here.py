"""Runtimes of this machine that live with the custodian."""

from __future__ import annotations

import asyncio

import beamlike as bl
from beamlike.distribution.secret import load_secret
from notebook_tui.serve.custodian_link import CALL_SECONDS
from notebook_tui.serve.custody import Custody
from notebook_tui.serve.held_node import HeldNode, connect_to
from notebook_tui.session.booted import START_SECONDS, Local, starter
from notebook_tui.session.keepsakes import Keepsake
from notebook_tui.session.runtime import Connection, step


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
            await connect_to(booted.node, (booted.host, booted.port), load_secret(), directory)
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
        async def connect() -> None:
            await connect_to(node, (keepsake.host, keepsake.port), load_secret(), keepsake.directory or None)

        node = keepsake.server.node
        held = HeldNode(node, self._custody, connect, CALL_SECONDS)
        return Connection(keepsake.server, held, keepsake.text, self._custody.lease, held.reconnect, keepsake=keepsake)
