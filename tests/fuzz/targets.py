"""What is fuzzed: each target takes bytes of a stranger, and raises if something goes wrong with them.

Nothing may be raised, nobody may be let in, nothing may be unpickled, and no more may be kept than is allowed. The
first byte says in pieces of which size the others arrive.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Final

from beamlike.distribution.batches import block
from beamlike.distribution.connection import Closed, Connection
from beamlike.distribution.encryption import Encryption
from beamlike.distribution.errors import ProtocolError, TlsFailed
from beamlike.distribution.frames import CHALLENGE, HANDSHAKE_CAP, HELLO, PROOF, REFUSE, FrameReader, frame
from beamlike.distribution.handshake import Handshake
from beamlike.distribution.handshake_frames import (
    NO_CHANNEL,
    Identity,
    decode_introduction,
    decode_refusal,
    encode_introduction,
    encode_refusal,
)
from beamlike.distribution.heartbeat.lane import Lane
from beamlike.distribution.heartbeat.lane_frames import encode_answer, encode_ask, encode_beat, lane_frame
from beamlike.distribution.heartbeat.lane_proof import DiallersProof, ListenersProof
from beamlike.distribution.refusal import Refused, Status
from beamlike.distribution.terms_codec import Buffer, Encoded, PickleCodec
from beamlike.distribution.tls_layer import HANDSHAKE_CAP as TLS_CAP
from beamlike.distribution.tls_layer import TlsLayer
from beamlike.kernel.signals import Down, Exit, Link, Monitor, Send, Signal
from beamlike.kernel.terms import Pid, Ref
from tests.support.handshakes import A, B, dialler, listener

Target = Callable[[bytes], None]

FAR: Final = "192.0.2.7"


def pieces(data: bytes) -> Iterator[bytes]:
    size = data[0] + 1 if data else 1
    return (data[at : at + size] for at in range(1, len(data), size))


# Handshakes.


def introduction(data: bytes) -> None:
    try:
        node, channel = decode_introduction(data)
    except ProtocolError:
        return
    assert encode_introduction(node, data[11:43], channel)[2:] == data[2:]


def refusal(data: bytes) -> None:
    try:
        status, _ = decode_refusal(data)
    except ProtocolError:
        return
    assert encode_refusal(status)[:1] == data[:1]


def a_strangers_dial(data: bytes) -> None:
    _talk(listener(), data)


def a_strangers_answer(data: bytes) -> None:
    side = dialler()
    side.hello()
    _talk(side, data)


def _talk(side: Handshake, data: bytes) -> None:
    reader = FrameReader(HANDSHAKE_CAP)
    sent = 0
    try:
        for piece in pieces(data):
            for kind, payload in reader.read(piece):
                if side.outcome is None:
                    sent += len(side.receive(kind, payload))
    except ProtocolError:
        pass
    assert not isinstance(side.outcome, Identity)
    assert sent <= HANDSHAKE_CAP
    assert side.outcome is None or side.outcome.message.isprintable()


# TLS.


def tls_of_a_dialler(data: bytes) -> None:
    _agree(_listening().accept(FAR), data)


def tls_of_a_listener(data: bytes) -> None:
    _agree(_dialling().dial(FAR, "b@h"), data)


def _agree(layer: object, data: bytes) -> None:
    assert isinstance(layer, TlsLayer)
    buffer = memoryview(bytearray(100))
    try:
        for piece in pieces(data):
            layer.feed(piece)
            assert layer.read_into(buffer) == 0
            assert layer._incoming.pending <= TLS_CAP
            layer.take()
    except TlsFailed:
        pass
    assert not layer.ready


@cache
def _listening() -> Encryption:
    encryption = Encryption()
    encryption.prepare_to_listen(FAR)
    return encryption


@cache
def _dialling() -> Encryption:
    return Encryption()


# Connections.


class _Unpickled(BaseException):
    """Somebody's bytes were given to the codec who may not have that done; no `except Exception` swallows it."""


class _Untouched(PickleCodec):
    def draft(self, term: object, *, alone: bool) -> Encoded:
        raise _Unpickled

    def hear(self, ahead: bytes) -> None:
        raise _Unpickled

    def decode(self, data: Buffer, buffers: Iterable[Buffer]) -> object:
        raise _Unpickled


class _Numbers(PickleCodec):
    """Writes pickles, and makes of one that comes the number of its bytes: what a peer has run is not at issue here."""

    def hear(self, ahead: bytes) -> None:
        pass

    def decode(self, data: Buffer, buffers: Iterable[Buffer]) -> object:
        return len(data) + sum(map(len, buffers))


def a_strangers_connection(data: bytes) -> None:
    connection = Connection(listener(), _Untouched())
    events = [event for piece in pieces(data) for event in connection.receive_data(piece)]
    assert [type(event) for event in events] in ([], [Refused])
    assert len(connection.data_to_send()) <= HANDSHAKE_CAP


def a_peers_connection(data: bytes) -> None:
    _tell(pieces(data))


def a_peers_blocks(data: bytes) -> None:
    """Of which the CRCs say that they are undamaged: each piece is a kind and a content."""
    _tell(b"".join(block(piece[0], piece[1:])) for piece in pieces(data))


def _tell(said: Iterable[bytes]) -> None:
    _, far = _connected()
    events = [event for data in said for event in far.receive_data(data)]
    ends = [event for event in events if isinstance(event, Closed)]
    assert ends in ([], events[-1:])


def _connected() -> tuple[Connection, Connection]:
    near, far = Connection(dialler(), _Numbers()), Connection(listener(), _Numbers(), largest=1 << 16)
    while data := near.data_to_send():
        far.receive_data(data)
        near.receive_data(far.data_to_send())
    return near, far


def _signals() -> Iterator[bytes]:
    """Each kind of signal, one after the other, as it travels."""
    here, there, ref = Pid(A.name, 7), Pid(B.name, 9), Ref(A.name, 3)
    messages = (1, ("hello", [1.5, None, b"x"], {"a": here}), {1, 2}, ref, bytearray(40_000), "x" * 40_000)
    signals: list[Signal] = [
        *(Send(here, there, message) for message in messages),
        Send(here, ("name", B.name), "to a name"),
        Link(here, there),
        Monitor(here, there, ref),
        Exit(here, there, "shutdown", linked=True),
        Down(here, there, ref, "noproc"),
    ]
    near, _ = _connected()
    for signal in signals:
        near.send(signal)
        yield near.data_to_send()


# Heartbeat lanes.

_KEY: Final = b"k" * 32


def a_strangers_lane(data: bytes) -> None:
    _beat(Lane(ListenersProof({A.name: _KEY}.get, b"l" * 32)), data)


def a_strangers_answer_on_a_lane(data: bytes) -> None:
    _beat(Lane(DiallersProof(A.name, B.name, _KEY, b"d" * 32)), data)


def _beat(lane: Lane, data: bytes) -> None:
    try:
        for piece in pieces(data):
            assert lane.receive(piece) == []
            lane.take()
    except ProtocolError:
        pass
    assert not lane.proved


def a_peers_lane(data: bytes) -> None:
    """Once it is proved nothing on a lane may run either."""
    _hear(pieces(data))


def a_peers_frames_on_a_lane(data: bytes) -> None:
    """Nor if what comes is undamaged, as its CRCs say: each piece is a kind and a payload."""
    _hear(lane_frame(piece[0], piece[1:]) for piece in pieces(data))


def _hear(said: Iterable[bytes]) -> None:
    proof = ListenersProof({A.name: _KEY}.get, b"l" * 32)
    proof.proved = True
    lane = Lane(proof)
    try:
        for data in said:
            lane.receive(data)
    except ProtocolError:
        pass


# What a real peer would send, to begin with.


@cache
def _seeds() -> dict[str, list[bytes]]:
    hello = frame(HELLO, encode_introduction(A, b"d" * 32, NO_CHANNEL))
    challenge = frame(CHALLENGE, encode_introduction(B, b"l" * 32, NO_CHANNEL))
    refused = frame(REFUSE, encode_refusal(Status.WRONG_SECRET))
    canary = frame(PROOF, pickle.dumps(print))
    whole = b"\xff"
    hello_of_tls = _dialling().dial(FAR, "b@h")
    assert hello_of_tls is not None
    said = hello_of_tls.take()
    layer = _listening().accept(FAR)
    assert layer is not None
    layer.feed(said)
    return {
        "introduction": [hello[5:], challenge[5:]],
        "refusal": [refused[5:]],
        "a_strangers_dial": [whole + hello + canary, whole + hello + refused, b"\x07" + hello],
        "a_strangers_answer": [whole + challenge + canary, whole + challenge + refused, b"\x07" + challenge],
        "a_strangers_lane": [
            whole + DiallersProof(A.name, B.name, _KEY, b"d" * 32).opening() + lane_frame(3, b"p" * 32)
        ],
        "a_strangers_answer_on_a_lane": [whole + lane_frame(2, b"l" * 32) + lane_frame(4, b"p" * 32)],
        "a_peers_lane": [whole + encode_beat(1.5) + encode_ask(7, 1) + encode_answer(7, ["x", None, 1.5])],
        "a_peers_frames_on_a_lane": [
            whole + said[len(lane_frame(0)) - 1 :]
            for said in (encode_beat(1.5), encode_ask(7, 1), encode_answer(7, ["x", None, 1.5]))
        ],
        "a_strangers_connection": [whole + hello + canary, whole + challenge, b"\x07" + hello + next(_signals())],
        "a_peers_connection": [whole + stream for stream in _signals()] + [whole + b"".join(_signals())],
        "a_peers_blocks": [whole + said[len(block(0)[0]) - 1 :] for said in _signals() if len(said) < 256],
        "tls_of_a_dialler": [whole + said, b"\x07" + said, whole + hello],
        "tls_of_a_listener": [whole + layer.take(), whole + challenge],
    }


TARGETS: Final[dict[str, Target]] = {
    target.__name__: target
    for target in (
        introduction,
        refusal,
        a_strangers_dial,
        a_strangers_answer,
        a_strangers_connection,
        a_peers_connection,
        a_peers_blocks,
        a_strangers_lane,
        a_strangers_answer_on_a_lane,
        a_peers_lane,
        a_peers_frames_on_a_lane,
        tls_of_a_dialler,
        tls_of_a_listener,
    )
}


def seeds(name: str) -> list[bytes]:
    return _seeds()[name]
