"""The frames of the handshake: `u32 length of the payload, u8 kind, payload`. What follows it: `batches`."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

from beamlike.distribution.errors import ProtocolError

HELLO: Final = 1
CHALLENGE: Final = 2
PROOF: Final = 3
ACCEPT: Final = 4
REFUSE: Final = 5

NAMES: Final = {
    HELLO: "HELLO",
    CHALLENGE: "CHALLENGE",
    PROOF: "PROOF",
    ACCEPT: "ACCEPT",
    REFUSE: "REFUSE",
}

HANDSHAKE_CAP: Final = 1024
"""Bytes of payload that are accepted of somebody who has not proved the secret."""

_HEADER: Final = struct.Struct(">IB")
_TLS: Final = 0x1603
"""How TLS begins, in place of the size of a frame."""


def frame(kind: int, payload: bytes = b"") -> bytes:
    """
    >>> frame(PROOF)
    b'\\x00\\x00\\x00\\x00\\x03'
    """
    return _HEADER.pack(len(payload), kind) + payload


def kind_name(kind: int) -> str:
    return NAMES.get(kind, f"unknown kind {kind}")


def _no_frame(size: int, cap: int) -> str:
    if size >> 16 == _TLS:
        return "expected frames in clear, got TLS: give both nodes the same `tls` option"
    return f"expected a frame of at most {cap} bytes, got one of {size}"


class FrameReader:
    """Cuts a stream of bytes into frames; what is not whole yet waits. `cap` may change between two frames."""

    def __init__(self, cap: int) -> None:
        self.cap = cap
        self._buffer = bytearray()

    def read(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """Yields (kind, payload) of each frame that `data` completes. ProtocolError for one above the cap."""
        self._buffer += data
        buffer = self._buffer
        start = 0
        try:
            while len(buffer) - start >= _HEADER.size:
                size, kind = _HEADER.unpack_from(buffer, start)
                if size > self.cap:
                    raise ProtocolError(_no_frame(size, self.cap))
                end = start + _HEADER.size + size
                if end > len(buffer):
                    break
                payload = bytes(memoryview(buffer)[start + _HEADER.size : end])
                start = end
                yield kind, payload
        finally:
            del buffer[:start]

    def rest(self) -> bytes:
        """What has come behind the last frame, and is forgotten here."""
        rest = bytes(self._buffer)
        self._buffer.clear()
        return rest
