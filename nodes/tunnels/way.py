"""Carries one connection of this side's node over ways through a tunnel, which come and go."""

from __future__ import annotations

import asyncio
from asyncio import StreamReader, StreamWriter
from contextlib import suppress

from nodes.tunnels.flow import CHUNK, HEADER, BadFlow, Flow

FAREWELL_SECONDS = 1.0
"""In which a node reads the last that has come for it."""
LARGEST = CHUNK
"""Of what stands in a frame."""


class Carried:
    """`reader` and `writer` are the connection of this side's node; `silence` is for how many seconds a way may carry
    nothing before it counts as broken."""

    def __init__(self, reader: StreamReader, writer: StreamWriter, silence: float) -> None:
        self.flow = Flow()
        self.heard_at = asyncio.get_running_loop().time()
        """When a way has last brought something."""
        self._reader = reader
        self._writer = writer
        self._silence = silence
        self._news = asyncio.Event()
        self._room = asyncio.Event()
        self._pumping = asyncio.create_task(self._pump())

    async def _pump(self) -> None:
        """What this side's node says, until it hangs up."""
        with suppress(OSError):
            while data := await self._reader.read(CHUNK):
                self.flow.put(data)
                self._news.set()
                while not self.flow.has_room:
                    self._room.clear()
                    await self._room.wait()
        self.flow.end()
        self._news.set()

    async def over(self, reader: StreamReader, writer: StreamWriter, theirs: int) -> None:
        """Carries by this way until both sides know that it is over. OSError, or BadFlow, if the way breaks before."""
        self.flow.resume(theirs)
        self.heard_at = asyncio.get_running_loop().time()
        self._news.set()
        speaking = asyncio.create_task(self._speak(writer))
        hearing = asyncio.create_task(self._hear(reader))
        try:
            await asyncio.wait({speaking, hearing}, return_when=asyncio.FIRST_EXCEPTION)
        finally:
            for task in (speaking, hearing):
                task.cancel()
            results = await asyncio.gather(speaking, hearing, return_exceptions=True)
        for result in results:
            if isinstance(result, Exception) and not self.flow.is_over:
                raise result

    async def _speak(self, writer: StreamWriter) -> None:
        while True:
            frames = self.flow.frames()
            if frames:
                writer.write(frames)
                await writer.drain()
                continue
            if self.flow.is_over:
                return
            self._news.clear()
            try:
                async with asyncio.timeout(self._silence / 3):
                    await self._news.wait()
            except TimeoutError:
                self.flow.ping()

    async def _hear(self, reader: StreamReader) -> None:
        while not self.flow.is_over:
            try:
                async with asyncio.timeout(self._silence):
                    kind, size = HEADER.unpack(await reader.readexactly(HEADER.size))
                    if size > LARGEST:
                        raise BadFlow(f"expected a frame of at most {LARGEST} bytes, got one of {size}")
                    content = await reader.readexactly(size)
            except (TimeoutError, EOFError) as error:
                raise ConnectionResetError("the way carries nothing any more") from error
            self.heard_at = asyncio.get_running_loop().time()
            self._give(self.flow.hear(kind, content))
            self._room.set()
            self._news.set()
            with suppress(OSError):
                await self._writer.drain()

    def _give(self, data: bytes) -> None:
        """To this side's node; what comes for one that has hung up is for nobody."""
        if data and not self._writer.is_closing():
            self._writer.write(data)

    async def close(self) -> None:
        """Hangs up on this side's node, once it has got what has come for it."""
        self._pumping.cancel()
        await asyncio.gather(self._pumping, return_exceptions=True)
        self._writer.close()
        try:
            async with asyncio.timeout(FAREWELL_SECONDS):
                await self._writer.wait_closed()
        except (OSError, TimeoutError):
            self._writer.transport.abort()
