"""What passes between two nodes that trust each other: blocks.

    u32 size    u32 CRC-32 of the size    u32 CRC-32 of kind and content    u8 kind    so many bytes of content

BATCH      items, one packed after the other: signals and news of the wire itself
FRAGMENT   the next bytes of a parcel: a large item, or one with large buffers beside it; the first four are its number
TICK       nothing; I am alive
CLOSE      why I leave

A parcel is announced by an item `[PARCEL, number, sizes]`: the size of its packed item and of each buffer.

Bytes that were damaged on the way are found out by the end of their block, and end the connection. The size has a CRC
of its own since it is believed before the others can be checked: one that is too large has the reader take all that
follows for content, and everything that comes, ticks as well, is swallowed for as long as the block is not full.

`BlockReader` says into which memory the next bytes are to be read, so that those of a parcel come straight to where
they stay; large `bytes` are made before they are filled. While the fragments of one parcel follow each other, the next
few are foreseen, with their headers; what comes instead is moved to where it is looked at.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Final

from beamlike.distribution.checksum import crc32
from beamlike.distribution.errors import ProtocolError
from beamlike.distribution.fresh_memory import fresh_buffer, fresh_bytes
from beamlike.distribution.terms_codec import LARGE, Buffer

BATCH: Final = 16
FRAGMENT: Final = 17
TICK: Final = 18
CLOSE: Final = 19

KINDS: Final = {BATCH: "BATCH", FRAGMENT: "FRAGMENT", TICK: "TICK", CLOSE: "CLOSE"}

FRAGMENT_SIZE: Final = 2 * LARGE
"""Bytes: half of them would cost each side a tenth more, and twice as many a small message behind them a wait."""

LARGEST_BLOCK: Final = 1 << 26
"""Bytes of a batch; a fragment is much smaller."""

READ_SIZE: Final = 1 << 18
"""Bytes that are read at once."""

FORESEEN: Final = 3
"""Fragments that are read at once with the rest of one: more than a socket's buffer holds are of no use."""

_AT_FIRST: Final = 1 << 12
"""The same of somebody who has proved nothing yet; strangers are many."""

_HEADER: Final = struct.Struct(">IIIB")
_SIZE: Final = struct.Struct(">I")
_NUMBER: Final = struct.Struct(">I")
_CRC_OF_KIND: Final = tuple(crc32(bytes([kind]), 0) for kind in range(256))
"""With which the CRC of the content goes on."""


def block(kind: int, *parts: Buffer) -> list[Buffer]:
    """The block of that kind, in parts that need not be joined to be written.

    >>> b"".join(block(TICK)).hex()
    '000000002144df1c21bb9ec512'
    """
    crc, size = _CRC_OF_KIND[kind], 0
    for part in parts:
        crc = crc32(part, crc)
        size += len(part)
    return [_HEADER.pack(size, crc32(_SIZE.pack(size), 0), crc, kind), *parts]


def fragment(number: int, part: Buffer) -> list[Buffer]:
    return block(FRAGMENT, _NUMBER.pack(number), part)


class Parcel:
    """A parcel on its way in: its buffers, and the memory that is still to be filled."""

    def __init__(self, parts: Sequence[int | Buffer]) -> None:
        """Buffers that are there already, and the sizes of those to come, negative for what is to be `bytes`."""
        self.buffers: list[Buffer] = []
        self._views: list[memoryview] = []
        for part in parts:
            if not isinstance(part, int):
                self.buffers.append(part)
                continue
            buffer, view = fresh_bytes(-part) if part < 0 else fresh_buffer(part)
            self.buffers.append(buffer)
            if view.nbytes:
                self._views.append(view)

    @property
    def is_whole(self) -> bool:
        return not self._views

    def foreseen(self) -> Iterator[memoryview]:
        """The memory of the fragments that come next, if nothing else does."""
        for view in self._views:
            for start in range(0, view.nbytes, FRAGMENT_SIZE):
                yield view[start : start + FRAGMENT_SIZE]

    def next(self, size: int) -> memoryview:
        """The memory of the next `size` bytes."""
        if not self._views or size > self._views[0].nbytes:
            raise ProtocolError(f"expected no more bytes of a parcel than were announced, got {size}")
        view = self._views[0]
        if size == view.nbytes:
            del self._views[0]
        else:
            self._views[0] = view[size:]
        return view[:size]


class BlockReader:
    """Cuts what is read into blocks; see `buffers` and `received`."""

    def __init__(self) -> None:
        self._scratch = memoryview(bytearray(_AT_FIRST))  # grows with the first block
        self._start = self._end = 0
        self._parcels: dict[int, Parcel] = {}
        # The fragment whose end has not come yet: where that goes, its parcel, its CRC as announced, and so far.
        self._rest: memoryview | None = None
        self._parcel = _NO_PARCEL
        self._number = self._expected_crc = self._crc = 0
        # Whether the last two fragments were of one parcel; and what is foreseen, each with room for its header.
        self._follows = False
        self._foreseen: list[tuple[memoryview, memoryview]] = []
        self._headers = [memoryview(bytearray(_HEADER.size + _NUMBER.size)) for _ in range(FORESEEN)]
        self.some_came = False
        """Whether any block has come whole and undamaged, since that was taken back. Bytes alone say nothing: of a
        block that never ends they may come for ever."""

    def announce(self, number: int, parcel: Parcel) -> None:
        """Fragments of this number belong to this parcel from now on."""
        if number in self._parcels:
            raise ProtocolError(f"expected a parcel of another number than {number}, of which one is under way")
        self._parcels[number] = parcel

    def buffers(self) -> list[memoryview]:
        """Where the next bytes are to be read into: one buffer after the other."""
        free = self._scratch[self._end :]
        if self._follows and not self._end:
            self._foreseen = list(zip(self._headers, self._parcel.foreseen(), strict=False))
        elif self._foreseen:
            self._foreseen = []
        if self._rest is None and not self._foreseen:
            return [free]
        rest = [] if self._rest is None else [self._rest]
        return [*rest, *chain.from_iterable(self._foreseen), free]

    def whole_batch(self, size: int) -> memoryview | None:
        """The short way of what comes most: the content, if the bytes that were read are one whole batch and nothing
        else; it holds until more is read. Else None, and nothing was taken note of."""
        if self._end or self._rest is not None or self._foreseen or size < _HEADER.size:
            return None
        length, _, crc, kind = _HEADER.unpack_from(self._scratch)
        if kind != BATCH or length != size - _HEADER.size:
            return None
        content = self._scratch[_HEADER.size : size]
        return content if crc32(content, _CRC_OF_KIND[BATCH]) == crc else None

    def received(self, size: int) -> Iterator[tuple[int, memoryview | Parcel]]:
        """Takes note of so many bytes in the buffers. Yields each block that is whole now, as a memoryview that holds
        until the next is asked for; in place of its last FRAGMENT the parcel. ProtocolError for what is no block."""
        if self._rest is not None or self._foreseen:
            size = self._fill_fragments(size)
            if self._rest is None and self._parcel.is_whole and self._parcel is not _NO_PARCEL:
                yield FRAGMENT, self._delivered()
        self._end += size
        while self._end - self._start >= _HEADER.size:
            length, crc_of_length, crc, kind = _HEADER.unpack_from(self._scratch, self._start)
            if crc32(_SIZE.pack(length), 0) != crc_of_length:
                raise ProtocolError("the size of a block was damaged on the way")
            if kind == FRAGMENT:
                if length < _NUMBER.size:
                    raise ProtocolError(f"expected a fragment with its number, got {length} bytes")
                if self._end - self._start < _HEADER.size + _NUMBER.size:
                    break
                self._begin_fragment(length, crc)
                if self._rest is not None:
                    break
                if self._parcel.is_whole:
                    yield FRAGMENT, self._delivered()
                continue
            if length > LARGEST_BLOCK or kind not in KINDS:
                raise ProtocolError(f"expected a block of at most {LARGEST_BLOCK} bytes, got {length} of kind {kind}")
            start, end = self._start + _HEADER.size, self._start + _HEADER.size + length
            if end > self._end:
                break
            payload = self._scratch[start:end]
            if crc32(payload, _CRC_OF_KIND[kind]) != crc:
                raise ProtocolError("a block was damaged on the way")
            self._start = end
            self.some_came = True
            yield kind, payload
        self._make_room()

    def _begin_fragment(self, length: int, crc: int) -> None:
        """Reads the head of a fragment, and copies what has come of it already to where it belongs."""
        start = self._start + _HEADER.size
        (self._number,) = _NUMBER.unpack_from(self._scratch, start)
        parcel = self._parcels.get(self._number)
        if parcel is None:
            raise ProtocolError(f"expected a fragment of a parcel that was announced, got one of {self._number}")
        self._follows = parcel is self._parcel
        self._parcel, self._expected_crc = parcel, crc
        self._crc = crc32(self._scratch[start : start + _NUMBER.size], _CRC_OF_KIND[FRAGMENT])
        start += _NUMBER.size
        self._rest = parcel.next(length - _NUMBER.size)
        here = min(self._rest.nbytes, self._end - start)
        self._rest[:here] = self._scratch[start : start + here]
        self._start = start + here
        self._fill_rest(here)
        if self._rest is not None:
            self._start = self._end = 0

    def _fill_fragments(self, size: int) -> int:
        """The rest of a fragment, and the ones that were foreseen as far as they have come, are in their places.
        Returns how many of `size` bytes are in the scratch memory."""
        if self._rest is not None:
            size -= self._fill_rest(size)
        for place, (header, memory) in enumerate(self._foreseen):
            if not size:
                break
            if not self._announces(header, size, memory.nbytes):
                self._look_at(size, list(chain.from_iterable(self._foreseen[place:])))
                break
            self._expected_crc = _HEADER.unpack_from(header)[2]
            self._crc = crc32(header[_HEADER.size :], _CRC_OF_KIND[FRAGMENT])
            self._rest = self._parcel.next(memory.nbytes)
            size -= header.nbytes
            size -= self._fill_rest(size)
        self._foreseen = []  # or it would keep the memory of a parcel that was delivered
        return size

    def _announces(self, header: memoryview, came: int, size: int) -> bool:
        """Whether this is the header of a fragment of this size, and of the same parcel as the last one."""
        if came < header.nbytes:
            return False
        length, crc_of_length, _, kind = _HEADER.unpack_from(header)
        (number,) = _NUMBER.unpack_from(header, _HEADER.size)
        is_one = (kind, number, length) == (FRAGMENT, self._number, _NUMBER.size + size)
        return bool(is_one and crc32(_SIZE.pack(length), 0) == crc_of_length)

    def _look_at(self, size: int, buffers: list[memoryview]) -> None:
        """So many bytes are none of what was foreseen: from these buffers to the front of the scratch memory, in which
        the last of them may be."""
        came, left = [], size
        for buffer in (*buffers, self._scratch):
            came.append(buffer[:left])
            left -= came[-1].nbytes
        data = b"".join(came)
        if size > len(self._scratch):
            self._scratch = memoryview(bytearray(size))
        self._scratch[:size] = data
        self._follows = False

    def _fill_rest(self, size: int) -> int:
        """The rest of a fragment, or some of it, is in its place. Returns how many of `size` bytes belong to it."""
        rest = self._rest
        assert rest is not None
        filled = rest[:size]
        self._crc = crc32(filled, self._crc)
        self._rest = rest[size:] if size < rest.nbytes else None
        if self._rest is None:
            if self._crc != self._expected_crc:
                raise ProtocolError("a fragment was damaged on the way")
            self.some_came = True
        return filled.nbytes

    def _delivered(self) -> Parcel:
        parcel, self._parcel = self._parcel, _NO_PARCEL
        del self._parcels[self._number]
        return parcel

    def _make_room(self) -> None:
        """Moves what is not whole to the front, into larger memory if it needs that."""
        left = self._end - self._start
        if self._start == 0 and self._end < len(self._scratch):
            return
        needed = READ_SIZE
        if left >= _HEADER.size:
            needed = max(READ_SIZE, _HEADER.size + _HEADER.unpack_from(self._scratch, self._start)[0])
        rest = bytes(self._scratch[self._start : self._end])
        if needed != len(self._scratch):
            self._scratch = memoryview(bytearray(needed))
        self._scratch[:left] = rest
        self._start, self._end = 0, left


_NO_PARCEL: Final = Parcel([])
