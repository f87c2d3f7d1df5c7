"""The bytes of one connection on their way through tunnels that break: numbered, kept until they are known to have
come, and sent again from where the other side has got to. It knows no socket and no clock.

A frame is a kind (1 byte), a size (4 bytes) and its content: DATA, ACK (8 bytes: so many have come), PING, END (there
is no more, and nobody reads any more), OVER (the END has come).
"""

from __future__ import annotations

import struct
from collections import deque
from enum import IntEnum
from typing import Final

WINDOW: Final = 8 << 20
"""So many bytes are kept that are not known to have come; then what makes more has to wait."""
CHUNK: Final = 1 << 16
ACK_EVERY: Final = 1 << 18
HEADER: Final = struct.Struct(">BI")
_OFFSET: Final = struct.Struct(">Q")


class Kind(IntEnum):
    DATA = 1
    ACK = 2
    PING = 3
    END = 4
    OVER = 5


class BadFlow(Exception):
    """The other side says what no other side of ours does."""


class Flow:
    """One end of it. `put` and `end` are for what comes from this side's node, `frames` for the way, `hear` for what
    comes by it. `resume` starts on a new way.

    >>> here, there = Flow(), Flow()
    >>> here.put(b"hello")
    >>> lost = here.frames()
    >>> here.resume(there.received)
    >>> [there.hear(*frame) for frame in split(here.frames())], there.received
    ([b'hello'], 5)
    """

    def __init__(self) -> None:
        self.received = 0
        """Bytes that came from the other side, and were given out."""
        self.is_ended = False
        """There is nothing more from this side."""
        self.is_over = False
        """Either side has ended, and both know."""
        self._kept: deque[bytes] = deque()
        self._kept_from = 0
        self._kept_size = 0
        self._next = 0
        """Which of what is kept is to be sent next over this way."""
        self._end_sent = False
        self._acked = 0
        self._control: list[bytes] = []

    @property
    def has_room(self) -> bool:
        return self._kept_size < WINDOW

    @property
    def has_news(self) -> bool:
        """Whether `frames` would give anything."""
        return bool(self._control) or self._next < len(self._kept) or (self.is_ended and not self._end_sent)

    def put(self, data: bytes) -> None:
        if not self.is_ended and data:
            self._kept.append(data)
            self._kept_size += len(data)

    def end(self) -> None:
        self.is_ended = True

    def resume(self, theirs: int) -> None:
        """There is a new way, on which the other side says that so many bytes have come. BadFlow if that cannot be."""
        self._forget(theirs)
        self._next, self._end_sent, self._control, self._acked = 0, False, [], self.received

    def ping(self) -> None:
        self._control.append(_frame(Kind.PING))

    def frames(self) -> bytes:
        """What is to be written next, a few chunks at a time."""
        parts, self._control = self._control, []
        size = 0
        while self._next < len(self._kept) and size < 4 * CHUNK:
            data = self._kept[self._next]
            parts.append(_frame(Kind.DATA, data))
            self._next += 1
            size += len(data)
        if self.is_ended and not self._end_sent and self._next == len(self._kept):
            parts.append(_frame(Kind.END))
            self._end_sent = True
        return b"".join(parts)

    def hear(self, kind: int, content: bytes) -> bytes:
        """Takes a frame of the other side; returns what its node has sent, for this side's. To be called once that was
        given on: what is counted as come is not sent again."""
        match kind:
            case Kind.DATA:
                self.received += len(content)
                if self.received - self._acked >= ACK_EVERY or len(content) < CHUNK:
                    self._acked = self.received
                    self._control.append(_frame(Kind.ACK, _OFFSET.pack(self.received)))
                return content
            case Kind.ACK if len(content) == _OFFSET.size:
                self._forget(_OFFSET.unpack(content)[0])
            case Kind.PING:
                pass
            case Kind.END:
                self._control.append(_frame(Kind.OVER))
                self.is_over = True
            case Kind.OVER:
                self.is_over = True
            case _:
                raise BadFlow(f"expected a frame of a flow, got kind {kind} with {len(content)} bytes")
        return b""

    def _forget(self, theirs: int) -> None:
        """So much has come to the other side."""
        if not self._kept_from <= theirs <= self._kept_from + self._kept_size:
            raise BadFlow(f"expected {self._kept_from} to {self._kept_from + self._kept_size} bytes, got {theirs}")
        while self._kept and self._kept_from + len(self._kept[0]) <= theirs:
            done = self._kept.popleft()
            self._kept_from += len(done)
            self._kept_size -= len(done)
            self._next = max(0, self._next - 1)
        if self._kept_from < theirs:  # in the middle of a chunk, which was sent whole: it is cut, and goes on
            cut = theirs - self._kept_from
            self._kept[0] = self._kept[0][cut:]
            self._kept_from += cut
            self._kept_size -= cut


def _frame(kind: Kind, content: bytes = b"") -> bytes:
    return HEADER.pack(kind, len(content)) + content


def split(frames: bytes) -> list[tuple[int, bytes]]:
    """The frames of which these bytes are made."""
    found = []
    while frames:
        kind, size = HEADER.unpack_from(frames)
        found.append((kind, frames[HEADER.size : HEADER.size + size]))
        frames = frames[HEADER.size + size :]
    return found
