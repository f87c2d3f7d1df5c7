"""Boots that fail, come late or are answered by nobody; what knows that it is a runner; cases 31-34 and 36.

Their platforms are `nodes.Local` and processes of our own, behind what goes wrong on the way to them.
"""

from __future__ import annotations

import asyncio
import os
import signal

import pytest

import beamlike as bl
import flame
from tests.support.pools import pool
from tests.support.processes import child_nodes, wait_until_gone


def test_case_36_code_on_a_runner_knows_whose_it_is_and_who_booted_it() -> None:
    async def main() -> None:
        assert flame.Parent.get() is None
        async with pool() as cpu:
            parent = await cpu.call(flame.Parent.get)
            assert (parent.node, parent.pool, parent.runner, parent.depth) == (bl.self().node, "test", "test-1", 1)
            assert parent.booted_at is not None
        assert flame.Parent.get() is None

    asyncio.run(main())


def test_case_36_a_pool_on_a_runner_boots_nothing_and_its_calls_say_why() -> None:
    async def the_same_program() -> tuple[list[str], str]:
        inner = await flame.Pool.start(name="test", min=3, max=3)
        refusals = []
        for asked in (inner.call(abs, -1), inner.warm(1), inner.place_child(bl.self)):
            try:
                await asked
            except flame.NestedPool as error:
                refusals.append(str(error))
        explained = await inner.explain()
        await inner.stop()
        return refusals, explained

    async def main() -> None:
        async with pool() as cpu:
            refusals, explained = await cpu.call(the_same_program)
            why = (
                "its node is itself a runner (test-1 of pool 'test' on pools@127.0.0.1); "
                "call a pool of that node from here, or start this one with nested=True"
            )
            assert refusals == [f"pool 'test' boots no runners: {why}"] * 3
            assert explained == (
                f"pool 'test': no runner (min 3, max 3), 0 of 0 slots taken, no call waits\n0 runners are wanted: {why}"
            )
            assert len(child_nodes()) == 1

    asyncio.run(main())


async def nested(levels: int) -> list[int]:
    """How deep each runner is, from the outermost to the innermost; -1 where no pool may go further."""
    parent = flame.Parent.get()
    here = [parent.depth] if parent is not None else []
    if not levels:
        return here
    inner = await flame.Pool.start(name="inner", nested=True)
    try:
        return here + await inner.call(nested, levels - 1)
    except flame.NestedPool as error:
        assert "2 levels deep, and its own would exceed max_depth=2" in str(error)
        return [*here, -1]
    finally:
        await inner.stop()


def test_case_36_a_nested_pool_boots_down_to_its_depth_and_no_further() -> None:
    async def main() -> None:
        async with pool() as cpu:
            assert await cpu.call(nested, 3) == [1, 2, -1]

    asyncio.run(main())


def test_case_36_a_nested_pool_keeps_its_own_max() -> None:
    async def two_at_once() -> int:
        inner = await flame.Pool.start(name="inner", nested=True, max=1)
        pids = await asyncio.gather(inner.call(os.getpid), inner.call(os.getpid))
        await inner.stop()
        return len(set(pids))

    async def main() -> None:
        async with pool() as cpu:
            assert await cpu.call(two_at_once) == 1

    asyncio.run(main())


def test_case_36_runners_of_a_runner_end_with_it_however_that_comes() -> None:
    async def below(home: bl.Pid) -> None:
        inner = await flame.Pool.start(name="inner", nested=True)
        bl.send(home, ("word", (os.getpid(), await inner.call(os.getpid))))
        await bl.receive()

    async def main() -> None:
        async with pool() as cpu:
            calling = asyncio.create_task(cpu.call(below, bl.self()))
            pid, its_runner = (await bl.receive(lambda message: message[0] == "word", timeout=20))[1]
            os.kill(pid, signal.SIGKILL)
            with pytest.raises(flame.RunnerLost):
                await calling
            wait_until_gone(pid, its_runner)

    asyncio.run(main())
