"""Where a node is entered: it accepts connections, asks each what it wants, and brings it to who serves that.

    connection ──► 4 bytes: BLK1 ──► a link: its socket goes to the event loop, which makes it a Link
                            BLH1 ──► a heartbeat lane: it stays in this thread
                            else ──► a stranger, hung up on; one line in the log for each address

It lives in the heartbeat's thread, so nobody waits in the kernel's queue while the event loop is busy. Until the other
side has proved the secret it is a `Guest` in a `WaitingRoom`: there is room for so many, for so long. A socket that is
on its way to the loop is still the doorway's, which can drop it while the loop is stalled.
"""

from __future__ import annotations

import errno
import logging
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from threading import Lock
from typing import Final

from beamlike.distribution.forks import closed_in_forks
from beamlike.distribution.refusal_log import RefusalLog
from beamlike.distribution.selector_thread import READ, Moment, SelectorThread
from beamlike.distribution.waiting_room import WaitingRoom

logger = logging.getLogger("beamlike.distribution")

LINK: Final = b"BLK1"
LANE: Final = b"BLH1"
"""What a dialler says first, and in clear: what the connection is for, and the version of this."""

ROOM: Final = 256
"""Connections that have proved nothing. A program may open 1024 files, mostly."""
PATIENCE: Final = 7.0
"""Seconds to prove the secret in."""
BACKLOG: Final = 1024
_AT_ONCE: Final = 64
_FAREWELL: Final = 1 << 16
_PAUSE: Final = 0.5

_NO_ROOM: Final = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)


class Guest:
    """A connection whose other side has proved nothing. The loop may `take` its socket; `settled` is for any thread."""

    def __init__(self, doorway: Doorway, sock: socket.socket, host: str) -> None:
        self.sock = sock
        self.host = host
        self.said = b""
        self._doorway = doorway
        self._lock = Lock()
        self._hang_up: Callable[[], None] = sock.close
        self._dropped = False

    def take(self, hang_up: Callable[[], None]) -> socket.socket | None:
        """The socket, which belongs to the caller from now on; None if the guest had to go meanwhile. `hang_up` will be
        called, in the doorway's thread, if it has to go after all."""
        with self._lock:
            if self._dropped:
                return None
            self._hang_up = hang_up
            return self.sock

    def settled(self) -> None:
        """It has proved itself, or its connection is over."""
        self._doorway.forget(self)

    def drop(self) -> None:
        with self._lock:
            self._dropped = True
        self._hang_up()


class Doorway:
    """`take_link` and `take_lane` get the guests, in the thread; so does everything but `forget` happen there."""

    def __init__(
        self,
        node: str,
        thread: SelectorThread,
        take_link: Callable[[Guest], None],
        take_lane: Callable[[Guest], None],
        *,
        room: int = ROOM,
        patience: float = PATIENCE,
    ) -> None:
        self._node = node
        self._thread = thread
        self._takers = {LINK: take_link, LANE: take_lane}
        self._room: WaitingRoom[Guest] = WaitingRoom(room, patience)
        self._next_look: Moment | None = None
        self._strangers = RefusalLog()
        self._full = False
        self._listening: set[socket.socket] = set()

    def open(self, listening: socket.socket) -> None:
        """Accepts from now on what comes to this socket, which is the doorway's."""
        self._listening.add(listening)
        listening.setblocking(False)
        self._thread.watch(closed_in_forks(listening), READ, lambda _events: self._accept(listening))

    def close(self) -> None:
        """Drops whoever has not proved itself; nobody comes in any more."""
        for listening in self._listening:
            self._thread.unwatch(listening)
            listening.close()
        for guest in self._room.guests():
            self._drop(guest)

    def forget(self, guest: Guest) -> None:
        self._thread.call(lambda: self._room.leave(guest))

    # Coming in.

    def _accept(self, listening: socket.socket) -> None:
        for _ in range(_AT_ONCE):  # others of this thread have their turn as well
            try:
                sock, address = listening.accept()
            except BlockingIOError:
                return
            except OSError as error:
                self._could_not_accept(listening, error)
                return
            self._full = False
            self._welcome(sock, str(address[0]))

    def _could_not_accept(self, listening: socket.socket, error: OSError) -> None:
        """Either that connection has failed already, or the program may open no more files. Then whoever has waited
        longest goes; where there is nobody, all wait a little."""
        oldest = None
        if error.errno in _NO_ROOM:
            self._say_that_it_is_full(error)
            oldest = self._room.drop_oldest()
        if oldest is not None:
            self._drop(oldest)
        elif not isinstance(error, ConnectionAbortedError):
            self._thread.unwatch(listening)
            self._thread.call_later(_PAUSE, lambda: self._open_again(listening))

    def _open_again(self, listening: socket.socket) -> None:
        if listening.fileno() != -1:  # it was not closed meanwhile
            self.open(listening)

    def _say_that_it_is_full(self, error: OSError) -> None:
        if not self._full:
            self._full = True
            logger.error("%s cannot accept more connections: %s; raise the limit (ulimit -n)", self._node, error)

    def _welcome(self, sock: socket.socket, host: str) -> None:
        sock.setblocking(False)
        guest = Guest(self, closed_in_forks(sock), host)
        for dropped in self._room.enter(guest, time.monotonic()):
            self._drop(dropped)
        self._thread.watch(sock, READ, lambda _events: self._listen_to(guest))
        self._look_at_the_clock()

    def _listen_to(self, guest: Guest) -> None:
        try:
            said = guest.sock.recv(len(LINK) - len(guest.said))
        except BlockingIOError:
            return
        except OSError:
            said = b""
        guest.said += said
        if not said:  # so do probes that only ask whether somebody listens
            self._hang_up(guest)
        elif len(guest.said) == len(LINK):
            self._bring_in(guest)

    def _bring_in(self, guest: Guest) -> None:
        take = self._takers.get(guest.said)
        if take is None:
            self._name_stranger(guest)
            with suppress(OSError):  # to close what is not read would be a reset, and no end
                guest.sock.recv(_FAREWELL)
            self._hang_up(guest)
        else:
            self._thread.unwatch(guest.sock)
            self._room.advance(guest)
            take(guest)

    # Having to go.

    def _hang_up(self, guest: Guest) -> None:
        self._room.leave(guest)
        self._drop(guest)

    def _drop(self, guest: Guest) -> None:
        self._thread.unwatch(guest.sock)
        with suppress(OSError):
            guest.drop()

    def _look_at_the_clock(self) -> None:
        """Drops those whose time is over, and comes again when the next one's is."""
        deadline = self._room.next_deadline()
        if self._next_look is None and deadline is not None:
            self._next_look = self._thread.call_later(deadline - time.monotonic(), self._drop_the_late)

    def _drop_the_late(self) -> None:
        self._next_look = None
        for guest in self._room.overdue(time.monotonic()):
            self._drop(guest)
        self._look_at_the_clock()

    def _name_stranger(self, guest: Guest) -> None:
        if self._strangers.is_news(guest.host, repr(guest.said), time.monotonic()):
            logger.warning(
                "%s refused a connection from %s: expected %r or %r, got %r%s; is it a beamlike node?",
                *(self._node, guest.host, LINK, LANE, guest.said, _looks_like(guest.said)),
            )


def _looks_like(said: bytes) -> str:
    """
    >>> _looks_like(b"GET "), _looks_like(b"BLK2"), _looks_like(b"what")
    (' (HTTP)', ' (another version of beamlike)', '')
    """
    if said in (b"GET ", b"POST", b"PUT ", b"HEAD", b"PRI "):
        return " (HTTP)"
    if said[:2] == b"\x16\x03":
        return " (TLS)"
    if said[:3] in (LINK[:3], LANE[:3]):
        return " (another version of beamlike)"
    return ""
