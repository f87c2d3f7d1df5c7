"""One connection to another node: bytes in, events out; signals in, bytes out. It knows no socket and no clock.

First the handshake, in frames, then blocks: items, parcels, TICK (nothing was sent for a while, I am alive), CLOSE (why
I leave). Signals may be sent from the start: they are encoded at once, so that errors come to the sender, and leave
when the handshake is over. Time passes by calls of `tick`; one who is late to call it, because this program stalled,
takes no peer for dead.

`send` and `post` may be called by any thread, everything else by one at a time. It is one room because both directions,
and handshake and blocks, go by one state.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from enum import Enum, auto
from itertools import chain
from threading import get_ident
from typing import Final, TypeAlias

import msgpack

from beamlike.distribution import parcels
from beamlike.distribution.batches import BATCH, CLOSE, FRAGMENT, KINDS, TICK, BlockReader, Parcel, block
from beamlike.distribution.errors import PeerEnded, ProtocolError, UnencodableTerm
from beamlike.distribution.frames import HANDSHAKE_CAP, FrameReader
from beamlike.distribution.handshake import Dialler, Listener
from beamlike.distribution.handshake_frames import Identity
from beamlike.distribution.held_back import HeldBack
from beamlike.distribution.observers import FASTEST_BEAT, LARGEST, PlainTerms
from beamlike.distribution.outbox import Outbox
from beamlike.distribution.packing import Packed, pack_content, sizes_in
from beamlike.distribution.refusal import Refused, Status
from beamlike.distribution.secret import OBSERVE, Role, Secret
from beamlike.distribution.shared_memory import SharedMemory
from beamlike.distribution.terms_codec import Buffer, TermCodec
from beamlike.distribution.wire import Item, SignalCodec, SignalDraft, Undelivered, pair_of
from beamlike.kernel.record import frozen, record
from beamlike.kernel.signals import Signal, Spawn

TICKS: Final = 16
"""Ticks of the other side that may fail to come before it counts as lost: four times four quarters of the tick time."""

LARGEST_SIGNAL: Final = 1 << 32
"""Bytes of one signal with all that it carries, unless a node is told otherwise."""

_LONGEST_FAREWELL: Final = 200

_CODEC: Final = -1
"""In the place of a sender: what is large and for the other side's codec, each in a lane of its own."""

CONNECTION_CLOSED: Final = "connection_closed"
DISCONNECT: Final = "disconnect"
NET_TICK_TIMEOUT: Final = "net_tick_timeout"
PROTOCOL_ERROR: Final = "protocol_error"


@frozen
class Established:
    """The handshake is over: both sides hold the secret."""

    peer: Identity


@record
class Items:
    """Signals as they came, packed, and `parcels.NEWS`; `Connection.signal` says what one is."""

    items: list[Item]


@frozen
class Closed:
    """The connection, which was established, is over; `reason` is that of NodeDown, `message` is for the log."""

    reason: str
    message: str


Event: TypeAlias = Items | Signal | Undelivered | Established | Refused | Closed
"""A signal stands for itself. After Refused or Closed come no more."""


class _Phase(Enum):
    HANDSHAKE = auto()
    OPEN = auto()
    REFUSED = auto()
    CLOSED = auto()


class Connection:
    def __init__(
        self,
        handshake: Dialler | Listener,
        codec: TermCodec,
        *,
        ticks: int = TICKS,
        tick_interval: float | None = None,
        largest: int = LARGEST_SIGNAL,
    ) -> None:
        """`tick` is to be called each `tick_interval` seconds; of None the other side is not told."""
        self._handshake = handshake
        self._phase = _Phase.HANDSHAKE
        self._ticks = ticks
        self.tick_interval = tick_interval
        self._largest = largest
        self._frames = FrameReader(HANDSHAKE_CAP)
        self._blocks = BlockReader()
        self._dials = isinstance(handshake, Dialler)
        self._greetings = b""
        self._restricted = False
        self.signals = SignalCodec(codec, handshake.us.name, handshake.expected_name() or "")
        self.outbox = Outbox()
        self._shared = SharedMemory()
        self.wants_to_write: Callable[[], None] = lambda: None
        """Called, by any thread, when this connection itself has something to say. The shell's."""
        self.beats_are_asked_for: Callable[[float], None] = lambda seconds: None
        """Called when the other side, whose ticks are shorter, wants a sign of life as often. The shell's."""
        self.can_go_on: Callable[[], None] = lambda: None
        """Called, by any thread, when some of what is held back may be delivered: see `go_on`. The shell's."""
        self.lane_is_open = False
        """Whether the heartbeat has a lane, by which the other side's end is seen though nothing is read here. The
        shell's."""
        self._held: HeldBack | None = None
        self._contents = 0
        self._encoding: int | None = None
        """The thread that encodes, if one does."""
        self._control: deque[list[Buffer]] = deque()
        self._heard = False
        self._sent = False
        self._silent_ticks = 0
        self._heard_ticks = 0
        if handshake.role == OBSERVE:
            self.restrict()

    @property
    def role(self) -> Role:
        """In which the dialler comes, once it has proved its secret."""
        return self._handshake.role

    def restrict(self) -> None:
        """One of the two nodes may only observe the other: from now on plain terms pass and nothing else, and what the
        observer sends is small. To be called before anything is sent, and before anything is read but the handshake."""
        self._restricted = True
        there = self._handshake.expected_name() or ""
        self.signals = SignalCodec(PlainTerms(), self._handshake.us.name, there, only_plain=True)
        if self._dials:
            self._largest = min(self._largest, LARGEST)

    def bind(self, channel: bytes) -> None:
        """Has both proofs cover what the two sides see of the channel between them: see `Handshake.bind`."""
        self._handshake.bind(channel)

    # Towards the other side.

    def send(self, signal: Signal) -> None:
        """Raises UnencodableTerm. On a connection that is closed the signal is dropped."""
        draft = self.draft(signal)
        with self.outbox.lock:
            self.put(signal, self.encode(draft))

    def draft(self, signal: Signal) -> SignalDraft:
        """Raises UnencodableTerm. For any thread, and nobody is kept waiting: it may run code of the user's.

        A finalizer may run anywhere, also while this thread encodes: what it sends stands alone, for the news of what
        is being encoded are not on their way yet.
        """
        return self.signals.draft(signal, alone=self._encoding == get_ident())

    def encode(self, draft: SignalDraft) -> Packed:
        """Raises UnencodableTerm. To be called with the outbox locked: what is encoded first leaves first, since the
        other side's codec is to hear what goes ahead in that order."""
        packed = self.signals.finish(draft) if self._encoding is not None else self._encoded(draft)
        if packed.size > self._largest:
            raise UnencodableTerm(
                f"expected a signal of at most {self._largest} bytes to another node, got a "
                f"{type(draft.signal).__name__} of {packed.size}: send it in parts, or start both nodes with a larger "
                "`largest_signal`"
            )
        return packed

    def _encoded(self, draft: SignalDraft) -> Packed:
        """With what goes ahead put into the outbox: until it is, nobody may count on it."""
        self._encoding = get_ident()
        try:
            self._say_what_to_forget()
            packed = self.signals.finish(draft)
            self.outbox.put_ahead(packed.ahead)
            for content in packed.contents:
                self._contents += 1
                self.outbox.put((_CODEC, -self._contents), pack_content(content))
            return packed
        finally:
            self._encoding = None

    def _say_what_to_forget(self) -> None:
        if not self.outbox.lanes and (farewell := self.signals.farewell()) is not None:
            self.outbox.put_ahead([farewell])  # nothing that still needs it can come later than this

    def put(self, signal: Signal, packed: Packed) -> None:
        """Has the signal leave that was encoded as `packed`."""
        if self._phase is not _Phase.CLOSED:
            self.outbox.put(pair_of(signal), packed, child=signal.pid.id if isinstance(signal, Spawn) else None)

    @property
    def has_more(self) -> bool:
        """Whether something is to be written that `parts_to_send` has not given out."""
        if self._phase is _Phase.OPEN and (self.outbox.items or self.outbox.lanes):
            return True
        return bool(self._greetings or self._control or (self._dials and self._phase is _Phase.HANDSHAKE))

    @property
    def peer_name(self) -> str:
        return self.signals.there

    def small_to_send(self) -> bytes | None:
        """All that there is to be written, if that is a small block; else `parts_to_send` is to be asked."""
        if self._phase is not _Phase.OPEN or self._greetings or self._control:
            return None
        data = self.outbox.take_small()
        if data is not None:
            self._sent = True
        return data

    def parts_to_send(self, *, copying: bool = True) -> list[Buffer]:
        """What is to be written now, in parts that need not be joined; nothing if there is nothing.

        For `copying` see `Outbox.take`.
        """
        parts: list[Buffer] = []
        if self._dials and isinstance(self._handshake, Dialler) and self._phase is _Phase.HANDSHAKE:
            self._dials = False
            self._greetings = self._handshake.hello()
        if self._greetings:
            parts, self._greetings = [self._greetings], b""
        elif self._phase is _Phase.OPEN:
            parts = self.outbox.take(copying=copying)
        if not parts and self._control:
            parts = self._control.popleft()
        if parts:
            self._sent = True
        return parts

    def data_to_send(self) -> bytes:
        """All that there is to be written, as bytes."""
        data = b""
        while (parts := self.parts_to_send()) or self.outbox.copies:
            data += b"".join(parts)
        return data

    def close(self, reason: str, message: str) -> list[Event]:
        """Ends the connection from this side. What was sent before still leaves, then the peer is told `message`."""
        phase = self._phase
        if phase is _Phase.OPEN:
            farewell = message.encode()[:_LONGEST_FAREWELL]
            self._control += [*self.outbox.take_all(), block(CLOSE, farewell)]
        self._end()
        if phase is _Phase.OPEN:
            return [Closed(reason, message)]
        if phase is _Phase.HANDSHAKE:
            return [self._broken_off(message)]
        return []

    def adopt(self, other: Connection) -> None:
        """Takes over what was sent through `other`, which never got past its handshake, and its codec, which knows
        what has been encoded. To be called before this connection's own handshake is over."""
        assert self._phase is _Phase.HANDSHAKE
        assert not len(self.outbox)
        self.signals, self.outbox = other.signals, other.outbox
        other._phase, other.outbox = _Phase.CLOSED, Outbox()

    # From the other side.

    def buffers(self) -> list[memoryview]:
        """Where the next bytes are to be read into: one buffer after the other."""
        return self._blocks.buffers()

    def received(self, size: int) -> Iterable[Event]:
        """So many bytes were read into the buffers; to be gone through at once. Never raises: whatever the other side
        does wrong ends the connection with an event that says so."""
        if self._phase is _Phase.OPEN:
            batch = self._blocks.whole_batch(size)
            return self._act(self._blocks.received(size)) if batch is None else self._act_on_batch(batch)
        greeting = bytes(self._blocks.buffers()[0][:size])
        return self._act_on_greeting(greeting)

    def receive_data(self, data: bytes) -> list[Event]:
        """As `received`, of bytes that were read elsewhere, and with items interpreted."""
        events: list[Event] = []
        for event in self._take_in(data):
            if isinstance(event, Items):
                events += [self.signal(item) for item in event.items if item[0] not in parcels.NEWS]
            else:
                events.append(event)
        return _up_to_the_end(events)

    def _take_in(self, data: bytes) -> Iterator[Event]:
        while data:
            buffer = self.buffers()[0]
            size = min(len(data), buffer.nbytes)
            buffer[:size] = data[:size]
            data = data[size:]
            yield from self.received(size)

    def signal(self, item: Item) -> Signal | Undelivered | Closed:
        """What an item says; the end of this connection, if it says nothing."""
        try:
            return self.signals.signal(item)
        except ProtocolError as error:
            [closed] = self.close(PROTOCOL_ERROR, str(error)) or [Closed(PROTOCOL_ERROR, str(error))]
            assert isinstance(closed, Closed)
            return closed

    def receive_eof(self) -> list[Event]:
        """The other side, or the network, has closed the connection.

        Where it was refused before, what waits stays until it is adopted, or this side gives up by `close`.
        """
        if self._phase is _Phase.REFUSED:
            return []
        phase = self._phase
        before = self.go_on()  # what is ready by now, though nobody has come to it yet
        self._end()
        if phase is _Phase.OPEN:
            return [*before, Closed(CONNECTION_CLOSED, "the connection was closed without a word")]
        if phase is _Phase.HANDSHAKE:
            return [self._broken_off("the other side closed the connection; is it a beamlike node?")]
        return []

    def _end(self) -> None:
        if self._phase is _Phase.OPEN:
            self.signals.close()
        self._phase = _Phase.CLOSED
        self._held = None
        self.outbox.clear()
        self._blocks = BlockReader()  # for what still comes, of which nothing is heard

    @property
    def lends(self) -> bool:
        """Whether the other side has been lent something that it has not given back."""
        return self._shared.lends

    def release(self) -> None:
        """The other side reads no more: what it was lent and has not mapped yet is not needed."""
        self._shared.close()

    def heard_elsewhere(self, stalled: float) -> None:
        """The other side has said by another way that it is alive, and for how long its event loop has not turned. That
        excuses its silence here; a loop that turns speaks for itself, or this connection is dead though the other way
        is not. For any thread."""
        if stalled:
            self._heard = True

    @property
    def session_key(self) -> bytes:
        """What only the two ends know, once it is established."""
        return self._handshake.session_key

    def present(self, secret: Secret) -> None:
        """Has the dialler come with another secret than it was made with, before anything has left."""
        assert isinstance(self._handshake, Dialler)
        self._handshake.present(secret)

    @property
    def was_dialled(self) -> bool:
        """Whether this is the side that dialled."""
        return isinstance(self._handshake, Dialler)

    @property
    def silent_ticks(self) -> int:
        """For how many ticks nothing was heard of the other side, up to the last one."""
        return self._silent_ticks

    @property
    def heard_ticks(self) -> int:
        """In how many ticks something came of the other side by this connection. For any thread."""
        return self._heard_ticks

    def beat(self) -> None:
        """Shows a sign of life, as the other side has asked."""
        if self._phase is _Phase.OPEN:
            self._control.append(block(TICK))

    def tick(self) -> list[Event]:
        """A tick has passed: shows a sign of life if there was none, looks for the other's."""
        if self._phase is not _Phase.OPEN:
            return []
        came = self._heard or self._blocks.some_came
        self._heard_ticks += came
        heard = came or self.holds_much
        self._silent_ticks = 0 if heard else self._silent_ticks + 1
        if self._silent_ticks >= self._ticks:
            return self.close(NET_TICK_TIMEOUT, "nothing was heard for four times the tick time")
        with self.outbox.lock:
            if self._encoding is None:
                self._say_what_to_forget()
        if not self._sent:
            self._control.append(block(TICK))
        self._heard = self._sent = self._blocks.some_came = False
        return []

    def _act(self, blocks: Iterator[tuple[int, memoryview | Parcel]]) -> list[Event]:
        events: list[Event] = []
        try:
            for kind, content in blocks:
                if kind == BATCH:
                    assert isinstance(content, memoryview)
                    events += self._open_batch(content)
                elif kind == FRAGMENT:
                    assert isinstance(content, Parcel)
                    events.append(self._open_parcel(content))
                else:
                    assert isinstance(content, memoryview)
                    events += self._receive_control(kind, bytes(content))
        except ProtocolError as error:
            events += self.close(PROTOCOL_ERROR, str(error))
        except Exception as error:  # an item of a shape that this side never makes
            events += self.close(PROTOCOL_ERROR, _of_no_shape(error))
        return events

    def _act_on_batch(self, content: memoryview) -> list[Event]:
        """As `_act`, of what is nothing but a batch."""
        self._heard = True
        try:
            return self._open_batch(content)
        except ProtocolError as error:
            return self.close(PROTOCOL_ERROR, str(error))
        except Exception as error:
            return self.close(PROTOCOL_ERROR, _of_no_shape(error))

    def _open_batch(self, content: memoryview) -> list[Event]:
        items = self.signals.items(content)
        for place, item in enumerate(items):
            if item[0] >= parcels.PARCEL:
                try:
                    self._hear_news(item)
                except ProtocolError as error:
                    return [
                        Items(self._deliverable(items[:place], sizes_in(content))),
                        *self.close(PROTOCOL_ERROR, str(error)),
                    ]
                except PeerEnded as error:
                    return [
                        Items(self._deliverable(items[:place], sizes_in(content))),
                        *self.close(CONNECTION_CLOSED, str(error)),
                    ]
        return [Items(self._deliverable(items, sizes_in(content)))]

    def _open_parcel(self, parcel: Parcel) -> Event:
        [packed, *buffers] = parcel.buffers
        size = sum(map(len, parcel.buffers))
        item = self.signals.item(packed, buffers)
        # The error of a term that cannot be decoded keeps the frames it went through: with these lists, but empty.
        parcel.buffers.clear()
        buffers.clear()
        return Items(self._deliverable([item], [size]))

    def _deliverable(self, items: list[Item], sizes: Iterable[int]) -> list[Item]:
        if self._held is None:
            if not self.signals.packing.has_pending:
                return items
            self._held = HeldBack(self.signals.packing, lambda: self.can_go_on())
        items = self._held.pass_on(items, sizes)
        if not self._held:
            self._held = None
        return items

    @property
    def holds_much(self) -> bool:
        """Whether to read on only after `can_go_on`: so much is held back. Not without a lane: somebody must see the
        other side's end, or its last words."""
        return self.lane_is_open and self._held is not None and self._held.is_full

    def go_on(self) -> list[Event]:
        """What was held back and may be delivered by now."""
        if self._held is None or self._phase is not _Phase.OPEN:
            return []
        items = self._held.go_on()
        if not self._held:
            self._held = None
        return [Items(items)] if items else []

    def _hear_news(self, item: Item) -> None:
        if self._restricted and item[0] in (parcels.OFFER, parcels.REACHED, parcels.RETURNED):
            return  # no memory is shared with an observer
        match item:
            case [parcels.PARCEL, *_]:
                self._announced(item)
            case [parcels.OFFER, int() as pid, int() as file, bytes() as nonce]:
                if self._shared.reaches(pid, file, nonce):
                    self._tell(parcels.REACHED)
            case [parcels.REACHED]:
                self._shared.reached()
                self.outbox.lend = self._shared.lend
            case [parcels.RETURNED, int() as inode]:
                self._shared.returned(inode)
            case [parcels.BEATS, int() as milliseconds]:
                self.beats_are_asked_for(max(1, milliseconds, self._restricted and FASTEST_BEAT * 1000) / 1000)
            case _:
                raise ProtocolError(f"expected an item of this version, got {item!r:.100}")

    def _tell(self, *item: object) -> None:
        self.outbox.put_item(msgpack.packb(item))
        self.wants_to_write()

    def _borrowed(self, file: int, inode: int, size: int) -> Buffer:
        return self._shared.borrow(file, inode, size, self._give_back)

    def _give_back(self, inode: int) -> None:
        """The last user of a segment has dropped it, in whatever thread."""
        if self._phase is _Phase.OPEN:
            self._tell(parcels.RETURNED, inode)

    def _announced(self, item: Item) -> None:
        try:
            _, number, sizes = item
            total = sum(abs(size if isinstance(size, int) else size[-1]) for size in sizes)
            if self._restricted and (not self.was_dialled or not all(isinstance(size, int) for size in sizes)):
                raise ProtocolError(f"expected messages of at most {LARGEST} bytes of an observer, got one of {total}")
            if total > self._largest:
                raise ProtocolError(f"expected a signal of at most {self._largest} bytes, got one of {total}")
            parcel = Parcel([size if isinstance(size, int) else self._borrowed(*size) for size in sizes])
        except (ValueError, TypeError, OverflowError, MemoryError) as error:
            raise ProtocolError(f"expected a parcel, got {item!r:.100} ({error})") from error
        self._blocks.announce(number, parcel)

    def _receive_control(self, kind: int, payload: bytes) -> list[Event]:
        if kind == TICK:
            return []
        if kind == CLOSE:
            before = self.go_on()  # as above
            self._end()
            farewell = payload[:_LONGEST_FAREWELL].decode(errors="replace")
            return [*before, Closed(CONNECTION_CLOSED, f"the other side closed the connection: {farewell!r}")]
        raise ProtocolError(f"expected {', '.join(KINDS.values())}, got a block of kind {kind}")

    def _act_on_greeting(self, data: bytes) -> Iterable[Event]:
        if self._phase is not _Phase.HANDSHAKE:
            return []
        self._heard = True
        try:
            for kind, payload in self._frames.read(data):
                self._greetings += self._handshake.receive(kind, payload)
                if self._handshake.outcome is not None:
                    break
        except ProtocolError as error:
            self._phase = _Phase.REFUSED
            return [self._broken_off(f"{error}; is it a beamlike node?")]
        outcome = self._handshake.outcome
        if isinstance(outcome, Identity):
            self._phase = _Phase.OPEN
            self.signals.meet(outcome.name)
            if self.tick_interval is not None:
                self._tell(parcels.BEATS, round(self.tick_interval * 1000))
            offer = None if self._restricted else self._shared.offer()
            if offer is not None:
                self._tell(parcels.OFFER, *offer)
            # What came right behind is opened once the owner knows of the connection: terms may need its lane.
            return chain([Established(outcome)], self._take_in(self._frames.rest()))
        if outcome is not None:
            self._phase = _Phase.REFUSED
            return [outcome]
        return []

    def _broken_off(self, message: str) -> Refused:
        peer = self._handshake.peer
        name = peer.name if peer is not None else self._handshake.expected_name()
        return Refused(Status.MALFORMED, f"no handshake with {name or 'an unknown peer'}: {message}", name)


def _of_no_shape(error: Exception) -> str:
    return f"expected items of a shape that this side makes ({type(error).__name__}: {error})"


def _up_to_the_end(events: list[Event]) -> list[Event]:
    """What stands behind the item that ended the connection is not heard."""
    ends = (number for number, event in enumerate(events, 1) if isinstance(event, Refused | Closed))
    return events[: next(ends, None)]
