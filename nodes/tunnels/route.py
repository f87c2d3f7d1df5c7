"""The tunnels to one machine, of which one is open at a time; on the loop that the backend is used on."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from beamlike.distribution.addresses import Address
from nodes.backend import Dialled, Machine, Tunnel


class Route:
    def __init__(self, backend: Dialled, machine: Machine) -> None:
        self._backend = backend
        self._machine = machine
        self._lock = asyncio.Lock()
        self._tunnel: Tunnel | None = None
        self._number = 0
        self._closed = False

    async def beyond(self, number: int) -> tuple[int, Address]:
        """The number and the entrance of a tunnel, later than the one with this number, which does not work (0: any).
        Whatever the backend raises."""
        async with self._lock:
            if self._closed:
                raise ConnectionAbortedError(f"the way to {self._machine.where} is closed")
            if self._tunnel is None or self._number <= number:
                await self._drop()
                self._tunnel = await self._backend.tunnel(self._machine)
                self._number += 1
            return self._number, (self._tunnel.host, self._tunnel.port)

    async def close(self) -> None:
        async with self._lock:
            self._closed = True
            await self._drop()

    async def _drop(self) -> None:
        tunnel, self._tunnel = self._tunnel, None
        if tunnel is not None:
            with suppress(OSError):
                await tunnel.close()
