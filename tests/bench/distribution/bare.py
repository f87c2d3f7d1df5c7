"""What a loop can do with one connection: frames of `u32 size, u32 number` and so many bytes, on asyncio's transports.

`bare` writes each frame by itself, `batched` those of one turn together; `bulk` only counts bytes that it reads into
memory of its own, and answers when it has as many as were announced.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable
from typing import cast

HEAD = struct.Struct("!II")
BULK = struct.Struct("!Q")
ROOM = 1 << 18


class Frames(asyncio.Protocol):
    def __init__(self, batched: bool, take: Callable[[Frames, int, bytes], None]) -> None:
        self._batched = batched
        self._take = take
        self._rest = b""
        self._out: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.loop = asyncio.get_running_loop()
        without_delay(self.transport)

    def data_received(self, data: bytes) -> None:
        data = self._rest + data if self._rest else data
        place, end, take = 0, len(data), self._take
        while end - place >= HEAD.size:
            size, number = HEAD.unpack_from(data, place)
            following = place + HEAD.size + size
            if following > end:
                break
            take(self, number, data[place + HEAD.size : following])
            place = following
        self._rest = data[place:]

    def send(self, number: int, payload: bytes) -> None:
        frame = HEAD.pack(len(payload), number) + payload
        if not self._batched:
            self.transport.write(frame)
            return
        if not self._out:
            self.loop.call_soon(self._flush)
        self._out.append(frame)

    def _flush(self) -> None:
        out, self._out = self._out, []
        self.transport.write(b"".join(out))


class Caller(Frames):
    def __init__(self, batched: bool) -> None:
        super().__init__(batched, Caller.answer)
        self._waiting: dict[int, asyncio.Future[bytes]] = {}
        self._number = 0

    def call(self, payload: bytes) -> asyncio.Future[bytes]:
        self._number += 1
        future = self._waiting[self._number] = self.loop.create_future()
        self.send(self._number, payload)
        return future

    def answer(self: Frames, number: int, payload: bytes) -> None:
        assert isinstance(self, Caller)
        self._waiting.pop(number).set_result(payload)


class Bulk(asyncio.BufferedProtocol):
    """Fills a new bytearray of the announced size each time."""

    def __init__(self) -> None:
        self._head = memoryview(bytearray(BULK.size))
        self._into, self._left = self._head, BULK.size

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        without_delay(self._transport)

    def get_buffer(self, hint: int) -> memoryview:
        return self._into[-self._left :]

    def buffer_updated(self, count: int) -> None:
        self._left -= count
        if self._left:
            return
        if self._into is self._head:
            (self._left,) = BULK.unpack(self._head)
            self._into = memoryview(bytearray(self._left))
        else:
            self._into, self._left = self._head, BULK.size
            self._transport.write(b"1")


class Answers(asyncio.Protocol):
    def __init__(self) -> None:
        self.came = asyncio.Event()

    def data_received(self, data: bytes) -> None:
        self.came.set()


def answered(frames: Frames, number: int, payload: bytes) -> None:
    """What is sent as number 0 is only taken."""
    if number:
        frames.send(number, payload)


def without_delay(transport: asyncio.Transport) -> None:
    transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


async def serve(kind: str) -> int:
    """Returns the port."""
    made: Callable[[], asyncio.BaseProtocol] = Bulk if kind == "bulk" else lambda: Frames(kind == "batched", answered)
    server = await asyncio.get_running_loop().create_server(made, "127.0.0.1", 0)
    port: int = server.sockets[0].getsockname()[1]
    return port


async def dial(port: int, *, batched: bool) -> Caller:
    _, caller = await asyncio.get_running_loop().create_connection(lambda: Caller(batched), "127.0.0.1", port)
    return caller
