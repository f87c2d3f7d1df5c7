"""The shell around a connection: a raw socket on an event loop.

A link lives on one loop; only `send` and `post` may be called by any thread. They encode in the thread of the sender,
so that an error is the sender's and the order is the senders'. What gathers in a turn of the loop is written at its
end, in one system call, and what comes is delivered and acted on in the very callback that reads it: between a message
that comes and the answer that leaves lies one turn. Nothing is raised into the loop: what happens becomes an event for
the owner.

Sockets rather than asyncio's transports, since these keep a buffer of their own, into which a fragment may have gone
long before a small message, and hand out bytes that they have copied.

One file, since reading, writing, closing and being succeeded are turns of one state: a socket and what waits for it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import Callable, Iterable
from functools import partial
from threading import get_ident
from typing import Any, Final

from beamlike.distribution.addresses import Address
from beamlike.distribution.clear_or_tls import Layer
from beamlike.distribution.congestion import Congestion
from beamlike.distribution.connection import PROTOCOL_ERROR, Closed, Connection, Established, Event, Items
from beamlike.distribution.errors import ProtocolError
from beamlike.distribution.home import Home
from beamlike.distribution.link_owner import LinkOwner
from beamlike.distribution.link_sockets import SEND_BUFFER, drop_front, tune
from beamlike.distribution.parcels import NEWS
from beamlike.distribution.refusal import Refused, Status
from beamlike.distribution.secret import Role, Secret
from beamlike.distribution.terms_codec import LARGE, Buffer
from beamlike.distribution.wire import Item, Undelivered
from beamlike.kernel.signals import Answer, Ask, Send, Signal, Spawn
from beamlike.kernel.terms import Alias

logger = logging.getLogger("beamlike.distribution")

HANDSHAKE_DEADLINE: Final = 7.0
"""Seconds that the other side has for the whole handshake."""

CLOSE_DEADLINE: Final = 1.0
"""Seconds for which nothing of last words may leave, before the socket is closed all the same."""

LONGEST_FAREWELL: Final = 10.0
"""Seconds that they may take in all."""

EARLY: Final = 48
"""Requests, or replies, with which the other side can begin while this one goes on: so two nodes work at a time. Other
messages had better come many at once."""

BYTES_PER_TURN: Final = 1 << 20
"""Written before the loop looks at other sockets."""

HANDSHAKE_BUFFER: Final = 4 << 10
"""Of ciphertext, for somebody who has proved nothing yet."""

_NO_BYTES: Final = memoryview(b"")


class Link:
    def __init__(self, connection: Connection, owner: LinkOwner, home: Home, tick_interval: float) -> None:
        self._connection = connection
        self._owner = owner
        self._home = home
        self.tick_interval = tick_interval
        self._layer: Layer | None = None
        self._ciphertext = _NO_BYTES
        self._socket: socket.socket | None = None
        self._unsent: list[Buffer] = []
        self._writes = False
        self._reads = True
        self._timer: asyncio.TimerHandle | None = None
        self._over = False
        self._ends = False
        self._flush_is_due = False
        self._copy_is_due = False
        self._silent_at = 0.0
        self._awaits_successor = False
        self._beats: asyncio.TimerHandle | None = None
        self._successor: Link | None = None
        # Bytes that have come and left, as the network saw them; those in shared memory are not counted.
        self.bytes_in = self.bytes_out = 0
        self.congestion = Congestion(connection.outbox)
        connection.wants_to_write = self._flush_soon
        connection.beats_are_asked_for = self._beats_asked
        connection.can_go_on = lambda: home.call(self._go_on)

    # For any thread.

    def send(self, signal: Signal) -> None:
        """Raises UnencodableTerm. Until the handshake is over signals wait; once the link is closed they vanish."""
        connection = self._connection
        draft = connection.draft(signal)
        with connection.outbox.lock:
            if self._successor is None:
                packed = connection.encode(draft)
                if self.congestion.is_full and isinstance(signal, Send | Ask | Spawn | Answer):
                    source = signal.source.id if signal.source is not None else 0
                    self._admit(source, packed.size, isinstance(signal, Answer))
                connection.put(signal, packed)
                self._flush_soon()
                return
        self._successor.send(signal)

    def post(self, source: int, target: int, message: Any) -> None:
        """Sends a message from a process to a process, by their ids: `send`, quicker. For an established link only."""
        signals = self._connection.signals
        data = signals.encode_post(source, target, message)
        if data is None or not self._put(source, data):
            self.send(Send(*signals.pids(source, target), message))

    def ask(self, source: int, target: int, question: Alias) -> None:
        """As `post`, of a request."""
        signals = self._connection.signals
        data = signals.encode_ask(source, target, question)
        if data is None or not self._put(source, data):
            self.send(Ask(*signals.pids(source, target), question))
        elif not len(self._connection.outbox.items) % EARLY:
            self._write_early()

    def answer(self, source: int, client: Alias, value: Any) -> None:
        """As `post`, of the reply to a request."""
        signals = self._connection.signals
        data = signals.encode_answer(source, client, value)
        if data is None or not self._put(source, data, is_answer=True):
            self.send(Answer(signals.pids(source, 0)[0], client, value))
        elif not len(self._connection.outbox.items) % EARLY:
            self._write_early()

    async def room(self) -> None:
        """Returns when there is room again in what waits to leave, or the link is gone."""
        await self.congestion.room()

    def _put(self, source: int, data: bytes, *, is_answer: bool = False) -> bool:
        """Has an item leave at the end of this turn. Not if it is large, or parcels are on their way, one of which may
        come before."""
        outbox = self._connection.outbox
        if outbox.lanes or len(data) > LARGE:
            return False
        if outbox.small + outbox.large > self.congestion.bound:
            self._admit(source, len(data), is_answer)
        outbox.items.append(data)
        outbox.small += len(data)
        if not self._flush_is_due:
            self._flush_soon()
        return True

    def _write_early(self) -> None:
        """Lets the other side begin with what there is, in the middle of a turn. What the socket does not take, and
        what fails, is for the end of the turn: this is called from within any code."""
        sock = self._socket
        if sock is None or self._writes or self._unsent or self._layer is not None:
            return
        if self._home.thread != get_ident():
            return
        data = self._connection.small_to_send()
        if data is None:
            return
        try:
            size = sock.send(data)
        except OSError:
            size = 0
        self.bytes_out += size
        if size < len(data):
            self._unsent = [memoryview(data)[size:]]

    def _admit(self, source: int, size: int, is_answer: bool = False) -> None:
        process, node = self._owner.process(source), self._connection.peer_name
        self.congestion.admit(source, process, size, node, is_answer=is_answer)

    def heard_elsewhere(self, stalled: float) -> None:
        """The peer has said by another way that it is alive, and for how long its event loop has not turned."""
        self._connection.heard_elsewhere(stalled)

    def lane_changed(self, is_open: bool) -> None:
        """The heartbeat has a lane to the peer, or has none any more."""
        self._home.call(partial(self._lane_is, is_open))

    @property
    def silent_ticks(self) -> int:
        """For how many quarters of the tick time nothing was heard of the peer."""
        return self._connection.silent_ticks

    @property
    def heard_ticks(self) -> int:
        """In how many of them something came of the peer by this link, from the beginning on."""
        return self._connection.heard_ticks

    def _flush_soon(self) -> None:
        if not self._flush_is_due:
            self._flush_is_due = True
            self._home.at_turn_end(self._flush)

    # For the owner.

    def start(self, sock: socket.socket, layer: Layer | None = None) -> None:
        """Goes on with a socket that is connected, through a layer of TLS if there is one. To be called in the loop's
        thread."""
        sock.setblocking(False)
        self._socket = sock
        if layer is not None:
            self._layer, self._ciphertext = layer, memoryview(bytearray(HANDSHAKE_BUFFER))
        self._owner.link_opened(self)
        if self._over:
            self._hang_up()
            return
        tune(sock)
        self._home.add_reader(sock, self._readable)
        self._set_timer(HANDSHAKE_DEADLINE, self._handshake_is_late)
        self._flush()

    def present(self, secret: Secret) -> None:
        """Comes with another secret than it was made with. To be called before `start`."""
        self._connection.present(secret)

    @property
    def peer_address(self) -> Address | None:
        """The other side's end of the socket; None once that is closed."""
        if self._socket is None:
            return None
        try:
            host, port = self._socket.getpeername()[:2]
        except OSError:  # it was reset just now
            return None
        return host, port

    @property
    def is_encrypted(self) -> bool:
        return self._layer is not None

    @property
    def was_dialled(self) -> bool:
        return self._connection.was_dialled

    @property
    def waiting(self) -> int:
        """Bytes that have not left yet."""
        return len(self._connection.outbox)

    def tick_every(self, seconds: float) -> None:
        """Looks for the peer's signs of life as often, and asks for them. To be called before it is established."""
        self.tick_interval = seconds
        self._connection.tick_interval = seconds

    @property
    def role(self) -> Role:
        """In which the dialler comes, once it has proved its secret."""
        return self._connection.role

    def restrict(self) -> None:
        """One of the two nodes may only observe the other: see `Connection.restrict`."""
        self._connection.restrict()

    @property
    def session_key(self) -> bytes:
        """What only the two ends know, once it is established."""
        return self._connection.session_key

    @property
    def dialled_at(self) -> Address | None:
        """Where the other side was dialled from here; None if it has dialled, or the socket has been closed."""
        return self.peer_address if self._connection.was_dialled else None

    def take_over(self, other: Link) -> None:
        """Sends from now on what is sent through `other`, and first what waits there. `other` is given up."""
        with other._connection.outbox.lock:
            other._successor = self  # first: from here on nobody puts anything into what is about to be replaced
            self._connection.adopt(other._connection)
            self.congestion, other.congestion = other.congestion, self.congestion
        other.abandon()

    def close(self, reason: str, message: str) -> None:
        self._act(self._connection.close(reason, message))
        self._flush()

    def give_up(self) -> None:
        """Sends no more of what waits; an answer that is on its way, as to say why, still leaves."""
        self._over = True
        self._connection.close("", "")
        self.congestion.end()
        self._set_timer(CLOSE_DEADLINE, self._hang_up)

    def abandon(self) -> None:
        """Closes without a word, to the peer or the owner."""
        self._over = True
        self._awaits_successor = False
        self.congestion.end()
        self._connection.close("", "")
        self._hang_up()

    # For the event loop.

    def _readable(self) -> None:
        sock = self._socket
        if sock is None:
            return
        buffers = self._connection.buffers() if self._layer is None else [self._ciphertext]
        try:
            size = sock.recv_into(buffers[0]) if len(buffers) == 1 else sock.recvmsg_into(buffers)[0]
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            size = 0
        if size or self._layer is not None:
            self._home.scheduler.turn(self._received, size)
        else:
            self._lost()

    def _received(self, size: int) -> None:
        self.bytes_in += size
        if self._layer is None:
            self._act(self._connection.received(size))
        else:
            self._through_layer(self._layer, size)
        if self._layer is not None or self._over or self._connection.has_more:
            self._flush_soon()
        if self._connection.holds_much:
            self._read_if_wanted()

    def _go_on(self) -> None:
        """Delivers what was held back, as if it had come just now."""
        self._home.scheduler.turn(self._deliver_held)

    def _deliver_held(self) -> None:
        self._act(self._connection.go_on())
        self._read_if_wanted()

    def _lane_is(self, is_open: bool) -> None:
        self._connection.lane_is_open = is_open
        self._read_if_wanted()

    def _read_if_wanted(self) -> None:
        """Not while so much is held back that the other side's senders had better wait."""
        sock, reads = self._socket, not self._connection.holds_much
        if sock is None or reads == self._reads:
            return
        self._reads = reads
        if reads:
            self._home.add_reader(sock, self._readable)
        else:
            self._home.loop.remove_reader(sock)

    def _flush(self) -> None:
        self._flush_is_due = False
        sock = self._socket
        if sock is None or self._writes:
            return
        if self._layer is None and not self._unsent and not self._over:
            data = self._connection.small_to_send()
            if data is not None:
                self._unsent = [data]
        self._write()

    def _copy_on(self) -> None:
        """Goes on with what is being copied into shared memory, a stride in each turn of the loop."""
        self._copy_is_due = False
        if self._socket is None:
            return
        if self._writes:
            self._connection.outbox.copy_on()
            self._copy_soon()
        else:
            self._write(copying=True)

    def _copy_soon(self) -> None:
        if not self._copy_is_due and self._connection.outbox.copies:
            self._copy_is_due = True
            self._home.call(self._copy_on)

    def _write(self, copying: bool = False) -> None:
        """Writes what there is, as far as the socket takes it, and comes again when it takes more."""
        sock = self._socket
        if sock is None:
            return
        room = BYTES_PER_TURN
        try:
            while room > 0:
                if not self._unsent:
                    self._unsent = self._parts_to_send(copying)
                    if not self._unsent:
                        break
                size = sock.sendmsg(self._unsent)
                self.bytes_out += size
                room -= size
                if not drop_front(self._unsent, size) or not (self._layer or self._connection.has_more):
                    break
        except (BlockingIOError, InterruptedError):
            pass
        except OSError:
            self._lost()
            return
        self._write_when_possible(bool(self._unsent) or room <= 0)
        self._copy_soon()
        if self.congestion.waits:
            self.congestion.relieve()
        if self._over and not self._unsent and not self._connection.has_more:
            self._say_no_more(sock)
        elif self._over and room < BYTES_PER_TURN:
            self._let_it_leave()

    def _parts_to_send(self, copying: bool) -> list[Buffer]:
        layer = self._layer
        if layer is None:
            return self._connection.parts_to_send(copying=copying)
        if layer.ready:
            # Joined, since each write makes a record of its own.
            layer.write(b"".join(self._connection.parts_to_send(copying=copying)))
        data = layer.take()
        return [data] if data else []

    def _through_layer(self, layer: Layer, size: int) -> None:
        """Takes in so many bytes of ciphertext, none at its end. Before anything of the other side is looked at, the
        handshake is told in which channel that came."""
        was_ready = layer.ready
        layer.feed(self._ciphertext[:size])
        if layer.ready and not was_ready:
            self._connection.bind(layer.fingerprint)
        try:
            while not self._over and (count := layer.read_into(self._connection.buffers()[0])):
                self._act(self._connection.received(count))
        except EOFError:
            size = 0
        except ProtocolError as error:
            self._act(self._connection.close(PROTOCOL_ERROR, str(error)))
        if not size:
            self._lost()

    def _act(self, events: Iterable[Event]) -> None:
        for event in events:
            if self._over:
                return
            if type(event) is Items:
                self._deliver_safely(event.items)
            else:
                self._tell_safely(event)

    def _deliver_safely(self, items: list[Item]) -> None:
        """What cannot be delivered ends the link: there are no holes in what has come."""
        try:
            self._owner.deliver(items, self._connection.peer_name, self._interpret)
        except Exception as error:
            logger.exception("what came from %s cannot be delivered", self._connection.peer_name)
            self._act(self._connection.close(PROTOCOL_ERROR, f"expected items to deliver, got {error!r}"))

    def _interpret(self, item: Item) -> bool:
        """Acts on any item. Whether what stands behind it counts as well."""
        if item[0] not in NEWS:
            self._tell_safely(self._connection.signal(item))
        return not self._over

    def _tell_safely(self, event: Event) -> None:
        try:
            self._tell(event)
        except Exception:
            logger.exception("%s could not be acted on", type(event).__name__)

    def _tell(self, event: Event) -> None:
        match event:
            case Established():
                if self._layer is not None:
                    self._ciphertext = memoryview(bytearray(SEND_BUFFER))
                self._set_timer(self.tick_interval, self._tick)
            case Refused() | Closed():
                self._over = True
                if isinstance(event, Refused) and event.status is Status.SIMULTANEOUS:
                    self._awaits_successor = True  # or `abandon`; until then more may be sent through it
                else:
                    self.congestion.end()
                self._silent_at = self._home.loop.time() + LONGEST_FAREWELL
                self._set_timer(CLOSE_DEADLINE, self._hang_up)
                self._read_if_wanted()
            case Undelivered():
                pass
            case Items():
                raise AssertionError("items are delivered")
            case _:
                self._owner.route(event)
                return
        self._owner.link_event(self, event)

    def _beats_asked(self, seconds: float) -> None:
        """A node whose tick time is shorter would take this one for dead."""
        if seconds < self.tick_interval:
            self._owner.beats_asked(self, seconds)
            self._beat_every(seconds)

    def _beat_every(self, seconds: float) -> None:
        if self._socket is not None:
            self._connection.beat()
            self._flush_soon()
            self._beats = self._home.loop.call_later(seconds, self._beat_every, seconds, context=self._home.context)

    def _tick(self) -> None:
        self._set_timer(self.tick_interval, self._tick)
        self._act(self._connection.tick())
        self._flush()

    def _handshake_is_late(self) -> None:
        self.close("", f"the handshake was not over after {HANDSHAKE_DEADLINE:g} s")

    def _set_timer(self, seconds: float, function: Callable[[], None]) -> None:
        self._cancel_timer()
        self._timer = self._home.loop.call_later(seconds, function, context=self._home.context)

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _write_when_possible(self, flag: bool) -> None:
        sock = self._socket
        if sock is None or flag == self._writes:
            return
        self._writes = flag
        if flag:
            self._home.add_writer(sock, self._write)
        else:
            self._home.loop.remove_writer(sock)

    # The end.

    def _let_it_leave(self) -> None:
        """Some of the last words have left: the others get their time, too, within limits."""
        left = self._silent_at - self._home.loop.time()
        self._set_timer(max(0.0, min(CLOSE_DEADLINE, left)), self._hang_up)

    def _say_no_more(self, sock: socket.socket) -> None:
        """All is written. The socket closes when the other side has closed its own, or does not do so in time: closed
        at once, with something unread, it would take back what it has not delivered yet. What is lent lasts no longer
        than this side, and may not have been mapped yet: so the other side gets more time for that."""
        if not self._ends:
            self._ends = True
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_WR)
            left = self._silent_at - self._home.loop.time()
            self._set_timer(left if self._connection.lends else CLOSE_DEADLINE, self._hang_up)

    def _lost(self) -> None:
        """The other side, or the network, has closed the socket."""
        self._act(self._connection.receive_eof())
        self._hang_up()

    def _hang_up(self) -> None:
        sock, self._socket = self._socket, None
        self._cancel_timer()
        if self._beats is not None:
            self._beats.cancel()
        if not self._awaits_successor:
            self.congestion.end()
        if sock is None:
            return
        self._home.loop.remove_reader(sock)
        self._home.loop.remove_writer(sock)
        sock.close()
        self._connection.release()
        self._owner.link_lost(self)
