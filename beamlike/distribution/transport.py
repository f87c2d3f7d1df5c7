"""The asyncio shell around a connection, and the only sockets of this package.

A link lives on one event loop; only `send` may be called by any thread. It encodes in the thread of the sender, so that
an error is the sender's and the order is the senders', and hands the bytes to the loop, which writes once per tick
however many signals have gathered. Nothing is raised into the loop: what happens becomes an event for the owner.

The links carry no TLS yet, so both ends must be on this machine.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
from collections.abc import Callable, Iterable
from contextvars import Context
from dataclasses import dataclass
from threading import RLock, get_ident
from typing import Final, Protocol, cast

from beamlike.distribution.addresses import Address, is_loopback
from beamlike.distribution.connection import Closed, Connection, Established, Event
from beamlike.distribution.doorway import BACKLOG, LINK
from beamlike.distribution.errors import CannotListen
from beamlike.distribution.forks import closed_in_forks
from beamlike.distribution.refusal import Refused
from beamlike.distribution.wire import Undelivered
from beamlike.kernel.errors import NotConnected
from beamlike.kernel.signals import Signal

logger = logging.getLogger("beamlike.distribution")

HANDSHAKE_DEADLINE: Final = 7.0
"""Seconds that the other side has for the whole handshake."""

CLOSE_DEADLINE: Final = 1.0
"""Seconds that last words may take to leave."""


@dataclass(frozen=True, slots=True)
class Home:
    """The event loop that links live on, and its thread."""

    loop: asyncio.AbstractEventLoop
    thread: int
    context: Context
    """What links do and log is not done on behalf of the process that happened to send first."""

    @classmethod
    def here(cls) -> Home:
        return cls(asyncio.get_running_loop(), get_ident(), Context())

    def call(self, function: Callable[[], None]) -> None:
        """Runs `function` in the loop's next tick; never, if the loop has been closed."""
        if get_ident() == self.thread:
            self.loop.call_soon(function, context=self.context)
            return
        try:
            self.loop.call_soon_threadsafe(function, context=self.context)
        except RuntimeError:
            if not self.loop.is_closed():
                raise


class LinkOwner(Protocol):
    """Whom a link tells what happens, always in the thread of its loop."""

    def route(self, signal: Signal) -> None: ...

    def link_opened(self, link: Link) -> None:
        """It has a socket."""
        ...

    def link_event(self, link: Link, event: Undelivered | Established | Refused | Closed) -> None: ...

    def link_lost(self, link: Link) -> None:
        """Its socket is closed."""
        ...


class Link(asyncio.Protocol):
    def __init__(self, connection: Connection, owner: LinkOwner, home: Home, tick_interval: float) -> None:
        self._connection = connection
        self._owner = owner
        self._home = home
        self._tick_interval = tick_interval
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._over = False
        # Re-entrant: a finalizer that sends may run while this thread encodes.
        self._lock = RLock()
        self._flush_is_due = False
        self._successor: Link | None = None

    # For any thread.

    def send(self, signal: Signal) -> None:
        """Raises UnencodableTerm. Until the handshake is over signals wait; once the link is closed they vanish."""
        with self._lock:
            if self._successor is None:
                self._connection.send(signal)
                self._flush_soon()
                return
        self._successor.send(signal)

    def _flush_soon(self) -> None:
        if not self._flush_is_due:
            self._flush_is_due = True
            self._home.call(self._flush)

    def heard_elsewhere(self) -> None:
        """The peer has shown a sign of life by another way."""
        self._connection.heard_elsewhere()

    @property
    def silent_ticks(self) -> int:
        """For how many quarters of the tick time nothing was heard of the peer."""
        return self._connection.silent_ticks

    # For the owner.

    @property
    def peer_address(self) -> Address:
        """Where the other side of its socket is."""
        assert self._transport is not None, "it has no socket yet"
        host, port = self._transport.get_extra_info("peername")[:2]
        return host, port

    def take_over(self, other: Link) -> None:
        """Sends from now on what is sent through `other`, and first what waits there. `other` is given up."""
        with other._lock:
            self._connection.adopt(other._connection)
            other._successor = self
        other.abandon()

    def close(self, reason: str, message: str) -> None:
        self._act(self._connection.close(reason, message))
        self._flush()

    def abandon(self) -> None:
        """Closes without a word, to the peer or the owner."""
        self._over = True
        self._connection.close("", "")
        if self._transport is not None:
            self._transport.abort()

    # For the event loop.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._owner.link_opened(self)
        if self._over:
            self._transport.abort()
            return
        sock = cast(socket.socket, transport.get_extra_info("socket"))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._timer = self._home.loop.call_later(HANDSHAKE_DEADLINE, self._handshake_is_late)
        self._flush()

    def data_received(self, data: bytes) -> None:
        self._act(self._connection.receive_data(data))
        self._flush()

    def connection_lost(self, error: Exception | None) -> None:
        self._act(self._connection.receive_eof())
        self._set_timer(None)
        self._owner.link_lost(self)

    def _flush(self) -> None:
        self._flush_is_due = False
        if self._transport is None or self._transport.is_closing():
            return
        data = self._connection.data_to_send()
        if data:
            self._transport.write(data)
        if self._over:
            self._hang_up(self._transport)

    def _hang_up(self, transport: asyncio.Transport) -> None:
        """Closes once all is written; a peer that does not read gets no more than the deadline."""
        transport.close()
        self._set_timer(self._home.loop.call_later(CLOSE_DEADLINE, transport.abort))

    def _act(self, events: Iterable[Event]) -> None:
        if self._over:
            return
        for event in events:
            try:
                self._tell(event)
            except Exception:
                logger.exception("%s could not be acted on", type(event).__name__)

    def _tell(self, event: Event) -> None:
        match event:
            case Established():
                self._set_timer(self._home.loop.call_later(self._tick_interval, self._tick))
            case Refused() | Closed():
                self._over = True
            case Undelivered():
                pass
            case _:
                self._owner.route(event)
                return
        self._owner.link_event(self, event)

    def _tick(self) -> None:
        self._set_timer(self._home.loop.call_later(self._tick_interval, self._tick))
        self._act(self._connection.tick())
        self._flush()

    def _handshake_is_late(self) -> None:
        self.close("", f"the handshake was not over after {HANDSHAKE_DEADLINE:g} s")

    def _set_timer(self, timer: asyncio.TimerHandle | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = timer


async def open_link(link: Link, address: Address) -> None:
    """Connects `link` to `address`. OSError, of which NotConnected is one, if nobody there answers."""
    loop = asyncio.get_running_loop()
    hosts = await _resolve(address)
    strangers = [host for host in hosts if not is_loopback(host)]
    if strangers:
        raise NotConnected(
            f"expected an address of this machine's loopback, got {address[0]} ({strangers[0]}): "
            "nodes on different machines need TLS, which is not there yet"
        )
    failure: OSError | None = None
    for host in hosts:
        try:
            sock = await _connected(host, address[1])
            await loop.create_connection(lambda: link, sock=sock)
        except OSError as error:
            failure = error
        else:
            return
    raise NotConnected(f"nobody listens at {address[0]}:{address[1]} ({failure})") from failure


async def _connected(host: str, port: int) -> socket.socket:
    """A connection that says it is to be a link."""
    loop = asyncio.get_running_loop()
    sock = closed_in_forks(socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET))
    try:
        sock.setblocking(False)
        await loop.sock_connect(sock, (host, port))
        await loop.sock_sendall(sock, LINK)
    except BaseException:
        sock.close()
        raise
    return sock


async def listening_at(address: Address) -> tuple[socket.socket, Address]:
    """A socket that listens at `address` (port 0: any free one), and where it became. CannotListen if that fails."""
    host = (await _resolve(address))[0]
    if not is_loopback(host):
        raise CannotListen(
            f"expected an address of this machine's loopback such as 127.0.0.1, got {address[0]}: "
            "to listen for other machines needs TLS, which is not there yet"
        )
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        sock = socket.create_server((host, address[1]), family=family, backlog=BACKLOG)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise CannotListen(
                f"expected a free port, but {address[0]}:{address[1]} is taken by another program: "
                "choose another port, or 0 for any that is free"
            ) from error
        raise CannotListen(f"cannot listen at {address[0]}:{address[1]}: {error}") from error
    host, port = sock.getsockname()[:2]
    return sock, (host, port)


async def _resolve(address: Address) -> list[str]:
    """The numeric addresses of a host, in the order of preference."""
    host, port = address
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError) as error:
        raise NotConnected(f"expected a host that can be looked up, got {host!r}: {error}") from error
    return list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))
