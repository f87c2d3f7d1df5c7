"""What is fuzzed: each target takes bytes of a stranger, and raises if something goes wrong with them.

Nothing may be raised, nobody may be let in, nothing may be unpickled, and no more may be kept than is allowed. The
first byte says in pieces of which size the others arrive.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from functools import cache
from typing import Final

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
from beamlike.distribution.refusal import Status
from beamlike.distribution.tls_layer import HANDSHAKE_CAP as TLS_CAP
from beamlike.distribution.tls_layer import TlsLayer
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
    proof = ListenersProof({A.name: _KEY}.get, b"l" * 32)
    proof.proved = True
    lane = Lane(proof)
    try:
        for piece in pieces(data):
            lane.receive(piece)
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
        a_strangers_lane,
        a_strangers_answer_on_a_lane,
        a_peers_lane,
        tls_of_a_dialler,
        tls_of_a_listener,
    )
}


def seeds(name: str) -> list[bytes]:
    return _seeds()[name]
