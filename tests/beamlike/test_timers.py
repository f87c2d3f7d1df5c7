"""Timers, mostly in a loop whose clock jumps: what they send, to whom, in which order, and what is left behind."""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import Callable
from typing import Any

import pytest
import uvloop
from hypothesis import given
from hypothesis import strategies as st

import beamlike as bl
from beamlike.kernel import current, timers
from beamlike.kernel.node import LocalNode
from beamlike.kernel.timers import cancel_all, cancel_timer, read_timer, send_after, send_interval
from tests.support.captured_log import captured_log
from tests.support.jumping_loop import in_jumping_node, jumping_loop
from tests.support.local_nodes import (
    PATIENCE,
    down_reason,
    forever,
    in_node,
    no_message,
    received,
    run_in_node,
    trapping,
    waiting_messages,
)
from tests.support.second_scheduler import second_scheduler, spawn_at


def now() -> float:
    return asyncio.get_running_loop().time()


# One message.


@in_jumping_node
async def test_a_timer_sends_its_message_when_its_time_has_come_and_not_before() -> None:
    start = now()
    send_after(bl.self(), "tick", 30)
    assert await bl.receive() == "tick"
    assert now() == pytest.approx(start + 30)


@in_jumping_node
async def test_it_reaches_a_pid_a_name_a_name_with_its_node_and_an_alias() -> None:
    bl.register("me", bl.self())
    for target in (bl.self(), "me", ("me", "test@127.0.0.1"), bl.alias()):
        send_after(target, target, 1)
        assert await received(1) == [target]


@in_jumping_node
async def test_timers_fire_in_the_order_of_their_deadlines_and_ties_in_the_order_of_setting() -> None:
    delays = [((number * 37) % 20, number) for number in range(500)]
    for delay, number in delays:
        send_after(bl.self(), (delay, number), delay)
    assert await received(500) == sorted(delays)


def test_they_keep_their_order_below_the_resolution_of_the_loops_own_timers() -> None:
    async def main() -> None:
        set_in_time = False
        while not set_in_time:  # or some are due at once, in the order in which they were set
            cancel_all(current.current_node())
            start = now() + 0.05
            deadlines = [start + number * 1e-5 for number in range(200)]
            for deadline in random.Random(0).sample(deadlines, len(deadlines)):
                set_within_one_tick_of_the_clock(deadline)
            set_in_time = now() < start
        assert await received(200) == deadlines

    def set_within_one_tick_of_the_clock(deadline: float) -> None:
        while True:
            at = now()
            timer = send_after(bl.self(), deadline, max(0.0, deadline - at))
            if now() == at:
                return
            cancel_timer(timer)

    run_in_node(main, uvloop.new_event_loop)


@in_jumping_node
async def test_a_name_is_looked_up_when_the_timer_fires() -> None:
    early, late = bl.spawn(trapping), bl.spawn(trapping)
    bl.register("name", early)
    send_after("name", "tick", 1)
    bl.unregister("name")
    bl.register("name", late)
    await asyncio.sleep(2)
    bl.send(late, ("seen?", bl.self()))
    bl.send(early, ("seen?", bl.self()))
    assert await received(2) == [["tick"], []]


@in_jumping_node
async def test_nobody_at_the_other_end_is_no_error() -> None:
    dead, gone = bl.spawn(forever), bl.alias()
    bl.unalias(gone)
    bl.exit(dead, "kill")
    for target in (dead, gone, "nobody", ("nobody", "test@127.0.0.1"), ("name", "elsewhere@127.0.0.1")):
        send_after(target, "tick", 1)
    await asyncio.sleep(2)
    await no_message()
    assert jumping_loop().timers() == 0


@in_jumping_node
async def test_a_timer_outlives_the_process_that_set_it() -> None:
    _, ref = bl.spawn_monitor(send_after, bl.self(), "tick", 5)
    assert await down_reason(ref) == "normal"
    assert await received(1) == ["tick"]


@in_jumping_node
async def test_a_message_that_cannot_be_sent_is_reported_and_the_next_timer_fires() -> None:
    def refuses(signal: object) -> None:
        raise ValueError("too large")

    current.current_node().peer_up("other@127.0.0.1", refuses, hidden=False)
    send_after(("name", "other@127.0.0.1"), "tick", 1)
    send_after(bl.self(), "tick", 1)
    with captured_log("beamlike.timers") as log:
        assert await received(1) == ["tick"]
    assert "to ('name', 'other@127.0.0.1') could not be sent" in log[0].getMessage()


# Taking back.


@in_jumping_node
async def test_cancelling_returns_what_was_left_and_the_message_never_comes() -> None:
    timer = send_after(bl.self(), "tick", 10)
    await asyncio.sleep(4)
    assert read_timer(timer) == pytest.approx(6)
    assert cancel_timer(timer) == pytest.approx(6)
    await asyncio.sleep(20)
    await no_message()


@in_jumping_node
async def test_a_timer_that_fired_was_cancelled_or_is_anothers_has_nothing_left() -> None:
    fired, cancelled = send_after(bl.self(), "tick", 1), send_after(bl.self(), "tick", 1)
    cancel_timer(cancelled)
    await received(1)
    for timer in (fired, cancelled, timers.Timer(bl.Ref("other@127.0.0.1", 1))):
        assert (read_timer(timer), cancel_timer(timer)) == (None, None)


@in_jumping_node
async def test_the_first_timer_may_be_cancelled_without_harm_to_the_second() -> None:
    start = now()
    first = send_after(bl.self(), "first", 1)
    send_after(bl.self(), "second", 2)
    cancel_timer(first)
    assert await received(1) == ["second"]
    assert now() == pytest.approx(start + 2)


Step = tuple[str, int]
STEPS = st.lists(st.tuples(st.sampled_from(["set", "cancel", "wait"]), st.integers(0, 9)), max_size=60)


@given(steps=STEPS)
def test_any_history_agrees_with_a_naive_list(steps: list[Step]) -> None:
    @in_jumping_node
    async def main() -> None:
        expected: list[int] = []
        waiting: list[tuple[float, int, timers.Timer]] = []
        for number, (what, value) in enumerate(steps):
            if what == "set":
                waiting.append((now() + value, number, send_after(bl.self(), number, value)))
            elif what == "cancel" and waiting:
                at, _, timer = waiting.pop(value % len(waiting))
                assert cancel_timer(timer) == pytest.approx(at - now())
            elif what == "wait":
                await asyncio.sleep(value + 0.5)
                expected += [number for at, number, _ in sorted(waiting, key=order) if at <= now()]
                waiting = [entry for entry in waiting if entry[0] > now()]
            assert jumping_loop().timers() == bool(waiting)
        assert waiting_messages() == expected
        cancel_all(current.current_node())

    main()


def order(entry: tuple[float, int, timers.Timer]) -> tuple[float, int]:
    return entry[:2]


# Again and again.


@in_jumping_node
async def test_an_interval_ticks_at_whole_multiples_whatever_happens_meanwhile() -> None:
    start = now()
    timer = send_interval(bl.self(), "tick", 2)
    times = []
    for _ in range(3):
        await bl.receive()
        times.append(now() - start)
        jumping_loop().block(0.5)
    assert times == pytest.approx([2, 4, 6])
    assert cancel_timer(timer) == pytest.approx(1.5)
    await asyncio.sleep(10)
    await no_message()


@in_jumping_node
async def test_a_loop_that_was_blocked_gets_one_message_for_all_that_it_missed() -> None:
    start = now()
    timer = send_interval(bl.self(), "tick", 2)
    jumping_loop().block(7)
    await asyncio.sleep(0.5)
    assert waiting_messages() == ["tick"]
    await received(2)
    assert now() == pytest.approx(start + 8)
    cancel_timer(timer)


@in_jumping_node
async def test_an_interval_ends_with_its_target() -> None:
    target = bl.spawn(forever)
    timer = send_interval(target, "tick", 3600)
    assert read_timer(timer) == pytest.approx(3600)
    bl.exit(target, "kill")
    assert read_timer(timer) is None
    await asyncio.sleep(3601)
    assert jumping_loop().timers() == 0


@in_jumping_node
async def test_an_interval_to_a_name_goes_on_while_nobody_holds_it() -> None:
    timer = send_interval("name", "tick", 1)
    await asyncio.sleep(2.5)
    bl.register("name", bl.self())
    assert await received(2) == ["tick", "tick"]
    cancel_timer(timer)


# What is refused.


@pytest.mark.parametrize("seconds", [-1, float("nan"), float("inf")])
@in_node
async def test_a_time_that_never_comes_is_refused(seconds: float) -> None:
    for sets in (send_after, send_interval):
        with pytest.raises(ValueError, match="expected a finite number of seconds, 0 or more"):
            sets(bl.self(), "tick", seconds)


@in_node
async def test_what_is_no_time_no_address_and_no_timer_is_refused_in_words() -> None:
    wrong: list[tuple[Callable[[], Any], str]] = [
        (lambda: send_after(bl.self(), "tick", "1"), "expected a number of seconds, got '1'"),  # type: ignore[arg-type]
        (lambda: send_after(bl.self(), 1, True), "expected a number of seconds, got True"),
        (lambda: send_after(7, "tick", 1), "expected a pid, a name"),  # type: ignore[arg-type]
        (lambda: cancel_timer(bl.make_ref()), "expected a timer, as send_after returns it"),  # type: ignore[arg-type]
    ]
    for act, words in wrong:
        with pytest.raises(TypeError, match=words):
            act()
    with pytest.raises(ValueError, match="expected an interval above 0 seconds"):
        send_interval(bl.self(), "tick", 0)


# Threads.


@in_node
async def test_a_plain_thread_sets_reads_and_cancels() -> None:
    me = bl.self()
    timer = send_after(me, "never", 3600)

    def work() -> tuple[float | None, float | None]:
        send_after(me, "from a thread", 0.001)
        return cancel_timer(send_after(me, "never", 3600)), cancel_timer(timer)

    left = await asyncio.get_running_loop().run_in_executor(None, work)
    assert all(seconds is not None and 3590 < seconds <= 3600 for seconds in left)
    assert await received(1) == ["from a thread"]


@in_node
async def test_a_message_comes_or_was_cancelled_and_never_both() -> None:
    me, count = bl.self(), 2000
    ticking = [send_after(me, number, number * 1e-5) for number in range(count)]
    cancelled: list[int] = []

    def cancels() -> None:
        cancelled.extend(number for number in range(count - 1) if cancel_timer(ticking[number]) is not None)

    thread = threading.Thread(target=cancels)
    thread.start()
    came: list[int] = []
    while not came or came[-1] != count - 1:
        came.append(await bl.receive(timeout=PATIENCE))
    thread.join()
    assert sorted(came + cancelled) == list(range(count))


@in_node
async def test_a_process_of_another_scheduler_is_reached_too() -> None:
    async with second_scheduler() as second:
        target = spawn_at(second, trapping)
        send_after(target, "tick", 0.001)
        send_after(target, ("seen?", bl.self()), 0.002)
        assert await received(1) == [["tick"]]


# What is left behind.


@in_jumping_node
async def test_a_hundred_thousand_timers_are_one_of_the_loop() -> None:
    pending = [send_after(bl.self(), number, 1 + number % 100) for number in range(100_000)]
    assert jumping_loop().timers() == 1
    for timer in pending[::2]:
        cancel_timer(timer)
    for _ in range(50_000):
        await bl.receive()
    assert jumping_loop().timers() == 0


@in_jumping_node
async def test_timers_that_come_and_go_leave_nothing_behind() -> None:
    cancel_timer(send_after(bl.self(), "tick", 3600))
    assert jumping_loop().timers() == 0
    keeper = send_after(bl.self(), "tick", 3600)
    for _ in range(10_000):
        cancel_timer(send_after(bl.self(), "tick", 60))
    alarms = timers._alarms[asyncio.get_running_loop()]
    assert len(alarms._heap) <= 2 + timers.SPARE + 1
    cancel_timer(keeper)


@in_jumping_node
async def test_the_timers_of_a_node_can_be_taken_back_at_once_and_those_of_another_stay() -> None:
    here = current.current_node()
    other = LocalNode("other@127.0.0.1")
    current.started(other)
    try:
        with current.at(other):
            send_after(("name", other.name), "never", 1)
        send_after(bl.self(), "stays", 2)
        cancel_all(other)
        assert jumping_loop().timers() == 1
        assert await received(1) == ["stays"]
    finally:
        current.stopped(other)
    cancel_all(here)


@in_jumping_node
async def test_what_a_node_that_has_stopped_would_have_sent_vanishes() -> None:
    other = LocalNode("other@127.0.0.1")
    current.started(other)
    me = bl.self()
    with current.at(other):
        timers_of_other = [send_after(me, "never", 1), send_interval(me, "never", 1)]
    current.stopped(other)
    assert [read_timer(timer) for timer in timers_of_other] == [None, None]
    await asyncio.sleep(2)
    await no_message()


def test_what_a_loop_left_behind_is_forgotten_when_the_next_one_sets_a_timer() -> None:
    async def leaves_one() -> None:
        send_after(bl.self(), "never", 3600)

    run_in_node(leaves_one)
    run_in_node(leaves_one)
    assert len(timers._alarms) == 1


@in_jumping_node
async def test_many_timers_of_one_deadline_let_the_loop_look_at_its_sockets_in_between() -> None:
    for number in range(3 * timers.BUDGET):
        send_after(bl.self(), number, 1)
    seen = []
    asyncio.get_running_loop().call_later(1, lambda: seen.append(len(waiting_messages())))
    await asyncio.sleep(2)
    assert seen[0] <= timers.BUDGET
    assert waiting_messages() == list(range(3 * timers.BUDGET))
