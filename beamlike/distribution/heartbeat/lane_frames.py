"""What goes over a lane, big-endian:

    u16 size    u32 CRC-32 of the size    u32 CRC-32 of kind and payload    u8 kind    so many bytes of payload

So damage is found out by the end of its frame, as in `batches`; another lane is then tried.

HELLO, CHALLENGE, PROOF and ACCEPT open it (see `lane_proof`). BEAT is a sign of life and says how long the event loop
over there has not turned, in milliseconds (u32, 0 while it turns). ASK is a number (u32), what is asked (u8), and for
some questions more bytes; ANSWER is that number and the answer in msgpack. Bytes too long for one frame come as PARTs,
each with the number, and an ANSWER with the last of them.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final
from zlib import crc32

import msgpack

from beamlike.distribution.errors import ProtocolError

HELLO: Final = 1
CHALLENGE: Final = 2
PROOF: Final = 3
ACCEPT: Final = 4
BEAT: Final = 16
ASK: Final = 17
ANSWER: Final = 18
PART: Final = 19

UNPROVED_CAP: Final = 512
"""Bytes of payload that are accepted of somebody who has proved nothing."""
CAP: Final = 0xFFFF
PART_SIZE: Final = 0xF000
"""Bytes of an answer that go into one frame."""
LONGEST_ANSWER: Final = 32 << 20
LONGEST_QUESTION: Final = 4096
"""Bytes beside the question itself."""

_HEADER: Final = struct.Struct(">HIIB")
_SIZE: Final = struct.Struct(">H")
_BEAT: Final = struct.Struct(">I")
_ASK: Final = struct.Struct(">IB")
_NUMBER: Final = struct.Struct(">I")
_LONGEST_STALL: Final = 0xFFFFFFFF


def lane_frame(kind: int, payload: bytes = b"") -> bytes:
    """
    >>> lane_frame(BEAT, bytes(4))
    b'\\x00\\x04F\\xb4\\xd6\\xe6\\xa6\\xc2`\\x9f\\x10\\x00\\x00\\x00\\x00'
    """
    size = len(payload)
    return _HEADER.pack(size, crc32(_SIZE.pack(size)), _crc(kind, payload), kind) + payload


def _crc(kind: int, payload: bytes) -> int:
    return crc32(payload, crc32(bytes([kind])))


class LaneFrames:
    """Cuts a stream into frames; `cap` may change between two of them."""

    def __init__(self) -> None:
        self.cap = UNPROVED_CAP
        self._buffer = bytearray()

    def read(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """Yields (kind, payload) of each frame that `data` completes. ProtocolError for a large or damaged one."""
        self._buffer += data
        while len(self._buffer) >= _HEADER.size:
            size, crc_of_size, crc, kind = _HEADER.unpack_from(self._buffer)
            if size > self.cap:
                raise ProtocolError(f"expected a frame of at most {self.cap} bytes, got one of {size}")
            if crc32(_SIZE.pack(size)) != crc_of_size:
                raise ProtocolError("the size of a frame was damaged on the way")
            end = _HEADER.size + size
            if len(self._buffer) < end:
                return
            payload = bytes(self._buffer[_HEADER.size : end])
            del self._buffer[:end]
            if _crc(kind, payload) != crc:
                raise ProtocolError("a frame was damaged on the way")
            yield kind, payload


def encode_beat(stalled: float) -> bytes:
    return lane_frame(BEAT, _BEAT.pack(min(_LONGEST_STALL, round(stalled * 1000))))


def decode_beat(payload: bytes) -> float:
    return _unpack(_BEAT, payload)[0] / 1000


def encode_ask(number: int, what: int, content: bytes = b"") -> bytes:
    return lane_frame(ASK, _ASK.pack(number, what) + content)


def decode_ask(payload: bytes) -> tuple[int, int, bytes]:
    number, what = _unpack(_ASK, payload[: _ASK.size])
    return number, what, payload[_ASK.size :]


def encode_answer(number: int, answer: object) -> bytes:
    return lane_frame(ANSWER, _NUMBER.pack(number) + msgpack.packb(answer))


def decode_answer(payload: bytes) -> tuple[int, object]:
    (number,) = _unpack(_NUMBER, payload[: _NUMBER.size])
    try:
        return number, msgpack.unpackb(payload[_NUMBER.size :])
    except Exception as error:  # msgpack has no common base of what it raises
        raise ProtocolError(f"expected an answer in msgpack, got {len(payload)} bytes ({error})") from error


def encode_parts(number: int, answer: bytes) -> list[bytes]:
    """The frames of an answer that is bytes, of which each but the last is a PART.

    >>> [len(frame) for frame in encode_parts(1, bytes(PART_SIZE + 1))]
    [61455, 18]
    """
    *parts, last = [answer[at : at + PART_SIZE] for at in range(0, len(answer) or 1, PART_SIZE)]
    return [lane_frame(PART, _NUMBER.pack(number) + part) for part in parts] + [encode_answer(number, last)]


def decode_part(payload: bytes) -> tuple[int, bytes]:
    (number,) = _unpack(_NUMBER, payload[: _NUMBER.size])
    return number, payload[_NUMBER.size :]


def _unpack(layout: struct.Struct, payload: bytes) -> tuple[int, ...]:
    try:
        return layout.unpack(payload)
    except struct.error as error:
        raise ProtocolError(f"expected {layout.size} bytes, got {len(payload)}") from error
