"""Boots that fail, come late or are answered by nobody; what knows that it is a runner; cases 31-34 and 36.

Their platforms are `nodes.Local` and processes of our own, behind what goes wrong on the way to them.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import beamlike as bl
import flame
import nodes
from nodes.exit_codes import CANNOT_JOIN
from tests.support.faulty_backends import Faulty
from tests.support.local_nodes import PATIENCE, eventually
from tests.support.loose_children import Loose, through
from tests.support.pools import SECONDS, pool, until_explained
from tests.support.processes import child_nodes, is_alive, wait_until_gone
from tests.support.virtual_clock import VirtualClock


async def refused(calling: asyncio.Future[object]) -> str:
    with pytest.raises(flame.BootFailed) as caught:
        await calling
    return str(caught.value)


async def until_paused(cpu: flame.Pool, failures: int) -> str:
    """Why the last boot failed, once so many have in a row."""
    await until_explained(cpu, f"{failures} boot{'s' * (failures > 1)} failed in a row, the last because ")
    return (await cpu.explain()).partition("the last because ")[2]


async def let_pauses_pass(clock: VirtualClock, calling: asyncio.Future[object]) -> None:
    """Moves time on to the next attempt whenever the pool waits for it."""
    async with asyncio.timeout(SECONDS):
        while not calling.done():
            if (at := clock.next_at()) is not None:
                clock.advance(at - clock.now())
            await asyncio.sleep(0.001)


class LaterLoop(asyncio.SelectorEventLoop):
    """May be told that time has passed: a limit is over when the test wants it, however long children take to start."""

    ahead = 0.0

    def time(self) -> float:
        return super().time() + self.ahead


def run_with_time(main: Callable[[LaterLoop], Coroutine[Any, Any, None]]) -> None:
    loop = LaterLoop()
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.run(main(loop))


BOOT_SECONDS = 20.0
"""More than a boot takes."""


# 31


def test_case_31_an_invitation_boots_one_node_and_a_second_machine_with_it_is_turned_away() -> None:
    async def main() -> None:
        backend = Faulty(twice=True)
        async with pool(backend=backend, max=1) as cpu:
            node = await cpu.call(lambda: bl.self().node)
            first, second = backend.machines
            codes: list[int | None] = []
            async with asyncio.timeout(SECONDS):
                while CANNOT_JOIN not in codes:
                    await asyncio.sleep(0.02)  # it ends by itself, and nobody tells
                    codes = [(await backend.local.describe(machine)).exit_code for machine in (first, second)]
            assert sorted(codes, key=str) == [CANNOT_JOIN, None]
            await eventually(lambda: len(child_nodes()) == 1)
            assert await cpu.call(lambda: bl.self().node) == node
            await backend.local.stop(first)
            await backend.local.stop(second)

    asyncio.run(main())


def test_case_31_a_failure_that_will_stay_so_refuses_all_who_wait_at_once_and_is_not_tried_again_by_itself() -> None:
    async def main() -> None:
        clock, backend = VirtualClock(), Faulty(error=nodes.BackendError("invalid authentication", permanent=True))
        async with pool(backend=backend, max=1, timeout=None, clock=clock) as cpu:
            waiting = [asyncio.create_task(cpu.call(abs, -1)) for _ in range(5)]
            words = [await refused(calling) for calling in waiting]
            assert all("invalid authentication" in why and "times in a row" not in why for why in words)
            assert backend.asked == 1
            for _ in range(20):  # the breaker is open: who asks now hears the same, and nobody is asked again
                assert "invalid authentication" in await refused(asyncio.ensure_future(cpu.call(abs, -1)))
            assert backend.asked == 1
            clock.advance(1000.0)
            await cpu.explain()
            assert backend.asked == 1
            backend.error = None
            assert await cpu.call(abs, -1) == 1
            assert backend.asked == 2

    asyncio.run(main())


def test_case_31_failures_that_may_pass_are_tried_again_three_times_and_then_only_for_a_new_call() -> None:
    async def main() -> None:
        clock, backend = VirtualClock(), Faulty(error=OSError("no capacity"))
        async with pool(backend=backend, max=1, timeout=None, clock=clock) as cpu:
            calling = asyncio.create_task(cpu.call(abs, -1))
            await let_pauses_pass(clock, calling)
            assert "3 times in a row" in await refused(calling)
            assert backend.asked == 3
            for _ in range(100):
                clock.advance(60.0)
                await cpu.explain()
            assert backend.asked == 3

    asyncio.run(main())


def test_case_31_a_program_that_ends_before_it_joins_fails_with_its_words_and_does_not_loop() -> None:
    async def main() -> None:
        clock = VirtualClock()
        backend = Faulty(nodes.Local(env={"BEAMLIKE_PATH": "", "PYTHONSTARTUP": "", "PYTHONHOME": "/no/such/home"}))
        async with pool(backend=backend, max=1, timeout=None, clock=clock) as cpu:
            calling = asyncio.create_task(cpu.call(abs, -1))
            await let_pauses_pass(clock, calling)
            why = await refused(calling)
            assert "ended with exit code 1; it printed:" in why
            assert "/no/such/home" in why
            clock.advance(1000.0)
            await cpu.explain()
            assert backend.asked == 3
            assert child_nodes() == []

    asyncio.run(main())


# 32


@pytest.fixture
def silent_port() -> Iterator[tuple[str, int]]:
    """Takes connections, and says nothing."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield listening.getsockname()


def test_case_32_a_child_that_cannot_reach_its_parent_is_told_of_with_its_last_phase_and_words_and_deleted(
    tmp_path: Path,
) -> None:
    async def main(loop: LaterLoop) -> None:
        backend = Loose(tmp_path / "log", invite=through(nobody.getsockname()))
        async with pool(backend=backend, timeout=None, boot_timeout=BOOT_SECONDS, clock=VirtualClock()) as cpu:
            calling = asyncio.create_task(cpu.call(abs, -1))
            await eventually(lambda: bool(backend.processes) and "tries again to join" in backend.words())
            loop.ahead += BOOT_SECONDS
            why = await until_paused(cpu, 1)
            assert "within 20 s: started at +" in why
            assert "s, no dial-back for " in why
            assert "; it printed:" in why
            assert "tries again to join pools@127.0.0.1" in why
            assert backend.wait() == -signal.SIGKILL
            calling.cancel()

    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # and listens not: nobody else may, either
        run_with_time(main)


def test_case_32_a_child_that_cannot_reach_its_parent_ends_by_itself_if_it_is_never_deleted(
    tmp_path: Path, silent_port: tuple[str, int]
) -> None:
    async def main() -> None:
        backend = Loose(tmp_path / "log", invite=through(silent_port), stops=False)
        async with pool(backend=backend, max=1, timeout=None, boot_timeout=2.0, clock=VirtualClock()) as cpu:
            calling = asyncio.create_task(cpu.call(abs, -1))
            assert "within 2 s: started at +" in await until_paused(cpu, 1)
            assert await asyncio.to_thread(backend.wait) in (CANNOT_JOIN, -signal.SIGKILL)
            calling.cancel()

    asyncio.run(main())


# 33


def test_case_33_a_machine_that_starts_after_its_time_is_turned_away_and_gets_no_call(tmp_path: Path) -> None:
    """Its delete is lost, too: nothing but the handshake is in its way."""

    async def main() -> None:
        # It is patient, so that it hears the answer also on a busy machine.
        late = Loose(tmp_path / "log", invite=lambda told: replace(told, dial_seconds=BOOT_SECONDS), stops=False)
        backend = Faulty(late, created_until_told=True)
        async with pool(backend=backend, max=1, timeout=None, boot_timeout=0.5, clock=VirtualClock()) as cpu:
            calling = asyncio.create_task(cpu.call(abs, -1))
            words = await until_paused(cpu, 1)
            assert re.search(r"within 0\.5 s: created at \+\d+\.\d s, not started for \d+\.\d s", words)
            await backend.start_late()
            assert await asyncio.to_thread(late.wait) == CANNOT_JOIN
            assert "could not join pools@127.0.0.1: " in late.words()
            assert not bl.nodes(hidden=True)
            assert "0 of 0 slots taken, 1 call waits" in await cpu.explain()
            calling.cancel()

    asyncio.run(main())


def test_case_33_a_delete_that_the_platform_refuses_is_asked_for_again(tmp_path: Path) -> None:
    """Of a runner that has idled out, and of a machine whose boot has failed."""

    async def idles_out() -> None:
        backend = Faulty(refused_stops=2)
        async with pool(backend=backend) as cpu:
            await cpu.call(abs, -1)
        assert backend.refused_stops == 0
        [machine] = backend.machines
        assert not is_alive(int(machine.id))

    async def fails() -> None:
        loose = Loose(tmp_path / "log", delay=600.0)
        backend = Faulty(loose, refused_stops=2)
        async with pool(backend=backend, timeout=None, boot_timeout=0.5, clock=VirtualClock()) as cpu:
            calling = asyncio.create_task(cpu.call(abs, -1))
            assert "no dial-back" in await until_paused(cpu, 1)
            assert backend.refused_stops == 0
            assert loose.wait() == -signal.SIGKILL
            calling.cancel()

    asyncio.run(idles_out())
    asyncio.run(fails())


# 34


@pytest.mark.parametrize("when", ["at once", "when it has joined", "never"])
def test_case_34_a_machine_whose_making_was_not_confirmed_does_not_stay(when: str) -> None:
    """The platform has made it, and its answer is lost: it is not adopted, so it must end by itself."""

    async def main(loop: LaterLoop) -> None:
        clock, backend = VirtualClock(), Faulty(reply_lost=when)
        async with pool(backend=backend, max=1, timeout=None, boot_timeout=BOOT_SECONDS, clock=clock) as cpu:
            calling = asyncio.create_task(cpu.call(lambda: bl.self().node))
            if when == "never":
                await eventually(lambda: bool(backend.machines))
                loop.ahead += BOOT_SECONDS
            await until_paused(cpu, 1)
            [lost] = backend.machines
            await eventually(lambda: not is_alive(int(lost.id)))
            backend.reply_lost = None
            await let_pauses_pass(clock, calling)
            assert await calling in bl.nodes(hidden=True)
            assert len(child_nodes()) == 1
            assert backend.asked == 2

    run_with_time(main)


# 36: within the time of a test alone, for each runner starts a zygote of its own


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
        async with pool(timeout=None) as cpu:
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
    inner = await flame.Pool.start(name="inner", nested=True, timeout=None)
    try:
        return here + await inner.call(nested, levels - 1)
    except flame.NestedPool as error:
        return [*here, -1] if "2 levels deep, and its own would exceed max_depth=2" in str(error) else here
    finally:
        await inner.stop()


def test_case_36_a_nested_pool_boots_down_to_its_depth_and_no_further() -> None:
    async def main() -> None:
        async with pool(timeout=None) as cpu:
            assert await cpu.call(nested, 3) == [1, 2, -1]

    asyncio.run(main())


def test_case_36_a_nested_pool_keeps_its_own_max() -> None:
    async def two_at_once() -> int:
        inner = await flame.Pool.start(name="inner", nested=True, timeout=None, max=1)
        pids = await asyncio.gather(inner.call(os.getpid), inner.call(os.getpid))
        await inner.stop()
        return len(set(pids))

    async def main() -> None:
        async with pool(timeout=None) as cpu:
            assert await cpu.call(two_at_once) == 1

    asyncio.run(main())


def test_case_36_runners_of_a_runner_end_with_it_however_that_comes() -> None:
    async def below(home: bl.Pid) -> None:
        inner = await flame.Pool.start(name="inner", nested=True, timeout=None)
        bl.send(home, ("word", (os.getpid(), await inner.call(os.getpid))))
        await bl.receive()

    async def main() -> None:
        async with pool(timeout=None) as cpu:
            calling = asyncio.create_task(cpu.call(below, bl.self()))
            pid, its_runner = (await bl.receive(lambda message: message[0] == "word", timeout=PATIENCE))[1]
            os.kill(pid, signal.SIGKILL)
            with pytest.raises(flame.RunnerLost):
                await calling
            wait_until_gone(pid, its_runner)

    asyncio.run(main())
