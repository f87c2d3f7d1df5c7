"""Processes that are placed on a runner and stay there: cases 27-29. Case 30 is `test_d_tracking`'s."""

from __future__ import annotations

import asyncio
import functools
import os
import signal
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

import beamlike as bl
import flame
from flame import leasing
from tests.support.local_nodes import PATIENCE
from tests.support.pools import pool, until_explained, wait_for_word, word_from_work
from tests.support.processes import child_nodes
from tests.support.virtual_clock import VirtualClock


async def echo() -> None:
    """Gives back what it is sent, until it is told to stop."""
    while True:
        match await bl.receive():
            case "stop":
                return
            case (asker, said):
                bl.send(asker, ("word", said))


def echo_placed() -> bl.Pid:
    return bl.spawn(echo)


class Trapping(bl.GenServer):
    """Ends in order, as servers that hold something do."""

    def init(self) -> None:
        bl.trap_exit(True)

    def handle_call(self, request: Any, client: object) -> Any:
        return request, bl.self()


async def answers(pid: bl.Pid) -> bool:
    bl.send(pid, (bl.self(), "hello"))
    return bool(await word_from_work() == "hello")


async def caller(cpu: flame.Pool, home: bl.Pid, link: bool) -> None:
    """Places a process, says so, and then passes on what it hears of it."""
    bl.trap_exit(True)
    placed = await cpu.place_child(echo_placed, link=link)
    assert placed is not None
    bl.monitor(placed)
    bl.send(home, ("word", placed))
    while True:
        bl.send(home, ("word", await bl.receive()))


async def placed_by_a_caller(cpu: flame.Pool, *, link: bool) -> tuple[bl.Pid, bl.Pid]:
    """The caller, and what it has placed."""
    calling = bl.spawn(caller, cpu, bl.self(), link)
    return calling, await word_from_work()


# 27


def test_case_27_a_placed_process_answers_has_a_slot_and_keeps_its_runner_up() -> None:
    async def main() -> None:
        clock = VirtualClock()
        async with pool(max=2, max_concurrency=2, idle_shutdown_after=0.1, timeout=None, clock=clock) as cpu:
            placed = await cpu.place_child(bl.ChildSpec("echo", echo_placed), link=False)
            assert placed is not None
            assert placed.node != bl.self().node
            assert await answers(placed)
            clock.advance(1.0)
            await until_explained(cpu, "1 up (min 0, max 2), 1 of 2 slots taken")
            cpu.cast(wait_for_word, bl.self())
            beside = await word_from_work()
            other = asyncio.create_task(cpu.call(wait_for_word, bl.self()))
            elsewhere = await word_from_work()
            assert beside.node == placed.node != elsewhere.node
            bl.send(elsewhere, "over")
            await other
            await cpu.explain()
            clock.advance(1.0)
            await until_explained(cpu, "runners: 1 up (min 0, max 2), 2 of 2 slots taken")
            bl.send(placed, "stop")
            await until_explained(cpu, "1 of 2 slots taken")
            clock.advance(1.0)
            await until_explained(cpu, "runners: 1 up (")
            bl.send(beside, "over")
            await until_explained(cpu, "0 of 2 slots taken")
            clock.advance(0.1)
            await until_explained(cpu, "no runner (")

    asyncio.run(main())


def test_case_27_a_server_that_traps_exits_and_is_linked_to_its_starter_stays_too() -> None:
    async def main() -> None:
        async with pool() as cpu:
            placed = await cpu.place_child(bl.ChildSpec("server", Trapping.start_link))
            assert placed is not None
            assert await bl.GenServer.call(placed, "hello", timeout=PATIENCE) == ("hello", placed)
            await cpu.explain()
            assert await bl.GenServer.call(placed, "again", timeout=PATIENCE) == ("again", placed)
            await until_explained(cpu, "1 of 1 slots taken")
            bl.unlink(placed)
            bl.exit(placed, "kill")
            await until_explained(cpu, "0 of 1 slots taken")

    asyncio.run(main())


# 28


def test_case_28_the_linked_caller_of_a_killed_process_gets_its_exit() -> None:
    async def main() -> None:
        async with pool() as cpu:
            calling, placed = await placed_by_a_caller(cpu, link=True)
            bl.exit(placed, "kill")
            heard = [await word_from_work(), await word_from_work()]
            assert bl.Exit(placed, "killed") in heard
            assert [news.reason for news in heard if isinstance(news, bl.Down)] == ["killed"]
            await until_explained(cpu, "0 of 1 slots taken")
            bl.exit(calling, "kill")

    asyncio.run(main())


def test_case_28_the_unlinked_caller_of_a_killed_process_is_only_told_what_it_has_asked_for() -> None:
    async def main() -> None:
        async with pool() as cpu:
            calling, placed = await placed_by_a_caller(cpu, link=False)
            bl.exit(placed, "kill")
            news = await word_from_work()
            assert (type(news), news.pid, news.reason) == (bl.Down, placed, "killed")
            await until_explained(cpu, "0 of 1 slots taken")
            bl.send(calling, "the only other thing that it hears")
            assert await word_from_work() == "the only other thing that it hears"
            bl.exit(calling, "kill")

    asyncio.run(main())


async def ends_by_itself(reason: str) -> None:
    raise bl.ProcessExit(reason)


async def places_one_that_ends(cpu: flame.Pool, reason: str, home: bl.Pid | None = None) -> object:
    """Tells `home`, if there is one, what it has placed and what it hears of it then."""
    bl.trap_exit(home is not None)
    placed = await cpu.place_child(lambda: bl.spawn(ends_by_itself, reason))
    heard = await bl.receive()
    if home is not None:
        bl.send(home, ("word", (placed, heard)))
    return heard


@pytest.mark.parametrize("reason", ["out of data", "normal"])
def test_case_28_the_linked_caller_of_a_process_that_ends_at_once_gets_its_true_reason(reason: str) -> None:
    async def main() -> None:
        async with pool() as cpu:
            bl.spawn(places_one_that_ends, cpu, reason, bl.self())
            placed, heard = await word_from_work()
            assert heard == bl.Exit(placed, reason)

            calling, ended = bl.spawn_monitor(places_one_that_ends, cpu, reason)
            if reason == "normal":  # which ends nobody
                bl.send(calling, "hello")
            assert (await bl.receive(ref=ended, timeout=PATIENCE)).reason == reason
            await until_explained(cpu, "0 of 1 slots taken")

    asyncio.run(main())


def test_case_28_a_linked_process_ends_with_its_caller_and_its_slot_is_free() -> None:
    async def main() -> None:
        async with pool() as cpu:
            calling, placed = await placed_by_a_caller(cpu, link=True)
            ends = bl.monitor(placed)
            bl.exit(calling, "kill")
            assert (await bl.receive(ref=ends, timeout=PATIENCE)).reason == "killed"
            await until_explained(cpu, "0 of 1 slots taken")

    asyncio.run(main())


def test_case_28_an_unlinked_process_outlives_its_caller_with_its_runner_and_is_never_started_again() -> None:
    async def main() -> None:
        clock = VirtualClock()

        def told_start(home: bl.Pid) -> bl.Pid:
            bl.send(home, ("started",))
            return bl.spawn(echo)

        async def places(home: bl.Pid) -> None:
            spec = bl.ChildSpec("echo", functools.partial(told_start, home), restart="permanent")
            bl.send(home, ("word", await cpu.place_child(spec, link=False)))
            await bl.receive()

        async with pool(idle_shutdown_after=0.1, timeout=None, clock=clock) as cpu:
            calling = bl.spawn(places, bl.self())
            placed = await word_from_work()
            ends = bl.monitor(calling)
            bl.exit(calling, "kill")
            await bl.receive(ref=ends, timeout=PATIENCE)
            await cpu.explain()
            clock.advance(1.0)
            await until_explained(cpu, "runners: 1 up (min 0, max 1), 1 of 1 slots taken")
            assert await answers(placed)
            bl.exit(placed, "kill")
            await until_explained(cpu, "0 of 1 slots taken")
            clock.advance(0.1)
            await until_explained(cpu, "no runner (")
            assert await bl.receive(timeout=PATIENCE) == ("started",)
            with pytest.raises(TimeoutError):
                await bl.receive(timeout=0)

    asyncio.run(main())


def test_case_28_the_linked_caller_hears_that_the_runner_of_its_process_is_lost() -> None:
    async def main() -> None:
        async with pool() as cpu:
            calling, placed = await placed_by_a_caller(cpu, link=True)
            [pid] = child_nodes()
            os.kill(pid, signal.SIGKILL)
            heard = [await word_from_work(), await word_from_work()]
            assert bl.Exit(placed, "noconnection") in heard
            await until_explained(cpu, "0 of 0 slots taken")
            assert await cpu.call(os.getpid) != pid
            bl.exit(calling, "kill")

    asyncio.run(main())


def test_case_28_a_caller_that_is_killed_while_the_start_runs_leaves_nothing() -> None:
    async def starts(home: bl.Pid) -> bl.Pid:
        placed = bl.spawn_link(echo)
        bl.send(home, ("word", (placed, bl.self())))
        await bl.receive()
        return placed

    async def main() -> None:
        async with pool(timeout=None) as cpu:
            calling = bl.spawn(cpu.place_child, functools.partial(starts, bl.self()))
            pids = await word_from_work()
            bl.exit(calling, "kill")
            for pid in pids:
                await bl.receive(ref=bl.monitor(pid), timeout=PATIENCE)
            await until_explained(cpu, "0 of 1 slots taken")

    asyncio.run(main())


# 29


def raises() -> bl.Pid:
    raise ValueError("no such table")


async def raises_later() -> bl.Pid:
    raise ValueError("no such table")


def gives_no_pid() -> Any:
    return "error", "no such table"


def exits() -> Any:
    raise SystemExit(0)


async def misses_another_node() -> bl.Pid:
    await bl.rpc.call("nobody@127.0.0.1", abs, -1)
    raise AssertionError("it was there")


async def misses_another_node_midway() -> AsyncIterator[int]:
    yield 1
    await misses_another_node()


FAILING: list[tuple[Callable[[], Any], type[Exception], str]] = [
    (raises, ValueError, "no such table"),
    (raises_later, ValueError, "no such table"),
    (exits, RuntimeError, r"to start a process, got SystemExit\(0\)"),
    (gives_no_pid, TypeError, r"expected .* the pid of the process .*, got \('error', 'no such table'\)"),
]


def test_case_29_a_start_that_fails_says_why_and_leaves_the_slot_free() -> None:
    async def main() -> None:
        async with pool(max_concurrency=1) as cpu:
            pid = await cpu.call(os.getpid)
            for start, error, words in FAILING:
                with pytest.raises(error, match=words):
                    await cpu.place_child(bl.ChildSpec("table", start))
                assert await cpu.call(os.getpid) == pid
                await until_explained(cpu, "1 up (min 0, max 1), 0 of 1 slots taken")

    asyncio.run(main())


def test_case_29_a_start_that_loses_another_node_says_so_and_its_own_is_not_taken_for_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def main() -> None:
        asked: list[object] = []
        monkeypatch.setattr(leasing, "_loss", lambda *told: asked.append(told))
        async with pool(max_concurrency=1) as cpu:
            with pytest.raises(bl.rpc.NodeLost, match=r"nobody@127\.0\.0\.1"):
                await cpu.place_child(misses_another_node)
            with pytest.raises(bl.rpc.NodeLost, match=r"nobody@127\.0\.0\.1"):
                async for _ in cpu.stream(misses_another_node_midway):
                    pass
            assert asked == []

    asyncio.run(main())


def test_case_29_a_start_with_nothing_to_run_gives_none_and_one_whose_process_has_ended_leaves_the_slot_free() -> None:
    async def ends_at_once() -> bl.Pid:
        placed, ref = bl.spawn_monitor(echo)
        bl.exit(placed, "kill")
        await bl.receive(ref=ref)
        return placed

    async def main() -> None:
        async with pool(max_concurrency=1) as cpu:
            assert await cpu.place_child(bl.ChildSpec("table", lambda: None)) is None
            await until_explained(cpu, "1 up (min 0, max 1), 0 of 1 slots taken")
            await cpu.place_child(ends_at_once, link=False)
            await until_explained(cpu, "1 up (min 0, max 1), 0 of 1 slots taken")
            assert await cpu.call(abs, -1) == 1

    asyncio.run(main())
