"""Two lanes joined in memory, under a virtual clock: bytes may be held back, and either side stopped as a whole."""

from __future__ import annotations

from collections.abc import Callable

from beamlike.distribution.errors import ProtocolError
from beamlike.distribution.heartbeat.lane import Lane, LaneEvent
from beamlike.distribution.heartbeat.lane_proof import DiallersProof, ListenersProof
from tests.support.virtual_clock import VirtualClock

A, B = "a@127.0.0.1", "b@127.0.0.1"
KEY = b"k" * 32
QUARTER = 15.0


def diallers(key: bytes = KEY, peer: str = B, channel: bytes = b"") -> Lane:
    return Lane(DiallersProof(A, peer, key, b"d" * 32, channel))


def listeners(key: bytes | None = KEY, channel: bytes = b"") -> Lane:
    return Lane(ListenersProof(lambda name: key if name == A else None, b"l" * 32, channel))


class Side:
    """A lane with its timer, which is late while the side is stopped."""

    def __init__(self, lane: Lane, clock: VirtualClock, stalled: Callable[[], float] = lambda: 0.0) -> None:
        self.lane = lane
        self.events: list[LaneEvent] = []
        self.came = b""
        self.stopped = False
        self._stalled = stalled
        self._is_late = False
        self._clock = clock
        clock.call_at(clock.now() + QUARTER, self._beat)

    def read(self) -> None:
        if not self.stopped:
            came, self.came = self.came, b""
            self.events += self.lane.receive(came) if came else []

    def go_on(self) -> None:
        """After a stop: what came is read first, then a timer that is late goes off, once."""
        self.stopped = False
        self.read()
        if self._is_late:
            self._is_late = False
            self._beat()

    def _beat(self) -> None:
        if self.stopped:
            self._is_late = True
            return
        self.lane.beat(self._stalled())
        self._clock.call_at(self._clock.now() + QUARTER, self._beat)


class LanePair:
    """`a` has dialled."""

    def __init__(self, a: Lane | None = None, b: Lane | None = None) -> None:
        self.clock = VirtualClock()
        self.a = Side(a or diallers(), self.clock)
        self.b = Side(b or listeners(), self.clock)
        self.cut_off = False

    def carry(self) -> None:
        """Brings to the other side what either wants to send; while they are cut off it is lost."""
        while (to_b := self.a.lane.take()) + (to_a := self.b.lane.take()):
            if not self.cut_off:
                self.a.came += to_a
                self.b.came += to_b
            self.a.read()
            self.b.read()

    def connected(self) -> LanePair:
        self.carry()
        assert self.a.lane.proved
        assert self.b.lane.proved
        self.a.events.clear()
        self.b.events.clear()
        return self

    def wait(self, quarters: int) -> None:
        for _ in range(quarters):
            self.clock.advance(QUARTER)
            self.carry()


def outcome(a: Lane, b: Lane) -> str:
    """What comes of two lanes: "proved", or who ended it."""
    pair = LanePair(a, b)
    try:
        pair.carry()
    except ProtocolError as error:
        return str(error)
    return "proved" if a.proved and b.proved else "unproved"
