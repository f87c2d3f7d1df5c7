"""Streams of tasks: how many run at once, in which order results come, how slow and crashing ones end, what is left.

One file, since the two kinds of stream, ordered or not, are put to the same questions.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing
from typing import Any

import pytest
import uvloop
from hypothesis import given
from hypothesis import strategies as st

import beamlike as bl
from beamlike.behaviours.tasks.task import Exited, Ok, Task, TaskFailed, TaskTimeout
from beamlike.behaviours.tasks.task_window import Window
from beamlike.kernel import current
from tests.support.captured_log import captured_log
from tests.support.jumping_loop import in_jumping_node
from tests.support.local_nodes import (
    down_reason,
    eventually,
    forever,
    in_node,
    no_message,
    process_of,
    run_in_node,
    settled,
    waiting_messages,
)
from tests.support.shared_by_message import SharedByMessage


class Gauge(SharedByMessage):
    """Counts how many run at once."""

    def __init__(self) -> None:
        self.running = self.most = self.started = 0

    async def works(self, seconds: float) -> float:
        self.running += 1
        self.started += 1
        self.most = max(self.most, self.running)
        await asyncio.sleep(seconds)
        self.running -= 1
        return seconds


async def sleeps(seconds: float) -> float:
    await asyncio.sleep(seconds)
    return seconds


def crashes_at(bad: int) -> Callable[[int], int]:
    def crashes(number: int) -> int:
        if number == bad:
            raise bl.ProcessExit("boom")
        return number

    return crashes


async def only_we_are_left() -> None:
    """Nobody but the current process lives, and nothing came for it."""
    await no_message()
    assert bl.processes() == [bl.self()]


# The pure part.


@given(st.integers(1, 4), st.booleans(), st.lists(st.integers(0, 100), max_size=60))
def test_any_history_of_a_window_keeps_its_bounds_and_loses_nothing(
    limit: int, ordered: bool, choices: list[int]
) -> None:
    window = Window(limit, ordered)
    running: list[int] = []
    started, given_out = 0, []
    for choice in choices:
        if choice % 2 and window.may_start():
            running.append(window.start())
            started += 1
        elif running:
            done = running.pop(choice // 2 % len(running))
            given_out += window.finish(done, Ok(done))
        assert len(running) <= limit
        assert started - len(given_out) <= (2 * limit if ordered else limit)
    while running:
        given_out += window.finish(running[0], Ok(running.pop(0)))
    assert window.idle
    assert (given_out if ordered else sorted(given_out, key=lambda it: it.value)) == [Ok(n) for n in range(started)]  # type: ignore[union-attr]


# Order and number.


@in_jumping_node
async def test_results_come_in_the_order_of_the_items() -> None:
    assert [outcome async for outcome in Task.async_stream([3, 1, 2, 0], sleeps)] == [Ok(3), Ok(1), Ok(2), Ok(0)]
    await only_we_are_left()


@in_jumping_node
async def test_unordered_results_come_as_the_tasks_end() -> None:
    stream = Task.async_stream([3, 1, 2], sleeps, ordered=False, max_concurrency=3)
    assert [outcome.result() async for outcome in stream] == [1, 2, 3]


@pytest.mark.parametrize("ordered", [True, False])
@in_jumping_node
async def test_never_more_than_the_limit_run_at_once(ordered: bool) -> None:
    gauge = Gauge()
    delays = [(number * 7) % 5 + 0.5 for number in range(50)]
    stream = Task.async_stream(delays, gauge.works, max_concurrency=3, ordered=ordered, timeout=None)
    results = [outcome.result() async for outcome in stream]
    assert results == delays if ordered else sorted(results) == sorted(delays)
    assert gauge.most == 3


@in_jumping_node
async def test_who_does_not_ask_for_results_starts_no_tasks() -> None:
    gauge = Gauge()
    stream = Task.async_stream(iter(lambda: 1, None), gauge.works, max_concurrency=4)
    await asyncio.sleep(60)
    assert gauge.started == 0
    async with aclosing(stream):
        assert await anext(stream) == Ok(1)
        await asyncio.sleep(60)
        assert gauge.started == 4


@in_jumping_node
async def test_behind_a_slow_task_a_bounded_number_of_results_waits() -> None:
    gauge = Gauge()

    def delays() -> Iterator[float]:
        yield 1000
        while True:
            yield 1

    async with aclosing(Task.async_stream(delays(), gauge.works, max_concurrency=4, timeout=None)) as stream:
        assert await anext(stream) == Ok(1000)
    assert gauge.started <= 1 + 4 + 3


@in_node
async def test_no_items_make_no_results() -> None:
    assert [outcome async for outcome in Task.async_stream([], sleeps)] == []


@in_node
async def test_plain_functions_and_ten_thousand_items() -> None:
    stream = Task.async_stream(range(10_000), lambda number: number * 2, max_concurrency=50)
    assert [outcome.result() async for outcome in stream] == [number * 2 for number in range(10_000)]
    await only_we_are_left()


Job = tuple[str, int]
JOBS = st.lists(st.tuples(st.sampled_from(["value", "crash", "late"]), st.integers(0, 4)), max_size=30)


@given(JOBS, st.integers(1, 4), st.booleans(), st.booleans(), st.none() | st.integers(0, 10))
def test_any_stream_gives_the_outcome_of_each_item_and_leaves_no_task(
    jobs: list[Job], limit: int, ordered: bool, from_async: bool, stop_after: int | None
) -> None:
    async def works(job: Job) -> Job:
        what, seconds = job
        await asyncio.sleep(60 if what == "late" else seconds)
        if what == "crash":
            raise bl.ProcessExit("boom")
        return job

    async def slowly() -> AsyncIterator[Job]:
        for job in jobs:
            yield job
            await asyncio.sleep(job[1])

    @in_jumping_node
    async def main() -> None:
        expected = [{"value": Ok(job), "crash": Exited("boom"), "late": Exited("timeout")}[job[0]] for job in jobs]
        stream = Task.async_stream_nolink(
            slowly() if from_async else jobs,
            works,
            max_concurrency=limit,
            ordered=ordered,
            timeout=10,
            on_timeout="kill_task",
        )
        outcomes: list[Any] = []
        async with aclosing(stream):
            while len(outcomes) != stop_after and (outcome := await anext(stream, None)) is not None:
                outcomes.append(outcome)
        await only_we_are_left()
        if ordered:
            assert outcomes == expected[: len(jobs) if stop_after is None else stop_after]
        else:
            assert not Counter(map(repr, outcomes)) - Counter(map(repr, with_names(expected)))
            assert len(outcomes) == (len(jobs) if stop_after is None else min(stop_after, len(jobs)))

    def with_names(outcomes: list[Any]) -> list[Any]:
        return [Exited(it.reason, works.__qualname__) if isinstance(it, Exited) else it for it in outcomes]

    with captured_log("beamlike.process"):  # a crash is reported, as it should be
        main()


# Where the items come from.


@in_jumping_node
async def test_items_may_come_from_an_async_iterable_and_a_slow_one_delays_no_result() -> None:
    async def slowly() -> AsyncIterator[int]:
        for number in (1, 2):
            yield number
            await asyncio.sleep(3600)

    start = asyncio.get_running_loop().time()
    async with aclosing(Task.async_stream(slowly(), sleeps, max_concurrency=4)) as stream:
        assert await anext(stream) == Ok(1)
        assert asyncio.get_running_loop().time() == pytest.approx(start + 1)
        assert await anext(stream) == Ok(2)
    await only_we_are_left()


@in_jumping_node
async def test_all_items_of_an_async_iterable_are_done_in_order() -> None:
    async def delays() -> AsyncIterator[int]:
        for number in range(100):
            yield number * 7 % 5

    stream = Task.async_stream(delays(), sleeps, max_concurrency=3)
    assert [outcome.result() async for outcome in stream] == [number * 7 % 5 for number in range(100)]
    await only_we_are_left()


@in_jumping_node
async def test_an_async_iterable_is_read_only_as_far_as_tasks_may_start_and_closed_at_the_end() -> None:
    read: list[object] = []

    async def endless() -> AsyncIterator[int]:
        try:
            while True:
                read.append(len(read))
                yield 1
        finally:
            await asyncio.sleep(1)
            read.append("closed")

    async with aclosing(Task.async_stream(endless(), sleeps, max_concurrency=3)) as stream:
        assert await anext(stream) == Ok(1)
        await asyncio.sleep(60)
        assert len(read) == 3
    assert read[-1] == "closed"


@in_node
async def test_an_error_of_the_items_is_raised_and_ends_the_tasks() -> None:
    async def breaks() -> AsyncIterator[int]:
        yield 1
        raise LookupError("no more")

    def breaks_too() -> Iterator[int]:
        yield 1
        raise LookupError("no more")

    for items in (breaks(), breaks_too()):
        with pytest.raises(LookupError, match="no more"):
            async for _ in Task.async_stream(items, forever_for):
                pass
        await only_we_are_left()


async def forever_for(item: object) -> None:
    await forever()


@in_node
async def test_items_that_are_cancelled_cancel_who_waits_for_them() -> None:
    async def cancelled() -> AsyncIterator[int]:
        yield 1
        raise asyncio.CancelledError

    async def consumes() -> None:
        async for _ in Task.async_stream(cancelled(), forever_for, max_concurrency=2):
            pass

    _, ref = bl.spawn_monitor(consumes)
    assert await down_reason(ref) == "cancelled"


# Time limits.


@in_jumping_node
async def test_a_task_that_takes_too_long_ends_the_iteration() -> None:
    stream = Task.async_stream([1, 3600, 2], sleeps, max_concurrency=2)
    assert await anext(stream) == Ok(1)
    with pytest.raises(TaskTimeout, match="task sleeps gave no result within 5"):
        await anext(stream)
    await only_we_are_left()


@in_jumping_node
async def test_or_is_killed_and_its_outcome_says_so_in_its_place() -> None:
    stream = Task.async_stream([1, 3600, 2], sleeps, timeout=10, on_timeout="kill_task", max_concurrency=1)
    assert [outcome async for outcome in stream] == [Ok(1), Exited("timeout"), Ok(2)]
    await only_we_are_left()


@in_jumping_node
async def test_each_task_has_the_whole_time_however_long_it_stood_in_line() -> None:
    stream = Task.async_stream([4] * 10, sleeps, timeout=5, max_concurrency=2)
    assert [outcome async for outcome in stream] == [Ok(4)] * 10


@in_jumping_node
async def test_a_consumer_that_is_slow_lets_no_task_run_out_of_time() -> None:
    results = []
    async for outcome in Task.async_stream([1] * 6, sleeps, timeout=5, max_concurrency=2):
        results.append(outcome)
        await asyncio.sleep(60)
    assert results == [Ok(1)] * 6


# Crashes.


@in_node
async def test_a_crash_ends_the_owner_and_all_tasks() -> None:
    async def consumes() -> None:
        async for _ in Task.async_stream([1, 2, 3], crashes_at(2), max_concurrency=3):
            pass

    _, ref = bl.spawn_monitor(consumes)
    assert await down_reason(ref) == "boom"
    await eventually(lambda: bl.processes() == [bl.self()])


@in_node
async def test_an_owner_that_traps_exits_gets_the_crash_as_an_exception_and_no_message() -> None:
    bl.trap_exit(True)
    with pytest.raises(TaskFailed, match="it ended: boom"):
        async for _ in Task.async_stream([1, 2, 3], crashes_at(2)):
            pass
    await only_we_are_left()


@in_node
async def test_without_a_link_a_crash_is_an_outcome_in_its_place() -> None:
    stream = Task.async_stream_nolink([1, 2, 3], crashes_at(2))
    assert [outcome async for outcome in stream] == [Ok(1), Exited("boom"), Ok(3)]
    await only_we_are_left()


@in_node
async def test_an_item_that_cannot_travel_is_the_crash_of_its_task() -> None:
    def refuses(signal: object) -> None:
        raise ValueError("too large")

    current.current_node().peer_up("other@127.0.0.1", refuses, hidden=False)
    stream = Task.async_stream_nolink([1], sleeps, node="other@127.0.0.1")
    [outcome] = [outcome async for outcome in stream]
    assert isinstance(outcome, Exited)
    assert outcome.reason.message == "too large"


@in_node
async def test_nodes_take_turns_and_a_lost_one_is_an_outcome() -> None:
    stream = Task.async_stream_nolink([0, 0], sleeps, node=["test@127.0.0.1", "gone@127.0.0.1"])
    assert [outcome async for outcome in stream] == [Ok(0), Exited("noconnection")]


# The end.


@in_jumping_node
async def test_when_the_stream_is_closed_no_task_is_left_even_one_that_traps_exits() -> None:
    async def stubborn(item: int) -> None:
        bl.trap_exit(True)
        await (sleeps(0) if item == 0 else forever())

    stream = Task.async_stream(range(100), stubborn, max_concurrency=4)
    assert await anext(stream) == Ok(None)
    assert len(bl.processes()) == 1 + 1 + 3
    await stream.aclose()
    await only_we_are_left()


@pytest.mark.parametrize("loop_factory", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_a_loop_that_breaks_closes_the_stream_soon(loop_factory: Callable[[], asyncio.AbstractEventLoop]) -> None:
    async def breaks(to: bl.Pid) -> None:
        async for _ in Task.async_stream(range(100), sleeps, max_concurrency=2):
            break
        bl.send(to, "left the loop")
        await forever()

    async def main() -> None:
        await breaks_in_a_plain_task()
        pid = bl.spawn(breaks, bl.self())
        assert await bl.receive(timeout=5) == "left the loop"
        await eventually(lambda: set(bl.processes()) == {bl.self(), pid})

    async def breaks_in_a_plain_task() -> None:
        async for _ in Task.async_stream(range(100), sleeps, max_concurrency=2):
            break
        await eventually(lambda: bl.processes() == [bl.self()])
        await no_message()

    run_in_node(main, loop_factory)


@in_node
async def test_an_owner_that_traps_exits_finds_nothing_in_its_mailbox_afterwards() -> None:
    bl.trap_exit(True)
    bl.send(bl.self(), "other")
    assert len([outcome async for outcome in Task.async_stream(range(5), lambda number: number)]) == 5
    await settled()
    assert waiting_messages() == ["other"]
    assert process_of(bl.self()).links == frozenset()
    assert not process_of(bl.self()).aliases


@pytest.mark.parametrize("reason", ["kill", "boom"])
@in_node
async def test_when_the_owner_is_ended_from_outside_no_task_is_left(reason: str) -> None:
    async def consumes() -> None:
        async for _ in Task.async_stream([0, 1, 2], lambda item: sleeps(0) if item == 0 else forever()):
            bl.send(me, "first")
            await forever()

    me = bl.self()
    pid = bl.spawn(consumes)
    assert await bl.receive(timeout=5) == "first"
    bl.exit(pid, reason)
    await eventually(lambda: bl.processes() == [bl.self()])


@in_node
async def test_when_the_owner_is_gone_no_task_is_left_though_somebody_still_holds_the_stream() -> None:
    streams = []

    async def begins() -> None:
        streams.append(Task.async_stream([0, 1], lambda item: sleeps(0) if item == 0 else forever()))
        await anext(streams[0])

    _, ref = bl.spawn_monitor(begins)
    assert await down_reason(ref) == "normal"
    await eventually(lambda: bl.processes() == [bl.self()])
    await streams[0].aclose()


@in_node
async def test_when_the_consumer_is_cancelled_no_task_is_left() -> None:
    async def consumes() -> None:
        async for _ in Task.async_stream([1, 2], forever_for):
            pass

    consumer = asyncio.create_task(consumes())
    await settled()
    consumer.cancel()
    with pytest.raises(asyncio.CancelledError):
        await consumer
    await only_we_are_left()


@in_node
async def test_only_the_owner_goes_on_with_a_stream() -> None:
    async with aclosing(Task.async_stream(range(10), sleeps, max_concurrency=1)) as stream:
        await anext(stream)
        _, ref = bl.spawn_monitor(anext, stream)
        assert "expected the owner" in (await down_reason(ref)).message


# What is refused.


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"on_timeout": "ignore"}, "expected on_timeout 'exit' or 'kill_task', got 'ignore'"),
        ({"max_concurrency": 0}, "expected a max_concurrency of 1 or more, got 0"),
        ({"node": []}, "expected the name of a node, or several"),
    ],
)
@in_node
async def test_options_that_make_no_sense_are_refused_at_once(options: dict[str, Any], words: str) -> None:
    for streams in (Task.async_stream, Task.async_stream_nolink):
        with pytest.raises(ValueError, match=words):
            streams([1], sleeps, **options)
    with pytest.raises(TypeError, match="expected a function to run, got 7"):
        Task.async_stream([1], 7)  # type: ignore[call-overload]
    with pytest.raises(TypeError, match=r"expected the items of a stream, .*; got 7 first"):
        Task.async_stream(7, sleeps)  # type: ignore[call-overload]
    with pytest.raises(
        TypeError, match=r"expected the items of a stream, .*, and then the function; got <function sleeps"
    ):
        Task.async_stream(sleeps, [1])  # type: ignore[call-overload]


@in_node
async def test_an_option_that_is_not_known_is_refused_and_the_known_ones_named() -> None:
    for streams in (Task.async_stream, Task.async_stream_nolink):
        with pytest.raises(TypeError) as refused:
            streams([1], sleeps, concurrency=2)  # type: ignore[call-overload]
        assert str(refused.value) == (
            "a stream of tasks does not know concurrency (perhaps max_concurrency?); "
            "known are max_concurrency, ordered, timeout, on_timeout and node"
        )
