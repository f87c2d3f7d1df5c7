"""Calls on pools of real child processes: what is performed where, and how each way to end arrives."""

from __future__ import annotations

import asyncio
import functools
import logging
import os
import signal
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from typing import Any

import pytest

import beamlike as bl
import flame
import nodes
from beamlike.kernel.group_leader import Output, set_leader
from tests.support.local_nodes import eventually
from tests.support.pools import (
    SECONDS,
    PoolsNode,
    at_work,
    on_pools_node,
    pool,
    released,
    until_explained,
    wait_for_word,
    word_from_work,
)


def on_pool(**options: Any) -> Callable[[Callable[[flame.Pool], Awaitable[None]]], Callable[[], None]]:
    """Makes an async test of a pool an ordinary one."""

    def decorate(test: Callable[[flame.Pool], Awaitable[None]]) -> Callable[[], None]:
        # No functools.wraps: pytest would take the pool for a fixture.
        def run() -> None:
            async def main() -> None:
                async with pool(**options) as made:
                    await test(made)

            asyncio.run(main())

        run.__doc__ = test.__doc__
        return run

    return decorate


@on_pool()
async def test_a_plain_function_runs_in_another_operating_system_process(cpu: flame.Pool) -> None:
    assert await cpu.call(os.getpid) != os.getpid()
    assert await cpu.call(lambda a, b: a * b, 6, 7) == 42


@on_pool()
async def test_an_async_function_runs_in_a_process_of_its_own(cpu: flame.Pool) -> None:
    calling = asyncio.create_task(cpu.call(wait_for_word, bl.self()))
    over_there = await word_from_work()
    assert over_there.node != bl.self().node
    bl.send(over_there, "hello")
    assert await calling == "hello"


@on_pool()
async def test_what_a_plain_function_returns_is_awaited_there(cpu: flame.Pool) -> None:
    async def twice(number: int) -> int:
        await asyncio.sleep(0)
        return 2 * number

    assert [await cpu.call(lambda: twice(4)) for _ in range(3)] == [8, 8, 8]
    assert await cpu.call(twice, key="one", init=lambda key: len(key)) == 6


@on_pool(max_concurrency=2)
async def test_plain_functions_share_a_runner_without_waiting_for_each_other(cpu: flame.Pool) -> None:
    def meet(first: bool) -> int:
        barrier = vars(threading).setdefault("the_barrier", threading.Barrier(2))
        barrier.wait(SECONDS)
        return os.getpid()

    pids = await asyncio.gather(cpu.call(meet, True), cpu.call(meet, False))
    assert pids[0] == pids[1]


@on_pool()
async def test_keywords_of_the_function_go_through_partial(cpu: flame.Pool) -> None:
    assert await cpu.call(functools.partial(sorted, reverse=True), [1, 3, 2]) == [3, 2, 1]


@on_pool()
async def test_a_pool_is_called_by_its_name(cpu: flame.Pool) -> None:
    assert await flame.call("test", os.getpid) == await flame.call(cpu, os.getpid)


@on_pool()
async def test_a_pool_is_called_from_another_node(cpu: flame.Pool) -> None:
    async def use(pool: flame.Pool) -> tuple[int, int]:
        return os.getpid(), await pool.call(os.getpid)

    child = await nodes.boot(nodes.Local())
    there, on_runner = await bl.rpc.call(child.node, use, cpu, timeout=SECONDS)
    await child.stop()
    assert len({os.getpid(), there, on_runner}) == 3


class Unpaid(Exception):
    def __init__(self, who: str) -> None:
        super().__init__(f"{who} owes")
        self.who = who


@on_pool()
async def test_an_exception_is_raised_as_its_own_type_with_the_traceback_from_there(cpu: flame.Pool) -> None:
    def bill() -> None:
        raise Unpaid("Ada")

    with pytest.raises(Unpaid, match="Ada owes") as caught:
        await cpu.call(bill)
    assert caught.value.who == "Ada"
    assert 'raise Unpaid("Ada")' in str(caught.value.__cause__)
    assert await cpu.call(abs, -1) == 1


@on_pool()
async def test_a_result_that_cannot_travel_is_an_error_of_the_call(cpu: flame.Pool) -> None:
    with pytest.raises(Exception, match="lock"):
        await cpu.call(threading.Lock)
    assert await cpu.call(abs, -1) == 1


@on_pool()
async def test_an_argument_that_cannot_travel_is_an_error_of_the_call(cpu: flame.Pool) -> None:
    with pytest.raises(Exception, match="lock"):
        await cpu.call(id, threading.Lock())
    assert await cpu.call(abs, -1) == 1


@on_pool()
async def test_a_function_that_exits_ends_only_itself(cpu: flame.Pool) -> None:
    pid = await cpu.call(os.getpid)
    with pytest.raises(flame.WorkEnded, match=r"SystemExit\(3\)"):
        await cpu.call(exit, 3)
    assert await cpu.call(os.getpid) == pid


async def talk() -> None:
    print("from afar")


@on_pool()
async def test_what_a_call_prints_comes_to_the_callers_group_leader_before_the_result(cpu: flame.Pool) -> None:
    set_leader(bl.self())
    for function in (talk, functools.partial(print, "from afar")):
        await cpu.call(function)
        assert await bl.receive(timeout=0) == Output("stdout", "[test-1] from afar\n")


# Time


def spin() -> None:
    while True:
        pass


def says_in_a_thread_of_its_own() -> None:
    thread = threading.Thread(target=lambda: (print("printed"), logging.getLogger("a.library").warning("logged")))
    thread.start()
    thread.join()


@on_pools_node
async def test_what_a_plain_thread_says_while_several_calls_run_comes_to_whom_the_pool_belongs(
    ground: PoolsNode,
) -> None:
    set_leader(bl.self())
    cpu = await ground.start(max_concurrency=3)
    set_leader(None)
    working = [await at_work(cpu) for _ in range(2)]
    await cpu.call(says_in_a_thread_of_its_own)
    text = ""
    while text.count("\n") < 2:
        text += (await bl.receive(lambda message: isinstance(message, Output), timeout=SECONDS)).text
    assert text == "[test-1] printed\n[test-1] WARNING:a.library:logged\n"
    await released({worker: calling for calling, worker in working})


@on_pool()
async def test_a_call_whose_time_is_up_is_stopped_and_the_runner_serves_the_next(cpu: flame.Pool) -> None:
    pid = await cpu.call(os.getpid)
    for slow in (spin, functools.partial(asyncio.sleep, 600)):
        with pytest.raises(flame.ExecTimeout, match=r"did not end in time on .* a runner of pool 'test'"):
            await cpu.call(slow, timeout=0.2)
        assert await cpu.call(os.getpid) == pid


@on_pool()
async def test_a_cancelled_call_stops_its_work(cpu: flame.Pool) -> None:
    calling = asyncio.create_task(cpu.call(wait_for_word, bl.self()))
    ended = bl.monitor(await word_from_work())
    calling.cancel()
    assert (await bl.receive(ref=ended, timeout=SECONDS)).reason == "normal"
    await until_explained(cpu, "0 of 1 slots taken")


@on_pool()
async def test_the_work_of_a_caller_that_dies_is_stopped_and_its_slot_is_free_then(cpu: flame.Pool) -> None:
    caller = bl.spawn(cpu.call, wait_for_word, bl.self())
    ended = bl.monitor(await word_from_work())
    bl.exit(caller, "kill")
    assert (await bl.receive(ref=ended, timeout=SECONDS)).reason == "normal"
    await until_explained(cpu, "0 of 1 slots taken")
    assert await cpu.call(abs, -1) == 1


# Loss


def kill_own_node() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@on_pool(max=1)
async def test_a_killed_runner_fails_its_call_alone_and_those_that_wait_get_another(cpu: flame.Pool) -> None:
    calls: list[Any] = [cpu.call(kill_own_node), cpu.call(abs, -1)]
    lost, waiting = await asyncio.gather(*calls, return_exceptions=True)
    assert isinstance(lost, flame.RunnerLost)
    assert "was killed by SIGKILL" in str(lost)
    assert waiting == 1


async def dies_when_told(home: bl.Pid) -> None:
    await wait_for_word(home)
    os.kill(os.getpid(), signal.SIGKILL)


@on_pool()
async def test_a_call_that_cannot_be_made_again_says_what_became_of_it_before(cpu: flame.Pool) -> None:
    calling = asyncio.create_task(cpu.call(dies_when_told, bl.self(), retry=1))
    worker = await word_from_work()
    stopping = asyncio.create_task(cpu.stop())
    await until_explained(cpu, "the pool stops")
    bl.send(worker, "now")
    with pytest.raises(flame.PoolStopped) as raised:
        await calling
    assert isinstance(raised.value.__cause__, flame.RunnerLost)
    await stopping


@on_pool(max=2)
async def test_a_call_on_another_runner_does_not_notice(cpu: flame.Pool) -> None:
    calling = asyncio.create_task(cpu.call(wait_for_word, bl.self()))
    worker = await word_from_work()
    with pytest.raises(flame.RunnerLost):
        await cpu.call(kill_own_node)
    bl.send(worker, "still here")
    assert await calling == "still here"


# Many calls


@on_pool(max=2)
async def test_map_yields_every_value(cpu: flame.Pool) -> None:
    assert sorted([value async for value in cpu.map(abs, range(-20, 0))]) == list(range(1, 21))
    assert [value async for value in flame.map("test", abs, range(-20, 0), ordered=True)] == list(range(20, 0, -1))


@on_pool(max_concurrency=2)
async def test_map_takes_items_from_an_async_generator(cpu: flame.Pool) -> None:
    async def items() -> AsyncIterator[int]:
        for item in range(5):
            await asyncio.sleep(0)
            yield item

    assert [value async for value in cpu.map(str, items(), ordered=True)] == ["0", "1", "2", "3", "4"]
    assert sorted([value async for value in flame.map(cpu, str, items())]) == ["0", "1", "2", "3", "4"]
    with pytest.raises(TypeError, match=r"expected items that can be iterated over, .*, got 3"):
        cpu.map(str, 3)  # type: ignore[arg-type]


@on_pool(max=2)
async def test_map_yields_what_completes_first_first(cpu: flame.Pool) -> None:
    async def wait_or_not(home: bl.Pid | None) -> Any:
        return "quick" if home is None else await wait_for_word(home)

    values = cpu.map(wait_or_not, [bl.self(), None])
    assert await anext(values) == "quick"
    bl.send(await word_from_work(), "slow")
    assert [value async for value in values] == ["slow"]


@on_pool(max=2)
async def test_map_raises_the_exception_of_a_call_and_stops_the_others(cpu: flame.Pool) -> None:
    async def fail_at_two(item: int) -> int:
        if item == 2:
            raise Unpaid("Ada")
        if item > 2:
            await bl.receive()
        return item

    values = cpu.map(fail_at_two, range(9), ordered=True)
    assert [await anext(values), await anext(values)] == [0, 1]
    with pytest.raises(Unpaid, match="Ada"):
        await anext(values)
    await until_explained(cpu, ", 0 of ")


@on_pool(max=2)
async def test_a_map_that_is_left_stops_its_calls(cpu: flame.Pool) -> None:
    async def first_only(item: int) -> int:
        if item:
            await bl.receive()
        return item

    async with aclosing(cpu.map(first_only, range(9))) as values:
        assert await anext(values) == 0
    await until_explained(cpu, ", 0 of ")


@on_pool()
async def test_a_cast_is_performed_and_not_waited_for(cpu: flame.Pool) -> None:
    set_leader(bl.self())
    cpu.cast(print, "done")
    assert await bl.receive(timeout=SECONDS) == Output("stdout", "[test-1] done\n")


@on_pool()
async def test_a_cast_that_fails_is_logged_with_the_traceback_from_there(cpu: flame.Pool) -> None:
    records: list[str] = []

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            records.append(record.getMessage())

    def fail() -> None:
        raise Unpaid("Ada")

    listener = Listener()
    logging.getLogger("beamlike.process").addHandler(listener)
    try:
        cpu.cast(fail)
        await eventually(lambda: bool(records))
    finally:
        logging.getLogger("beamlike.process").removeHandler(listener)
    assert 'raise Unpaid("Ada")' in records[0]


@on_pool(min=1)
async def test_a_loop_that_user_code_blocks_for_a_while_does_not_lose_its_runners(cpu: flame.Pool) -> None:
    pid = await cpu.call(os.getpid)
    time.sleep(1.0)  # noqa: ASYNC251 - a long plain cell of a notebook does just this
    assert await cpu.call(os.getpid) == pid
