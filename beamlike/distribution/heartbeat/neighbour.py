"""A connected node as the heartbeat sees it: its link, its lane, and what it was asked."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import field
from typing import Any, Final, NamedTuple, Protocol

from beamlike.distribution.addresses import Address
from beamlike.distribution.heartbeat.lane import BEATS, Lane, LaneQuestion
from beamlike.distribution.heartbeat.lane_socket import LaneSocket
from beamlike.kernel.errors import NotConnected
from beamlike.kernel.record import slotted

_WHY: Final = "its heartbeat cannot be reached: it has ended, or is cut off"


class NeighboursLink(Protocol):
    """What a link is to a lane."""

    @property
    def silent_ticks(self) -> int:
        """Quarters of the tick time since the peer was last heard."""
        ...

    @property
    def heard_ticks(self) -> int:
        """In how many of them something came by the link, from the beginning on."""
        ...

    def heard_elsewhere(self, stalled: float) -> None:
        """The peer is alive, and its event loop has not turned for so many seconds; for any thread."""
        ...

    def lane_changed(self, is_open: bool) -> None:
        """Whether there is a lane, by which the end of the peer is seen; for any thread."""
        ...


class Question(NamedTuple):
    """Asked, and not answered yet; the answer becomes the result of `future`."""

    what: LaneQuestion
    content: bytes
    future: Future[Any]


@slotted
class Neighbour:
    """`address` is where its lane is to be dialled; None where the other side dials.

    Who asks about code blocks, mostly an event loop, and so does not wait for another lane when one was lost: as a rule
    the peer has ended. Other questions are asked again over the next lane.
    """

    name: str
    link: NeighboursLink
    session_key: bytes = field(repr=False)
    address: Address | None
    lane: LaneSocket | None = None
    observes: bool = False
    """One of the two nodes may only observe the other: no parts of long answers are gathered of it."""
    stalled: float = 0.0
    was_unresponsive: bool = False
    cut_off: bool = False
    """The last lane was lost, or could not be dialled, and there is no other yet."""
    questions: dict[int, Question] = field(default_factory=dict)
    silent_beats: int = 0
    """For how many beats of this side nothing came of it, by the lane or the link."""
    heard_ticks: int = 0

    @property
    def unresponsive(self) -> bool:
        return self.link.silent_ticks >= BEATS

    @property
    def open_lane(self) -> Lane | None:
        lane = self.lane.lane if self.lane is not None else None
        return lane if lane is not None and lane.proved else None

    def count_silence(self) -> None:
        """Another beat has passed. This side's beats are counted, and not the time: who was stopped itself, or whose
        machine was suspended, counts one, and has read what came meanwhile."""
        ticks, lane = self.link.heard_ticks, self.open_lane
        heard = ticks != self.heard_ticks or (lane is not None and lane.heard)
        self.heard_ticks = ticks
        self.silent_beats = 0 if heard else self.silent_beats + 1

    def take_lane(self, lane: LaneSocket) -> None:
        """The lane is proved, and takes the place of any other."""
        if self.lane is not None and self.lane is not lane:
            self.lane.close()
        self.lane = lane
        self.cut_off = False
        self.link.lane_changed(True)
        for number, question in self.questions.items():
            self._put(number, question)

    def lose_lane(self) -> None:
        """What was asked is asked again over the next one, except about code."""
        if self.lane is None:
            return
        if self.open_lane is not None:
            self.link.lane_changed(False)
        self.lane.close()
        self.lane = None
        self.stalled = 0.0
        self.cut_off = True
        self.answer_for_the_lost()

    def show_life(self, stalled: float) -> None:
        lane = self.open_lane
        if lane is not None and self.lane is not None:
            lane.show_life(stalled)
            self.lane.flush()

    def ask(self, number: int, question: Question) -> None:
        self.questions[number] = question
        self._put(number, question)
        if self.lane is not None:
            self.lane.flush()

    def _put(self, number: int, question: Question) -> None:
        lane = self.open_lane
        if lane is not None:
            lane.ask(number, question.what, question.content)

    def answer_for_the_lost(self) -> None:
        """Nobody waits for code that comes by no lane."""
        for number, question in tuple(self.questions.items()):
            if question.what is LaneQuestion.CODE:
                del self.questions[number]
                _fail(question.future, f"expected {self.name} to answer, and {_WHY}")

    def answered(self, number: int, answer: object) -> None:
        question = self.questions.pop(number, None)
        if question is not None and question.future.set_running_or_notify_cancel():
            question.future.set_result(answer)

    def gone(self) -> None:
        """The link is lost; nobody will answer any more."""
        for question in tuple(self.questions.values()):
            not_connected(self.name, question.future)
        self.questions.clear()
        self.lose_lane()


def not_connected(name: str, future: Future[Any]) -> None:
    _fail(future, f"expected {name} to be connected, and it is not: `await bl.connect({name!r})` first")


def _fail(future: Future[Any], message: str) -> None:
    if future.set_running_or_notify_cancel():
        future.set_exception(NotConnected(message))
