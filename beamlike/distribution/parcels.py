"""A parcel on its way out, a stride at a time: what is large must not keep the others waiting.

What the other side can map is copied into shared memory, some of it in each stride; the rest goes in fragments.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple, TypeAlias

import msgpack

from beamlike.distribution.batches import BATCH, FRAGMENT_SIZE, block, fragment
from beamlike.distribution.packing import HEARD, Packed, batch
from beamlike.distribution.shared_memory import Segment
from beamlike.distribution.terms_codec import LARGE, Buffer

# The kinds of items about the wire itself, beside those of `wire`.
PARCEL: Final = 64
OFFER: Final = 65
REACHED: Final = 66
RETURNED: Final = 67
BEATS: Final = 68

NEWS: Final = frozenset({HEARD, PARCEL, OFFER, REACHED, RETURNED, BEATS})
"""Items that are no signals."""

COPIED_AT_ONCE: Final = 1 << 21
"""Bytes: what is copied in some 0.2 ms."""

Lend: TypeAlias = Callable[[Buffer], Segment | None]
"""Gives a segment of the size of a buffer, still empty; None if that is to go through the socket."""


class Stride(NamedTuple):
    """What to write next of a parcel, and how many of its bytes do not wait any more."""

    blocks: list[Buffer]
    done: int


def is_large(packed: Packed) -> bool:
    return bool(packed.buffers) or len(packed.data) > LARGE


def strides(number: int, packed: Packed, lend: Lend | None) -> Iterator[Stride]:
    """All of a parcel that gets this number, in order."""
    parts: list[Buffer | Segment] = [packed.data]
    for buffer in packed.buffers:
        segment = lend(buffer) if lend is not None else None
        if segment is not None:
            for done in _copy(buffer, segment):
                yield Stride([], done)
        parts.append(buffer if segment is None else segment)
    news = block(BATCH, batch([msgpack.packb([PARCEL, number, [_announced(part) for part in parts]])]))
    for part in parts:
        if isinstance(part, Segment):
            continue
        view = memoryview(part)
        for start in range(0, view.nbytes, FRAGMENT_SIZE):
            piece = view[start : start + FRAGMENT_SIZE]
            yield Stride([*news, *fragment(number, piece)], piece.nbytes)
            news = []


def _copy(buffer: Buffer, segment: Segment) -> Iterator[int]:
    view = memoryview(buffer)
    for start in range(0, view.nbytes, COPIED_AT_ONCE):
        piece = view[start : start + COPIED_AT_ONCE]
        segment.memory[start : start + piece.nbytes] = piece
        yield piece.nbytes


def _announced(part: Buffer | Segment) -> int | tuple[int, int, int]:
    """The size of a buffer, negative if it is to become `bytes`; of one in shared memory where it is, too."""
    if isinstance(part, Segment):
        return part.announced
    return -len(part) if type(part) is bytes else len(part)
