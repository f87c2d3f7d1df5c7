"""A network between two nodes of one event loop that does whatever real ones do, and some of it on command.

Whoever is to be reached through it has an entrance, which is what the others take for the node's address. Links and
heartbeat lanes come by the same entrance, and each direction of a connection is a `way`: a fault befalls the bytes on
it at a place that was chosen before.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias, get_args

from beamlike.distribution.addresses import Address
from beamlike.distribution.doorway import LANE, LINK
from nodes.loopback_server import HOST, close_server, open_server, port_of

What: TypeAlias = Literal["cut", "reset", "vanish", "half", "flip"]
"""Both sides see an end, or a reset; or neither sees anything, ever; or only the one that the bytes were for sees a
reset; or a byte is changed."""

Door: TypeAlias = Literal["open", "closed", "mute", "late"]
"""What a new connection meets: the other side, a reset, nobody who would answer, or a long wait."""

WHATS: Final = get_args(What)
DOORS: Final = get_args(Door)
KINDS: Final = (LINK, LANE)


@dataclass(slots=True)
class Fault:
    what: What
    after: int
    """Bytes that pass before it happens."""


@dataclass(eq=False)
class Line:
    """One connection: the socket of who dialled, and that of who was to be reached."""

    kind: bytes
    to: str
    near: asyncio.StreamWriter
    far: asyncio.StreamWriter
    swallows: bool = False
    over: asyncio.Event = field(default_factory=asyncio.Event)

    def reset(self) -> None:
        reset(self.near)
        reset(self.far)
        self.over.set()


def reset(writer: asyncio.StreamWriter) -> None:
    """Closes a socket as a machine does that knows nothing of the connection."""
    with suppress(OSError):
        sock = writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


@dataclass
class BadNetwork:
    """`door` is for those who come, by whom they want to reach. What is `held` by (kind, receiver) waits. `grain` is
    how many bytes pass at once, `delay` how many turns of the loop each of these takes."""

    ends: tuple[str, str]
    doors: dict[str, Door] = field(default_factory=dict)
    held: set[tuple[bytes, str]] = field(default_factory=set)
    faults: dict[tuple[bytes, str], deque[Fault]] = field(default_factory=dict)
    grain: int = 1 << 16
    delay: int = 0
    happened: list[What] = field(default_factory=list)
    _lines: set[Line] = field(default_factory=set)
    _mute: list[asyncio.StreamWriter] = field(default_factory=list)
    _late: list[asyncio.Event] = field(default_factory=list)
    _change: asyncio.Event = field(default_factory=asyncio.Event)
    _ways: set[asyncio.Task[None]] = field(default_factory=set)

    # What a test does to it.

    def strike(self, fault: Fault, kind: bytes, to: str) -> None:
        """The fault befalls the next bytes on their way to `to`."""
        self.faults.setdefault((kind, to), deque()).append(fault)

    @property
    def waiting(self) -> int:
        """How many have come late, and not been let in yet."""
        return len(self._late)

    def release(self) -> None:
        """What was held goes on, and those who came late come in, the last one first."""
        self.held.clear()
        while self._late:
            self._late.pop().set()
        self._change.set()

    def heal(self) -> None:
        """From now on it is a good network; connections of which a side was lost are over for the other one, too."""
        self.doors.clear()
        self.faults.clear()
        self.grain, self.delay = 1 << 16, 0
        self.release()
        for line in [line for line in self._lines if line.swallows]:
            line.reset()
        for writer in self._mute:
            writer.transport.abort()
        self._mute.clear()

    def _other(self, to: str) -> str:
        [other] = {*self.ends} - {to}
        return other

    @asynccontextmanager
    async def entrance(self, to: str, address: Address) -> AsyncIterator[Address]:
        """The address by which `to` is reached through this network; its own is `address`."""

        def come(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            def over(way: asyncio.Task[None]) -> None:
                self._ways.discard(way)
                if writer not in self._mute:
                    writer.transport.abort()

            way = asyncio.create_task(self._enter(to, address, reader, writer))
            self._ways.add(way)
            way.add_done_callback(over)  # also of a way that is cancelled before it begins

        server = await open_server(come)
        await server.start_serving()
        try:
            yield HOST, port_of(server)
        finally:
            await close_server(server)
        ways = tuple(self._ways)
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)

    # What becomes of a connection.

    async def _enter(
        self, to: str, address: Address, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            kind = await reader.readexactly(len(LINK))
            if not await self._passes_door(to, writer):
                return
            far_reader, far_writer = await asyncio.open_connection(*address)
            line = Line(kind, to, writer, far_writer)
            self._lines.add(line)
            try:
                far_writer.write(kind)
                await asyncio.gather(
                    self._carry(line, reader, far_writer, to),
                    self._carry(line, far_reader, writer, self._other(to)),
                )
            finally:
                self._lines.discard(line)
                far_writer.transport.abort()

    async def _passes_door(self, to: str, writer: asyncio.StreamWriter) -> bool:
        match self.doors.get(to, "open"):
            case "open":
                return True
            case "closed":
                return False
            case "mute":
                self._mute.append(writer)
                return False
            case "late":
                turn = asyncio.Event()
                self._late.append(turn)
                await turn.wait()
                return True

    async def _carry(self, line: Line, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, to: str) -> None:
        try:
            while data := await reader.read(self.grain):
                for _ in range(self.delay):
                    await asyncio.sleep(0)
                while (line.kind, to) in self.held:
                    self._change.clear()
                    await self._change.wait()
                if not line.swallows:
                    writer.write(self._befallen(line, writer, to, data))
                    await writer.drain()
            if not line.swallows:
                writer.write_eof()
        except OSError:
            if not line.swallows:
                line.reset()
        if line.swallows:
            await line.over.wait()

    def _befallen(self, line: Line, writer: asyncio.StreamWriter, to: str, data: bytes) -> bytes:
        """What passes of these bytes, after a fault has befallen them if one is due."""
        faults = self.faults.get((line.kind, to))
        if not faults:
            return data
        fault = faults[0]
        if fault.after >= len(data):
            fault.after -= len(data)
            return data
        faults.popleft()
        self.happened.append(fault.what)
        at = fault.after
        match fault.what:
            case "flip":
                return data[:at] + bytes([data[at] ^ 0x10]) + data[at + 1 :]
            case "cut":
                writer.write(data[:at])
                for side in (line.near, line.far):
                    side.close()
            case "reset":
                line.reset()
            case "vanish":
                line.swallows = True
                writer.write(data[:at])
            case "half":
                line.swallows = True
                reset(writer)
        return b""
