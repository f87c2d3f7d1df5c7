"""Runners as real child processes: they come with demand, go when idle, and nothing is left of them."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from pathlib import Path

import pytest

import beamlike as bl
import flame
import nodes
from flame.output_sink import sink_for_caller
from flame.pool import start
from tests.support.local_nodes import eventually, process_of
from tests.support.pools import SECONDS, pool, until_explained, wait_for_word, word_from_work
from tests.support.processes import child_nodes, is_alive, wait_until_gone
from tests.support.virtual_clock import VirtualClock


class NoRoom:
    """A backend whose platform refuses every machine, until it has room."""

    def __init__(self) -> None:
        self.local: nodes.Local | None = None
        self.asked = 0

    def __repr__(self) -> str:
        return "NoRoom()"

    async def boot(self, invitation: nodes.Invitation) -> nodes.Machine:
        self.asked += 1
        if self.local is None:
            raise OSError("quota exceeded")
        return await self.local.boot(invitation)

    async def stop(self, machine: nodes.Machine) -> None:
        assert self.local is not None
        await self.local.stop(machine)

    async def describe(self, machine: nodes.Machine) -> nodes.Description:
        assert self.local is not None
        return await self.local.describe(machine)


def says_so_and_sleeps(home: bl.Pid) -> None:
    """Nothing interrupts it once it has said so."""
    bl.send(home, ("word", "begun"))
    time.sleep(600)


async def let_pauses_pass(clock: VirtualClock, calling: asyncio.Task[object]) -> None:
    """Moves time on to the next attempt whenever the pool waits for it."""
    async with asyncio.timeout(SECONDS):
        while not calling.done():
            if (at := clock.next_at()) is not None:
                clock.advance(at - clock.now())
            await asyncio.sleep(0.001)


def test_a_pool_that_cannot_boot_tells_its_callers_why_and_works_once_it_can() -> None:
    async def main() -> None:
        clock, backend = VirtualClock(), NoRoom()
        async with pool(backend=backend, clock=clock, timeout=None, idle_shutdown_after=None) as cpu:
            calling: asyncio.Task[object] = asyncio.create_task(cpu.call(abs, -1))
            await let_pauses_pass(clock, calling)
            with pytest.raises(
                flame.BootFailed, match=r"could not boot a runner on NoRoom\(\), 3 times .*quota exceeded"
            ):
                await calling
            assert backend.asked == 3

            backend.local = nodes.Local()
            again: asyncio.Task[object] = asyncio.create_task(cpu.call(abs, -1))
            await let_pauses_pass(clock, again)
            assert await again == 1

    asyncio.run(main())


def test_a_pool_that_has_used_what_its_caps_allow_ends_its_runners_and_says_so() -> None:
    async def main() -> None:
        clock = VirtualClock()
        async with pool(caps=flame.Caps(runner_seconds=4.0), timeout=None, clock=clock) as cpu:
            calling = asyncio.create_task(cpu.call(says_so_and_sleeps, bl.self()))
            assert await word_from_work() == "begun"
            clock.advance(4.0)
            with pytest.raises(flame.RunnerLost, match="the pool has used 4 of its 4 runner-seconds"):
                await calling
            with pytest.raises(flame.CapReached, match="raise its caps, or start another pool"):
                await cpu.call(abs, -1)

    asyncio.run(main())


def test_a_pool_whose_cap_in_dollars_would_go_by_a_guessed_price_does_not_start() -> None:
    async def main() -> None:
        async with bl.Node("pools@127.0.0.1", secret=b"s"):
            with pytest.raises(ValueError, match=r"needs a price, and none is known of NoRoom\(\)"):
                await start(flame.PoolOptions(name="test", caps=flame.Caps(usd=1.0)), NoRoom(), VirtualClock())
            assert bl.whereis("test") is None

    asyncio.run(main())


def test_a_pool_whose_minimum_cannot_be_booted_does_not_start() -> None:
    async def main() -> None:
        clock, backend = VirtualClock(), nodes.Local(python="/no/such/python")
        async with bl.Node("pools@127.0.0.1", secret=b"s"):
            starting: asyncio.Task[object] = asyncio.create_task(
                start(flame.PoolOptions(name="test", min=1), backend, clock)
            )
            await let_pauses_pass(clock, starting)
            with pytest.raises(flame.BootFailed, match="/no/such/python"):
                await starting
            assert bl.whereis("test") is None

    asyncio.run(main())


def test_a_pool_that_nobody_waits_for_any_more_does_not_start() -> None:
    async def main() -> None:
        async with bl.Node("pools@127.0.0.1", secret=b"s"):
            sink_for_caller()  # makes the node's user, if need be, which stays
            before = {bl.self(), *bl.processes()}
            starting = asyncio.create_task(flame.Pool.start(name="test", min=1))
            await eventually(lambda: bl.whereis("test") is not None)
            starting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await starting
            await eventually(lambda: before.issuperset(bl.processes()))
            assert child_nodes() == []

    asyncio.run(main())


def test_start_returns_once_the_minimum_is_up() -> None:
    async def main() -> None:
        async with pool(min=2, max=3) as cpu:
            assert len(child_nodes()) == 2
            assert "2 up (min 2, max 3)" in await cpu.explain()

    asyncio.run(main())


def test_the_name_of_a_running_pool_is_taken() -> None:
    async def main() -> None:
        async with pool():
            with pytest.raises(bl.NameTaken, match="test"):
                await flame.Pool.start(name="test")

    asyncio.run(main())


def test_calls_in_a_row_use_one_runner() -> None:
    async def main() -> None:
        async with pool(max=4) as cpu:
            assert len({await cpu.call(os.getpid) for _ in range(50)}) == 1
            assert "runners: 1 up (" in await cpu.explain()

    asyncio.run(main())


def test_a_pool_that_rests_watches_its_runners_and_nothing_else() -> None:
    async def main() -> None:
        async with pool(min=1, max=2) as cpu:
            with pytest.raises(flame.ExecTimeout):
                await cpu.call(asyncio.sleep, 600, timeout=0.1)
            cancelled = asyncio.create_task(cpu.call(asyncio.sleep, 600))
            await until_explained(cpu, "1 of 1 slots taken")
            cancelled.cancel()
            assert len([value async for value in cpu.map(abs, range(20))]) == 20
            await until_explained(cpu, "2 up (min 1, max 2), 0 of 2 slots taken, no call waits")
            watched = process_of(cpu.pid).monitors
            assert len(watched) == 2
            assert {pid.node for pid in watched if isinstance(pid, bl.Pid)} == {bl.self().node}

    asyncio.run(main())


def test_calls_at_once_use_as_many_runners_as_they_need() -> None:
    async def main() -> None:
        async with pool(max=3) as cpu:
            calls = [asyncio.create_task(cpu.call(wait_for_word, bl.self())) for _ in range(3)]
            workers = [await word_from_work() for _ in calls]
            assert len({worker.node for worker in workers}) == 3
            for worker in workers:
                bl.send(worker, "go on")
            await asyncio.gather(*calls)

    asyncio.run(main())


def test_an_idle_runner_is_stopped_and_its_process_is_gone() -> None:
    async def main() -> None:
        clock = VirtualClock()
        async with pool(clock=clock, idle_shutdown_after=30.0) as cpu:
            pid = await cpu.call(os.getpid)
            await cpu.explain()
            clock.advance(29.0)
            assert await cpu.call(os.getpid) == pid
            await cpu.explain()
            clock.advance(30.0)
            await until_explained(cpu, "no runner (")
            wait_until_gone(pid)
            assert await cpu.call(os.getpid) != pid

    asyncio.run(main())


def test_a_call_that_gets_no_slot_in_time_is_told_what_the_pool_has() -> None:
    async def main() -> None:
        clock = VirtualClock()
        async with pool(clock=clock) as cpu:
            busy = asyncio.create_task(cpu.call(asyncio.sleep, 600, timeout=None))
            await until_explained(cpu, "1 of 1 slots taken")
            waiting = asyncio.create_task(cpu.call(abs, -1, timeout=5.0))
            await until_explained(cpu, "1 call waits")
            clock.advance(5.0)
            with pytest.raises(flame.QueueTimeout, match=r"got no slot in 5.0 s; .* 1 of 1 slots taken"):
                await waiting
            busy.cancel()

    asyncio.run(main())


def test_work_that_cannot_be_interrupted_takes_its_runner_with_it() -> None:
    async def main() -> None:
        clock = VirtualClock()
        async with pool(clock=clock) as cpu:
            pid = await cpu.call(os.getpid)
            stuck = asyncio.create_task(cpu.call(says_so_and_sleeps, bl.self()))
            assert await word_from_work() == "begun"
            stuck.cancel()
            await until_explained(cpu, "1 by work that was told to stop")
            waiting = asyncio.create_task(cpu.call(os.getpid, timeout=None))
            await until_explained(cpu, "1 call waits")
            clock.advance(5.0)
            assert await waiting != pid
            wait_until_gone(pid)

    asyncio.run(main())


def test_a_runner_that_ends_by_itself_is_lost_with_its_exit_code_and_last_words() -> None:
    def leave() -> None:
        os.write(2, b"out of memory, perhaps")
        os._exit(7)

    async def main() -> None:
        async with pool() as cpu:
            with pytest.raises(flame.RunnerLost, match=r"(?s)exit code 7; it printed:\n.*out of memory, perhaps"):
                await cpu.call(leave)

    asyncio.run(main())


def test_a_runtime_that_is_a_child_itself_has_pools() -> None:
    """As in a notebook: user code has the main thread there, and distribution another one."""

    async def use() -> tuple[int, int]:
        cpu = await flame.Pool.start(name="inner", max=2)
        pids = [pid async for pid in cpu.map(lambda _: os.getpid(), range(20))]
        await cpu.stop()
        return os.getpid(), len(pids)

    async def main() -> None:
        async with bl.Node("outer@127.0.0.1", secret=b"s"):
            child = await nodes.boot(nodes.Local(), own_thread=True)
            pid, calls = await bl.rpc.call(child.node, use, timeout=2 * SECONDS)
            assert pid != os.getpid()
            assert calls == 20
            await child.stop()
        assert child_nodes() == []

    asyncio.run(main())


def test_stop_lets_a_call_that_runs_end_and_refuses_those_that_wait() -> None:
    async def main() -> None:
        async with pool() as cpu:
            running = asyncio.create_task(cpu.call(wait_for_word, bl.self()))
            worker = await word_from_work()
            waiting = asyncio.create_task(cpu.call(abs, -1))
            await until_explained(cpu, "1 call waits")
            stopping = asyncio.create_task(cpu.stop())
            with pytest.raises(flame.PoolStopped, match="stopping"):
                await waiting
            bl.send(worker, "the end")
            assert await running == "the end"
            await stopping
            with pytest.raises(flame.PoolStopped, match="has stopped"):
                await cpu.call(abs, -1)

    asyncio.run(main())


def test_stop_cuts_off_a_call_that_does_not_end() -> None:
    async def main() -> None:
        clock = VirtualClock()
        async with pool(clock=clock, shutdown_timeout=10.0) as cpu:
            running = asyncio.create_task(cpu.call(asyncio.sleep, 600, timeout=None))
            await until_explained(cpu, "1 of 1 slots taken")
            stopping = asyncio.create_task(cpu.stop())
            await until_explained(cpu, "the pool stops")
            clock.advance(10.0)
            with pytest.raises(flame.RunnerLost):
                await running
            await stopping

    asyncio.run(main())


STANDS_IN = """#!{python}
import os, pathlib
note = pathlib.Path("{note}.new")
note.write_text(str(os.getpid()))
note.rename("{note}")
os.read(int(os.environ["BEAMLIKE_LIFELINE"]), 1)
"""


def test_stop_calls_off_a_boot(tmp_path: Path) -> None:
    program, note = tmp_path / "python", tmp_path / "pid"
    program.write_text(STANDS_IN.format(python=sys.executable, note=note))
    program.chmod(0o755)

    async def main() -> None:
        async with pool(backend=nodes.Local(python=str(program)), boot_timeout=600.0) as cpu:
            calling = asyncio.create_task(cpu.call(abs, -1))
            await eventually(note.exists)
            assert is_alive(int(note.read_text()))
            await cpu.stop()
            assert not is_alive(int(note.read_text()))
            with pytest.raises(flame.PoolStopped):
                await calling

    asyncio.run(main())


def test_a_pool_that_is_killed_takes_its_runners_with_it() -> None:
    async def main() -> None:
        async with pool(min=1) as cpu:
            pid = await cpu.call(os.getpid)
            calling = asyncio.create_task(cpu.call(asyncio.sleep, 600, timeout=None))
            await until_explained(cpu, "1 of 1 slots taken")
            bl.exit(cpu.pid, "kill")
            await eventually(lambda: not is_alive(pid))
            with pytest.raises(flame.RunnerLost):
                await calling

    asyncio.run(main())


def test_the_end_of_the_node_ends_the_runners_of_a_pool_that_was_not_stopped() -> None:
    async def main() -> int:
        async with bl.Node("short@127.0.0.1", secret=b"s"):
            pool = await flame.Pool.start(name="test")
            return int(await pool.call(os.getpid))

    wait_until_gone(asyncio.run(main()))
