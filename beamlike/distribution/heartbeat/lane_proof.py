"""How a lane begins: both sides prove the session key of the link that the lane belongs to.

    dialler  ── HELLO ──────►  listener     who I am, my nonce
             ◄── CHALLENGE ──               my nonce
             ── PROOF ──────►               HMAC(session key, "dialler", HELLO, CHALLENGE)
             ◄───── ACCEPT ──               HMAC(session key, "listener", HELLO, CHALLENGE)

The key comes of the link's own handshake, so a lane needs no secret, no identity and no admission of its own, and fits
no other incarnation. What is wrong ends the lane without a word: who is entitled to it has a link to speak over. The
`channel` is what both sides must see alike of what lies below, such as a certificate's fingerprint.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from typing import Final, TypeAlias

from beamlike.distribution.errors import ProtocolError
from beamlike.distribution.heartbeat.lane_frames import ACCEPT, CHALLENGE, HELLO, PROOF, lane_frame

NONCE_SIZE: Final = 32

KeyOf: TypeAlias = Callable[[str], bytes | None]
"""The session key of the link with the node of this name; None if there is no such link."""


class DiallersProof:
    def __init__(self, us: str, peer: str, key: bytes, nonce: bytes, channel: bytes = b"") -> None:
        self.peer = peer
        self.proved = False
        self._key = key
        self._channel = channel
        self._hello = nonce + us.encode()
        self._signed = b""

    def opening(self) -> bytes:
        return lane_frame(HELLO, self._hello)

    def receive(self, kind: int, payload: bytes) -> bytes:
        """Returns what to send. ProtocolError if the other side does not prove the key."""
        if kind == CHALLENGE and not self._signed and len(payload) == NONCE_SIZE:
            self._signed = _signed(self._hello, payload, self._channel)
            return lane_frame(PROOF, _sign(self._key, _DIALLER, self._signed))
        if kind == ACCEPT and self._signed:
            _check(self._key, _LISTENER, self._signed, payload)
            self.proved = True
            return b""
        raise ProtocolError(f"expected CHALLENGE or ACCEPT, got a frame of kind {kind} and {len(payload)} bytes")


class ListenersProof:
    def __init__(self, key_of: KeyOf, nonce: bytes, channel: bytes = b"") -> None:
        self.peer = ""
        self.proved = False
        self._key_of = key_of
        self._nonce = nonce
        self._channel = channel
        self._signed = b""

    def opening(self) -> bytes:
        return b""

    def receive(self, kind: int, payload: bytes) -> bytes:
        """Returns what to send. ProtocolError if the other side does not prove the key."""
        if kind == HELLO and not self._signed and len(payload) > NONCE_SIZE:
            self.peer = payload[NONCE_SIZE:].decode(errors="replace")
            self._signed = _signed(payload, self._nonce, self._channel)
            return lane_frame(CHALLENGE, self._nonce)
        if kind == PROOF and self._signed:
            key = self._key_of(self.peer)
            if key is None:
                raise ProtocolError("expected a node that is connected")
            _check(key, _DIALLER, self._signed, payload)
            self.proved = True
            return lane_frame(ACCEPT, _sign(key, _LISTENER, self._signed))
        raise ProtocolError(f"expected HELLO or PROOF, got a frame of kind {kind} and {len(payload)} bytes")


_DIALLER: Final = b"beamlike lane, dialler"
_LISTENER: Final = b"beamlike lane, listener"


def _signed(hello: bytes, challenge: bytes, channel: bytes) -> bytes:
    """As frames, so that no byte of one can be taken for another's."""
    return lane_frame(HELLO, hello) + lane_frame(CHALLENGE, challenge) + channel


def _sign(key: bytes, role: bytes, signed: bytes) -> bytes:
    return hmac.digest(key, role + signed, hashlib.sha256)


def _check(key: bytes, role: bytes, signed: bytes, proof: bytes) -> None:
    if not hmac.compare_digest(_sign(key, role, signed), proof):
        raise ProtocolError("expected a proof of the session key")
