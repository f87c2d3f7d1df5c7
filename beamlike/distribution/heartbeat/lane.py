"""One side of a lane between two connected nodes: bytes in, events out. It knows no socket and no clock.

After the proof both sides send a BEAT each quarter of the tick time, and whatever comes is a sign of life. Either side
may ASK the other something, who answers when it can; `LaneQuestion` says what there is to ask. A long answer leaves
piece by piece, as the socket takes it, and the beats go between the pieces.

Time passes by calls of `beat`. Who is late to call it, because the program was stopped, counts one beat and not the
time, and has read before what came: thus a stop of one's own is never the silence of another.
"""

from __future__ import annotations

from collections import deque
from enum import IntEnum
from typing import Final, TypeAlias

from beamlike.distribution.errors import ProtocolError
from beamlike.distribution.heartbeat.lane_frames import (
    ANSWER,
    ASK,
    BEAT,
    CAP,
    LONGEST_ANSWER,
    PART,
    LaneFrames,
    decode_answer,
    decode_ask,
    decode_beat,
    decode_part,
    encode_answer,
    encode_ask,
    encode_beat,
    encode_parts,
)
from beamlike.distribution.heartbeat.lane_proof import DiallersProof, ListenersProof
from beamlike.kernel.record import frozen

BEATS: Final = 4
"""In a tick time."""
LOST_AFTER: Final = 2 * BEATS
"""Beats without a word after which a lane is given up, to be dialled anew."""


class LaneQuestion(IntEnum):
    WHO_IS_BLOCKING = 1
    INTERRUPT = 2
    CODE = 3
    """With bytes, and answered by bytes; what they mean is the business of `beamlike.code`."""


@frozen
class Proved:
    """Both sides hold the session key of the link with `peer`."""

    peer: str


@frozen
class Beat:
    """The peer is alive; its event loop has not turned for `stalled` seconds, 0 while it turns."""

    stalled: float


@frozen
class Asked:
    number: int
    question: int
    content: bytes = b""


@frozen
class Answered:
    number: int
    answer: object


LaneEvent: TypeAlias = Proved | Beat | Asked | Answered


class Lane:
    def __init__(self, proof: DiallersProof | ListenersProof) -> None:
        self._proof = proof
        self._frames = LaneFrames()
        self._out = bytearray(proof.opening())
        self._pieces: deque[bytes] = deque()
        self._parts: dict[int, bytearray] = {}
        self._silent_beats = 0
        self.takes_parts = True
        """Whether the peer may be asked what has a long answer."""

    @property
    def proved(self) -> bool:
        return self._proof.proved

    @property
    def peer(self) -> str:
        """Who the other side says it is; that is true once it is proved."""
        return self._proof.peer

    @property
    def lost(self) -> bool:
        """Nothing has come for so long that another lane should be tried."""
        return self._silent_beats >= LOST_AFTER

    @property
    def heard(self) -> bool:
        """Something has come since the last beat."""
        return self._silent_beats == 0

    def receive(self, data: bytes) -> list[LaneEvent]:
        """Raises ProtocolError, after which the lane is of no use."""
        self._silent_beats = 0
        events: list[LaneEvent] = []
        for kind, payload in self._frames.read(data):
            if self._proof.proved and kind == PART:
                if not self.takes_parts:
                    raise ProtocolError("expected no long answers of a node that was asked nothing")
                self._collect(*decode_part(payload))
            elif self._proof.proved:
                events.append(self._event(kind, payload))
            else:
                self._out += self._proof.receive(kind, payload)
                if self._proof.proved:
                    self._frames.cap = CAP
                    events.append(Proved(self._proof.peer))
        return events

    def beat(self, stalled: float) -> None:
        """A quarter of the tick time has passed, and the event loop here has not turned for `stalled` seconds."""
        self._silent_beats += 1
        self.show_life(stalled)

    def show_life(self, stalled: float) -> None:
        """For a peer that wants to hear of this side more often."""
        if self._proof.proved:
            self._out += encode_beat(stalled)

    def ask(self, number: int, question: LaneQuestion, content: bytes = b"") -> None:
        self._out += encode_ask(number, question, content)

    def answer(self, number: int, answer: object) -> None:
        if isinstance(answer, bytes):
            self._pieces.extend(encode_parts(number, answer))
        else:
            self._out += encode_answer(number, answer)

    def take(self, *, piece: bool = True) -> bytes:
        """What is to be sent now, and a `piece` of a long answer behind it, which can wait until there is room."""
        out = bytes(self._out)
        self._out.clear()
        return out + self._pieces.popleft() if piece and self._pieces else out

    @property
    def has_pieces(self) -> bool:
        """There is more of an answer to be sent."""
        return bool(self._pieces)

    def _collect(self, number: int, part: bytes) -> None:
        collected = self._parts.setdefault(number, bytearray())
        collected += part
        if sum(map(len, self._parts.values())) > LONGEST_ANSWER:
            raise ProtocolError(f"expected answers of at most {LONGEST_ANSWER} bytes")

    def _event(self, kind: int, payload: bytes) -> LaneEvent:
        match kind:
            case _ if kind == BEAT:
                return Beat(decode_beat(payload))
            case _ if kind == ASK:
                return Asked(*decode_ask(payload))
            case _ if kind == ANSWER:
                return self._answered(*decode_answer(payload))
            case _:
                raise ProtocolError(f"expected BEAT, ASK, ANSWER or PART, got a frame of kind {kind}")

    def _answered(self, number: int, answer: object) -> Answered:
        parts = self._parts.pop(number, None)
        if parts is None:
            return Answered(number, answer)
        if not isinstance(answer, bytes):
            raise ProtocolError(f"expected bytes at the end of bytes, got a {type(answer).__name__}")
        return Answered(number, bytes(parts) + answer)
