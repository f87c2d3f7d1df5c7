"""How runners go: they idle out, have had their only call, or are drained; cases 22-26."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from pathlib import Path
from typing import Any

import pytest

import beamlike as bl
import flame
from flame.pool_server import POOLS
from tests.support.local_nodes import eventually, settled
from tests.support.pools import pool, until_explained, wait_for_word, word_from_work
from tests.support.processes import child_nodes, is_alive, wait_until_gone
from tests.support.soak import count
from tests.support.virtual_clock import VirtualClock

Running = tuple["asyncio.Task[Any]", bl.Pid]


async def begun(cpu: flame.Pool, **options: Any) -> Running:
    """A call that runs until its process is sent something."""
    calling = asyncio.create_task(cpu.call(wait_for_word, bl.self(), **options))
    return calling, await word_from_work()


async def finish(*running: Running) -> None:
    for calling, worker in running:
        bl.send(worker, "over")
        assert await calling == "over"


# 22


def test_case_22_a_runner_beyond_the_minimum_idles_out_and_the_minimum_stays() -> None:
    async def main() -> None:
        clock = VirtualClock()
        async with pool(min=1, max=2, max_concurrency=2, idle_shutdown_after=0.5, clock=clock) as cpu:
            load = [await begun(cpu, timeout=None) for _ in range(3)]
            await until_explained(cpu, "2 up (min 1, max 2), 3 of 4 slots taken")
            clock.advance(5.0)
            await until_explained(cpu, "2 up")
            await finish(*load)
            await cpu.explain()
            clock.advance(0.5)
            await until_explained(cpu, "runners: 1 up (min 1, max 2)")
            clock.advance(50.0)
            await until_explained(cpu, "runners: 1 up (min 1, max 2)")
            assert len(child_nodes()) == 1

    asyncio.run(main())


# 23


class Check:
    """An idle check that a file answers, and that another counts the questions of."""

    def __init__(self, folder: Path) -> None:
        self.answer, self.asked = folder / "answer", folder / "asked"
        self.asked.write_text("")

    def __call__(self) -> bool:
        with self.asked.open("a") as asked:
            asked.write("?")
        return bool(eval(self.answer.read_text()))

    async def was_asked(self, times: int) -> None:
        await eventually(lambda: len(self.asked.read_text()) >= times)
        assert len(self.asked.read_text()) == times


async def until_answered(cpu: flame.Pool) -> None:
    """Returns once the pool waits for no check: its thread may come later to its end than a call that came after it."""
    await eventually(lambda: all(it.asked_until is None for it in POOLS[cpu.pid]._state.runners))


async def let_it_idle(cpu: flame.Pool, clock: VirtualClock, seconds: float) -> None:
    await cpu.explain()
    await settled()
    clock.advance(seconds)


def test_case_23_a_runner_stays_as_long_as_the_check_says_so_and_goes_then(tmp_path: Path) -> None:
    check = Check(tmp_path)
    check.answer.write_text("False")

    async def main() -> None:
        clock = VirtualClock()
        async with pool(clock=clock, timeout=None, idle_shutdown_after=(0.5, check)) as cpu:
            pid = await cpu.call(os.getpid)
            for period in (1, 2, 3):
                await let_it_idle(cpu, clock, 0.5)
                await check.was_asked(period)
                await until_answered(cpu)
                assert await cpu.call(os.getpid) == pid
            check.answer.write_text("True")
            await let_it_idle(cpu, clock, 0.5)
            await until_explained(cpu, "no runner (")
            await check.was_asked(4)
            wait_until_gone(pid)

    asyncio.run(main())


def test_case_23_a_check_that_raises_counts_as_no_and_is_reported_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    check = Check(tmp_path)
    check.answer.write_text("1 / 0")

    async def main() -> None:
        clock = VirtualClock()
        async with pool(clock=clock, timeout=None, idle_shutdown_after=(0.5, check)) as cpu:
            pid = await cpu.call(os.getpid)
            for period in (1, 2, 3):
                await let_it_idle(cpu, clock, 0.5)
                await check.was_asked(period)
                await until_answered(cpu)
                assert await cpu.call(os.getpid) == pid

    with caplog.at_level(logging.WARNING, "flame"):
        asyncio.run(main())
    [report] = [record.getMessage() for record in caplog.records if record.name == "flame"]
    assert report.startswith("pool 'test': the idle check failed on test-1-")
    assert "which so counts as busy: ZeroDivisionError: division by zero" in report


def test_case_23_a_call_that_comes_while_the_check_is_asked_is_not_cut_off(tmp_path: Path) -> None:
    check = Check(tmp_path)
    check.answer.write_text("True")

    async def main() -> None:
        clock = VirtualClock()
        async with pool(clock=clock, timeout=None, idle_shutdown_after=(0.5, check)) as cpu:
            pid = await cpu.call(os.getpid)
            await let_it_idle(cpu, clock, 0.5)
            await cpu.explain()  # the check is on its way by now
            running = await begun(cpu)
            await check.was_asked(1)
            await finish(running)
            assert await cpu.call(os.getpid) in (pid, *child_nodes())

    asyncio.run(main())


# 24


IDLE = 0.05
TURNS = (-1, 0, 1, 2, 3, 4, 5, 6, 8, 16, 64, 256)
"""Of the loop, between the idle timer and the call; -1: the call comes first."""


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_case_24_a_call_that_meets_the_idle_timer_is_never_cut_off_whichever_comes_first() -> None:
    """By a clock moved by hand: the call is made in the turn of the loop in which the timer fires, before it or after
    it, or so many turns later, while the runner is being stopped."""

    async def meet(cpu: flame.Pool, clock: VirtualClock, turns: int) -> None:
        await cpu.explain()
        if turns < 0:
            calling = asyncio.create_task(cpu.call(wait_for_word, bl.self(), timeout=None))
            await asyncio.sleep(0)
            clock.advance(IDLE)
        else:
            clock.advance(IDLE)
            for _ in range(turns):
                await asyncio.sleep(0)
            calling = asyncio.create_task(cpu.call(wait_for_word, bl.self(), timeout=None))
        worker = await word_from_work()
        clock.advance(4 * IDLE)  # the idle timer of others does not end what runs
        await cpu.explain()
        bl.send(worker, "over")
        assert await calling == "over"

    async def main(meetings: tuple[int, ...]) -> None:
        clock = VirtualClock()
        async with pool(clock=clock, idle_shutdown_after=IDLE) as cpu:
            await cpu.call(abs, -1)
            for turns in meetings:
                await meet(cpu, clock, turns)
            await let_it_idle(cpu, clock, IDLE)
            await until_explained(cpu, "no runner (")

    for _ in range(count(0, 84, part=8)):
        asyncio.run(main(TURNS))
    asyncio.run(main((-1, 0, 2, 4, 16)))


def test_case_24_a_slot_that_is_asked_for_by_message_is_given_whichever_message_comes_first() -> None:
    async def rests() -> None:
        await bl.receive()

    async def main() -> None:
        clock = VirtualClock()
        async with pool(clock=clock, timeout=None, idle_shutdown_after=IDLE) as cpu:
            await cpu.call(abs, -1)
            for timer_first in (True, False):
                await cpu.explain()
                if timer_first:
                    clock.advance(IDLE)
                placing = asyncio.create_task(cpu.place_child(lambda: bl.spawn(rests), link=False))
                await asyncio.sleep(0)
                if not timer_first:
                    clock.advance(IDLE)
                placed = await placing
                assert placed is not None
                clock.advance(4 * IDLE)
                await until_explained(cpu, "1 of 1 slots taken")
                bl.send(placed, "over")
                await until_explained(cpu, "0 of 1 slots taken")

    asyncio.run(main())


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_case_24_a_call_within_a_millisecond_of_the_idle_timer_is_never_cut_off() -> None:
    """By the real clock: the calls come from one millisecond before the timer to one after it."""

    async def main(calls: int) -> None:
        async with pool(idle_shutdown_after=IDLE, timeout=None) as cpu:
            pids = {await cpu.call(os.getpid)}
            for number in range(calls):
                await asyncio.sleep(IDLE + 0.001 * (2 * number / calls - 1))  # the meeting itself is the test
                pids.add(await cpu.call(os.getpid))
            await until_explained(cpu, "no runner (")
            assert not any(map(is_alive, pids))

    for _ in range(count(1, 200, part=20)):
        asyncio.run(main(5))


# 25


def test_case_25_a_runner_for_one_call_serves_one_and_who_waits_gets_a_fresh_one() -> None:
    async def main() -> None:
        async with pool(max=1, single_use=True, timeout=None) as cpu:
            first = await begun(cpu)
            second = asyncio.create_task(cpu.call(wait_for_word, bl.self()))
            third = asyncio.create_task(cpu.call(lambda: bl.self().node))
            await until_explained(cpu, "2 calls wait")
            await finish(first)
            other = second, await word_from_work()
            await finish(other)
            assert len({first[1].node, other[1].node, await third}) == 3
            await until_explained(cpu, "no runner (")

    asyncio.run(main())


def test_case_25_many_calls_have_as_many_runners_also_if_they_fail_or_run_beside_each_other() -> None:
    def fail() -> None:
        raise ValueError(str(os.getpid()))

    async def main() -> None:
        async with pool(max=2, max_concurrency=4, single_use=True, timeout=None) as cpu:
            calls = [cpu.call(os.getpid), cpu.call(fail), cpu.call(os.getpid), cpu.call(fail)]
            ended = await asyncio.gather(*calls, return_exceptions=True)
            assert len({str(one) for one in ended}) == 4
            assert [type(one) for one in ended] == [int, ValueError, int, ValueError]

    asyncio.run(main())


# 26


@pytest.mark.parametrize("word", ["drain", "SIGTERM"])
def test_case_26_a_drained_runner_gets_no_call_and_ends_those_that_it_has(word: str) -> None:
    async def main() -> None:
        async with pool(max=2, max_concurrency=3, timeout=None, clock=VirtualClock()) as cpu:
            running = [await begun(cpu) for _ in range(3)]
            node = running[0][1].node
            [pid] = child_nodes()
            draining = asyncio.create_task(cpu.drain(node, within=1.0)) if word == "drain" else None
            if draining is None:
                os.kill(pid, signal.SIGTERM)
            await until_explained(cpu, "runners: 1 draining")
            elsewhere = await begun(cpu)
            assert elsewhere[1].node != node
            assert is_alive(pid)
            await finish(*running)
            await eventually(lambda: not is_alive(pid))
            if draining is not None:
                await draining
            await until_explained(cpu, "runners: 1 up (")
            await finish(elsewhere)

    asyncio.run(main())


@pytest.mark.parametrize("word", ["drain", "SIGTERM"])
def test_case_26_what_does_not_end_within_the_drain_is_cut_off_with_its_reason(word: str) -> None:
    async def main() -> None:
        clock = VirtualClock()
        async with pool(max_concurrency=3, timeout=None, shutdown_timeout=0.1, clock=clock) as cpu:
            running = [await begun(cpu) for _ in range(3)]
            [pid] = child_nodes()
            draining = asyncio.create_task(cpu.drain(running[0][1].node)) if word == "drain" else None
            if draining is None:
                os.kill(pid, signal.SIGTERM)
            await until_explained(cpu, "runners: 1 draining")
            clock.advance(0.09)
            await until_explained(cpu, "runners: 1 draining")
            assert not any(calling.done() for calling, _ in running)
            clock.advance(0.01)
            why = "it was drained" if word == "drain" else r"its machine is to end: it got SIGTERM"
            for calling, _ in running:
                with pytest.raises(flame.RunnerLost, match=f"{why}, and its calls did not end in time"):
                    await calling
            if draining is not None:
                await draining
            wait_until_gone(pid)

    asyncio.run(main())


def test_case_26_a_runner_without_calls_ends_at_once_at_sigterm_and_its_exit_is_in_order() -> None:
    async def main() -> None:
        async with pool(min=1, max=1) as cpu:
            pid = await cpu.call(os.getpid)
            os.kill(pid, signal.SIGTERM)
            await eventually(lambda: not is_alive(pid))
            assert await cpu.call(os.getpid) != pid  # the minimum is made up for

    asyncio.run(main())


def test_case_26_processes_that_a_call_has_forked_end_at_sigterm_as_ever_and_drain_nothing() -> None:
    def forks() -> tuple[int, int]:
        read, write = os.pipe()
        child = os.fork()
        if not child:
            os.write(write, b"ready")
            signal.pause()
            os._exit(0)
        os.read(read, 5)
        os.kill(child, signal.SIGTERM)
        return os.getpid(), os.waitpid(child, 0)[1]

    async def main() -> None:
        async with pool() as cpu:
            pid, status = await cpu.call(forks)
            assert os.WTERMSIG(status) == signal.SIGTERM
            assert await cpu.call(os.getpid) == pid
            assert "runners: 1 up" in await cpu.explain()

    asyncio.run(main())
