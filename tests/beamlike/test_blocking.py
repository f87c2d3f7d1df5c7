"""`blocking`: a function in a thread while a process waits, and its end when the process no longer does.

One file, since the call, its thread and its interrupt are one mechanism, and each test checks that no thread is left.
"""

from __future__ import annotations

import asyncio
import functools
import gc
import logging
import random
import re
import subprocess
import sys
import threading
import time
import traceback
import weakref
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Any

import anyio
import pytest
import uvloop

import beamlike as bl
from beamlike.kernel import current, group_leader
from beamlike.kernel.threads import interruptible
from beamlike.kernel.threads.blocking import blocking, statistics
from beamlike.kernel.threads.interruptible import Interrupted, Interruptible
from beamlike.kernel.threads.thread_stack import frame_of
from beamlike.kernel.threads.worker_threads import LIMIT, Statistics, WorkerThreads
from tests.support.captured_log import captured_log
from tests.support.local_nodes import PATIENCE, down_reason, eventually, in_node, received, run_in_node
from tests.support.soak import count

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def no_thread_is_busy_afterwards() -> Iterator[None]:
    yield

    asyncio.run(eventually(is_idle))


def is_idle() -> bool:
    """Whether no function runs, nor one that counts as stuck since it was slow to end."""
    now = statistics()
    return now.idle == now.threads and now.stuck == 0


class Spinning:
    """A function that runs until it is interrupted."""

    def __init__(self) -> None:
        self.begun, self.interrupted = threading.Event(), threading.Event()

    def __call__(self) -> None:
        try:
            self.begun.set()
            while True:
                pass
        except Interrupted:
            self.interrupted.set()
            raise

    async def is_interrupted(self) -> None:
        """It has ended, and was interrupted, unless that came before it began."""
        await eventually(is_idle)
        assert self.interrupted.is_set() == self.begun.is_set()


# What it returns and raises.


@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def test_the_loop_goes_on_while_a_function_blocks(loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
    gate = threading.Event()

    async def waits(to: bl.Pid) -> None:
        bl.send(to, await blocking(gate.wait, PATIENCE))

    async def opens() -> None:
        gate.set()

    async def main() -> None:
        bl.spawn(waits, bl.self())
        bl.spawn(opens)
        assert await received(1) == [True]

    run_in_node(main, loop)


def test_it_needs_no_node() -> None:
    assert asyncio.run(blocking(divmod, 7, 2)) == (3, 1)


def fails(number: int) -> None:
    raise LookupError(number)


@in_node
async def test_an_exception_comes_with_the_traceback_of_its_thread() -> None:
    with pytest.raises(LookupError, match="5") as raised:
        await blocking(fails, 5)
    assert traceback.extract_tb(raised.value.__traceback__)[-1].line == "raise LookupError(number)"


def stops() -> None:
    raise StopIteration(3)


@in_node
async def test_stop_iteration_arrives_as_an_error_that_says_so() -> None:
    with pytest.raises(RuntimeError, match="stops raised StopIteration") as raised:
        await blocking(stops)
    assert isinstance(raised.value.__cause__, StopIteration)


async def async_function() -> None: ...


def generator() -> Iterator[int]:
    yield 1


async def async_generator() -> AsyncIterator[int]:
    yield 1


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (async_function, "expected a plain function .* got the async function .*: await it"),
        (functools.partial(async_function), "got the async function"),
        (lambda: async_function(), "returned a coroutine"),
        (generator, "got the generator function .*; pass a function that iterates it"),
        (async_generator, "got the generator function"),
        (lambda: generator(), "returned a generator"),
        (lambda: async_generator(), "returned a generator"),
        (3, "expected a function to run in a thread, got 3"),
    ],
)
def test_what_would_not_run_in_the_thread_is_refused(function: Callable[[], Any], words: str) -> None:
    with pytest.raises(TypeError, match=words):
        asyncio.run(blocking(function))


def test_a_keyword_of_the_function_is_refused_with_a_word_on_how_to_pass_it() -> None:
    with pytest.raises(TypeError, match=r"no keyword 'base' \(it has timeout\).*functools\.partial"):
        asyncio.run(blocking(int, "11", base=2))
    assert asyncio.run(blocking(functools.partial(int, "11", base=2))) == 3


# Whom it acts for.


def acts(to: bl.Pid) -> tuple[bl.Pid, bl.Pid | None, object]:
    bl.send(to, "sent")
    return bl.self(), group_leader.leader(), current.current_node()


@in_node
async def test_in_a_process_it_acts_for_the_process() -> None:
    async def process(to: bl.Pid) -> None:
        group_leader.set_leader(to)
        bl.send(to, (bl.self(), await blocking(acts, to)))

    bl.spawn(process, bl.self())
    assert await bl.receive(timeout=PATIENCE) == "sent"
    pid, seen = await bl.receive(timeout=PATIENCE)
    assert seen == (pid, bl.self(), current.current_node())


@in_node
async def test_in_a_plain_task_it_acts_for_the_task() -> None:
    assert await blocking(bl.self) == bl.self()
    assert await blocking(bl.spawn_link, asyncio.sleep, 0)
    first, second = await asyncio.gather(blocking(bl.self), blocking(bl.self))
    assert first == second == bl.self()


# How the waiting ends.


@in_node
async def test_a_time_limit_ends_the_waiting_and_the_function() -> None:
    spinning = Spinning()
    with pytest.raises(TimeoutError, match=r"did not end within 0\.01 s"):
        await blocking(spinning, timeout=0.01)
    await spinning.is_interrupted()


@in_node
async def test_one_that_ends_in_time_is_not_interrupted() -> None:
    assert await blocking(int, timeout=PATIENCE) == 0


async def by_cancelling(spinning: Spinning) -> None:
    task = asyncio.create_task(blocking(spinning))
    await eventually(spinning.begun.is_set)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def by_asyncio_timeout(spinning: Spinning) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await blocking(spinning)


async def by_a_failing_sibling(spinning: Spinning) -> None:
    async def group() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(blocking(spinning))
            await blocking(spinning.begun.wait, PATIENCE)
            group.create_task(blocking(fails, 1))

    with pytest.raises(ExceptionGroup):
        await group()


async def by_anyio(spinning: Spinning) -> None:
    with anyio.move_on_after(0.01) as scope:
        await blocking(spinning)
    assert scope.cancelled_caught


@pytest.mark.parametrize("end", [by_cancelling, by_asyncio_timeout, by_a_failing_sibling, by_anyio])
@pytest.mark.parametrize("where", ["task", "process"])
def test_whoever_stops_waiting_ends_the_function(end: Callable[[Spinning], Any], where: str) -> None:
    async def main() -> None:
        spinning = Spinning()
        if where == "process":
            _, ref = bl.spawn_monitor(end, spinning)
            assert await down_reason(ref) == "normal"
        else:
            await end(spinning)
        await spinning.is_interrupted()

    run_in_node(main)


@pytest.mark.parametrize("reason", ["kill", "boom"])
def test_an_exit_signal_ends_the_waiting_and_the_function(reason: str) -> None:
    async def main() -> None:
        spinning = Spinning()
        pid, ref = bl.spawn_monitor(blocking, spinning)
        await eventually(spinning.begun.is_set)
        bl.exit(pid, reason)
        assert await down_reason(ref) == {"kill": "killed"}.get(reason, reason)
        await spinning.is_interrupted()

    run_in_node(main)


@in_node
async def test_the_waiting_ends_at_once_though_the_function_cannot_be_interrupted() -> None:
    gate, began = threading.Event(), threading.Event()

    def waits() -> None:
        began.set()
        gate.wait(PATIENCE)

    task = asyncio.create_task(blocking(waits))
    await eventually(began.is_set)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    gate.set()


@in_node
async def test_it_is_interrupted_in_its_own_code_only() -> None:
    gate = threading.Event()
    threads: list[int] = []
    met_in: list[str] = []

    def waits_and_spins() -> None:
        try:
            threads.append(threading.get_ident())
            gate.wait(PATIENCE)
            while True:
                pass
        except Interrupted as error:
            met_in.append(traceback.extract_tb(error.__traceback__)[-1].filename)

    call = Interruptible(waits_and_spins, ())

    def is_in_the_code_of_threading() -> bool:
        frame = frame_of(threads[0]) if threads else None
        return frame is not None and frame.f_code is threading.Condition.wait.__code__

    waiting = asyncio.create_task(asyncio.to_thread(call))
    await eventually(is_in_the_code_of_threading)
    assert not call.interrupt()
    gate.set()
    await eventually(call.interrupt)
    await waiting
    assert met_in == [__file__]


@in_node
async def test_an_exception_that_nobody_waits_for_any_more_is_logged() -> None:
    spinning = Spinning()

    def fails_when_interrupted() -> None:
        try:
            spinning()
        finally:
            raise LookupError("in the end")

    with captured_log("beamlike.blocking") as records:
        task = asyncio.create_task(blocking(fails_when_interrupted))
        await eventually(spinning.begun.is_set)
        task.cancel()
        await eventually(lambda: any(record.exc_info for record in records))
    record = next(record for record in records if record.exc_info)  # it may have been slow to stop, too
    assert "fails_when_interrupted, which nobody waits for any more, raised" in record.getMessage()
    assert record.exc_info is not None
    assert isinstance(record.exc_info[1], LookupError)


def test_a_call_that_is_interrupted_before_it_begins_never_begins() -> None:
    ran: list[int] = []
    call = Interruptible(ran.append, (1,))
    assert call.interrupt()
    with pytest.raises(Interrupted):
        call()
    assert ran == []


def test_a_call_that_ends_between_look_and_strike_is_not_struck_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    began, left, struck = (threading.Event() for _ in range(3))
    ending: list[str] = []
    seen: list[str] = []
    look = interruptible.may_be_struck

    def look_and_linger(frame: FrameType | None) -> bool:
        if not look(frame):
            return False
        ending.append("now")
        left.wait(0.2)  # the call cannot be left now, so this runs out
        return True

    def work() -> None:
        began.set()
        while not ending:
            pass

    def thread() -> None:
        try:
            with suppress(Interrupted):
                call()
            left.set()
            struck.wait(PATIENCE)
            seen.append("spared")
        except Interrupted:
            seen.append("struck beside the call")

    monkeypatch.setattr(interruptible, "may_be_struck", look_and_linger)
    call = Interruptible(work, ())
    worker = threading.Thread(target=thread)
    worker.start()
    assert began.wait(PATIENCE)
    until(call.interrupt)
    struck.set()
    worker.join(PATIENCE)
    assert seen == ["spared"]


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)  # or the thread that is waited for would not come by the interpreter lock


@pytest.mark.soak
def test_an_interrupt_never_strikes_beside_the_call() -> None:
    before, rounds, seen = sys.getswitchinterval(), count(1_000, 50_000), {"returned": 0, "interrupted": 0}
    calls: list[Interruptible[int]] = []

    def work(turns: int) -> int:
        return sum(number for number in range(turns))

    def thread() -> None:
        for _ in range(rounds):
            calls.append(call := Interruptible(work, (random.randrange(3000),)))
            try:
                call()
                seen["returned"] += 1
            except Interrupted:
                seen["interrupted"] += 1
            del calls[:-1]

    sys.setswitchinterval(1e-6)
    try:
        worker = threading.Thread(target=thread)
        worker.start()
        while worker.is_alive():
            for call in calls[-1:]:
                call.interrupt()
    finally:
        sys.setswitchinterval(before)
    assert sum(seen.values()) == rounds


# Threads.


class GatedJob:
    def __init__(self) -> None:
        self.began, self.gate, self.ended = threading.Event(), threading.Event(), threading.Event()

    def run(self) -> None:
        self.began.set()
        self.gate.wait(PATIENCE)

    def tell(self) -> None:
        self.ended.set()


def test_jobs_above_the_bound_wait_in_order_and_can_be_taken_back() -> None:
    threads = WorkerThreads(limit=1)
    first, second, third = jobs = [GatedJob() for _ in range(3)]
    for job in jobs:
        threads.submit(job)
    assert first.began.wait(PATIENCE)
    assert threads.statistics() == Statistics(threads=1, idle=0, stuck=0, waiting=2)
    assert threads.withdraw(second)
    assert not threads.withdraw(second)
    assert not threads.withdraw(first)
    first.gate.set()
    assert third.began.wait(PATIENCE)
    assert not second.began.is_set()
    third.gate.set()


def test_a_stuck_job_keeps_its_thread_and_another_takes_its_place() -> None:
    threads = WorkerThreads(limit=1)
    stuck, waiting = GatedJob(), GatedJob()
    threads.submit(stuck)
    threads.submit(waiting)
    assert threads.give_up(stuck)
    assert not threads.give_up(stuck)
    assert waiting.began.wait(PATIENCE)
    assert threads.statistics() == Statistics(threads=1, idle=0, stuck=1, waiting=0)
    for job in (stuck, waiting):
        job.gate.set()
    asyncio.run(eventually(lambda: threads.statistics() == Statistics(threads=1, idle=1, stuck=0, waiting=0)))


def test_a_thread_that_is_idle_for_long_ends() -> None:
    threads, job = WorkerThreads(limit=1, idle_seconds=0.01), GatedJob()
    job.gate.set()
    threads.submit(job)
    asyncio.run(eventually(lambda: job.ended.is_set() and threads.statistics().threads == 0))


def test_threads_that_are_no_longer_kept_end_when_nothing_waits_for_them() -> None:
    threads, jobs = WorkerThreads(limit=1, idle_seconds=PATIENCE), [GatedJob() for _ in range(3)]
    for job in jobs[:2]:
        threads.submit(job)
    threads.keep_none()
    for job in jobs:
        job.gate.set()
    asyncio.run(eventually(lambda: jobs[1].ended.is_set() and threads.statistics().threads == 0))
    threads.submit(jobs[2])
    asyncio.run(eventually(lambda: jobs[2].ended.is_set() and threads.statistics().threads == 0))


@in_node
async def test_asyncios_own_threads_are_left_to_the_program() -> None:
    gate = threading.Event()
    calls = [asyncio.create_task(blocking(gate.wait, PATIENCE)) for _ in range(LIMIT + 1)]
    await eventually(lambda: statistics().waiting == 1)
    assert await asyncio.to_thread(int) == 0
    gate.set()
    assert all(await asyncio.gather(*calls))


@in_node
async def test_one_that_is_cancelled_while_it_waits_for_a_thread_never_begins() -> None:
    gate, ran = threading.Event(), threading.Event()
    calls = [asyncio.create_task(blocking(gate.wait, PATIENCE)) for _ in range(LIMIT)]
    await asyncio.sleep(0)
    with pytest.raises(TimeoutError):
        await blocking(ran.set, timeout=0)
    assert statistics().waiting == 0
    gate.set()
    await asyncio.gather(*calls)
    assert not ran.is_set()


@in_node
async def test_what_ignores_the_interrupt_is_reported_and_counted_until_it_ends() -> None:
    spinning, gate = Spinning(), threading.Event()

    def ignores() -> None:
        while not gate.is_set():
            try:
                spinning()
            except Interrupted:
                gate.wait(PATIENCE)

    with captured_log("beamlike.blocking") as records:
        task = asyncio.create_task(blocking(ignores))
        await eventually(spinning.begun.is_set)  # what is told to stop before that does not begin
        task.cancel()
        await eventually(lambda: len(records) == 1)
        assert statistics().stuck == 1
        gate.set()
        await eventually(lambda: len(records) == 2)
    told, end = (record.getMessage() for record in records)
    assert records[0].levelno == logging.WARNING
    assert re.search(r"ignores was told to stop \d+\.\d s ago and goes on", told)
    assert "one of 1 that are stuck" in told
    assert f"\n  {__file__}:" in told
    assert "gate.wait(PATIENCE)" in told
    assert "ignores has stopped after all" in end
    assert statistics().stuck == 0


class Argument:
    pass


@in_node
async def test_arguments_and_exceptions_are_freed_without_the_garbage_collector() -> None:
    def raises(argument: Argument) -> None:
        raise LookupError(argument)

    gc.collect()
    gc.disable()
    try:
        argument = Argument()
        alive = weakref.ref(argument)
        await blocking(id, argument)
        with pytest.raises(LookupError):
            await blocking(raises, argument)
        del argument
        await eventually(lambda: alive() is None)
    finally:
        gc.enable()


# The end of loops and interpreters.

STUCK = """
import asyncio, logging, time
from beamlike.kernel.threads.blocking import blocking
logging.disable()  # an interpreter that is slow to end may still say what is stuck
try:
    asyncio.run(blocking(time.sleep, 600, timeout=0.01))
except TimeoutError:
    print("left")
"""

FORKED = """
import asyncio, os
from beamlike.kernel.threads.blocking import blocking, statistics
asyncio.run(blocking(int))
child = os.fork()
if child == 0:
    assert statistics().threads == 0
    os._exit(asyncio.run(blocking(int, 7)))
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.parametrize(("source", "printed"), [(STUCK, "left\n"), (FORKED, "7\n")], ids=["stuck", "forked"])
def test_an_interpreter_ends_whatever_its_threads_do(source: str, printed: str) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", source],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, printed, "")


def test_a_function_that_outlives_its_loop_ends_in_peace() -> None:
    begun, gate, ended = (threading.Event() for _ in range(3))

    def outlives() -> None:
        begun.set()
        try:
            gate.wait(PATIENCE)
        finally:
            ended.set()

    async def main() -> None:
        asyncio.create_task(blocking(outlives))  # noqa: RUF006 - it is to be left behind
        await eventually(begun.is_set)

    with captured_log("beamlike.blocking") as records:
        asyncio.run(main())
        gate.set()
        assert ended.wait(PATIENCE)
    assert records == []


def test_a_thread_that_is_traced_afterwards_goes_on() -> None:
    """A flag that is left set in Python 3.11 has a traced thread do nothing for ever, not even hear of a signal: so in
    an interpreter that can be ended, with the tests that trace."""
    tests = [f"{__file__}::test_it_needs_no_node", "tests/notebook_tui/test_runtime_ambush.py"]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests]
    subprocess.run(command, capture_output=True, timeout=60, check=True)
