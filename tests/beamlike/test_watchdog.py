"""Stalls of event loops: who is named, how often, and what is none. A stall here lasts until it has been told of.

One file, since all of it shares the stalls and the one watchdog of the interpreter.
"""

from __future__ import annotations

import asyncio
import functools
import logging
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from itertools import cycle, pairwise
from pathlib import Path

import psutil
import pytest
import uvloop

import beamlike as bl
from beamlike.kernel.scheduler import Scheduler
from beamlike.kernel.threads import watchdog
from beamlike.kernel.threads.stall import GROWTH, Silence, Stall, look
from beamlike.kernel.threads.thread_stack import Place
from beamlike.kernel.threads.watchdog import Watch, monitor_stalls, watch
from tests.support.captured_log import captured_log
from tests.support.local_nodes import PATIENCE, eventually, forever, in_node, run_in_node, waiting_messages
from tests.support.second_scheduler import second_scheduler, spawn_at

SHORT = 0.02
ROOT = Path(__file__).parents[2]
LOOPS = pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
LoopFactory = Callable[[], asyncio.AbstractEventLoop]


@pytest.fixture(autouse=True)
def nothing_is_watched_afterwards() -> Iterator[None]:
    yield
    until(lambda: not watchdog_runs())


@pytest.fixture
def told() -> Iterator[list[logging.LogRecord]]:
    with captured_log("beamlike.watchdog") as records:
        yield records


def watchdog_runs() -> bool:
    return any(thread.name == "beamlike watchdog" for thread in threading.enumerate())


def until(condition: Callable[[], bool]) -> None:
    """Waits and lets no loop turn meanwhile."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)  # or the watchdog's thread would not come by the interpreter lock


@asynccontextmanager
async def watched_scheduler() -> AsyncIterator[Scheduler]:
    """A second scheduler whose stalls are messages of the current process."""
    async with second_scheduler() as second:
        held = await started_there(second)
        monitor_stalls()
        try:
            yield second
        finally:
            monitor_stalls(False)
            held.close()


async def started_there(second: Scheduler) -> Watch:
    async def start() -> Watch:
        return watch(threshold=SHORT)

    return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(start(), second.loop))


async def stall_of(pid: bl.Pid, *, over: bool = False, at: str | None = None) -> Stall:
    """The next stall that names this process, and this line of it; a busy machine may make others."""

    def is_it(stall: Stall) -> bool:
        here = at is None or (stall.place is not None and stall.place.source == at)
        return stall.pid == pid and stall.over == over and here

    stall = await bl.receive(is_it, timeout=PATIENCE)
    assert isinstance(stall, Stall)
    return stall


# Who is named.


async def blocks(gate: threading.Event) -> None:
    bl.register("blocker", bl.self())
    gate.wait(PATIENCE)


@in_node
async def test_a_process_that_blocks_is_named_with_its_line_while_it_does() -> None:
    gate = threading.Event()
    async with watched_scheduler() as second:
        pid = spawn_at(second, blocks, gate)
        stall = await stall_of(pid, at="gate.wait(PATIENCE)")
        gate.set()
        assert stall.name == "blocker"
        assert stall.place is not None
        assert stall.place == Place(__file__, stall.place.line, "blocks", "gate.wait(PATIENCE)")
        assert stall.place in stall.stack
        assert stall.stack[0].function == "blocks"
        assert stall.stack[-1].file == threading.__file__
        assert (stall.alone, stall.lock_held, stall.thread) == (True, False, "second scheduler")


@in_node
async def test_its_end_is_told_with_how_long_it_took() -> None:
    gate = threading.Event()
    async with watched_scheduler() as second:
        pid = spawn_at(second, blocks, gate)
        stall = await stall_of(pid)
        gate.set()
        end = await stall_of(pid, over=True)
        assert (end.number, end.name) == (stall.number, "blocker")
        assert end.seconds >= stall.seconds >= SHORT


@in_node
async def test_who_is_asked_says_what_runs_now_and_none_as_soon_as_the_loop_turns() -> None:
    first, second_gate = threading.Event(), threading.Event()

    async def blocks_twice() -> None:
        blocks_at(first)
        blocks_at(second_gate)

    async with second_scheduler() as second:
        with await started_there(second) as held:
            assert held.now() is None
            pid = spawn_at(second, blocks_twice)
            await eventually(lambda: held.now() is not None)
            first.set()
            await eventually(lambda: second_gate in waiters)
            stall = held.now()
            assert stall is not None
            assert (stall.pid, held.stalls) == (pid, True)
            second_gate.set()
            await eventually(lambda: not held.stalls and held.now() is None)


waiters: list[threading.Event] = []


def blocks_at(gate: threading.Event) -> None:
    waiters.append(gate)
    gate.wait(PATIENCE)


@in_node
async def test_a_quiet_watch_tells_nobody(told: list[logging.LogRecord]) -> None:
    gate = threading.Event()

    async def start() -> Watch:
        return watch(threshold=SHORT, quiet=True)

    async with second_scheduler() as second:
        quiet = await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(start(), second.loop))
        spawn_at(second, blocks, gate)
        await eventually(lambda: quiet.now() is not None)
        gate.set()
        await eventually(lambda: quiet.now() is None)
        quiet.close()
    assert told == []


@in_node
async def test_a_c_function_that_blocks_is_named_since_it_has_no_line() -> None:
    gate = threading.Lock()
    gate.acquire()
    async with watched_scheduler() as second:
        pid = spawn_at(second, functools.partial(gate.acquire, timeout=PATIENCE))
        stall = await stall_of(pid)
        gate.release()
        assert (stall.place, stall.stack, stall.function) == (None, (), "lock.acquire")
        assert str(stall).endswith(f"for {pid} running lock.acquire")


@in_node
async def test_a_plain_function_that_blocks_is_named_without_the_frames_that_step_it() -> None:
    gate = threading.Event()

    def waits() -> None:
        gate.wait(PATIENCE)

    async with watched_scheduler() as second:
        stall = await stall_of(spawn_at(second, waits))
        gate.set()
        assert stall.place is not None
        assert (stall.place.function, stall.function) == (waits.__qualname__, None)
        assert stall.stack[0] == stall.place


async def spins(stop: threading.Event) -> None:
    while not stop.is_set():
        pass


@in_node
async def test_a_process_that_spins_is_named() -> None:
    stop = threading.Event()
    async with watched_scheduler() as second:
        stall = await stall_of(spawn_at(second, spins, stop))
        stop.set()
        assert stall.place is not None
        assert stall.place.function == "spins"


@LOOPS
def test_a_plain_task_is_named_by_its_name_and_line(loop: LoopFactory, told: list[logging.LogRecord]) -> None:
    async def handler() -> None:
        until(lambda: bool(told_with("for a request at ", told)))

    async def main() -> None:
        with watch(threshold=SHORT):
            await asyncio.sleep(0)
            await asyncio.create_task(handler(), name="a request")
            await eventually(lambda: "turns again" in told[-1].getMessage())

    run_in_node(main, loop)
    begin, end = told_with("for a request at ", told)[0], told_with("turns again", told)[-1]
    assert f"\n  {__file__}:{handler.__code__.co_firstlineno + 1} in " in begin
    assert "until(lambda: bool(told_with(" in begin
    assert "run_in_node" not in begin
    assert begin.count("time.sleep(0.001)  # or the watchdog") == 1
    assert begin.splitlines()[-1].strip() == "work that blocks belongs in `await bl.blocking(f, ...)`"
    assert re.search(r"turns again, after \d", end)


def texts(told: list[logging.LogRecord]) -> list[str]:
    return [record.getMessage() for record in told]


def told_with(words: str, told: list[logging.LogRecord]) -> list[str]:
    """What was told in these words; a busy machine may make other stalls, before and after."""
    return [text for text in texts(told) if words in text]


@LOOPS
def test_a_callback_is_told_by_its_line(loop: LoopFactory, told: list[logging.LogRecord]) -> None:
    line = "in test_a_callback_is_told_by_its_line.<locals>.callback: until("

    def callback() -> None:
        until(lambda: bool(told_with(line, told)))

    async def main() -> None:
        with watch(threshold=SHORT):
            asyncio.get_running_loop().call_later(SHORT, callback)
            await eventually(lambda: bool(told_with(line, told)) and "turns again" in told[-1].getMessage())

    run_in_node(main, loop)
    message = told_with(line, told)[0]
    assert "for a callback at " in message
    assert "asyncio" not in message


@in_node
async def test_several_that_take_turns_without_a_look_at_the_loop_are_not_blamed_one_for_all() -> None:
    heard = threading.Event()

    def short_step() -> None:
        if not heard.is_set():
            time.sleep(SHORT / 4)  # the work of one of many that are short each and long together

    async with watched_scheduler() as second:
        pids = [spawn_at(second, short_step) for _ in range(500)]
        # On a busy machine one of them may take as long as several, and is alone when the stall is first told of.
        stall = await bl.receive(lambda stall: not stall.alone, timeout=PATIENCE)
        heard.set()
        assert stall.pid in pids
        assert "several tasks in one turn" in str(stall)


def test_what_held_the_interpreter_lock_is_told_afterwards(told: list[logging.LogRecord]) -> None:
    # Of a long one much of the time may be that of other programs; a short one may be over before it counts.
    sizes = cycle((1_000_000, 2_000_000, 5_000_000, 10_000_000))

    def holds_the_lock() -> int:
        return sum(range(next(sizes)))

    async def main() -> None:
        async with asyncio.timeout(PATIENCE):
            while not any("with the interpreter lock held" in record.getMessage() for record in told):
                # Anew each time: on a busy machine a stall may be seen before the lock is taken, and one that comes
                # again at the same place is told of less and less often.
                with watch(threshold=SHORT):
                    holds_the_lock()
                    await asyncio.sleep(0)

    asyncio.run(main())


# How often.


def test_one_that_lasts_is_told_again_at_growing_intervals(told: list[logging.LogRecord]) -> None:
    async def main() -> None:
        with watch(threshold=SHORT):
            await asyncio.sleep(0)
            until(lambda: bool(told) and len(tellings(stalls_in(told)[-1].number, told)) >= 3)
            number = stalls_in(told)[-1].number
            await eventually(lambda: tellings(number, told)[-1].over)
            check_that_each_took_longer(tellings(number, told))

    asyncio.run(main())


def stalls_in(told: list[logging.LogRecord]) -> list[Stall]:
    return [record.stall for record in told]  # type: ignore[attr-defined]


def tellings(number: int, told: list[logging.LogRecord]) -> list[Stall]:
    """What was told of one stall; a busy machine may make others."""
    return [stall for stall in stalls_in(told) if stall.number == number]


def check_that_each_took_longer(tellings: list[Stall]) -> None:
    *during, end = tellings
    assert end.over
    assert not any(stall.over for stall in during)
    assert all(later.seconds >= GROWTH * earlier.seconds for earlier, later in pairwise(during))


def test_each_stall_is_told_once_by_the_smallest_threshold(told: list[logging.LogRecord]) -> None:
    async def main() -> None:
        with watch(threshold=60), watch(threshold=SHORT) as small, watch(threshold=60):
            for _ in range(2):
                until(lambda: small.stall is not None and bool(tellings(small.stall.number, told)))
                stall = small.stall
                assert stall is not None
                await eventually(lambda stall=stall: tellings(stall.number, told)[-1].over)  # type: ignore[misc]
                check_that_each_took_longer(tellings(stall.number, told))
                numbers.add(stall.number)

    numbers: set[int] = set()
    asyncio.run(main())
    assert len(numbers) == 2


@pytest.mark.parametrize("threshold", [0.0, -1.0, float("nan")])
def test_a_threshold_that_is_not_positive_is_refused(threshold: float) -> None:
    async def main() -> None:
        with pytest.raises(ValueError, match="expected a threshold above 0 s"):
            watch(threshold=threshold)

    asyncio.run(main())


# What is none.

HELD = 0.2


def stall_twice_as_long(told: list[logging.LogRecord]) -> None:
    """Stalls a loop of this thread until twice HELD is told of."""

    async def main() -> None:
        with watch(threshold=2 * HELD):
            await asyncio.sleep(0)
            until(lambda: any(f"thread {threading.current_thread().name!r}" in text for text in texts(told)))

    asyncio.run(main())


@LOOPS
def test_a_loop_that_waits_for_something_does_not_stall(loop: LoopFactory, told: list[logging.LogRecord]) -> None:
    watched, stop = threading.Event(), asyncio.Event()
    runner = asyncio.Runner(loop_factory=loop)

    async def waits() -> None:
        with watch(threshold=HELD):
            watched.set()
            await stop.wait()

    thread = threading.Thread(target=runner.run, args=(waits(),), name="waits")
    thread.start()
    assert watched.wait(PATIENCE)
    stall_twice_as_long(told)
    runner.get_loop().call_soon_threadsafe(stop.set)
    thread.join(PATIENCE)
    runner.close()
    assert not any("'waits'" in text for text in texts(told))


@LOOPS
def test_a_loop_that_is_closed_or_does_not_run_does_not_stall(loop: LoopFactory, told: list[logging.LogRecord]) -> None:
    async def start() -> Watch:
        return watch(threshold=HELD)

    def leave_two_loops() -> None:
        with asyncio.Runner(loop_factory=loop) as closed:
            closed.run(start())
        resting.append((runner := asyncio.Runner(loop_factory=loop), runner.run(start())))

    resting: list[tuple[asyncio.Runner, Watch]] = []
    thread = threading.Thread(target=leave_two_loops, name="left")
    thread.start()
    thread.join(PATIENCE)
    stall_twice_as_long(told)
    assert not any("'left'" in text for text in texts(told))
    [(runner, held)] = resting
    held.close()
    runner.close()


def test_a_loop_that_is_watched_no_more_is_not_told_of(told: list[logging.LogRecord]) -> None:
    async def main() -> None:
        watch(threshold=SHORT).close()
        with watch(threshold=SHORT) as held:
            held.close()
            held.close()
            until(lambda: not watchdog_runs())

    asyncio.run(main())
    assert told == []


STOPPED = """
import asyncio, logging, os, signal
from beamlike.kernel.threads.watchdog import watch
logging.basicConfig(format="%(message)s")

async def main():
    watch(threshold=1.0)
    await asyncio.sleep(0)
    os.kill(os.getpid(), signal.SIGSTOP)  # what blocks the loop, and takes none of the program's own time
    await asyncio.sleep(0.1)

asyncio.run(main())
"""


def test_time_in_which_the_whole_program_is_stopped_is_no_stall() -> None:
    with python(STOPPED) as program:
        until(lambda: psutil.Process(program.pid).status() == psutil.STATUS_STOPPED)
        time.sleep(1.5)  # of which it must not count one second
        os.kill(program.pid, signal.SIGCONT)
        _, told = program.communicate(timeout=PATIENCE)
    assert (program.returncode, told) == (0, "")


NEVER_CLOSED = """
import asyncio, threading, time
from beamlike.kernel.threads.watchdog import watch

async def main():
    watch(threshold=0.01)
    blocked.set()
    time.sleep(600)  # the stall that the end of the program must not wait for

blocked = threading.Event()
threading.Thread(target=asyncio.run, args=(main(),), daemon=True).start()
blocked.wait()
loop = asyncio.new_event_loop()
loop.run_until_complete(asyncio.sleep(0))
loop.call_soon(watch)
loop.call_later(0.05, loop.stop)
loop.run_forever()
"""


def test_an_interpreter_ends_whatever_is_still_watched() -> None:
    with python(NEVER_CLOSED) as program:
        program.communicate(timeout=PATIENCE)
    assert program.returncode == 0


FORKED = """
import asyncio, os, time
from beamlike.kernel.threads.watchdog import watch

async def start():
    return watch(threshold=0.02)

async def stalls():
    with watch(threshold=0.02) as held:
        await asyncio.sleep(0)
        deadline = time.monotonic() + 30
        while held.stall is None and time.monotonic() < deadline:
            time.sleep(0.001)  # this is the stall; it lasts until it was noticed
        return held.stall is not None

loop = asyncio.new_event_loop()
loop.run_until_complete(start())
child = os.fork()
if child == 0:
    os._exit(asyncio.run(stalls()))
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def test_a_forked_process_watches_its_own_loops() -> None:
    with python(FORKED) as program:
        out, _ = program.communicate(timeout=PATIENCE)
    assert out == "1\n"


@contextmanager
def python(source: str) -> Iterator[subprocess.Popen[str]]:
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [sys.executable, "-c", source], cwd=ROOT, stdin=pipe, stdout=pipe, stderr=pipe, text=True
    ) as program:
        try:
            yield program
        finally:
            program.kill()


# Those that ask.


@in_node
async def test_a_process_that_asks_no_longer_gets_nothing() -> None:
    gate, other = threading.Event(), bl.spawn(collects, bl.self())
    assert await bl.receive(timeout=PATIENCE) == "asked"
    async with watched_scheduler() as second:
        monitor_stalls(False)
        pid = spawn_at(second, blocks, gate)
        assert (await bl.receive(timeout=PATIENCE)).pid == pid
        assert waiting_messages() == []
        gate.set()
        bl.exit(other, "kill")


async def collects(to: bl.Pid) -> None:
    """Hands on the first stall that names a process."""
    monitor_stalls()
    bl.send(to, "asked")
    bl.send(to, await bl.receive(lambda stall: stall.pid is not None))
    await forever()


@in_node
async def test_one_that_has_ended_is_forgotten() -> None:
    gate = threading.Event()
    asker = bl.spawn(monitor_stalls)
    await eventually(lambda: not bl.is_alive(asker))
    async with watched_scheduler() as second:
        await stall_of(spawn_at(second, blocks, gate))
        gate.set()
    assert asker not in watchdog._subscribers


@in_node
async def test_a_log_that_waits_for_the_stalled_thread_delays_no_message() -> None:
    gate = threading.Event()

    class Waits(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            gate.wait(PATIENCE)

    handler = Waits()
    logging.getLogger("beamlike.watchdog").addHandler(handler)
    async with watched_scheduler() as second:
        await stall_of(spawn_at(second, blocks, gate))
        assert not gate.is_set()
        gate.set()
    logging.getLogger("beamlike.watchdog").removeHandler(handler)


class BrokenLoop(asyncio.SelectorEventLoop):
    def call_soon_threadsafe(self, *_args: object, **_keywords: object) -> asyncio.Handle:
        raise LookupError("no such thing here")


def test_a_loop_that_cannot_be_asked_is_dropped_and_the_others_are_not(told: list[logging.LogRecord]) -> None:
    async def broken() -> None:
        watch(threshold=SHORT)
        until(lambda: bool(told_with("failed; it is watched no more", told)))

    def run_on_broken_loop() -> None:
        with asyncio.Runner(loop_factory=BrokenLoop) as runner:
            runner.run(broken())

    async def main() -> None:
        with watch(threshold=SHORT):
            thread = threading.Thread(target=run_on_broken_loop)
            thread.start()
            await eventually(lambda: not thread.is_alive())
            assert told_with("failed; it is watched no more", told)
            until(lambda: "has not turned" in told[-1].getMessage())

    asyncio.run(main())


# The counting.


@pytest.mark.parametrize(
    ("elapsed", "computed", "seconds", "lock_held"),
    [
        (0.1, 0.1, 0.1, False),  # on time, however much the loop computed
        (0.14, 0.0, 0.14, False),  # a little late
        (60.0, 0.0, 0.1, False),  # stopped, or suspended
        (60.0, 20.0, 0.1, False),  # stopped during a computation
        (60.0, 59.0, 60.0, True),  # a computation that let nobody else run
        (0.01, 0.0, 0.01, False),  # woken early
    ],
)
def test_time_counts_in_which_the_program_ran(elapsed: float, computed: float, seconds: float, lock_held: bool) -> None:
    seen = look(elapsed, expected=0.1, computed=computed)
    assert (seen.seconds, seen.lock_held) == (seconds, lock_held)


def test_a_minute_of_silence_is_told_of_five_times() -> None:
    silence = Silence(threshold=0.2)
    assert sum(silence.lasts(0.1) for _ in range(600)) == 5
    assert silence.seconds == pytest.approx(60)
