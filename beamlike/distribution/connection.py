"""One connection to another node: bytes in, events out; signals in, bytes out. It knows no socket and no clock.

First the handshake, then frames of three kinds: SIGNAL, TICK (nothing was sent for a while, I am alive), CLOSE (why I
leave). Signals may be sent from the start: they are encoded at once, so that errors come to the sender, and leave when
the handshake is over. Time passes by calls of `tick`, four (or `intensity`) per tick time; one who is late to call it,
because this program stalled, takes no peer for dead.

`send` may run in one thread at a time beside the thread that does everything else.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final, TypeAlias

from beamlike.distribution.errors import ProtocolError, UnencodableTerm
from beamlike.distribution.frames import (
    CLOSE,
    HANDSHAKE_CAP,
    SIGNAL,
    SIGNAL_CAP,
    TICK,
    FrameReader,
    frame,
    kind_name,
)
from beamlike.distribution.handshake import Dialler, Listener
from beamlike.distribution.handshake_frames import Identity
from beamlike.distribution.refusal import Refused, Status
from beamlike.distribution.terms_codec import TermCodec
from beamlike.distribution.wire import SignalCodec, Undelivered
from beamlike.kernel.signals import Signal

INTENSITY: Final = 4
_LONGEST_FAREWELL: Final = 200

CONNECTION_CLOSED: Final = "connection_closed"
DISCONNECT: Final = "disconnect"
NET_TICK_TIMEOUT: Final = "net_tick_timeout"
PROTOCOL_ERROR: Final = "protocol_error"


@dataclass(frozen=True, slots=True)
class Established:
    """The handshake is over: both sides hold the secret."""

    peer: Identity


@dataclass(frozen=True, slots=True)
class Closed:
    """The connection, which was established, is over; `reason` is that of NodeDown, `message` is for the log."""

    reason: str
    message: str


Event: TypeAlias = Signal | Undelivered | Established | Refused | Closed
"""A signal stands for itself. After Refused or Closed come no more."""


class _Phase(Enum):
    HANDSHAKE = auto()
    OPEN = auto()
    REFUSED = auto()
    CLOSED = auto()


class Connection:
    def __init__(self, handshake: Dialler | Listener, codec: TermCodec, *, intensity: int = INTENSITY) -> None:
        self._handshake = handshake
        self._phase = _Phase.HANDSHAKE
        self._proved = False
        self._intensity = intensity
        self._reader = FrameReader(HANDSHAKE_CAP)
        self._signals = SignalCodec(codec)
        self._greetings = handshake.hello() if isinstance(handshake, Dialler) else b""
        # Whole frames. One append is one step for every thread, so the sender's may come between the others'.
        self._frames: deque[bytes] = deque()
        self._heard = False
        self._sent = False
        self._silent_ticks = 0

    # Towards the other side.

    def send(self, signal: Signal) -> None:
        """Raises UnencodableTerm. On a connection that is closed the signal is dropped."""
        if self._phase is _Phase.CLOSED:
            return
        payload = self._signals.encode(signal)
        if len(payload) > SIGNAL_CAP:
            raise UnencodableTerm(f"expected a signal of at most {SIGNAL_CAP} bytes, got one of {len(payload)}")
        self._frames.append(frame(SIGNAL, payload))

    def data_to_send(self) -> bytes:
        """What is to be written to the socket now."""
        data = self._greetings
        self._greetings = b""
        if self._proved:
            data += b"".join(self._take_frames())
        self._sent = self._sent or bool(data)
        return data

    def _take_frames(self) -> list[bytes]:
        return [self._frames.popleft() for _ in range(len(self._frames))]

    def close(self, reason: str, message: str) -> list[Event]:
        """Ends the connection from this side. What was sent before still leaves, then the peer is told `message`."""
        phase, self._phase = self._phase, _Phase.CLOSED
        if phase is _Phase.OPEN:
            self._frames.append(frame(CLOSE, message.encode()[:_LONGEST_FAREWELL]))
            return [Closed(reason, message)]
        self._frames.clear()
        if phase is _Phase.HANDSHAKE:
            return [self._broken_off(message)]
        return []

    def adopt(self, other: Connection) -> None:
        """Takes over what was sent through `other`, which never got past its handshake, and its codec, which knows
        what has been encoded. To be called before this connection's own handshake is over."""
        assert self._phase is _Phase.HANDSHAKE
        assert not self._frames
        self._signals, self._frames = other._signals, other._frames
        other._phase, other._frames = _Phase.CLOSED, deque()

    # From the other side.

    def receive_data(self, data: bytes) -> list[Event]:
        """Never raises: whatever the other side does wrong ends the connection with an event that says so."""
        events: list[Event] = []
        self._heard = True
        try:
            for kind, payload in self._reader.read(data):
                if kind == SIGNAL and self._phase is _Phase.OPEN:
                    events.append(self._signals.decode(payload))
                else:
                    events += self._receive_other(kind, payload)
        except ProtocolError as error:
            events += self._give_up(error)
        return events

    def receive_eof(self) -> list[Event]:
        """The other side, or the network, has closed the connection.

        Where it was refused before, what waits stays until it is adopted, or this side gives up by `close`.
        """
        if self._phase is _Phase.REFUSED:
            return []
        phase, self._phase = self._phase, _Phase.CLOSED
        self._frames.clear()
        if phase is _Phase.OPEN:
            return [Closed(CONNECTION_CLOSED, "the connection was closed without a word")]
        if phase is _Phase.HANDSHAKE:
            return [self._broken_off("the other side closed the connection; is it a beamlike node?")]
        return []

    def heard_elsewhere(self) -> None:
        """The other side has shown a sign of life by another way. For any thread."""
        self._heard = True

    @property
    def silent_ticks(self) -> int:
        """For how many ticks nothing was heard of the other side, up to the last one."""
        return self._silent_ticks

    def tick(self) -> list[Event]:
        """A quarter of the tick time has passed: shows a sign of life if there was none, looks for the other's."""
        if self._phase is not _Phase.OPEN:
            return []
        self._silent_ticks = 0 if self._heard else self._silent_ticks + 1
        if self._silent_ticks >= self._intensity:
            return self.close(NET_TICK_TIMEOUT, "nothing was heard for the tick time")
        if not self._sent:
            self._frames.append(frame(TICK))
        self._heard = self._sent = False
        return []

    def _receive_other(self, kind: int, payload: bytes) -> list[Event]:
        match self._phase:
            case _Phase.HANDSHAKE:
                return self._receive_greeting(kind, payload)
            case _Phase.OPEN:
                return self._receive_control(kind, payload)
            case _Phase.REFUSED | _Phase.CLOSED:
                return []

    def _receive_control(self, kind: int, payload: bytes) -> list[Event]:
        if kind == TICK:
            return []
        if kind == CLOSE:
            self._phase = _Phase.CLOSED
            self._frames.clear()
            farewell = payload[:_LONGEST_FAREWELL].decode(errors="replace")
            return [Closed(CONNECTION_CLOSED, f"the other side closed the connection: {farewell!r}")]
        raise ProtocolError(f"expected SIGNAL, TICK or CLOSE, got {kind_name(kind)}")

    def _receive_greeting(self, kind: int, payload: bytes) -> list[Event]:
        self._greetings += self._handshake.receive(kind, payload)
        match self._handshake.outcome:
            case Identity() as peer:
                self._phase = _Phase.OPEN
                self._proved = True
                self._reader.cap = SIGNAL_CAP
                return [Established(peer)]
            case Refused() as refused:
                self._phase = _Phase.REFUSED
                return [refused]
            case None:
                return []

    def _give_up(self, error: ProtocolError) -> list[Event]:
        if self._phase is _Phase.HANDSHAKE:
            self._phase = _Phase.REFUSED
            return [self._broken_off(f"{error}; is it a beamlike node?")]
        return self.close(PROTOCOL_ERROR, str(error))

    def _broken_off(self, message: str) -> Refused:
        peer = self._handshake.peer
        name = peer.name if peer is not None else self._handshake.expected_name()
        return Refused(Status.MALFORMED, f"no handshake with {name or 'an unknown peer'}: {message}", name)
