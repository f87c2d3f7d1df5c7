"""Both sides of a handshake, joined in memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from beamlike.distribution.frames import CHALLENGE, HANDSHAKE_CAP, HELLO, FrameReader, frame
from beamlike.distribution.handshake import Admit, Dialler, Handshake, Listener
from beamlike.distribution.handshake_frames import CHANNEL_SIZE, Identity
from beamlike.distribution.refusal import Refused, Status
from beamlike.distribution.secret import Secret

SECRET = Secret(b"swordfish")
A = Identity("a@127.0.0.1", 11, False, b"\xa7\x0d\x0d\x0a", "3.1.2")
B = Identity("b@127.0.0.1", 22, True, b"\xcb\x0d\x0d\x0a", "3.1.3")

_CHANNEL_AT = 2 + 1 + 4 + 4 + 32
Side = TypeVar("Side", bound=Handshake)


def dialler(us: Identity = A, secret: Secret = SECRET, expected: str = B.name, nonce: bytes = b"d" * 32) -> Dialler:
    return Dialler(us, nonce, secret, expected)


def listener(
    us: Identity = B,
    secret_for: Callable[[str], Secret] = lambda _name: SECRET,
    admit: Admit = lambda _peer: Status.OK,
    nonce: bytes = b"l" * 32,
) -> Listener:
    return Listener(us, nonce, secret_for, admit)


def bound(handshake: Side, channel: bytes) -> Side:
    """The handshake of a link inside TLS with this fingerprint."""
    handshake.bind(channel)
    return handshake


def claim_channel(stream: bytes, channel: bytes) -> bytes:
    """A HELLO or CHALLENGE that claims to have come through another channel; other frames as they are."""
    return b"".join(
        frame(kind, payload[:_CHANNEL_AT] + channel + payload[_CHANNEL_AT + CHANNEL_SIZE :])
        if kind in (HELLO, CHALLENGE)
        else frame(kind, payload)
        for kind, payload in parse(stream)
    )


def parse(stream: bytes) -> list[tuple[int, bytes]]:
    return list(FrameReader(HANDSHAKE_CAP).read(stream))


def shake_hands(
    dialler: Dialler, listener: Listener, tamper: Callable[[int, bytes], bytes] = lambda _step, stream: stream
) -> tuple[Identity | Refused | None, Identity | Refused | None]:
    """Carries frames to and fro until there are none. `tamper` sees, and may change, the bytes of each step."""
    stream, step = dialler.hello(), 0
    receiver: Dialler | Listener = listener
    while stream and receiver.outcome is None:
        replies = b""
        for kind, payload in parse(tamper(step, stream)):
            if receiver.outcome is None:
                replies += receiver.receive(kind, payload)
        stream, step = replies, step + 1
        receiver = dialler if receiver is listener else listener
    return dialler.outcome, listener.outcome
