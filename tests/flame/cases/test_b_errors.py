"""Acceptance cases 13 to 21: errors, timeouts and links, on real child processes."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import beamlike as bl
import flame
import nodes
from flame.errors import BootTimeout
from flame.leasing import Release
from flame.policies import spare
from flame.pool_requests import Abandon
from flame.pool_server import POOLS
from nodes.backend import Cause
from tests.support.captured_log import captured_log
from tests.support.counted_backend import CountedBackend
from tests.support.local_nodes import down_reason, eventually, no_message
from tests.support.pools import (
    SECONDS,
    PoolsNode,
    at_work,
    on_pools_node,
    until_explained,
    wait_for_word,
    word_from_work,
)
from tests.support.processes import is_alive
from tests.support.virtual_clock import VirtualClock


class Unpaid(Exception):
    pass


def fail() -> None:
    raise Unpaid("Ada owes")


def own_node() -> str:
    return bl.self().node


# 13. An exception of the function


@on_pools_node
async def test_case_13_an_exception_comes_as_its_own_type_and_says_where_and_in_which_call_it_was_raised(
    ground: PoolsNode,
) -> None:
    cpu = await ground.start()
    node = await cpu.call(own_node)
    with pytest.raises(Unpaid, match="Ada owes") as caught:
        await cpu.call(fail)
    cause = str(caught.value.__cause__)
    assert 'raise Unpaid("Ada owes")' in cause
    assert node in cause
    assert "in call 2 of its pool" in cause
    assert await cpu.call(own_node) == node


# 14., 15. Time


def spin(home: bl.Pid) -> None:
    bl.send(home, ("word", "begun"))
    try:
        while True:
            pass
    finally:
        bl.send(home, ("word", "ended"))


@on_pools_node
async def test_case_14_a_call_fails_when_the_time_of_its_pool_or_its_own_is_up_and_its_process_ends(
    ground: PoolsNode,
) -> None:
    clock = VirtualClock()
    cpu = await ground.start(clock=clock, timeout=0.1, idle_shutdown_after=None)
    for limit, keywords in [(0.1, {}), (0.2, {"timeout": 0.2})]:
        calling, worker = await at_work(cpu, **keywords)
        ended = bl.monitor(worker)
        clock.advance(0.9 * limit)
        await cpu.explain()
        assert not calling.done()
        clock.advance(0.1 * limit + 0.001)
        with pytest.raises(flame.ExecTimeout, match=f"its time was up {limit} s after it was called"):
            await calling
        assert await down_reason(ended) == "normal"
        assert await cpu.call(own_node) == worker.node


@on_pools_node
async def test_case_14_a_plain_function_whose_time_is_up_ends_too(ground: PoolsNode) -> None:
    clock = VirtualClock()
    cpu = await ground.start(clock=clock, timeout=0.1, idle_shutdown_after=None)
    node = await cpu.call(own_node)
    calling = asyncio.create_task(cpu.call(spin, bl.self()))
    assert await word_from_work() == "begun"
    clock.advance(0.101)
    with pytest.raises(flame.ExecTimeout):
        await calling
    assert await word_from_work() == "ended"
    assert await cpu.call(own_node) == node


@on_pools_node
async def test_case_15_the_wait_for_a_slot_counts_towards_the_time_of_a_call(ground: PoolsNode) -> None:
    clock = VirtualClock()
    cpu = await ground.start(clock=clock, idle_shutdown_after=None)
    busy, first = await at_work(cpu, timeout=None)
    calling = asyncio.create_task(cpu.call(wait_for_word, bl.self(), timeout=1.0))
    await until_explained(cpu, "1 call waits")
    clock.advance(0.9)
    bl.send(first, "the end")
    assert await busy == "the end"
    await word_from_work()
    clock.advance(0.09)
    await cpu.explain()
    assert not calling.done()
    clock.advance(0.011)
    with pytest.raises(flame.ExecTimeout, match=r"its time was up 1.0 s after it was called"):
        await calling


# 16., 17. Links


async def kill_own_process() -> None:
    bl.exit(bl.self(), "kill")
    await bl.receive()


@on_pools_node
async def test_case_16_a_caller_that_traps_exits_sees_that_the_function_killed_itself_and_no_timeout(
    ground: PoolsNode,
) -> None:
    async def caller(home: bl.Pid) -> None:
        bl.trap_exit(True)
        try:
            await cpu.call(kill_own_process)
        except flame.FlameError as error:
            bl.send(home, ("word", error))

    cpu = await ground.start()
    bl.spawn(caller, bl.self())
    error = await word_from_work()
    assert isinstance(error, flame.WorkEnded)
    assert not isinstance(error, TimeoutError)
    assert "killed" in str(error)


@on_pools_node
async def test_case_16_a_plain_function_that_kills_its_process_takes_nothing_from_later_calls(
    ground: PoolsNode,
) -> None:
    def kill() -> None:
        bl.exit(bl.self(), "kill")

    cpu = await ground.start()
    node = await cpu.call(own_node)
    await cpu.call(kill)
    assert await cpu.call(own_node) == node


@on_pools_node
async def test_case_16_a_call_without_link_raises_what_the_function_raises_and_leaves_no_process_there(
    ground: PoolsNode,
) -> None:
    async def fail_when_told(home: bl.Pid) -> None:
        await wait_for_word(home)
        raise Unpaid("Ada owes")

    cpu = await ground.start()
    calling = asyncio.create_task(cpu.call(fail_when_told, bl.self(), link=False))
    worker = await word_from_work()
    ended = bl.monitor(worker)
    bl.send(worker, "now")
    with pytest.raises(Unpaid, match="Ada owes"):
        await calling
    assert await down_reason(ended) == "normal"


async def cast_and_wait(cpu: flame.Pool, home: bl.Pid, link: bool) -> None:
    bl.trap_exit(True)
    cpu.cast(fail, link=link)
    bl.send(home, ("word", await bl.receive()))


@on_pools_node
async def test_case_17_a_process_that_casts_with_link_is_told_of_the_failure(ground: PoolsNode) -> None:
    clock = VirtualClock()
    cpu = await ground.start(clock=clock)
    bl.spawn(cast_and_wait, cpu, bl.self(), True)
    told = await word_from_work()
    assert isinstance(told, bl.Exit)
    assert isinstance(told.reason, bl.ExceptionInfo)
    assert isinstance(told.reason.exception, Unpaid)
    clock.advance(30.0)
    await until_explained(cpu, "no runner (")


@on_pools_node
async def test_case_17_a_process_that_casts_without_link_is_not_told_of_the_failure(ground: PoolsNode) -> None:
    clock = VirtualClock()
    cpu = await ground.start(clock=clock)
    with captured_log("beamlike.process") as records:
        caster = bl.spawn(cast_and_wait, cpu, bl.self(), False)
        await eventually(lambda: bool(records))
    await no_message()
    assert caster in bl.processes()
    bl.exit(caster, "kill")
    clock.advance(30.0)
    await until_explained(cpu, "no runner (")


# 18., 19. The runner goes


@on_pools_node
async def test_case_18_the_caller_on_a_killed_runner_gets_an_error_with_the_exit_code_and_lives_as_does_the_pool(
    ground: PoolsNode,
) -> None:
    """The exit code is negative for a signal, as in subprocess."""

    async def caller(home: bl.Pid) -> None:
        try:
            await cpu.call(wait_for_word, home)
        except flame.FlameError as error:
            bl.send(home, ("word", error))
        await bl.receive()

    cpu = await ground.start()
    pid = await cpu.call(os.getpid)
    alive = bl.spawn(caller, bl.self())
    worker = await word_from_work()
    os.kill(pid, signal.SIGKILL)
    error = await word_from_work()
    assert isinstance(error, flame.RunnerLost)
    assert (error.node, error.exit_code, error.out_of_memory) == (worker.node, -signal.SIGKILL, None)
    assert alive in bl.processes()
    assert await cpu.call(own_node) != worker.node
    assert bl.whereis("test") == cpu.pid
    bl.exit(alive, "kill")


class Telling(CountedBackend):
    """A platform that says why its machines ended."""

    def __init__(self, words: str, cause: Cause) -> None:
        super().__init__()
        self._says = words, cause

    async def describe(self, machine: nodes.Machine) -> nodes.Description:
        seen = await super().describe(machine)
        words, cause = self._says
        return replace(seen, words=words, cause=cause) if seen.state == "ended" else seen


@pytest.mark.parametrize(
    ("words", "cause", "told"),
    [
        ("OOMKilled", "out of memory", (True, False)),
        ("Evicted: the node was low on resource: memory", "evicted", (False, True)),
        ("PreemptionByScheduler", "preempted", (False, True)),
        ("NodeLost", "node lost", (False, False)),
    ],
)
@on_pools_node
async def test_case_18_what_the_platform_says_of_the_end_is_in_the_error(
    ground: PoolsNode, words: str, cause: Cause, told: tuple[bool, bool]
) -> None:
    cpu = await ground.start(backend=Telling(words, cause))
    with pytest.raises(flame.RunnerLost, match=f"was killed by SIGKILL \\({words}\\)") as caught:
        await cpu.call(kill_itself)
    assert (caught.value.out_of_memory, caught.value.evicted) == told


def kill_itself() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


async def survived(cpu: flame.Pool, lost: bl.Pid) -> None:
    await until_explained(cpu, "no runner (")
    assert await cpu.call(own_node) != lost.node
    assert bl.whereis("test") == cpu.pid


@on_pools_node
async def test_case_19_a_caller_that_leaves_after_its_runner_went_down_changes_nothing(ground: PoolsNode) -> None:
    backend = CountedBackend()
    cpu = await ground.start(backend=backend, max_concurrency=2)
    pid = await cpu.call(os.getpid)
    calling, worker = await at_work(cpu)
    items = cpu.stream(range, 100, window=1)
    assert await anext(items) == 0
    backend.looks.clear()  # nobody is told what became of the runner before it is opened again
    os.kill(pid, signal.SIGKILL)
    await until_explained(cpu, "1 leaving")
    calling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await calling
    await items.aclose()
    await cpu.explain()
    backend.looks.set()
    await survived(cpu, worker)


@on_pools_node
async def test_case_19_a_caller_that_leaves_before_its_runner_goes_down_changes_nothing(ground: PoolsNode) -> None:
    async def stay(home: bl.Pid) -> None:
        try:
            await wait_for_word(home)
        finally:
            bl.send(home, ("word", "staying"))
            await bl.receive()

    backend = CountedBackend()
    cpu = await ground.start(backend=backend, max_concurrency=2)
    pid = await cpu.call(os.getpid)
    calling = asyncio.create_task(cpu.call(stay, bl.self()))
    worker = await word_from_work()
    items = cpu.stream(range, 100, window=1)
    assert await anext(items) == 0
    calling.cancel()
    await items.aclose()
    assert await word_from_work() == "staying"
    await until_explained(cpu, "1 of 2 slots taken (1 by work that was told to stop)")
    os.kill(pid, signal.SIGKILL)
    await survived(cpu, worker)


@on_pools_node
async def test_case_19_words_of_calls_and_runners_that_the_pool_does_not_know_change_nothing(
    ground: PoolsNode,
) -> None:
    cpu = await ground.start()
    node = await cpu.call(own_node)
    server = POOLS[cpu.pid]
    for runner in (1, 99):
        server.finished(runner, [(4711, 0, None)])
    bl.GenServer.cast(cpu.pid, Release(bl.make_ref()))
    bl.GenServer.cast(cpu.pid, Abandon(bl.make_ref()))
    assert await cpu.call(own_node) == node
    await until_explained(cpu, "runners: 1 up (min 0, max 1), 0 of 1 slots taken, no call waits")


# 20. Detached work


async def call_detached(cpu: flame.Pool, home: bl.Pid) -> None:
    await cpu.call(wait_for_word, home, link=False, timeout=None)


Dies: type = Callable[[], Awaitable[None]]


async def as_process(cpu: flame.Pool) -> Dies:
    caller = bl.spawn(call_detached, cpu, bl.self())

    async def dies() -> None:
        ended = bl.monitor(caller)
        bl.exit(caller, "kill")
        await down_reason(ended)

    return dies


async def as_task(cpu: flame.Pool) -> Dies:
    calling = asyncio.create_task(call_detached(cpu, bl.self()))

    async def dies() -> None:
        calling.cancel()
        await asyncio.wait([calling])

    return dies


async def on_another_node(cpu: flame.Pool) -> Dies:
    child = await nodes.boot(nodes.Local())
    caller = bl.spawn(call_detached, cpu, bl.self(), node=child.node)

    async def dies() -> None:
        ended = bl.monitor(caller)
        os.kill(int(child.machine.id), signal.SIGKILL)
        await down_reason(ended)
        await child.stop()

    return dies


@pytest.mark.parametrize("begin", [as_process, as_task, on_another_node])
@on_pools_node
async def test_case_20_work_without_link_outlives_its_caller_and_keeps_its_slot(
    ground: PoolsNode, begin: Callable[[flame.Pool], Awaitable[Dies]]
) -> None:
    cpu = await ground.start()
    dies = await begin(cpu)
    worker = await word_from_work()
    ended = bl.monitor(worker)
    await dies()
    calling = asyncio.create_task(cpu.call(wait_for_word, bl.self(), timeout=None))
    await until_explained(cpu, "1 of 1 slots taken, 1 call waits")
    bl.send(worker, "the end")
    assert await down_reason(ended) == "normal"
    second = await word_from_work()
    assert second.node == worker.node
    bl.send(second, "the end")
    assert await calling == "the end"


# 21. Callers that are cancelled


async def cancelled(calling: asyncio.Task[Any]) -> None:
    calling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await calling


@on_pools_node
async def test_case_21_a_call_that_is_cancelled_in_line_leaves_it_at_once(ground: PoolsNode) -> None:
    cpu = await ground.start()
    busy, _ = await at_work(cpu)
    waiting = asyncio.create_task(cpu.call(own_node))
    await until_explained(cpu, "1 of 1 slots taken, 1 call waits")
    await cancelled(waiting)
    assert "1 of 1 slots taken, no call waits" in await cpu.explain()
    await cancelled(busy)


@on_pools_node
async def test_case_21_a_call_that_is_cancelled_at_work_has_its_work_end_and_its_slot_freed(ground: PoolsNode) -> None:
    cpu = await ground.start()
    calling, worker = await at_work(cpu)
    ended = bl.monitor(worker)
    await cancelled(calling)
    assert await down_reason(ended) == "normal"
    await until_explained(cpu, "0 of 1 slots taken")
    assert await cpu.call(own_node) == worker.node


STANDS_IN = """#!{python}
import os, pathlib
note = pathlib.Path("{note}.new")
note.write_text(str(os.getpid()))
note.rename("{note}")
os.read(int(os.environ["BEAMLIKE_LIFELINE"]), 1)
"""


@on_pools_node
async def test_case_21_the_boot_for_a_call_that_is_cancelled_is_called_off_and_its_machine_is_gone(
    ground: PoolsNode, tmp_path: Path
) -> None:
    program, note = tmp_path / "python", tmp_path / "pid"
    program.write_text(STANDS_IN.format(python=sys.executable, note=note))
    program.chmod(0o755)
    cpu = await ground.start(backend=nodes.Local(python=str(program)), boot_timeout=600.0)
    calling = asyncio.create_task(cpu.call(own_node))
    await eventually(note.exists)
    assert is_alive(int(note.read_text()))
    await cancelled(calling)
    await until_explained(cpu, "no runner (")
    assert not is_alive(int(note.read_text()))
    assert "failed" not in await cpu.explain()


@on_pools_node
async def test_case_21_the_boot_for_a_stream_that_is_cancelled_is_called_off(ground: PoolsNode) -> None:
    backend = CountedBackend(free=0)
    cpu = await ground.start(backend=backend)
    items = cpu.stream(range, 3)
    first = asyncio.create_task(anext(items))
    await eventually(lambda: backend.asked == 1)
    await cancelled(first)
    await until_explained(cpu, "no runner (")
    assert not backend.there


@pytest.mark.parametrize(("max_concurrency", "begun"), [(1, "2 booting"), (2, "1 booting")])
@on_pools_node
async def test_case_21_a_boot_goes_on_if_another_call_needs_it(
    ground: PoolsNode, max_concurrency: int, begun: str
) -> None:
    backend = CountedBackend(free=0)
    cpu = await ground.start(backend=backend, max=2, max_concurrency=max_concurrency)
    first, second = [asyncio.create_task(cpu.call(own_node, timeout=None)) for _ in range(2)]
    await until_explained(cpu, f"runners: {begun} (")
    await cancelled(first)
    await until_explained(cpu, "runners: 1 booting (")
    await eventually(lambda: backend.there == {1})
    backend.boots.set()
    assert (await second).startswith("test-1-")


@on_pools_node
async def test_case_21_a_boot_goes_on_that_a_call_had_no_time_to_wait_for(ground: PoolsNode) -> None:
    clock, backend = VirtualClock(), CountedBackend(free=0)
    cpu = await ground.start(backend=backend, clock=clock)
    calling = asyncio.create_task(cpu.call(own_node, timeout=1.0))
    await until_explained(cpu, "runners: 1 booting (")
    clock.advance(1.0)
    with pytest.raises(BootTimeout):
        await calling
    await until_explained(cpu, "runners: 1 booting (min 0, max 1), 0 of 0 slots taken, no call waits")
    backend.boots.set()
    await cpu.call(own_node)
    assert backend.asked == 1


@on_pools_node
async def test_case_21_a_boot_goes_on_if_the_policy_wants_it(ground: PoolsNode) -> None:
    backend = CountedBackend(free=0)
    cpu = await ground.start(backend=backend, max=2, policy=spare(1))
    await until_explained(cpu, "runners: 1 booting (")
    calling = asyncio.create_task(cpu.call(own_node, timeout=None))
    await until_explained(cpu, "runners: 2 booting (")
    await cancelled(calling)
    await until_explained(cpu, "runners: 1 booting (")
    backend.boots.set()
    await until_explained(cpu, "runners: 1 up (")
    assert await cpu.call(own_node, timeout=SECONDS)
