"""Large buffers between nodes of one machine: lent in shared memory, in place of going through a socket.

The sender copies a buffer into a segment of its own, and the receiver maps that, so an array is there in place. The map
is private: who writes to such an array gets pages of its own. When the receiver has dropped the array, the segment goes
back to the sender, who uses it again; its memory is touched by then, and fresh memory is most of the cost otherwise.

A segment is a file without a name (`memfd`), reached as /proc/<pid>/fd/<number>: it ends with those who have it,
however they end. That two nodes can share is found out by trying: each offers such a file with a nonce in it. Linux
only; elsewhere, and across containers or users, buffers go through the socket.
"""

from __future__ import annotations

import mmap
import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from threading import Lock
from typing import Final

from beamlike.distribution.errors import PeerEnded, ProtocolError
from beamlike.distribution.fork_count import FORKS
from beamlike.distribution.last_user import when_dropped
from beamlike.distribution.terms_codec import Buffer
from beamlike.kernel.record import slotted

WORTH_SHARING: Final = 1 << 20
"""Bytes. What is smaller is through the socket before two nodes have agreed."""

MOST_LENT: Final = 1 << 30
"""Bytes of one node's segments that are with others; what is beyond goes through the socket."""

MOST_SEGMENTS: Final = 128
"""Segments that are with others: each is an open file."""

MOST_KEPT: Final = 1 << 28
"""Bytes of segments that are kept for their next use."""

_NAME: Final = "beamlike"
_NONCE_SIZE: Final = 16
_ALIGNED: Final = 1 << 21


@slotted
class Segment:
    """Shared memory of this process, of which `size` bytes are in use."""

    descriptor: int
    inode: int
    memory: mmap.mmap
    size: int = 0

    @property
    def announced(self) -> tuple[int, int, int]:
        """What the other side is told: where it is, which it is, and how much."""
        return self.descriptor, self.inode, self.size

    @property
    def capacity(self) -> int:
        return len(self.memory)

    def close(self) -> None:
        self.memory.close()
        os.close(self.descriptor)


class Segments:
    """Those of this interpreter, for all its links. Any thread may ask."""

    def __init__(self, most_lent: int = MOST_LENT, most_kept: int = MOST_KEPT) -> None:
        self._most_lent = most_lent
        self._most_kept = most_kept
        self._lock = Lock()
        self._kept: list[Segment] = []
        self.lent = 0
        """Bytes of the segments that are with others."""
        self._count = 0

    @property
    def kept(self) -> int:
        """Bytes of the segments that wait for their next use."""
        return sum(segment.capacity for segment in self._kept)

    def take(self, size: int) -> Segment | None:
        """A segment of this size; None if too much is lent, or the system gives none."""
        with self._lock:
            fitting = [it for it in self._kept if size <= it.capacity <= 2 * size]
            segment = min(fitting, key=lambda it: it.capacity, default=None)
            if segment is not None:
                self._kept.remove(segment)
            elif self.lent + size > self._most_lent or self._count >= MOST_SEGMENTS:
                return None
            else:
                segment = _new_segment(-(-size // _ALIGNED) * _ALIGNED)
            if segment is not None:
                segment.size = size
                self.lent += segment.capacity
                self._count += 1
        return segment

    def forget(self) -> None:
        """In a forked child: they are the parent's."""
        kept, self._kept = self._kept, []
        self._lock, self.lent, self._count = Lock(), 0, 0
        for segment in kept:
            segment.close()

    def returned(self, segment: Segment) -> None:
        """Nobody has it mapped any more. It is kept, in place of the oldest as far as there is no room for both: what
        is used now fits what will come."""
        with self._lock:
            self.lent -= segment.capacity
            self._count -= 1
            if segment.capacity > self._most_kept:
                out = [segment]
            else:
                out = self._room_for(segment.capacity)
                self._kept.append(segment)
        for each in out:
            each.close()

    def _room_for(self, size: int) -> list[Segment]:
        """Those that are no longer kept, so that so many bytes more can be."""
        out = []
        while self.kept + size > self._most_kept:
            out.append(self._kept.pop(0))
        return out

    def lost(self, segment: Segment) -> None:
        """Who has it mapped will not say when that ends: it is not used again."""
        with self._lock:
            self.lent -= segment.capacity
            self._count -= 1
        segment.close()


def _new_segment(size: int) -> Segment | None:
    try:
        descriptor = os.memfd_create(_NAME, os.MFD_CLOEXEC)
    except OSError:  # no more files, or forbidden
        return None
    try:
        os.ftruncate(descriptor, size)
        return Segment(descriptor, os.fstat(descriptor).st_ino, mmap.mmap(descriptor, size))
    except OSError:
        os.close(descriptor)
        return None


SEGMENTS: Final = Segments()

os.register_at_fork(after_in_child=SEGMENTS.forget)


def _give_back(tell: Callable[[int], None], inode: int, borrower: int, forks: int) -> None:
    """Not to be used again if a child was forked meanwhile: it has the same map, and sees what is written to a segment.
    The child itself has borrowed nothing."""
    if os.getpid() == borrower:
        tell(inode if FORKS.none_since(forks) else -inode)


class SharedMemory:
    """What one link shares: nothing until the other side has shown that it can reach this one's segments."""

    def __init__(self, segments: Segments = SEGMENTS) -> None:
        self._segments = segments
        self._lent: dict[int, Segment] = {}
        self._peer = 0
        self._probe = -1
        self.is_open = False
        """Whether the other side can map what this one lends."""

    def offer(self) -> tuple[int, int, bytes] | None:
        """Where the other side finds a file of ours, and what is in it; None where there is nothing to share."""
        if not hasattr(os, "memfd_create"):
            return None
        nonce = secrets.token_bytes(_NONCE_SIZE)
        try:
            self._probe = os.memfd_create(_NAME, os.MFD_CLOEXEC)
            os.write(self._probe, nonce)
        except OSError:
            return None
        return os.getpid(), self._probe, nonce

    def reaches(self, pid: int, descriptor: int, nonce: bytes) -> bool:
        """Whether this process can reach a file that the other side has offered. Then it can map its segments."""
        with suppress(OSError), open(_opened(pid, descriptor), "rb") as file:
            if secrets.compare_digest(file.read(_NONCE_SIZE + 1), nonce):
                self._peer = pid
                return True
        return False

    def reached(self) -> None:
        """The other side can map what this one lends."""
        self.is_open = True
        self._drop_probe()

    def lend(self, buffer: Buffer) -> Segment | None:
        """A segment to be filled with the buffer and announced to the other side. None if that had better go through
        the socket: what is to become `bytes` would be copied over there once more."""
        if len(buffer) < WORTH_SHARING or type(buffer) is bytes:
            return None
        segment = self._segments.take(len(buffer))
        if segment is not None:
            self._lent[segment.inode] = segment
        return segment

    @property
    def lends(self) -> bool:
        return bool(self._lent)

    def returned(self, inode: int) -> None:
        """The other side has dropped what it had mapped. The negative of an inode says that a child of its may still
        have it: such a segment ends with that child."""
        segment = self._lent.pop(abs(inode), None)
        if segment is None:
            return
        if inode > 0:
            self._segments.returned(segment)
        else:
            self._segments.lost(segment)

    def borrow(self, descriptor: int, inode: int, size: int, give_back: Callable[[int], None]) -> Buffer:
        """The content of a segment that the other side has announced. When its last user has dropped it, `give_back` is
        called with what `returned` of the other side takes, in whatever thread."""
        forks = FORKS.over
        try:
            file = _opened(self._peer, descriptor)
            try:
                if os.fstat(file).st_ino != inode:
                    raise ProtocolError("expected a segment in shared memory, found another file in its place")
                # Of a file that can only be read a private map may be written to all the same.
                memory = mmap.mmap(file, size, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ | mmap.PROT_WRITE)
            finally:
                os.close(file)
        except (FileNotFoundError, ProcessLookupError) as error:
            raise PeerEnded(f"it ended, or closed what it had lent, before that was mapped ({error})") from error
        except (OSError, ValueError, OverflowError) as error:
            raise ProtocolError(f"expected a segment of {size} bytes in shared memory ({error})") from error
        when_dropped(memory, _give_back, give_back, inode, os.getpid(), forks)
        return memoryview(memory)

    def close(self) -> None:
        """The link is gone."""
        self.is_open = False
        self._drop_probe()
        for inode in tuple(self._lent):
            segment = self._lent.pop(inode, None)
            if segment is not None:
                self._segments.lost(segment)

    def _drop_probe(self) -> None:
        probe, self._probe = self._probe, -1
        if probe != -1:
            os.close(probe)


def _opened(pid: int, descriptor: int) -> int:
    """A file that a process holds. OSError if that is none of ours: on another machine the same numbers are somebody
    else's, perhaps a pipe, which to open can take for ever and to read takes from whoever it is for."""
    path = f"/proc/{int(pid)}/fd/{int(descriptor)}"
    if not os.readlink(path).startswith(f"/memfd:{_NAME}"):
        raise FileNotFoundError(f"expected shared memory of a node, found another file at {path}")
    return os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
