"""Who may put more on a link that is full, who waits, who is refused, and when the waiting is over."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from threading import Thread

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import beamlike as bl
from beamlike.distribution.congestion import Congestion
from beamlike.distribution.outbox import Outbox
from beamlike.kernel.process import Process
from tests.support.local_nodes import PATIENCE, eventually, in_node, process_of, settled

BOUND, SHARE = 1000, 100
PEER = "slow@127.0.0.1"


class Queue:
    """An outbox of so many bytes, and its congestion."""

    def __init__(self, size: int = 0) -> None:
        self.outbox = Outbox()
        self.congestion = Congestion(self.outbox, BOUND, SHARE)
        self.add(size)

    def add(self, size: int) -> None:
        self.outbox.put_item(bytes(size))

    def leave(self, *, but: int) -> None:
        """All but so many bytes leave."""
        self.outbox.clear()
        self.add(but)
        self.congestion.relieve()

    def send(self, source: int, process: Process | None, size: int) -> None:
        if self.congestion.is_full:
            self.congestion.admit(source, process, size, PEER)
        self.add(size)


def is_held(process: Process) -> bool:
    return process.rare is not None and process.rare.backlog is not None


def in_process(test: Callable[[Process], Awaitable[None]]) -> Callable[[], None]:
    """Runs the test as the code of a process, which it is given."""

    @in_node
    async def run() -> None:
        async def code() -> None:
            await test(process_of(bl.self()))

        _, ref = bl.spawn_monitor(code)
        reason = (await bl.receive(ref=ref, timeout=PATIENCE)).reason
        assert reason == "normal", reason

    # No functools.wraps: pytest would take the process for a fixture.
    run.__name__, run.__doc__, run.__module__ = test.__name__, test.__doc__, test.__module__
    return run


@in_process
async def test_a_link_is_full_from_the_byte_after_its_bound(process: Process) -> None:
    queue = Queue(BOUND)
    assert not queue.congestion.is_full
    queue.send(1, process, 1)
    assert queue.congestion.is_full
    assert not is_held(process)


@in_process
async def test_who_stays_below_its_share_goes_on_though_the_link_is_full(process: Process) -> None:
    queue = Queue(BOUND + 1)
    for _ in range(10):
        queue.send(1, process, SHARE // 10)
    assert not is_held(process)
    queue.send(1, process, 1)
    assert is_held(process)


@in_process
async def test_a_share_is_for_each_sender(process: Process) -> None:
    queue = Queue(BOUND + 1)
    for source in range(50):
        queue.send(source, None, SHARE)
    with pytest.raises(bl.LinkBusy):
        queue.send(7, None, 1)


@in_process
async def test_a_process_that_does_not_wait_is_refused_at_twice_the_bound(process: Process) -> None:
    queue = Queue(BOUND + 1)
    while len(queue.outbox) <= 2 * BOUND:
        queue.send(1, process, SHARE)
    with pytest.raises(
        bl.LinkBusy, match=rf"{len(queue.outbox)} bytes wait for {PEER} .* `await bl.drain\('{PEER}'\)`"
    ):
        queue.send(1, process, 1)
    assert len(queue.outbox) <= 2 * BOUND + SHARE


def test_what_is_refused_was_not_counted() -> None:
    queue = Queue(BOUND + 1)
    with pytest.raises(bl.LinkBusy):
        queue.send(0, None, SHARE + 1)
    queue.send(0, None, SHARE)


@in_process
async def test_code_of_a_thread_is_refused_beyond_its_share_even_for_a_process(process: Process) -> None:
    queue, outcomes = Queue(BOUND + 1), []

    def flood() -> None:
        try:
            queue.send(1, process, SHARE + 1)
        except bl.LinkBusy as error:
            outcomes.append(error)

    thread = Thread(target=flood)
    thread.start()
    thread.join(PATIENCE)
    assert len(outcomes) == 1
    assert not is_held(process)


@in_process
async def test_who_is_held_waits_at_its_next_receive_until_half_has_left(process: Process) -> None:
    queue, order = Queue(BOUND + 1), list[str]()

    async def sends_much() -> None:
        queue.send(2, process_of(bl.self()), SHARE + 1)
        order.append("sent")
        await bl.receive()
        order.append("received")

    pid = bl.spawn(sends_much)
    bl.send(pid, "at once")
    await eventually(lambda: order == ["sent"])
    queue.leave(but=BOUND // 2 + 1)
    await settled()
    assert order == ["sent"]
    queue.leave(but=BOUND // 2)
    await eventually(lambda: order == ["sent", "received"])


@in_process
async def test_the_time_of_a_receive_runs_while_it_waits_for_room(process: Process) -> None:
    queue = Queue(BOUND + 1)
    queue.send(1, process, SHARE + 1)
    with pytest.raises(TimeoutError):
        await bl.receive(timeout=0.01)
    assert queue.congestion.is_full


@in_process
async def test_a_message_that_is_there_is_received_in_spite_of_a_full_link_when_the_time_is_up(
    process: Process,
) -> None:
    queue = Queue(BOUND + 1)
    queue.send(1, process, SHARE + 1)
    bl.send(bl.self(), "there")
    assert await bl.receive(timeout=0.01) == "there"


@in_process
async def test_a_process_that_is_held_can_be_killed(process: Process) -> None:
    queue = Queue(BOUND + 1)

    async def sends_much() -> None:
        queue.send(2, process_of(bl.self()), SHARE + 1)
        await bl.receive()

    pid, ref = bl.spawn_monitor(sends_much)
    await eventually(lambda: queue.congestion.waits)
    bl.exit(pid, "kill")
    assert (await bl.receive(ref=ref, timeout=PATIENCE)).reason == "killed"
    queue.leave(but=0)
    await eventually(lambda: not queue.congestion.waits)


@in_process
async def test_room_means_a_new_share_for_everybody(process: Process) -> None:
    queue = Queue(BOUND + 1)
    queue.send(1, None, SHARE)
    queue.leave(but=0)
    queue.add(BOUND + 1)
    queue.send(1, None, SHARE)
    with pytest.raises(bl.LinkBusy):
        queue.send(1, None, 1)


@in_process
async def test_all_who_wait_go_on_at_once_in_whatever_loop(process: Process) -> None:
    queue, done = Queue(BOUND + 1), list[str]()

    async def wait(name: str) -> None:
        await queue.congestion.room()
        done.append(name)

    thread = Thread(target=lambda: asyncio.run(wait("thread")))
    thread.start()
    here = asyncio.ensure_future(wait("here"))
    await eventually(lambda: len(queue.congestion._waiters) == 2)
    queue.leave(but=0)
    await here
    thread.join(PATIENCE)
    assert sorted(done) == ["here", "thread"]


@in_process
async def test_the_end_of_the_link_ends_all_waiting_and_all_refusing(process: Process) -> None:
    queue = Queue(BOUND + 1)
    room = asyncio.ensure_future(queue.congestion.room())
    await settled()
    queue.congestion.end()
    await room
    assert not queue.congestion.is_full
    queue.send(0, None, 10 * SHARE)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(1, 3 * SHARE)), max_size=80))
def test_memory_is_bounded_whatever_is_sent_and_whoever_sends(messages: list[tuple[int, int]]) -> None:
    @in_node
    async def run() -> None:
        me, queue = process_of(bl.self()), Queue()
        for source, size in messages:
            try:
                queue.send(source, me if source % 2 else None, size)
            except bl.LinkBusy:
                assert len(queue.outbox) > BOUND
        senders = {source for source, _ in messages}
        assert len(queue.outbox) <= 2 * BOUND + 3 * SHARE + len(senders) * SHARE

    run()


@in_process
async def test_who_answers_is_held_and_never_refused(process: Process) -> None:
    queue = Queue(10 * BOUND)
    queue.congestion.admit(1, process, 2 * SHARE, PEER, is_answer=True)
    assert is_held(process)
    queue.congestion.admit(2, None, 2 * SHARE, PEER, is_answer=True)
    queue.leave(but=0)
