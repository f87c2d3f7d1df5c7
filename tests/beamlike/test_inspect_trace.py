"""A trace of a node: what it tells, what it may take, and that it goes with whoever asked for it."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from itertools import pairwise
from typing import Any

import pytest

import beamlike as bl
from beamlike.inspect.tracing import exchanged_code, messages
from beamlike.inspect.tracing.events import Traced
from beamlike.inspect.tracing.trace import trace
from beamlike.inspect.tracing.tracer import TRACER, NotTraced
from beamlike.kernel.inspection.tracing import tracer_of
from tests.support.local_nodes import PATIENCE, eventually
from tests.support.peers import Peers, among_peers, main_node


def in_node(test: Callable[[bl.Node], Awaitable[None]]) -> Callable[[], None]:
    async def main() -> None:
        async with main_node() as node:
            await test(node)

    def run() -> None:
        asyncio.run(main())

    run.__name__, run.__doc__, run.__module__ = test.__name__, test.__doc__, test.__module__
    return run


async def echo() -> None:
    while True:
        sender, word = await bl.receive()
        bl.send(sender, (word, "back"))


async def talks(partner: bl.Pid, pause: float = 0.001) -> None:
    """For as long as it lives."""
    number = 0
    while True:
        number += 1
        bl.send(partner, (bl.self(), number))
        await bl.receive()
        await asyncio.sleep(pause)


@asynccontextmanager
async def talk(pause: float = 0.001) -> AsyncIterator[tuple[bl.Pid, bl.Pid]]:
    partner = bl.spawn(echo)
    bl.register("echo", partner)
    talker = bl.spawn(talks, partner, pause)
    bl.register("talker", talker)
    yield talker, partner
    for pid in (talker, partner):
        bl.exit(pid, "kill")


async def taken(stream: Any) -> list[Traced]:
    async with asyncio.timeout(PATIENCE):
        return [event async for event in stream]


def is_untraced(*pids: bl.Pid) -> bool:
    return bl.whereis(TRACER) is None and all(tracer_of(pid) is None for pid in pids)


@in_node
async def test_messages_are_told_by_name_in_order_until_the_limit(node: bl.Node) -> None:
    async with talk() as pids:
        *events, last = await taken(trace(messages=["send"], limit=20, rate=1000))
        assert (last.kind, last.text) == ("ended", "20 events, the limit")
        assert len(events) == 20
        said = [(event.process, event.other) for event in events]
        assert set(said) == {("talker", "echo"), ("echo", "talker")}
        assert all(one != two for one, two in pairwise(said)), "one answers the other"
        await eventually(lambda: is_untraced(*pids))


@in_node
async def test_who_is_spawned_meanwhile_is_watched_from_its_first_message_to_its_end(node: bl.Node) -> None:
    async def child(parent: bl.Pid) -> None:
        bl.send(parent, "born")

    async def parent() -> None:
        bl.link(bl.spawn(child, bl.self()))
        await bl.receive()
        await bl.receive()

    async def begins() -> None:
        await bl.receive()
        bl.spawn(parent)
        await bl.receive()

    first = bl.spawn(begins)

    async def begins_once_it_is_watched() -> None:
        await eventually(lambda: tracer_of(first) is not None)
        bl.send(first, "go")

    beginning = asyncio.create_task(begins_once_it_is_watched())
    missing: list[tuple[str, ...]] = [("-> ", "'born'"), ("<-  'born'",), ("exited 'normal'",), ("spawned", "child")]
    stream = trace(messages=["send", "receive", "procs"], limit=5000, rate=1000, seconds=600)
    async with asyncio.timeout(PATIENCE), aclosing(stream):
        while missing:
            words = (await anext(stream)).words
            missing = [parts for parts in missing if not all(part in words for part in parts)]
    await beginning


@in_node
async def test_in_no_second_more_than_the_rate_is_taken_and_meanwhile_nobody_is_watched(node: bl.Node) -> None:
    async with talk() as (talker, partner):
        stream = trace(messages=["send"], limit=12, rate=4, seconds=60)
        events, untraced = [], 0
        async with asyncio.timeout(3 * PATIENCE):
            async for event in stream:
                events.append(event)
                if event.kind != "ended" and len(events) == 4:
                    await eventually(lambda: tracer_of(talker) is None and tracer_of(partner) is None)
                    assert bl.whereis(TRACER) is not None
                    untraced += 1
        assert untraced == 1
        times = [event.at for event in events if event.kind == "sent"]
        assert len(times) == 12, events[-1]
        assert all(sum(start <= at < start + 0.99 for at in times) <= 4 for start in times)


@in_node
async def test_a_node_has_one_tracer_and_says_so(node: bl.Node) -> None:
    async with aclosing(trace(seconds=30)) as first, talk():
        await anext(first)
        with pytest.raises(NotTraced, match=f"{node.name} is being traced by somebody else"):
            await anext(trace())
    await eventually(is_untraced)
    async with talk():
        assert (await taken(trace(limit=1)))[-1].kind == "ended"


@in_node
async def test_whoever_stops_listening_ends_the_trace(node: bl.Node) -> None:
    async with talk() as pids:
        async with aclosing(trace(seconds=60)) as events:
            async for _ in events:
                break
        await eventually(lambda: is_untraced(*pids))


@in_node
async def test_a_trace_ends_with_the_process_that_asked_for_it(node: bl.Node) -> None:
    async def asks() -> None:
        async for _ in trace(f"{node.name}", "json:dumps", messages=["send"], seconds=60, limit=5000):
            pass

    code = json.dumps.__code__
    async with talk() as pids:
        asker = bl.spawn(asks)
        await eventually(lambda: json.dumps.__code__ is not code and tracer_of(pids[0]) is not None)
        bl.exit(asker, "kill")
        await eventually(lambda: is_untraced(*pids))
        assert json.dumps.__code__ is code


@in_node
async def test_a_tracer_that_is_killed_leaves_nothing_that_is_traced(node: bl.Node) -> None:
    code = json.dumps.__code__
    async with talk() as pids:
        stream = trace(node.name, "json:dumps", messages=["send"], seconds=60, limit=5000)
        await anext(stream)
        tracer = bl.whereis(TRACER)
        assert tracer is not None
        bl.exit(tracer, "kill")
        rest = await taken(stream)
        assert rest[-1].text.startswith("the tracer is gone")
        json.dumps(1)
        await eventually(lambda: is_untraced(*pids))
        assert json.dumps.__code__ is code


@in_node
async def test_only_the_chosen_processes_are_watched(node: bl.Node) -> None:
    async with talk() as (talker, partner):
        events = await taken(trace(messages=["send"], processes=[partner], limit=5, rate=1000))
        assert {event.process for event in events[:-1]} == {"echo"}
        assert tracer_of(talker) is None


@in_node
async def test_a_process_that_somebody_traces_already_stays_theirs(node: bl.Node) -> None:
    async with talk() as (talker, _):
        bl.trace(talker, "procs")
        events = await taken(trace(messages=["send"], limit=5, rate=1000))
        assert {event.process for event in events[:-1]} == {"echo"}
        assert tracer_of(talker) == bl.self()


@in_node
async def test_of_too_many_processes_some_are_left_alone_and_it_is_said(node: bl.Node) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(messages, "MOST_PROCESSES", 1)
        events = await taken(trace(seconds=0.3))
    assert any(event.kind == "note" and "are left alone" in event.text for event in events)


@in_node
async def test_nonsense_is_refused_in_words(node: bl.Node) -> None:
    for stream, says in (
        (trace(limit=10**6), "expected a limit from 1 to 10000"),
        (trace(node.name, "json:bumps"), "expected a function of json"),
        (trace(messages=["shout"]), "expected 'send', 'receive', 'procs'"),
        (trace(messages=()), "got neither"),
    ):
        with pytest.raises(NotTraced, match=says):
            await anext(stream)
    assert is_untraced()


def is_exchanged() -> bool:
    """Whether the function is being watched."""
    if sys.version_info < (3, 12):
        return exchanged_code._MARK in json.dumps.__code__.co_consts
    return bool(sys.monitoring.get_local_events(4, json.dumps.__code__)) if sys.monitoring.get_tool(4) else False


async def works() -> None:
    async def work() -> None:
        while True:
            json.dumps([1])
            await asyncio.sleep(0.05)  # far from as often as a trace takes

    bl.spawn(work)


def trace_goes_on() -> bool:
    return bl.whereis(TRACER) is not None


def no_trace_goes_on() -> bool:
    return not trace_goes_on()


async def begin_trace(node: str) -> None:
    async def listens() -> None:
        async for _ in trace(node, "json:dumps", messages=["send"], seconds=600, limit=10_000, rate=1000):
            pass  # the rate is far from reached: what reaches it is not watched for the rest of the second

    bl.spawn(listens)


@among_peers
async def test_a_far_node_is_traced_and_forgets_it_when_the_tracing_program_is_killed(peers: Peers) -> None:
    service, watcher = await peers.start("traced"), await peers.start("tracing")
    await service.call(works)
    await watcher.call(bl.connect, service.node)
    await watcher.call(begin_trace, service.node)
    await service.until(trace_goes_on)
    await service.until(is_exchanged)
    watcher.kill()
    await service.until(no_trace_goes_on)
    assert not await service.call(is_exchanged)
