"""Two connections joined in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from beamlike.distribution.connection import Connection, Event
from beamlike.distribution.terms_codec import CodecFactory, PickleCodec
from tests.support.handshakes import dialler, listener

Cut = Callable[[bytes], Iterator[bytes]]


def whole(stream: bytes) -> Iterator[bytes]:
    yield stream


def byte_by_byte(stream: bytes) -> Iterator[bytes]:
    return (stream[at : at + 1] for at in range(len(stream)))


def with_a_tail(stream: bytes) -> Iterator[bytes]:
    """In pieces of seven bytes: frames end in the middle of pieces."""
    return (stream[at : at + 7] for at in range(0, len(stream), 7))


class Pair:
    """`a`, which dials, and `b`; what each was told so far stands in `a_events` and `b_events`."""

    def __init__(self, codec: CodecFactory = PickleCodec, cut: Cut = whole) -> None:
        self.a = Connection(dialler(), codec())
        self.b = Connection(listener(), codec())
        self.a_events: list[Event] = []
        self.b_events: list[Event] = []
        self._cut = cut

    def carry(self) -> None:
        """Brings everything that either side wants to send to the other."""
        while (to_b := self.a.data_to_send()) + (to_a := self.b.data_to_send()):
            for piece in self._cut(to_b):
                self.b_events += self.b.receive_data(piece)
            for piece in self._cut(to_a):
                self.a_events += self.a.receive_data(piece)

    def connected(self) -> Pair:
        """After the handshake, with its events taken away."""
        self.carry()
        self.a_events.clear()
        self.b_events.clear()
        return self
