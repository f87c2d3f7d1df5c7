"""WebSocket as far as a port-forward needs it (RFC 6455, the client's side): bytes to frames and back, no I/O."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from typing import Final

from beamlike.kernel.record import frozen

BINARY, CLOSE, PING, PONG = 0x2, 0x8, 0x9, 0xA
_CONTINUES, _TEXT = 0x0, 0x1
_FINAL, _MASKED, _RESERVED = 0x80, 0x80, 0x70
_LONGEST: Final = 16 << 20
"""Of what one frame may hold: the cluster sends 32 KiB at a time."""
_GUID: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class BadFrame(OSError):
    """What came is no WebSocket."""


@frozen
class Message:
    """`opcode` is BINARY (of text too), CLOSE, PING or PONG."""

    opcode: int
    content: bytes


def request(host: str, target: str, headers: Mapping[str, str], key: bytes, protocol: str) -> bytes:
    """The question for a WebSocket; `key` is 16 random bytes."""
    lines = {
        "Host": host,
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": base64.b64encode(key).decode(),
        "Sec-WebSocket-Protocol": protocol,
        **headers,
    }
    return "".join((f"GET {target} HTTP/1.1\r\n", *(f"{k}: {v}\r\n" for k, v in lines.items()), "\r\n")).encode(
        "latin-1"
    )


def accepts(headers: Mapping[str, str], key: bytes) -> bool:
    """Whether an answer with these headers (names in small letters) is one to our question."""
    expected = base64.b64encode(hashlib.sha1(base64.b64encode(key) + _GUID).digest()).decode()
    return headers.get("sec-websocket-accept", "") == expected


def frame(opcode: int, content: bytes, mask: bytes) -> bytes:
    """What is sent for one message; `mask` is 4 random bytes.

    >>> frame(BINARY, b"ab", bytes(4)).hex()
    '8282000000006162'
    """
    size = len(content)
    if size < 126:
        head = bytes([_FINAL | opcode, _MASKED | size])
    elif size < 1 << 16:
        head = bytes([_FINAL | opcode, _MASKED | 126]) + size.to_bytes(2, "big")
    else:
        head = bytes([_FINAL | opcode, _MASKED | 127]) + size.to_bytes(8, "big")
    return b"".join((head, mask, masked(content, mask)))


def masked(content: bytes, mask: bytes) -> bytes:
    """As one large number: byte by byte it would be slower than the network."""
    size = len(content)
    repeated = (mask * (size // 4 + 1))[:size]
    return (int.from_bytes(content, "little") ^ int.from_bytes(repeated, "little")).to_bytes(size, "little")


class Reader:
    """Bytes as they come, to messages as they are whole. BadFrame ends it."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._parts: list[bytes] = []

    def receive(self, data: bytes) -> list[Message]:
        self._bytes += data
        messages = []
        while (message := self._next()) is not None:
            messages.extend(message)
        return messages

    def _next(self) -> list[Message] | None:
        """Those of the next frame: none for a part of one, None where it has not come in full."""
        data = self._bytes
        if len(data) < 2:
            return None
        first, second = data[0], data[1]
        if first & _RESERVED or second & _MASKED:
            raise BadFrame(f"expected the frame of a WebSocket server, got {bytes(data[:2]).hex()}")
        size, start = second, 2
        if size in (126, 127):
            start = 4 if size == 126 else 10
            if len(data) < start:
                return None
            size = int.from_bytes(data[2:start], "big")
        if size > _LONGEST:
            raise BadFrame(f"expected frames of at most {_LONGEST} bytes, got one of {size}")
        if len(data) < start + size:
            return None
        content = bytes(memoryview(data)[start : start + size])
        del data[: start + size]
        return self._message(first & 0x0F, content, final=bool(first & _FINAL))

    def _message(self, opcode: int, content: bytes, *, final: bool) -> list[Message]:
        if opcode in (CLOSE, PING, PONG):  # may come between the parts of another
            return [Message(opcode, content)]
        if opcode not in (_CONTINUES, _TEXT, BINARY) or (opcode == _CONTINUES) != bool(self._parts):
            raise BadFrame(f"expected a frame that begins or continues a message, got opcode {opcode}")
        self._parts.append(content)
        if not final:
            return []
        whole, self._parts = b"".join(self._parts), []
        return [Message(BINARY, whole)]
