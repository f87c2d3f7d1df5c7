"""How processes that are placed on a runner end with their pool: as the children of a supervisor, and after all calls.

The clock stands still unless a test moves it, so no pool here waits until its `shutdown_timeout` is over.
"""

from __future__ import annotations

import asyncio
import functools
from typing import Any

import pytest

import beamlike as bl
from tests.support.pools import pool, until_explained, wait_for_word, word_from_work
from tests.support.virtual_clock import VirtualClock


class Orderly(bl.GenServer):
    """Says how it ends, as servers do that hold something."""

    def init(self, home: bl.Pid) -> None:
        self.home = home
        bl.trap_exit(True)

    def handle_call(self, request: Any, client: object) -> Any:
        return request

    def terminate(self, reason: Any) -> None:
        bl.send(self.home, ("word", reason))


async def lasts() -> None:
    await bl.receive()


async def minds_nothing() -> None:
    """Hears that it is to end, and does not."""
    bl.trap_exit(True)
    while True:
        await bl.receive()


def lasting(code: Any = lasts) -> bl.Pid:
    return bl.spawn(code)


async def starts_later(home: bl.Pid) -> bl.Pid:
    bl.send(home, ("word", bl.self()))
    await bl.receive(lambda it: it == "go on")
    return lasting()


async def starts_later_elsewhere(home: bl.Pid) -> bl.Pid:
    """On another node, where its keeper cannot link it."""
    bl.send(home, ("word", bl.self()))
    await bl.receive(lambda it: it == "go on")
    return bl.spawn(lasts, node=home.node)


async def reason_of(placed: bl.Pid, ref: bl.Ref) -> object:
    down = await bl.receive(ref=ref, timeout=60)
    assert down.pid == placed
    return down.reason


@pytest.mark.parametrize("link", [True, False])
def test_a_pool_that_stops_ends_what_is_placed_in_order_and_not_who_stops_it(link: bool) -> None:
    async def main() -> None:
        async with pool(clock=VirtualClock()) as cpu:
            placed = await cpu.place_child(Orderly.child_spec(bl.self()), link=link)
            assert placed is not None
            ref = bl.monitor(placed)
            await cpu.stop()
            assert await word_from_work() == "shutdown"
            assert await reason_of(placed, ref) == "shutdown"

    asyncio.run(main())


def test_a_function_that_does_not_trap_exits_ends_at_once_and_who_is_linked_to_it_hears_of_it() -> None:
    async def main() -> None:
        async def places(home: bl.Pid) -> None:
            bl.trap_exit(True)
            placed = await cpu.place_child(lasting)
            bl.send(home, ("word", placed))
            heard = await bl.receive(lambda it: isinstance(it, bl.Exit))
            bl.send(home, ("word", (heard.pid, heard.reason)))

        async with pool(clock=VirtualClock()) as cpu:
            bl.spawn(places, bl.self())
            placed = await word_from_work()
            await cpu.stop()
            assert await word_from_work() == (placed, "shutdown")

    asyncio.run(main())


@pytest.mark.parametrize("shutdown", [0.1, "brutal_kill"])
def test_one_that_does_not_end_in_its_time_is_killed(shutdown: Any) -> None:
    async def main() -> None:
        async with pool(clock=VirtualClock()) as cpu:
            start = functools.partial(lasting, minds_nothing)
            spec = bl.ChildSpec("stubborn", start, shutdown=0 if shutdown == "brutal_kill" else shutdown)
            placed = await cpu.place_child(spec, link=False)
            assert placed is not None
            ref = bl.monitor(placed)
            await cpu.stop()
            assert await reason_of(placed, ref) == "killed"

    asyncio.run(main())


def test_one_that_may_take_for_ever_has_the_time_that_the_pool_has() -> None:
    async def main() -> None:
        clock = VirtualClock()
        async with pool(clock=clock, shutdown_timeout=30.0) as cpu:
            start = functools.partial(lasting, minds_nothing)
            placed = await cpu.place_child(bl.ChildSpec("tree", start, type="supervisor"), link=False)
            assert placed is not None
            ref = bl.monitor(placed)
            stopping = asyncio.create_task(cpu.stop())
            await until_explained(cpu, "the pool stops")
            assert not stopping.done()
            clock.advance(30.0)
            await stopping
            assert await reason_of(placed, ref) == "noconnection"

    asyncio.run(main())


def test_it_ends_after_the_calls_which_may_use_it() -> None:
    async def main() -> None:
        async with pool(clock=VirtualClock(), max=2, timeout=None) as cpu:
            placed = await cpu.place_child(Orderly.child_spec(bl.self()), link=False)
            assert placed is not None
            calling = asyncio.create_task(cpu.call(wait_for_word, bl.self()))
            working = await word_from_work()
            assert working.node != placed.node
            stopping = asyncio.create_task(cpu.stop())
            await until_explained(cpu, "the pool stops")
            assert await bl.GenServer.call(placed, "still here", timeout=60) == "still here"
            bl.send(working, "over")
            await calling
            assert await word_from_work() == "shutdown"
            await stopping

    asyncio.run(main())


@pytest.mark.parametrize("start", [starts_later, starts_later_elsewhere])
@pytest.mark.parametrize("link", [True, False])
def test_one_that_is_being_started_as_the_pool_stops_ends_too_and_not_who_stops_it(link: bool, start: Any) -> None:
    async def main() -> None:
        async with pool(clock=VirtualClock(), timeout=None) as cpu:
            placing = asyncio.create_task(cpu.place_child(functools.partial(start, bl.self()), link=link))
            starting = await word_from_work()
            stopping = asyncio.create_task(cpu.stop())
            await until_explained(cpu, "the pool stops")
            bl.send(starting, "go on")
            placed = await placing
            assert placed is not None
            ref = bl.monitor(placed)
            await stopping
            await reason_of(placed, ref)  # which is another one if it had ended before it was watched

    asyncio.run(main())
