"""The end of a listener that takes neighbours on its own machine in clear: their first byte says what it is to be."""

from __future__ import annotations

from typing import Protocol

from beamlike.distribution.tls_layer import HANDSHAKE_RECORD, TlsLayer


class Layer(Protocol):
    """What lies between a socket and the frames; `TlsLayer` says what each of these means."""

    @property
    def ready(self) -> bool: ...
    @property
    def fingerprint(self) -> bytes: ...
    def feed(self, data: memoryview | bytes) -> None: ...
    def read_into(self, buffer: memoryview) -> int: ...
    def write(self, data: memoryview | bytes) -> None: ...
    def take(self) -> bytes: ...


class Clear:
    """No TLS at all, so its fingerprint is empty."""

    ready = True
    fingerprint = b""

    def __init__(self) -> None:
        self._incoming = bytearray()
        self._outgoing = bytearray()
        self._ended = False

    def feed(self, data: memoryview | bytes) -> None:
        self._incoming += data
        self._ended = self._ended or not data

    def read_into(self, buffer: memoryview) -> int:
        count = min(len(buffer), len(self._incoming))
        if not count and self._ended:
            raise EOFError("the other side has closed the connection")
        buffer[:count] = self._incoming[:count]
        del self._incoming[:count]
        return count

    def write(self, data: memoryview | bytes) -> None:
        self._outgoing += data

    def take(self) -> bytes:
        taken = bytes(self._outgoing)
        self._outgoing.clear()
        return taken


class ClearOrTls:
    """Not `ready` until the first byte has come."""

    def __init__(self, tls: TlsLayer) -> None:
        self._tls = tls
        self._chosen: Layer | None = None

    @property
    def ready(self) -> bool:
        return self._chosen is not None and self._chosen.ready

    @property
    def fingerprint(self) -> bytes:
        return self._chosen.fingerprint if self._chosen is not None else b""

    def feed(self, data: memoryview | bytes) -> None:
        if self._chosen is None:
            self._chosen = self._tls if data[:1] == bytes([HANDSHAKE_RECORD]) else Clear()
        self._chosen.feed(data)

    def read_into(self, buffer: memoryview) -> int:
        return self._chosen.read_into(buffer) if self._chosen is not None else 0

    def write(self, data: memoryview | bytes) -> None:
        if data:
            assert self._chosen is not None, "it is not ready"
            self._chosen.write(data)

    def take(self) -> bytes:
        return self._chosen.take() if self._chosen is not None else b""
