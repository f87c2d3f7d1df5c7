"""Servings on other nodes: found by name, shared by all who call, and lost with their node."""

from __future__ import annotations

import asyncio
import functools
import os
import threading
import time
from collections.abc import Iterator

import pytest

import beamlike as bl
from tests.support.local_nodes import PATIENCE, eventually
from tests.support.peers import Peer, Peers, among_peers


def where(batch: list[object]) -> list[int]:
    return [os.getpid()] * len(batch)


async def hang(batch: list[object]) -> list[object]:
    await asyncio.Event().wait()
    return batch


def lock_or_input(batch: list[object]) -> list[object]:
    return [threading.Lock() if value == "lock" else value for value in batch]


def lock_or_input_twice(batch: list[object]) -> Iterator[list[object]]:
    yield batch
    yield lock_or_input(batch)


async def serve(peer: Peer, serving: bl.Serving, name: str) -> bl.Pid:
    pid: bl.Pid = await bl.rpc.call(peer.node, serving_of, serving, name)
    await eventually(lambda: pid in bl.Serving.replicas(name))
    return pid


async def serving_of(serving: bl.Serving, name: str) -> bl.Pid:
    return await serving.start(name=name)


async def two(started: Peers) -> list[Peer]:
    found = [await started.start("one"), await started.start("two")]
    for peer in found:
        await bl.connect(peer.node)
    return found


@among_peers
async def test_a_serving_is_called_by_its_name_from_every_node_and_load_spreads_over_replicas(started: Peers) -> None:
    one, two_ = await two(started)
    for peer in (one, two_):
        await serve(peer, bl.Serving(where, batch_size=1, batch_timeout=0), "where")
    here = await asyncio.gather(*(bl.Serving.call("where", None) for _ in range(40)))
    assert {here.count(pid) > 5 for pid in set(here)} == {True}
    assert len(set(here)) == 2
    there = await bl.rpc.call(one.node, bl.Serving.call, "where", None)
    assert there in set(here)


@among_peers
async def test_who_is_refused_by_one_replica_is_served_by_another(started: Peers) -> None:
    one, two_ = await two(started)
    await serve(one, bl.Serving(hang, batch_size=1, batch_timeout=0, max_waiting=1), "work")
    stuck = [asyncio.create_task(bl.Serving.call("work", number, timeout=60)) for number in range(2)]
    while (seen := (await bl.Serving.statistics("work"))[0]).busy + seen.waiting < 2:  # noqa: ASYNC110 - it tells no event
        await asyncio.sleep(0.001)
    with pytest.raises(bl.Overloaded):
        await bl.Serving.call("work", 2)
    await serve(two_, bl.Serving(where, batch_timeout=0), "work")
    served = await asyncio.gather(*(bl.Serving.call("work", number) for number in range(8)))
    assert len(set(served)) == 1
    for task in stuck:
        task.cancel()


@among_peers
async def test_a_killed_node_loses_what_it_had_and_whoever_allowed_it_is_served_elsewhere(started: Peers) -> None:
    one, two_ = await two(started)
    doomed = await serve(one, bl.Serving(hang, batch_timeout=0), "work")
    plain = asyncio.create_task(bl.Serving.call("work", 1, timeout=60))
    again = asyncio.create_task(bl.Serving.call("work", 2, timeout=60, retry=True))
    while not (await bl.Serving.statistics(doomed))[0].busy:  # noqa: ASYNC110 - it tells no event
        await asyncio.sleep(0.001)
    await serve(two_, bl.Serving(where, batch_timeout=0), "work")
    one.kill()
    with pytest.raises(bl.ServingLost, match="noconnection"):
        await plain
    assert isinstance(await again, int)
    await eventually(lambda: doomed not in bl.Serving.replicas("work"))


@among_peers
async def test_a_stream_crosses_nodes_and_says_when_its_node_is_lost(started: Peers) -> None:
    one, _ = await two(started)

    async def tokens(batch: list[str]):  # type: ignore[no-untyped-def]  # its annotation could not travel
        yield batch
        yield batch
        await asyncio.Event().wait()

    await serve(one, bl.Serving(tokens, batch_timeout=0), "tokens")
    stream = bl.Serving.stream("tokens", "word", timeout=60)
    assert [await anext(stream), await anext(stream)] == ["word", "word"]
    one.kill()
    with pytest.raises(bl.ServingLost):
        await anext(stream)


@among_peers
async def test_a_model_is_swapped_at_every_replica(started: Peers) -> None:
    one, two_ = await two(started)
    for peer in (one, two_):
        await serve(peer, bl.Serving(where), "model")
    assert await bl.Serving.swap("model", bl.Serving(lambda batch: ["new"] * len(batch), batch_timeout=0)) == [2, 2]
    assert set(await asyncio.gather(*(bl.Serving.call("model", None) for _ in range(10)))) == {"new"}


@among_peers
async def test_an_output_that_cannot_travel_fails_for_its_input_alone_and_the_serving_goes_on(started: Peers) -> None:
    one = await started.start("one")
    await bl.connect(one.node)
    serving = bl.Serving(lock_or_input, batch_size=3, batch_timeout=60)
    for name, served in (
        ("plain", serving),
        ("after", bl.Serving(list, postprocess=lambda it: lock_or_input([it])[0])),
    ):
        pid = await serve(one, served, name)
        asked = [bl.Serving.call(name, value) for value in ("a", "lock", "b")]
        first, second, third = await asyncio.gather(*asked, return_exceptions=True)
        assert (first, third) == ("a", "b")
        assert isinstance(second, bl.UnencodableTerm)
        assert "lock" in str(second)
        first, second, third = await bl.Serving.call_many(name, ("a", "lock", "b"), return_exceptions=True)
        assert (first, third) == ("a", "b")
        assert isinstance(second, bl.UnencodableTerm)
        assert bl.Serving.replicas(name) == [pid]


@among_peers
async def test_a_chunk_that_cannot_travel_ends_its_stream_and_no_other_of_the_batch(started: Peers) -> None:
    one = await started.start("one")
    await bl.connect(one.node)
    await serve(one, bl.Serving(lock_or_input_twice, batch_size=2, batch_timeout=60), "twice")

    async def chunks(value: str) -> list[object]:
        return [chunk async for chunk in bl.Serving.stream("twice", value)]

    whole, broken = await asyncio.gather(chunks("a"), chunks("lock"), return_exceptions=True)
    assert whole == ["a", "a"]
    assert isinstance(broken, bl.UnencodableTerm)


def a_lock_again_and_again(batch: list[object]) -> Iterator[list[object]]:
    while True:
        yield [threading.Lock() for _ in batch]
        time.sleep(0.01)


@among_peers
async def test_a_chunk_that_cannot_travel_is_told_at_once_and_nobody_makes_more_of_them(started: Peers) -> None:
    one = await started.start("one")
    await bl.connect(one.node)
    await serve(one, bl.Serving(a_lock_again_and_again, batch_timeout=0), "locks")
    for _ in range(2):  # the partition is free again
        with pytest.raises(bl.UnencodableTerm):
            await anext(bl.Serving.stream("locks", None, timeout=PATIENCE))


async def ask_and_go(serving: bl.Pid, count: int) -> None:
    for number in range(count):
        bl.spawn(functools.partial(bl.Serving.call, serving, number, timeout=None))


@among_peers
async def test_what_a_killed_node_asked_waits_no_more(started: Peers) -> None:
    one = await started.start("one")
    await bl.connect(one.node)
    pid = await bl.Serving(hang, batch_size=1, batch_timeout=0).start()
    await bl.rpc.call(one.node, ask_and_go, pid, 3)
    await waits(pid, 2)
    one.kill()
    await waits(pid, 0)


async def waits(serving: bl.Pid, count: int) -> None:
    """Returns when so many inputs wait there."""
    async with asyncio.timeout(PATIENCE):
        while (await bl.Serving.statistics(serving))[0].waiting != count:  # noqa: ASYNC110 - it tells no event
            await asyncio.sleep(0.001)
