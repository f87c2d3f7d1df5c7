"""A process that has ended is gone, and its server with it: at once, without the garbage collector."""

from __future__ import annotations

import asyncio
import gc
import logging
import weakref
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest

import beamlike as bl
from beamlike.behaviours.servers import system
from beamlike.kernel import current
from beamlike.kernel.question import Client
from tests.support.local_nodes import down_reason, forever, in_node, settled

WAYS = ["return", "exit", "error", "signal", "kill"]


@pytest.fixture(autouse=True)
def no_collector(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    caplog.set_level(logging.CRITICAL, "beamlike")  # a record of a crash holds the exception, and that its frames
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def this_process() -> weakref.ref[Any]:
    return weakref.ref(current.current_process())


def go(way: str) -> None:
    match way:
        case "stop":
            raise bl.Stop("normal")
        case "exit":
            raise bl.ProcessExit("boom")
        case "error":
            raise ValueError("boom")


def make_end(pid: bl.Pid, way: str) -> None:
    """Sends the signal, or the message that has it go that way."""
    match way:
        case "kill" | "signal":
            bl.exit(pid, way)
        case _:
            bl.send(pid, way)


async def goes(witness: bl.Pid) -> None:
    bl.send(witness, this_process())
    go(await bl.receive())


@pytest.mark.parametrize("way", WAYS)
@in_node
async def test_a_process_is_freed_when_it_ends(way: str) -> None:
    pid = bl.spawn(goes, bl.self())
    process, ended = await bl.receive(), bl.monitor(pid)
    make_end(pid, way)
    await down_reason(ended)
    await settled()
    assert process() is None


class Goes(bl.GenServer):
    def init(self, way: str = "", witness: bl.Pid | None = None) -> None:
        if witness is not None:
            bl.send(witness, this_process())
        go(way)

    def handle_call(self, way: str, client: Client) -> Any:
        go(way)
        return weakref.ref(self), this_process()

    def handle_info(self, way: str) -> None:
        go(way)


@pytest.mark.parametrize("watched", [False, True])
@pytest.mark.parametrize("way", ["StopRequest", "stop", "exit", "error", "signal", "kill"])
@in_node
async def test_a_server_and_its_process_are_freed_when_it_ends(way: str, watched: bool) -> None:
    pid = await Goes.start()
    if watched:
        await system.statistics(pid)
    server, process = await bl.GenServer.call(pid, "who?")
    ended = bl.monitor(pid)
    if way == "StopRequest":
        await bl.GenServer.stop(pid)
    else:
        make_end(pid, way)
    await down_reason(ended)
    await settled()
    assert (server(), process()) == (None, None)


@pytest.mark.parametrize("way", ["stop", "exit", "error"])
@in_node
async def test_a_server_that_ends_in_a_call_leaves_its_caller_nothing_of_itself_but_the_error(way: str) -> None:
    pid = await Goes.start()
    server, process = await bl.GenServer.call(pid, "who?")
    with pytest.raises(bl.CallFailed):
        await bl.GenServer.call(pid, way)
    await settled()
    assert (server(), process()) == (None, None)


@pytest.mark.parametrize("way", ["stop", "exit", "error"])
@in_node
async def test_a_process_whose_start_fails_is_freed(way: str) -> None:
    with pytest.raises((bl.CallFailed, ValueError)):
        await Goes.start(way, bl.self())
    process = await bl.receive()
    await settled()
    assert process() is None


class Large:
    """Stands for the arrays that code holds when it ends."""


async def sleeps_until_killed() -> None:
    bl.spawn(bl.exit, bl.self(), "kill")
    await asyncio.sleep(3600)


async def waits_in_vain() -> None:
    await bl.receive(timeout=0.001)


async def waits_for_what_a_guard_refuses() -> None:
    bl.send(bl.self(), 1)
    await bl.receive(lambda message: 1 / 0)


async def calls_nobody() -> None:
    await bl.GenServer.call("nobody", 1)


async def calls_the_slow() -> None:
    await bl.GenServer.call(bl.spawn(forever), 1, timeout=0.001)


async def calls_who_ends() -> None:
    await bl.GenServer.call(bl.spawn(ends_when_asked), 1)


async def ends_when_asked() -> None:
    await bl.receive()


async def holds_something_large(kept: list[weakref.ref[Any]], wait: Callable[[], Awaitable[None]]) -> None:
    large = Large()
    kept.append(weakref.ref(large))
    await wait()


@pytest.mark.parametrize(
    "wait",
    [sleeps_until_killed, waits_in_vain, waits_for_what_a_guard_refuses, calls_nobody, calls_the_slow, calls_who_ends],
)
@in_node
async def test_what_code_held_is_freed_when_an_exception_of_a_wait_ends_it(wait: Callable[[], Awaitable[None]]) -> None:
    kept: list[weakref.ref[Any]] = []
    pid, ref = bl.spawn_monitor(holds_something_large, kept, wait)
    await down_reason(ref)
    del pid, ref
    await settled()
    assert [it() for it in kept] == [None]
