"""Port-forward: a websocket whose channels are the connections to a pod's ports, as v4.channel.k8s.io has it.

Channel 2n carries the data of the n-th port, 2n+1 what went wrong with it; the first frame of each names the port.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import socket
import struct
import threading
from collections.abc import Callable
from typing import BinaryIO

PROTOCOL = "v4.channel.k8s.io"
_BINARY, _CLOSE, _PING, _PONG = 2, 8, 9, 10
_CHUNK = 32 * 1024
"""What the real one puts into a frame at most."""


def accept(key: str) -> str:
    """
    >>> accept("dGhlIHNhbXBsZSBub25jZQ==")
    's3pPLMBiTxaQ9kYGzzhZRbK+xOo='
    """
    digest = hashlib.sha1(f"{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11".encode()).digest()
    return base64.b64encode(digest).decode()


class Tunnel:
    """Runs until either side is done; `cut` breaks it off, as a lost network does."""

    def __init__(self, read: BinaryIO, write: Callable[[bytes], object], close: Callable[[], None]) -> None:
        self._read = read
        self._write = write
        self.cut = close
        self._lock = threading.Lock()
        self._sockets: list[socket.socket | None] = []

    def run(self, address: str, ports: list[int], whose: str) -> None:
        for index, port in enumerate(ports):
            for channel in (2 * index, 2 * index + 1):
                self._send(channel, struct.pack("<H", port))
            try:
                sock = socket.create_connection((address, port), 5)
                sock.settimeout(None)
            except OSError as error:
                why = f"dial tcp4 127.0.0.1:{port}: connect: {error.strerror or error}".lower()
                what = f"error forwarding port {port} to pod {whose}: failed to connect to localhost:{port} inside"
                self._send(2 * index + 1, f"{what} namespace: {why}".encode())
                self._sockets.append(None)
            else:
                self._sockets.append(sock)
                threading.Thread(target=self._to_client, args=(sock, 2 * index), daemon=True).start()
        try:
            self._from_client()
        finally:
            for each in self._sockets:
                if each is not None:
                    with contextlib.suppress(OSError):
                        each.shutdown(socket.SHUT_RDWR)
                    each.close()

    def _to_client(self, sock: socket.socket, channel: int) -> None:
        with contextlib.suppress(OSError, ValueError):
            while data := sock.recv(_CHUNK):
                self._send(channel, data)
            self._frame(_CLOSE, struct.pack(">H", 1000))

    def _from_client(self) -> None:
        while (frame := self._next()) is not None:
            kind, data = frame
            if kind == _CLOSE:
                with contextlib.suppress(OSError):
                    self._frame(_CLOSE, data[:2])
                return
            if kind == _PING:
                self._frame(_PONG, data)
            elif kind == _BINARY and data:
                channel = data[0]
                sock = self._sockets[channel // 2] if channel // 2 < len(self._sockets) else None
                if channel % 2 or sock is None:
                    return
                try:
                    sock.sendall(memoryview(data)[1:])
                except OSError:
                    return

    def _next(self) -> tuple[int, bytes] | None:
        """A message; None when the client has gone."""
        whole, kind = b"", 0
        while True:
            head = self._exactly(2)
            if head is None:
                return None
            length = head[1] & 0x7F
            if length > 125:
                more = self._exactly(2 if length == 126 else 8)
                if more is None:
                    return None
                length = int.from_bytes(more, "big")
            mask = self._exactly(4) if head[1] & 0x80 else b"\0\0\0\0"
            data = self._exactly(length)
            if mask is None or data is None or not head[1] & 0x80:
                return None
            kind = head[0] & 0x0F or kind
            whole += _unmasked(data, mask)
            if head[0] & 0x80:
                return kind, whole

    def _exactly(self, count: int) -> bytes | None:
        try:
            data = self._read.read(count)
        except (OSError, ValueError):
            return None
        return data if len(data) == count else None

    def _send(self, channel: int, data: bytes) -> None:
        self._frame(_BINARY, bytes([channel]) + data)

    def _frame(self, kind: int, data: bytes) -> None:
        length = len(data)
        head = (
            struct.pack("BB", 0x80 | kind, length)
            if length < 126
            else (
                struct.pack(">BBH", 0x80 | kind, 126, length)
                if length < 65536
                else struct.pack(">BBQ", 0x80 | kind, 127, length)
            )
        )
        with self._lock:
            self._write(head + data)


def _unmasked(data: bytes, mask: bytes) -> bytes:
    repeated = (mask * (len(data) // 4 + 1))[: len(data)]
    return (int.from_bytes(data, "big") ^ int.from_bytes(repeated, "big")).to_bytes(len(data), "big")
