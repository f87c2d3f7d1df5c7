"""Lanes between two heartbeats, over sockets, in clear and inside TLS; their links are noted and no more."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future
from contextlib import asynccontextmanager

import pytest

from beamlike.distribution.doorway import LANE, Guest
from beamlike.distribution.encryption import Encryption
from beamlike.distribution.heartbeat import lanes
from beamlike.distribution.heartbeat.heartbeat import Heartbeat
from beamlike.distribution.heartbeat.lane import LOST_AFTER, LaneQuestion
from beamlike.distribution.heartbeat.lane_frames import encode_ask
from beamlike.distribution.heartbeat.lane_socket import LaneSocket
from beamlike.distribution.heartbeat.neighbour import Neighbour, Question
from beamlike.distribution.home import Home
from beamlike.distribution.selector_thread import READ, WRITE
from beamlike.distribution.tls_option import TlsOption
from beamlike.kernel.errors import NotConnected
from tests.support.lane_pair import LanePair
from tests.support.local_nodes import PATIENCE, eventually, until_nobody_blocks

A, B = "a@127.0.0.1", "b@127.0.0.1"
KEY = b"k" * 32


class NotedLink:
    """Counts the beats of its peer; `silent_ticks` is set by the test."""

    def __init__(self) -> None:
        self.signs = 0
        self.silent_ticks = 0
        self.heard_ticks = 0
        self.lanes: list[bool] = []
        """Whether there was one, each time that this was told."""

    @property
    def has_lane(self) -> bool:
        return self.lanes[-1:] == [True]

    def lane_changed(self, is_open: bool) -> None:
        self.lanes.append(is_open)

    def heard_elsewhere(self, stalled: float) -> None:
        self.signs += 1


class Two:
    """Heartbeats of `a`, which dials, and `b`, with the links between them."""

    def __init__(self, a: Heartbeat, b: Heartbeat, address: tuple[str, int]) -> None:
        self.a, self.b = a, b
        self.address = address
        self.a_link, self.b_link = NotedLink(), NotedLink()

    def join(self, a_key: bytes = KEY, b_key: bytes = KEY) -> None:
        self.b.join(A, self.b_link, b_key, None)
        self.a.join(B, self.a_link, a_key, self.address)


@asynccontextmanager
async def two(
    a_tls: TlsOption = None, b_tls: TlsOption = None, tick: float = 0.2, b_tick: float | None = None
) -> AsyncIterator[Two]:
    listening = socket.create_server(("127.0.0.1", 0))
    address = listening.getsockname()
    encryption = Encryption(b_tls)
    encryption.prepare_to_listen(address[0])
    a = Heartbeat(A, Home.here(), tick / 4, no_link, Encryption(a_tls))
    b = Heartbeat(B, Home.here(), (b_tick or tick) / 4, no_link, encryption)
    b.open(listening)
    try:
        yield Two(a, b, address)
    finally:
        a.stop()
        b.stop()


def no_link(guest: Guest) -> None:
    raise AssertionError(f"expected no link, got one from {guest.host}")


async def until_told_of_none(heartbeat: Heartbeat, peer: str) -> None:
    await until_nobody_blocks(lambda: heartbeat.ask(peer, LaneQuestion.WHO_IS_BLOCKING, PATIENCE))


async def done_so_far(heartbeat: Heartbeat) -> None:
    """Returns when its thread has done what it was about to do."""
    done = threading.Event()
    heartbeat.thread.call(done.set)
    assert await asyncio.to_thread(done.wait, PATIENCE)


@pytest.mark.parametrize("tls", [None, "always"])
def test_both_sides_hear_each_other_and_can_ask(tls: TlsOption) -> None:
    async def main() -> None:
        async with two(tls, tls) as pair:
            pair.join()
            await eventually(lambda: pair.a_link.signs > 3 and pair.b_link.signs > 3)
            await until_told_of_none(pair.a, B)
            await until_told_of_none(pair.b, A)

    asyncio.run(main())


def test_who_holds_the_key_of_another_link_is_never_heard() -> None:
    async def main() -> None:
        async with two() as pair:
            pair.join(a_key=b"x" * 32)
            with pytest.raises(TimeoutError, match=f"expected an answer of {B}"):
                await pair.a.ask(B, LaneQuestion.WHO_IS_BLOCKING, 0.5)
            assert (pair.a_link.signs, pair.b_link.signs) == (0, 0)

    asyncio.run(main())


def test_a_lane_in_clear_is_not_taken_where_its_link_would_be_inside_tls() -> None:
    async def main() -> None:
        async with two(None, "always") as pair:
            pair.join()
            with pytest.raises(TimeoutError):
                await pair.a.ask(B, LaneQuestion.WHO_IS_BLOCKING, 0.5)
            assert (pair.a_link.signs, pair.b_link.signs) == (0, 0)

    asyncio.run(main())


def test_a_silent_link_is_told_of_once_and_when_it_is_heard_again(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        async with two() as pair:
            pair.join()
            pair.a_link.silent_ticks = 4
            await eventually(lambda: len(caplog.records) == 1)
            signs = pair.a_link.signs
            await eventually(lambda: pair.a_link.signs > signs + 5)
            assert pair.a.state(B) == "unresponsive"
            pair.a_link.silent_ticks = 0
            await eventually(lambda: len(caplog.records) == 2)

    asyncio.run(main())
    silent, again = (record.getMessage() for record in caplog.records)
    assert silent.startswith(f"{A} has heard nothing of {B} for the tick time: it is unresponsive")
    assert again == f"{A} hears {B} again"


def test_a_second_lane_takes_the_place_of_the_first() -> None:
    """The side that dials may have lost it without the other's knowing."""

    async def main() -> None:
        async with two() as pair:
            pair.join()
            await eventually(lambda: pair.b_link.signs > 0)
            signs = pair.b_link.signs
            other = Heartbeat(A, Home.here(), 0.05, no_link)
            other.join(B, NotedLink(), KEY, pair.address)
            await until_told_of_none(other, B)
            other.stop()
            await eventually(lambda: pair.b_link.signs > signs + 4)
            await until_told_of_none(pair.a, B)

    asyncio.run(main())


@pytest.mark.parametrize("tls", [None, "always"])
def test_who_is_asked_for_code_may_answer_much_and_later_and_while_the_loop_that_asks_is_blocked(
    tls: TlsOption,
) -> None:
    def answer_later(peer: str, question: bytes, answer: Callable[[bytes], None]) -> None:
        threading.Thread(target=answer, args=(peer.encode() + b" asks " + question * 2_000_000,)).start()

    async def main() -> None:
        async with two(tls, tls, tick=1.0) as pair:  # or a thread that is late loses the lane, and the question with it
            pair.b.answer_code = answer_later
            pair.join()
            signs = pair.a_link.signs
            assert pair.a.ask_code(B, b"x", PATIENCE) == A.encode() + b" asks " + b"x" * 2_000_000
            assert pair.a.ask_code(B, b"y", PATIENCE) == A.encode() + b" asks " + b"y" * 2_000_000
            await eventually(lambda: pair.a_link.signs > signs + 3)

    asyncio.run(main())


def test_a_long_answer_does_not_wait_for_beats() -> None:
    async def main() -> None:
        async with two(tick=10_000) as pair:
            pair.b.answer_code = lambda peer, question, answer: answer(question * 3_000_000)
            pair.join()
            assert pair.a.ask_code(B, b"x", PATIENCE) == b"x" * 3_000_000

    asyncio.run(main())


class Unread:
    """A lane to somebody who has proved the key and reads no more; there is no thread, only what would call it."""

    def __init__(self) -> None:
        ours, self.theirs = socket.socketpair()
        ours.setblocking(False)
        pair = LanePair().connected()
        self.lane = pair.b.lane
        self.closed = False
        self._on_events: Callable[[int], None] = lambda events: None
        self.socket = LaneSocket(self, ours, self, lambda channel: self.lane)  # type: ignore[arg-type]
        self.socket.start()
        self._on_events(READ | WRITE)

    def watch(self, sock: socket.socket, events: int, on_events: Callable[[int], None]) -> None:
        self._on_events = on_events

    def unwatch(self, sock: socket.socket) -> None: ...

    def lane_event(self, lane: LaneSocket, event: object) -> None: ...

    def lane_closed(self, lane: LaneSocket) -> None:
        self.closed = True


def test_a_long_answer_waits_where_it_is_made_for_a_peer_that_takes_its_time() -> None:
    unread = Unread()
    unread.lane.answer(1, bytes(8 << 20))
    for _ in range(200):
        unread.lane.beat(0.0)
        unread.socket.flush()
    assert not unread.closed
    unread.socket.close()
    unread.theirs.close()


def test_a_question_about_code_that_nobody_answers_has_an_end() -> None:
    async def main() -> None:
        async with two() as pair:
            pair.b.answer_code = lambda peer, question, answer: None
            pair.join()
            with pytest.raises(TimeoutError, match=f"expected an answer of {B} within 0.1 s"):
                pair.a.ask_code(B, b"?", 0.1)
            with pytest.raises(NotConnected, match=r"expected c@127\.0\.0\.1 to be connected"):
                pair.a.ask_code("c@127.0.0.1", b"?", PATIENCE)
            asking = asyncio.create_task(asyncio.to_thread(pair.a.ask_code, B, b"?", PATIENCE))
            await asyncio.sleep(0)
            pair.a.leave(B, pair.a_link)
            with pytest.raises(NotConnected):
                await asking
            with pytest.raises(ValueError, match="expected a question of at most"):
                pair.a.ask_code(B, bytes(5000), PATIENCE)
        with pytest.raises(NotConnected, match="has stopped"):
            pair.a.ask_code(B, b"?", PATIENCE)

    asyncio.run(main())


def test_a_peer_whose_ticks_are_shorter_hears_of_this_node_as_often_and_keeps_its_lane() -> None:
    async def main() -> None:
        async with two(tick=10_000, b_tick=1.6) as pair:
            pair.join()
            pair.a.beat_every(pair.a_link, 0.1)
            await eventually(lambda: pair.b_link.signs > 5 * LOST_AFTER)  # longer than it waits for one
            assert pair.b_link.lanes == [True]
            pair.a.leave(B, pair.a_link)
            await eventually(lambda: pair.b_link.lanes == [True, False])

    asyncio.run(main())


def assert_true(value: bool) -> None:
    assert value


def asked(heartbeat: Heartbeat) -> threading.Event:
    """Has the heartbeat answer no question about code; the event is set when one has come."""
    came = threading.Event()
    heartbeat.answer_code = lambda peer, question, answer: came.set()
    return came


@pytest.mark.parametrize("dials", [True, False], ids=["who dialled", "who was dialled"])
def test_who_waits_for_code_of_a_node_that_ends_hears_so_at_once_and_so_does_who_asks_then(dials: bool) -> None:
    async def main() -> None:
        async with two(tick=10_000) as pair:
            pair.join()
            survivor, other = (pair.a, pair.b) if dials else (pair.b, pair.a)
            name, link = (B, pair.a_link) if dials else (A, pair.b_link)
            came = asked(other)
            await eventually(lambda: link.has_lane)
            asking = asyncio.create_task(asyncio.to_thread(survivor.ask_code, name, b"?", PATIENCE))
            await asyncio.to_thread(came.wait, PATIENCE)
            other.stop()
            with pytest.raises(NotConnected, match=f"expected {name} to answer, and its heartbeat cannot be reached"):
                await asking
            assert not link.has_lane
            for _ in range(2):
                with pytest.raises(NotConnected, match="cannot be reached"):
                    survivor.ask_code(name, b"?", PATIENCE)

    asyncio.run(main())


def test_a_lane_that_is_interrupted_is_dialled_anew_and_not_only_with_the_next_beat() -> None:
    async def main() -> None:
        async with two(tick=10_000) as pair:
            pair.b.answer_code = lambda peer, question, answer: answer(question)
            pair.join()
            await eventually(lambda: pair.b_link.has_lane)
            pair.b._thread.call(pair.b._lanes.neighbours[A].lose_lane)
            await eventually(lambda: pair.b_link.lanes == [True, False, True])
            assert pair.a.ask_code(B, b"again", PATIENCE) == b"again"

    asyncio.run(main())


def test_who_asks_while_an_interrupted_lane_is_dialled_anew_waits_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "_SOON", PATIENCE)

    async def main() -> None:
        async with two(tick=10_000) as pair:
            pair.b.answer_code = lambda peer, question, answer: answer(question)
            pair.join()
            await eventually(lambda: pair.a_link.has_lane)
            pair.b._thread.call(pair.b._lanes.neighbours[A].lose_lane)
            await eventually(lambda: not pair.a_link.has_lane)
            assert pair.a.ask_code(B, b"again", PATIENCE) == b"again"

    asyncio.run(main())


class LaneAlone:
    """A proved lane that stands for its socket."""

    def __init__(self) -> None:
        self.lane = LanePair().connected().a.lane
        self.closed = False

    def flush(self) -> None: ...

    def close(self) -> None:
        self.closed = True


def test_of_what_was_asked_over_a_lane_that_is_lost_only_what_is_about_code_is_not_asked_again() -> None:
    link = NotedLink()
    neighbour = Neighbour(B, link, KEY, None)
    questions = {what: Question(what, b"", Future[object]()) for what in LaneQuestion}
    first, second = LaneAlone(), LaneAlone()
    neighbour.take_lane(first)  # type: ignore[arg-type]
    assert link.has_lane
    for number, question in enumerate(questions.values()):
        neighbour.ask(number, question)
    neighbour.lose_lane()
    assert (first.closed, link.has_lane) == (True, False)
    assert [what for what, question in questions.items() if question.future.done()] == [LaneQuestion.CODE]
    assert second.lane.take() == b""
    neighbour.take_lane(second)  # type: ignore[arg-type]
    assert second.lane.take() == encode_ask(0, LaneQuestion.WHO_IS_BLOCKING) + encode_ask(1, LaneQuestion.INTERRUPT)


def test_who_waits_for_code_when_the_own_node_stops_hears_so_at_once() -> None:
    async def main() -> None:
        async with two(tick=10_000) as pair:
            came = asked(pair.b)
            pair.join()
            asking = asyncio.create_task(asyncio.to_thread(pair.a.ask_code, B, b"?", PATIENCE))
            await asyncio.to_thread(came.wait, PATIENCE)
            gate = threading.Event()
            pair.a._thread.call(lambda: assert_true(gate.wait(PATIENCE)))
            stopping = asyncio.create_task(asyncio.to_thread(pair.a.stop))
            await eventually(lambda: len(pair.a._thread._calls) == 3)  # the end of the thread waits with the others
            gate.set()
            # By then it may wait for the answer already, or be about to.
            with pytest.raises(NotConnected, match=r"to be connected, and it is not|and it has stopped"):
                await asking
            await stopping

    asyncio.run(main())


def test_a_lane_that_never_proves_its_key_is_given_up() -> None:
    async def main() -> None:
        async with two() as pair:
            pair.join()
            reader, writer = await asyncio.open_connection(*pair.address)
            writer.write(LANE + b"\xff" * 11)
            async with asyncio.timeout(PATIENCE):
                assert await reader.read() == b""
            writer.close()

    asyncio.run(main())


def test_silence_is_told_at_each_beat_and_ends_with_whatever_comes_by_lane_or_link() -> None:
    told: list[int] = []

    async def main() -> None:
        async with two(tick=0.08) as pair:
            pair.a.tell_silence(B, told.append)
            pair.join()
            assert told[:1] == [0], "before anything else"
            await eventually(lambda: pair.a_link.signs > 2 and told[-1] < 3)
            pair.b.stop()
            await eventually(lambda: told[-1] > 6)
            last = told[-3:]
            assert last == [last[-1] - 2, last[-1] - 1, last[-1]]
            pair.a_link.heard_ticks += 1
            count = len(told)
            await eventually(lambda: 0 in told[count:])
            await eventually(lambda: told[-1] > 2)
            pair.a.leave(B, pair.a_link)
            await done_so_far(pair.a)  # what was about to be told has been
            count = len(told)
            await asyncio.sleep(0.1)
            assert len(told) == count, "nothing is told of who is not connected"

    asyncio.run(main())
