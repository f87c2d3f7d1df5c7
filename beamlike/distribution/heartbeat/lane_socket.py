"""A lane on its socket, in the heartbeat's thread. Around it may be TLS, as around the link."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Final, Protocol

from beamlike.distribution.clear_or_tls import Layer
from beamlike.distribution.errors import ProtocolError
from beamlike.distribution.forks import closed_in_forks
from beamlike.distribution.heartbeat.lane import Lane, LaneEvent
from beamlike.distribution.selector_thread import READ, WRITE, SelectorThread

logger = logging.getLogger("beamlike.distribution")

_CHUNK: Final = 1 << 16
_UNSENT_CAP: Final = 1 << 20
"""Bytes that wait for a peer that takes none; more are not made, the lane is given up."""


class LaneOwner(Protocol):
    """Whom a lane tells what happens; in the thread."""

    def lane_event(self, lane: LaneSocket, event: LaneEvent) -> None: ...

    def lane_closed(self, lane: LaneSocket) -> None:
        """It is of no use any more. Not told to who closes it."""
        ...


class LaneSocket:
    """`begin` makes the lane once it is known what lies below: b"", or the fingerprint of the TLS around it."""

    lane: Lane | None = None

    def __init__(
        self,
        thread: SelectorThread,
        sock: socket.socket,
        owner: LaneOwner,
        begin: Callable[[bytes], Lane],
        layer: Layer | None = None,
        preamble: bytes = b"",
    ) -> None:
        self._thread = thread
        self._sock = closed_in_forks(sock)
        self._owner = owner
        self._begin = begin
        self._layer = layer
        self._unsent = bytearray(preamble)
        self._connected = False
        self._closed = False

    @property
    def lost(self) -> bool:
        return self.lane is not None and self.lane.lost

    def start(self) -> None:
        """The socket, which does not block, is connected or about to be."""
        with suppress(OSError):  # of one that is over already, as will be seen
            self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._thread.watch(self._sock, READ | WRITE, self._on_events)

    def flush(self) -> None:
        """Sends what the lane has to say."""
        if self._closed or not self._connected:
            return
        try:
            self._gather()
            if self._unsent:
                del self._unsent[: self._sock.send(self._unsent)]
        except BlockingIOError:
            pass
        except (OSError, ProtocolError) as error:
            self._give_up(error)
            return
        has_more = bool(self._unsent) or (self.lane is not None and self.lane.has_pieces)
        self._thread.watch(self._sock, READ | WRITE if has_more else READ, self._on_events)

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._thread.unwatch(self._sock)
            self._sock.close()

    def _on_events(self, events: int) -> None:
        self._connected = True
        if events & READ:
            try:
                self._read()
            except BlockingIOError:
                pass
            except (OSError, EOFError, ProtocolError) as error:
                self._give_up(error)
        self.flush()

    def _read(self) -> None:
        data = self._sock.recv(_CHUNK)
        self._begin_if_ready()
        if self._layer is not None:
            self._layer.feed(data)
            data = self._decrypted(self._layer)
        elif not data:
            raise EOFError("the other side has closed the lane")
        if data and self.lane is not None:
            for event in self.lane.receive(data):
                self._owner.lane_event(self, event)

    def _decrypted(self, layer: Layer) -> bytes:
        plain = bytearray()
        buffer = memoryview(bytearray(_CHUNK))
        while count := layer.read_into(buffer):
            plain += buffer[:count]
        self._begin_if_ready()
        return bytes(plain)

    def _begin_if_ready(self) -> None:
        if self.lane is None and (self._layer is None or self._layer.ready):
            self.lane = self._begin(self._layer.fingerprint if self._layer is not None else b"")

    def _gather(self) -> None:
        """Moves what is to be said to what is to be sent."""
        self._begin_if_ready()
        said = self.lane.take(piece=not self._unsent) if self.lane is not None else b""
        if self._layer is None:
            self._unsent += said
        else:
            self._layer.write(said)
            self._unsent += self._layer.take()
        if len(self._unsent) > _UNSENT_CAP:
            raise ProtocolError("expected a peer that takes what it is sent")

    def _give_up(self, error: Exception) -> None:
        if not self._closed:
            logger.debug("a lane is over: %s: %s", type(error).__name__, error)
            self.close()
            self._owner.lane_closed(self)
