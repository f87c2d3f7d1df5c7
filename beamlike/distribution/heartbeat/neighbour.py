"""A connected node as the heartbeat sees it: its link, its lane, and what it was asked."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from beamlike.distribution.addresses import Address
from beamlike.distribution.heartbeat.lane import BEATS, Lane, LaneQuestion
from beamlike.distribution.heartbeat.lane_socket import LaneSocket
from beamlike.kernel.errors import NotConnected


class NeighboursLink(Protocol):
    """What a link is to a lane."""

    @property
    def silent_ticks(self) -> int:
        """Quarters of the tick time since the peer was last heard."""
        ...

    def heard_elsewhere(self, stalled: float) -> None:
        """The peer is alive, and its event loop has not turned for so many seconds; for any thread."""
        ...


class Question(NamedTuple):
    """Asked, and not answered yet; the answer becomes the result of `future`."""

    what: LaneQuestion
    content: bytes
    future: Future[Any]


@dataclass(slots=True, eq=False)
class Neighbour:
    """`address` is where its lane is to be dialled; None where the other side dials."""

    name: str
    link: NeighboursLink
    session_key: bytes = field(repr=False)
    address: Address | None
    lane: LaneSocket | None = None
    stalled: float = 0.0
    was_unresponsive: bool = False
    questions: dict[int, Question] = field(default_factory=dict)

    @property
    def unresponsive(self) -> bool:
        return self.link.silent_ticks >= BEATS

    @property
    def open_lane(self) -> Lane | None:
        lane = self.lane.lane if self.lane is not None else None
        return lane if lane is not None and lane.proved else None

    def lose_lane(self) -> None:
        """What was asked is asked again over the next one."""
        if self.lane is not None:
            self.lane.close()
            self.lane = None
        self.stalled = 0.0

    def answered(self, number: int, answer: object) -> None:
        question = self.questions.pop(number, None)
        if question is not None and question.future.set_running_or_notify_cancel():
            question.future.set_result(answer)

    def gone(self) -> None:
        """The link is lost; nobody will answer any more."""
        self.lose_lane()
        for question in tuple(self.questions.values()):
            not_connected(self.name, question.future)
        self.questions.clear()


def not_connected(name: str, future: Future[Any]) -> None:
    if future.set_running_or_notify_cancel():
        remedy = f"`await bl.connect({name!r})` first"
        future.set_exception(NotConnected(f"expected {name} to be connected, and it is not: {remedy}"))
