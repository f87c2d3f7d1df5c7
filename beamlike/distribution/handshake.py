"""The handshake: both sides prove the shared secret before anything else of the other is looked at.

    dialler                                listener
    AWAIT_CHALLENGE  ── HELLO ──────────►  AWAIT_HELLO       who I am, my nonce, the channel I see
                     ◄────── CHALLENGE ──  AWAIT_PROOF       who I am, my nonce, the channel I see
    AWAIT_ACCEPT     ── PROOF ──────────►                    HMAC(secret, "dialler", channel, HELLO, CHALLENGE)
    DONE             ◄───────── ACCEPT ──  DONE              HMAC(secret, "listener", channel, HELLO, CHALLENGE)

Either side may answer REFUSE instead and is then FAILED. Both proofs cover both introductions with their nonces, so
none can be replayed; each names its role, so none can be sent back to where it came from. The dialler proves first,
as on the BEAM. Which secret a name must hold, and whether it may come in, is asked of the cluster, and only when the
proof has come: a single use of an invitation and one link per pair are then decided in one step.

The channel is the fingerprint of the certificate that the listener presents, and that the dialler sees, in the TLS
around this. Somebody in between has another certificate, hence the ends see different channels. The introductions say
which, so that an honest program in between, such as a load balancer that ends TLS, is named for what it is. Safety does
not rest on that claim: each side mixes into the proofs the channel that it sees itself.

A listener may take two secrets: its own, and one for observers. The role of a secret is part of what is signed, so the
observers' secret opens nothing if somebody takes it for the node's own; and the proof of the listener tells the dialler
in which role it was let in. Who only observes is told nothing that has to be trusted: see `observers`.

All of this is values in, values out: what to send is returned, the nonce is an argument, and the transitions stand in
the table at the end.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto
from typing import Final, TypeAlias

from beamlike.distribution.errors import ProtocolError
from beamlike.distribution.frames import ACCEPT, CHALLENGE, HELLO, PROOF, REFUSE, frame, kind_name
from beamlike.distribution.handshake_frames import (
    CHANNEL_SIZE,
    NO_CHANNEL,
    VERSION,
    Identity,
    decode_introduction,
    decode_refusal,
    encode_introduction,
    encode_refusal,
    version_of,
)
from beamlike.distribution.refusal import Refused, Status, refused_by_them, refused_by_us
from beamlike.distribution.secret import EVALUATE, OBSERVE, Role, Secret

SecretFor: TypeAlias = Callable[[str], Secret]
"""The secret that a dialler of this name must hold."""

ObserversSecretFor: TypeAlias = Callable[[str], Secret | None]
"""The secret with which a dialler of this name may come in to observe; None if it may not."""

Admit: TypeAlias = Callable[[Identity], Status]
"""Whether a dialler that has proved its secret may come in. OK promises that the link will be used. In which role it
comes stands in the handshake by then."""

_UNNAMED: Final = "the other side"


class State(Enum):
    AWAIT_CHALLENGE = auto()
    AWAIT_ACCEPT = auto()
    AWAIT_HELLO = auto()
    AWAIT_PROOF = auto()
    DONE = auto()
    FAILED = auto()


class _TurnAway(Exception):
    def __init__(self, status: Status, their_version: int = VERSION) -> None:
        super().__init__(status.name)
        self.status = status
        self.their_version = their_version


class Handshake:
    """One side of one handshake, until `outcome` is there: the other's identity, or why there will be no connection."""

    outcome: Identity | Refused | None

    def __init__(self, us: Identity, nonce: bytes, state: State) -> None:
        self.us = us
        self.state = state
        self.role: Role = EVALUATE
        """Of the secret that both sides hold."""
        self.peer: Identity | None = None
        self.outcome = None
        self._nonce = nonce
        self._channel = NO_CHANNEL
        self._introduction = b""
        self._transcript = b""
        self._session_key = b""

    def bind(self, channel: bytes) -> None:
        """Ties the proofs to the TLS connection with this fingerprint (b"": none). To be called before `introduce`."""
        assert not self._introduction, "the introduction has left already"
        if len(channel) not in (0, CHANNEL_SIZE):
            raise ValueError(f"expected a fingerprint of {CHANNEL_SIZE} bytes or none, got {len(channel)} bytes")
        self._channel = channel or NO_CHANNEL

    @property
    def session_key(self) -> bytes:
        """32 bytes that only the two ends know, and that no other connection has; there once the outcome is a peer."""
        assert self._session_key, "the secret is not proved"
        return self._session_key

    def introduce(self) -> bytes:
        self._introduction = encode_introduction(self.us, self._nonce, self._channel)
        return self._introduction

    def receive(self, kind: int, payload: bytes) -> bytes:
        """Takes the next frame of the other side and returns what to send back. Not to be called after the outcome."""
        assert self.outcome is None, "the handshake is over"
        step, following = TRANSITIONS.get((self.state, kind), (None, State.FAILED))
        try:
            if step is None:
                raise ProtocolError(f"expected {_expected_in(self.state)}, got {kind_name(kind)}")
            reply = step(self, payload)
        except _TurnAway as refusal:
            return self._turn_away(refusal.status, self._words_for(refusal))
        except ProtocolError as error:
            return self._turn_away(Status.MALFORMED, f"the handshake with {self._peer_name()} failed: {error}")
        self.state = following
        if following is State.DONE:
            self.outcome = self.peer
        return reply

    def meet(self, introduction: bytes) -> Identity:
        """Reads who the other side says it is."""
        their_version = version_of(introduction)
        if their_version != VERSION:
            raise _TurnAway(Status.VERSION_MISMATCH, their_version)
        self.peer, their_channel = decode_introduction(introduction)
        if their_channel != self._channel:
            raise _TurnAway(Status.INTERCEPTED)
        if self.peer.name == self.us.name:
            raise _TurnAway(Status.DUPLICATE_NAME)
        return self.peer

    def sign(self, secret: Secret, purpose: bytes) -> bytes:
        return secret.sign(self._bound(secret.role, purpose))

    def verify(self, secret: Secret, purpose: bytes, proof: bytes) -> None:
        if not self.holds(secret, purpose, proof):
            raise _TurnAway(Status.WRONG_SECRET)

    def holds(self, secret: Secret, purpose: bytes, proof: bytes) -> bool:
        return secret.verify(self._bound(secret.role, purpose), proof)

    def _bound(self, role: Role, purpose: bytes) -> bytes:
        """What is signed; no two roles, purposes, channels or transcripts give the same bytes."""
        return _OPENINGS[role] + purpose + self._channel + self._transcript

    def hear_refusal(self, payload: bytes) -> bytes:
        status, their_version = decode_refusal(payload)
        peer = self._peer_name()
        message = refused_by_them(status, peer, self.us.name, VERSION, their_version, self.secret_remedy())
        self.outcome = Refused(status, message, peer)
        return b""

    def expected_name(self) -> str | None:
        return None

    def secret_remedy(self) -> str:
        """What is to be done if it is the secret in which the two differ."""
        raise NotImplementedError

    def _turn_away(self, status: Status, message: str) -> bytes:
        self.state = State.FAILED
        self.outcome = Refused(status, message, self._peer_name())
        return frame(REFUSE, encode_refusal(status))

    def _words_for(self, refusal: _TurnAway) -> str:
        return refused_by_us(
            refusal.status,
            self._peer_name(),
            VERSION,
            refusal.their_version,
            self.expected_name(),
            self.secret_remedy(),
        )

    def _peer_name(self) -> str:
        return self.peer.name if self.peer is not None else self.expected_name() or _UNNAMED


class Dialler(Handshake):
    def __init__(self, us: Identity, nonce: bytes, secret: Secret, expected: str) -> None:
        super().__init__(us, nonce, State.AWAIT_CHALLENGE)
        self._secret = secret
        self._expected = expected
        self.role = secret.role

    def present(self, secret: Secret) -> None:
        """Takes another secret than the one that it was made with. To be called before `hello`."""
        assert not self._introduction, "the introduction has left already"
        self._secret = secret
        self.role = secret.role

    def expected_name(self) -> str:
        return self._expected

    def secret_remedy(self) -> str:
        return self._secret.remedy

    def hello(self) -> bytes:
        return frame(HELLO, self.introduce())

    def answer_challenge(self, challenge: bytes) -> bytes:
        if self.meet(challenge).name != self._expected:
            raise _TurnAway(Status.WRONG_NODE)
        self._transcript = _transcript(self._introduction, challenge)
        return frame(PROOF, self.sign(self._secret, _DIALLER))

    def check_listener(self, proof: bytes) -> bytes:
        self.verify(self._secret, _LISTENER, proof)
        self._session_key = self.sign(self._secret, _SESSION)
        return b""


class Listener(Handshake):
    def __init__(
        self,
        us: Identity,
        nonce: bytes,
        secret_for: SecretFor,
        admit: Admit,
        observers_secret_for: ObserversSecretFor = lambda name: None,
    ) -> None:
        super().__init__(us, nonce, State.AWAIT_HELLO)
        self._secret_for = secret_for
        self._observers_secret_for = observers_secret_for
        self._admit = admit

    def secret_remedy(self) -> str:
        return self._secret_for(self._peer_name()).remedy

    def challenge(self, hello: bytes) -> bytes:
        self.meet(hello)
        challenge = self.introduce()
        self._transcript = _transcript(hello, challenge)
        return frame(CHALLENGE, challenge)

    def check_dialler(self, proof: bytes) -> bytes:
        assert self.peer is not None
        secret = self._secret_for(self.peer.name)
        observers = self._observers_secret_for(self.peer.name)
        if observers is not None and self.holds(observers, _DIALLER, proof):
            secret = observers
        else:
            self.verify(secret, _DIALLER, proof)
        self.role = secret.role
        status = self._admit(self.peer)
        if status is not Status.OK:
            raise _TurnAway(status)
        self._session_key = self.sign(secret, _SESSION)
        return frame(ACCEPT, self.sign(secret, _LISTENER))


_OPENINGS: Final[dict[Role, bytes]] = {EVALUATE: b"beamlike ", OBSERVE: b"beamlike observing "}
_DIALLER: Final = b"dialler"
_LISTENER: Final = b"listener"
_SESSION: Final = b"session"


def _transcript(hello: bytes, challenge: bytes) -> bytes:
    """Both introductions; as frames, so that no byte of one can be taken for the other's."""
    return frame(HELLO, hello) + frame(CHALLENGE, challenge)


def _expected_in(state: State) -> str:
    return " or ".join(kind_name(kind) for awaiting, kind in TRANSITIONS if awaiting is state)


TRANSITIONS: Final[dict[tuple[State, int], tuple[Callable[..., bytes], State]]] = {
    (State.AWAIT_HELLO, HELLO): (Listener.challenge, State.AWAIT_PROOF),
    (State.AWAIT_PROOF, PROOF): (Listener.check_dialler, State.DONE),
    (State.AWAIT_PROOF, REFUSE): (Listener.hear_refusal, State.FAILED),
    (State.AWAIT_CHALLENGE, CHALLENGE): (Dialler.answer_challenge, State.AWAIT_ACCEPT),
    (State.AWAIT_CHALLENGE, REFUSE): (Dialler.hear_refusal, State.FAILED),
    (State.AWAIT_ACCEPT, ACCEPT): (Dialler.check_listener, State.DONE),
    (State.AWAIT_ACCEPT, REFUSE): (Dialler.hear_refusal, State.FAILED),
}
"""(state, kind of frame that came) to (what is done with it, state afterwards). Everything else is MALFORMED."""
