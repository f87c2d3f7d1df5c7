"""A tunnel as a platform offers it: a port of this host behind which another one lies, served by a thread of its
own. A test may cut it."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from beamlike.loop_thread import LoopThread
from nodes.loopback_server import HOST, close_server, open_server, port_of


class Relay:
    """`cut` breaks every connection and closes the port; `hold` lets nothing pass, with no end in sight."""

    def __init__(self, target: tuple[str, int]) -> None:
        self.host, self.port = HOST, 0
        self.is_open = False
        self.carried = 0
        """Bytes, in both directions."""
        self._target = target
        self._server: asyncio.Server | None = None
        self._shutting: asyncio.Task[None] | None = None
        self._thread: LoopThread | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._ways: set[asyncio.Task[None]] = set()
        self._passes = asyncio.Event()
        self._passes.set()
        self.cut_after: int | None = None
        """Cuts itself when it has carried so many bytes."""

    async def open(self) -> Relay:
        self._thread = LoopThread("relay")
        await self._thread.run(self._listen())
        return self

    async def _listen(self) -> None:
        self._server = await open_server(self._come)
        self.port = port_of(self._server)
        await self._server.start_serving()
        self.is_open = True

    def hold(self) -> None:
        self._passes.clear()

    def cut(self) -> None:
        self.is_open = False
        if self._thread is not None:
            with suppress(RuntimeError):  # it has been closed
                self._thread.loop.call_soon_threadsafe(self._cut)

    def _cut(self) -> None:
        self.is_open = False
        server, self._server = self._server, None
        if server is not None:
            self._shutting = asyncio.create_task(close_server(server))
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    async def close(self) -> None:
        thread, self._thread = self._thread, None
        if thread is not None:
            await thread.run(self._close())
            await asyncio.to_thread(thread.stop)

    async def _close(self) -> None:
        self._cut()
        if self._shutting is not None:
            await self._shutting
        self._passes.set()
        for way in self._ways:
            way.cancel()
        await asyncio.gather(*self._ways, return_exceptions=True)
        self._cut()  # also what was opened since
        await asyncio.sleep(0)  # in the next turn they are gone

    def _come(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self.is_open:
            writer.transport.abort()
            return
        self._writers.add(writer)
        way = asyncio.create_task(self._pass(reader, writer))
        self._ways.add(way)
        way.add_done_callback(self._ways.discard)

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            inner_reader, inner_writer = await asyncio.open_connection(*self._target)
            self._writers.add(inner_writer)
            await asyncio.gather(self._carry(reader, inner_writer), self._carry(inner_reader, writer))
        writer.close()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(1 << 16):
                await self._passes.wait()
                self.carried += len(data)
                if self.cut_after is not None and self.carried > self.cut_after:
                    self.cut_after = None
                    self._cut()
                    return
                writer.write(data)
                await writer.drain()
        finally:
            writer.close()
