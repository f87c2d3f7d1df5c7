"""A gate in the way to an address: what comes waits before it, and is carried through, both ways, once it is open.

It may stand open until there is an answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing
from functools import partial

from beamlike.distribution.addresses import Address
from tests.support.local_nodes import settled


@asynccontextmanager
async def gate_before(
    address: Address, *, shuts_when_answered: asyncio.Event | None = None
) -> AsyncIterator[tuple[asyncio.Event, Address]]:
    """Yields what opens the gate, and the address of its entrance. `shuts_when_answered` is set when something waits
    that was sent after the first answer, for which alone the gate is shut then."""
    gate = asyncio.Event()
    ways: list[asyncio.Task[None]] = []

    def come(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ways.append(asyncio.create_task(pass_through(reader, writer)))

    async def pass_through(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answered = asyncio.Event()
        with closing(writer):
            if shuts_when_answered is None:
                await gate.wait()
            inner_reader, inner_writer = await asyncio.open_connection(*address)
            with closing(inner_writer):
                await asyncio.gather(
                    _carry(reader, inner_writer, partial(waits, answered)), _carry(inner_reader, writer, answered.set)
                )

    async def waits(answered: asyncio.Event) -> None:
        if shuts_when_answered is not None and answered.is_set():
            shuts_when_answered.set()
            await gate.wait()

    server = await asyncio.start_server(come, "127.0.0.1", 0)
    with closing(server):  # it is not waited for: since Python 3.12 that lasts as long as its connections
        yield gate, server.sockets[0].getsockname()
    await settled()  # what had just been accepted has come in
    for way in ways:
        way.cancel()
    await asyncio.gather(*ways, return_exceptions=True)


async def _carry(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, first: Callable[[], Awaitable[None] | None]
) -> None:
    """`first` is called before anything goes on."""
    try:
        while data := await reader.read(1 << 16):
            if (pause := first()) is not None:
                await pause
            writer.write(data)
            await writer.drain()
    finally:
        writer.close()
