"""A node's heartbeat: one thread that accepts, beats, and answers for the node while its event loop is kept busy.

other nodes ──► Doorway ──► links: to the event loop
                    └─────► Lanes: beats, who is blocking, interrupt, code
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import Any, Final, Literal, TypeAlias

from beamlike.distribution.addresses import Address
from beamlike.distribution.doorway import ROOM, Doorway, Guest
from beamlike.distribution.encryption import Encryption
from beamlike.distribution.heartbeat.interrupting import Interruption
from beamlike.distribution.heartbeat.lane import Asked, LaneQuestion
from beamlike.distribution.heartbeat.lane_frames import LONGEST_QUESTION
from beamlike.distribution.heartbeat.lanes import Answer, Lanes
from beamlike.distribution.heartbeat.neighbour import Neighbour, NeighboursLink, Question
from beamlike.distribution.heartbeat.stall_terms import stall_from_plain, stall_to_plain
from beamlike.distribution.home import Home
from beamlike.distribution.observers import WORDS
from beamlike.distribution.refusal_log import RefusalLog
from beamlike.distribution.selector_thread import SelectorThread
from beamlike.kernel.errors import NotConnected
from beamlike.kernel.threads.stall import Stall
from beamlike.kernel.threads.watchdog import Watch, watch

logger = logging.getLogger("beamlike.distribution")

NodeState: TypeAlias = Literal["up", "stalled", "unresponsive", "down"]

AnswerCode: TypeAlias = Callable[[str, bytes, Callable[[bytes], None]], None]
"""Called with who asks, what, and what takes the answer, soon or later and in any thread. Neither waits nor raises."""

_NOBODY_ANSWERS: Final = (
    "not even its heartbeat answers: it is stopped, cut off, or in C code that holds the interpreter lock"
)


class Heartbeat:
    """To be made in the thread of a running event loop, which it watches; `take_link` gets in that thread each guest
    that wants to be a link. All but `stop` may be called by any thread."""

    def __init__(
        self,
        node: str,
        home: Home,
        tick_interval: float,
        take_link: Callable[[Guest], None],
        encryption: Encryption | None = None,
    ) -> None:
        self.answer_code: AnswerCode = _knows_no_code
        """To be set before another node can connect."""
        self._node = node
        self._home = home
        self._tick_interval = tick_interval
        self._take_link = take_link
        self._watches = [watch(quiet=True)]
        self._standalone = False
        self._stopped = False
        self._refusals = RefusalLog()
        self._process = os.getpid()
        # The guests for the loop. Of more than there is room for, the doorway has dropped the oldest.
        self._arrivals: deque[Guest] = deque(maxlen=ROOM)
        self._call_is_due = False
        self._thread = SelectorThread(f"beamlike heartbeat {node}")
        self._doorway = Doorway(node, self._thread, self._hand_over, lambda guest: self._lanes.accept(guest))
        self._lanes = Lanes(node, self._thread, encryption or Encryption(), self._reply)
        self._thread.call(self._beat)

    @property
    def thread(self) -> SelectorThread:
        """In which it beats. What is called there must neither wait nor compute."""
        return self._thread

    @property
    def watches(self) -> tuple[Watch, ...]:
        """Of the loops that this node lives on."""
        return tuple(self._watches)

    def watch_over(self, users_loop: Watch) -> None:
        """Another loop answers for the node as well: that of a standalone runtime's own code, in the main thread."""
        self._watches.append(users_loop)
        self._standalone = True

    def open(self, listening: socket.socket) -> None:
        """Accepts connections there until the end."""
        self._thread.call(partial(self._doorway.open, listening))

    def join(
        self,
        name: str,
        link: NeighboursLink,
        session_key: bytes,
        address: Address | None,
        *,
        observes: bool = False,
    ) -> None:
        """`link` to the node `name` is established; its lane is dialled at `address`, or else from there. Where it
        `observes`, one of the two may only observe the other: it may ask who is blocking, and nothing else."""
        self._lanes.join(Neighbour(name, link, session_key, address, observes=observes))

    def leave(self, name: str, link: NeighboursLink) -> None:
        """`link`, to the node `name`, is lost."""
        self._lanes.leave(name, link)

    def beat_every(self, link: NeighboursLink, seconds: float) -> None:
        """The peer of `link`, whose ticks are shorter, wants to hear of this node as often."""
        self._thread.call(partial(self._beat_for, link, seconds))

    def look_every(self, seconds: float, look: Callable[[], bool]) -> None:
        """Calls `look` in the heartbeat's thread as often, for as long as it answers True. It must not wait."""

        def turn() -> None:
            if not self._stopped and look():
                self._thread.call_later(seconds, turn)

        self._thread.call(turn)

    def tell_silence(self, name: str, tell: Callable[[int], None]) -> None:
        """While `name` is connected, calls `tell` at each beat with the number of beats for which nothing came of it.

        In the heartbeat's thread, so also while the event loop is kept busy; with 0 in the loop's, before anything that
        `name` sends is acted on. It must not wait."""
        self._lanes.tell_silence[name] = tell

    def state(self, name: str) -> NodeState:
        """How it is with a node: "down" is one that is not connected."""
        if name == self._node:
            return "stalled" if self._stall() is not None else "up"
        neighbour = self._lanes.neighbours.get(name)
        if neighbour is None:
            return "down"
        if neighbour.unresponsive:
            return "unresponsive"
        return "stalled" if neighbour.stalled else "up"

    async def ask(self, name: str, question: LaneQuestion, timeout: float) -> Stall | None:
        """NotConnected if there is nobody to ask, TimeoutError if there is no answer within `timeout` seconds."""
        if question is not LaneQuestion.WHO_IS_BLOCKING and self._only_observes(name):
            raise PermissionError(f"expected to hold the secret of {name}, to {question.name.lower()} there: {WORDS}")
        future: Future[Any] = Future()
        if name == self._node:
            self._thread.call(partial(self._reply, name, Asked(0, question), partial(_settle, future)))
        else:
            self._thread.call(partial(self._lanes.ask, name, Question(question, b"", future)))
        try:
            async with asyncio.timeout(timeout):
                return stall_from_plain(await asyncio.wrap_future(future))
        except TimeoutError:
            raise TimeoutError(
                f"expected an answer of {name} within {timeout:g} s, got none: {_NOBODY_ANSWERS}"
            ) from None

    def ask_code(self, name: str, question: bytes, timeout: float) -> bytes:
        """What `answer_code` of that node answers. Blocks: for any thread but the heartbeat's own, also for that of an
        event loop, since neither side's loop has a part in it.

        NotConnected if there is nobody to ask, TimeoutError if there is no answer within `timeout` seconds.
        """
        if len(question) > LONGEST_QUESTION:
            raise ValueError(f"expected a question of at most {LONGEST_QUESTION} bytes, got {len(question)}")
        future: Future[Any] = Future()
        self._thread.call(partial(self._lanes.ask, name, Question(LaneQuestion.CODE, question, future)))
        try:
            if os.getpid() != self._process:
                raise NotConnected(f"{name} can be asked by {self._node} only, and this process was forked from it")
            if self._stopped:  # if it is stopped from now on, the thread comes to that after the question
                raise NotConnected(f"expected {self._node} to run, so that {name} can be asked, and it has stopped")
            answer = future.result(timeout)
        except TimeoutError:
            raise TimeoutError(f"expected an answer of {name} within {timeout:g} s, got none") from None
        finally:
            future.cancel()
        return answer if isinstance(answer, bytes) else b""

    def stop(self) -> None:
        """Nothing is accepted, answered or beaten any more, and no socket and no thread is left."""
        self._stopped = True
        for held in self._watches:
            held.close()
        self._thread.call(self._doorway.close)
        self._thread.call(self._lanes.close)
        self._thread.stop()

    # In the thread.

    def _beat(self) -> None:
        if self._home.loop.is_closed():  # somebody ended the loop without stopping the node
            self._thread.end()
            return
        self._thread.call_later(self._tick_interval, self._beat)
        self._lanes.beat(self._stalled())

    def _beat_for(self, link: NeighboursLink, seconds: float) -> None:
        if self._lanes.show_life(link, self._stalled()):
            self._thread.call_later(seconds, partial(self._beat_for, link, seconds))

    def _stalled(self) -> float:
        """For how many seconds a loop has not turned."""
        stall = self._stall()
        return stall.seconds if stall is not None else 0.0

    def _stall(self) -> Stall | None:
        """The longest stall that goes on."""
        stalls = [stall for held in self._watches if (stall := held.now()) is not None]
        return max(stalls, key=lambda stall: stall.seconds, default=None)

    def _only_observes(self, name: str) -> bool:
        neighbour = self._lanes.neighbours.get(name)
        return neighbour is not None and neighbour.observes

    def _reply(self, peer: str, asked: Asked, answer: Answer) -> None:
        if asked.question != LaneQuestion.WHO_IS_BLOCKING and self._only_observes(peer):
            if self._refusals.is_news(peer, "lane", time.monotonic()):
                logger.warning("%s refused %s a question by its lane (%s): %s", self._node, peer, asked.question, WORDS)
            answer(b"" if asked.question == LaneQuestion.CODE else None)
            return
        match asked.question:
            case LaneQuestion.WHO_IS_BLOCKING:
                answer(stall_to_plain(self._stall()))
            case LaneQuestion.INTERRUPT:
                Interruption(self._thread, self._watches, self._standalone, answer).begin()
            case LaneQuestion.CODE:
                self.answer_code(peer, asked.content, lambda found: self._thread.call(partial(answer, found)))
            case _:  # of a later version; there is nothing that it could be told
                answer(None)

    def _hand_over(self, guest: Guest) -> None:
        self._arrivals.append(guest)
        if not self._call_is_due:
            self._call_is_due = True
            self._home.call(self._bring_in)

    # In the loop's thread.

    def _bring_in(self) -> None:
        self._call_is_due = False
        while self._arrivals:
            self._take_link(self._arrivals.popleft())


def _knows_no_code(_peer: str, _question: bytes, answer: Callable[[bytes], None]) -> None:
    answer(b"")


def _settle(future: Future[Any], answer: object) -> None:
    if future.set_running_or_notify_cancel():
        future.set_result(answer)
