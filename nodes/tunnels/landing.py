"""The child's end: it listens where its parent dials, and brings each flow to the port of its own node."""

from __future__ import annotations

import asyncio
import sys
from asyncio import StreamReader, StreamWriter
from contextlib import suppress
from typing import Any

from beamlike.distribution.addresses import Address
from beamlike.loop_thread import LoopThread
from nodes.tunnels.flow import BadFlow
from nodes.tunnels.greeting import LeftUnsaid, answer, be_greeted, key_of
from nodes.tunnels.way import Carried

GREETING_SECONDS = 7.0
"""In which whoever connects has to show that it is the parent."""
LATE_SECONDS = 5.0
MOST_STRANGERS = 64
"""As many connections may have shown nothing yet."""


class Landing:
    """`token` is the invitation's, `target` the address of this process's own node. A flow without a way is kept for
    `lease` seconds and a few."""

    def __init__(self, token: bytes, target: Address, lease: float) -> None:
        self._key = key_of(token)
        self._target = target
        self._lease = lease
        self._flows: dict[bytes, Carried] = {}
        self._ways: dict[bytes, asyncio.Task[Any]] = {}
        self._over: set[bytes] = set()
        self._strangers = 0
        self._opening = asyncio.Lock()
        self._coming: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._thread: LoopThread | None = None

    async def listen(self, host: str, port: int) -> Address:
        """Listens there from now on (no host: at all addresses), in a thread of its own: no code of the user's keeps
        it from turning. Returns the address. OSError if it cannot."""
        self._thread = LoopThread("beamlike tunnels")
        return await self._thread.run(self._listen(host, port))

    async def _listen(self, host: str, port: int) -> Address:
        self._server = await asyncio.start_server(self._come, host or None, port)
        host, port = self._server.sockets[0].getsockname()[:2]
        return host, port

    def close(self) -> None:
        if self._thread is not None:
            if self._server is not None:
                self._thread.loop.call_soon_threadsafe(self._server.close)
            self._thread.stop()
            self._thread = None

    def _come(self, reader: StreamReader, writer: StreamWriter) -> None:
        task = asyncio.create_task(self._welcome(reader, writer))
        self._coming.add(task)
        task.add_done_callback(self._coming.discard)

    async def _welcome(self, reader: StreamReader, writer: StreamWriter) -> None:
        try:
            if self._strangers < MOST_STRANGERS:
                await self._serve(reader, writer)
        except LeftUnsaid:  # a probe comes every second, and what is printed here may come to a user
            pass
        except (OSError, BadFlow, TimeoutError) as error:
            print(f"a way to the parent ended: {type(error).__name__}: {error}", file=sys.stderr)
        finally:
            writer.close()

    async def _serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        self._strangers += 1
        try:
            async with asyncio.timeout(GREETING_SECONDS):
                name, theirs = await be_greeted(reader, writer, self._key)
        finally:
            self._strangers -= 1
        carried = await self._flow(name)
        if carried is None:
            await answer(writer, is_known=False, received=0)
            return
        await self._leave_earlier_way(name)
        if name in self._over:
            await answer(writer, is_known=False, received=0)
            return
        way = asyncio.current_task()
        assert way is not None
        self._ways[name] = way
        try:
            await answer(writer, is_known=True, received=carried.flow.received)
            await carried.over(reader, writer, theirs)
        finally:
            if self._ways.get(name) is way:
                del self._ways[name]
                self._wait_for_next_way(name, carried)
        await self._end(name)

    async def _flow(self, name: bytes) -> Carried | None:
        async with self._opening:
            if name in self._over:
                return None
            if name not in self._flows:
                reader, writer = await asyncio.open_connection(*self._target)
                self._flows[name] = Carried(reader, writer, silence_of(self._lease))
            return self._flows[name]

    async def _leave_earlier_way(self, name: bytes) -> None:
        """The parent has left it before this side saw that it is broken."""
        earlier = self._ways.pop(name, None)
        if earlier is not None:
            earlier.cancel()
            await asyncio.wait({earlier})

    def _wait_for_next_way(self, name: bytes, carried: Carried) -> None:
        # The lease ends the process (see `nodes.guards`); this is for a flow of which the parent has lost sight alone.
        seconds = self._lease + LATE_SECONDS
        asyncio.get_running_loop().call_later(seconds, self._give_up, name, carried, carried.heard_at)

    def _give_up(self, name: bytes, carried: Carried, heard_at: float) -> None:
        if name not in self._ways and carried.heard_at == heard_at and name in self._flows:
            asyncio.get_running_loop().create_task(self._end(name))

    async def _end(self, name: bytes) -> None:
        self._over.add(name)
        carried = self._flows.pop(name, None)
        if carried is not None:
            with suppress(OSError):
                await carried.close()


def silence_of(lease: float) -> float:
    """For how long a way may be silent: several may fail within a lease."""
    return min(15.0, lease / 4)
