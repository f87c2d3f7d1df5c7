"""What lies between a node and those that dial it, and may hold back what passes, or cut it: links, lanes, or both."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, suppress

from beamlike.distribution.addresses import Address
from beamlike.distribution.doorway import LANE, LINK
from nodes.loopback_server import HOST, close_server, open_server, port_of


class Proxy:
    """`address` is the entrance. What is held back is neither lost nor refused, nor does either side see an end."""

    def __init__(self, target: Address) -> None:
        self.address: Address
        self.opened = {LINK: 0, LANE: 0}
        """How many connections of each kind have come."""
        self.opening = asyncio.Event()
        self._target = target
        self._open = {LINK: asyncio.Event(), LANE: asyncio.Event()}
        self._writers: dict[bytes, list[asyncio.StreamWriter]] = {LINK: [], LANE: []}
        self.ways: list[asyncio.Task[None]] = []
        self.resume()

    def hold(self, *kinds: bytes) -> None:
        for kind in kinds or (LINK, LANE):
            self._open[kind].clear()

    def resume(self, *kinds: bytes) -> None:
        for kind in kinds or (LINK, LANE):
            self._open[kind].set()

    def cut(self, kind: bytes) -> None:
        """Both sides see the end of their connection."""
        for writer in self._writers[kind]:
            writer.transport.abort()
        self._writers[kind].clear()

    async def until_opened(self, kind: bytes, count: int) -> None:
        async with asyncio.timeout(20):
            while self.opened[kind] < count:
                self.opening.clear()
                await self.opening.wait()

    def come(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        way = asyncio.create_task(self._pass(reader, writer))
        self.ways.append(way)
        way.add_done_callback(lambda _way: writer.close())  # also of a way that is cancelled before it begins

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            kind = await reader.readexactly(len(LINK))
            inner_reader, inner_writer = await asyncio.open_connection(*self._target)
            with closing(inner_writer):
                inner_writer.write(kind)
                self._writers[kind] += [writer, inner_writer]
                self.opened[kind] += 1
                self.opening.set()
                await asyncio.gather(self._carry(kind, reader, inner_writer), self._carry(kind, inner_reader, writer))

    async def _carry(self, kind: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(1 << 16):
                await self._open[kind].wait()
                writer.write(data)
                await writer.drain()
        finally:
            writer.close()


@asynccontextmanager
async def proxy_to(target: Address) -> AsyncIterator[Proxy]:
    proxy = Proxy(target)
    server = await open_server(proxy.come)
    proxy.address = HOST, port_of(server)
    await server.start_serving()
    try:
        yield proxy
    finally:
        await close_server(server)
    for way in proxy.ways:
        way.cancel()
    await asyncio.gather(*proxy.ways, return_exceptions=True)
