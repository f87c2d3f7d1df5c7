"""Streams between two operating-system processes: order, pace, and their end, whoever brings it about."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

import beamlike as bl
import nodes
from beamlike.kernel.group_leader import Output, set_leader
from tests.support.child_node import with_child_node
from tests.support.far_work import among_peers, its_end, nothing_is_left, writes
from tests.support.local_nodes import PATIENCE, forever, no_message, settled
from tests.support.peers import Peers

MADE = "made_by_the_test"


async def counts(up_to: int = sys.maxsize) -> AsyncIterator[int]:
    for number in range(up_to):
        setattr(sys, MADE, number + 1)
        yield number


def counts_plainly(up_to: int) -> Iterator[int]:
    yield from range(up_to)


async def counts_until_closed(left: Path) -> AsyncGenerator[int, None]:
    """Writes down how it was ended."""
    try:
        async for number in counts():
            await asyncio.sleep(0)
            yield number
    except BaseException as error:
        writes(left, type(error).__name__)
        raise


@pytest.mark.parametrize("function", [counts, counts_plainly, range])
@pytest.mark.parametrize("window", [1, 3, 32])
def test_items_come_in_order_and_all_of_them(function: Callable[[int], Any], window: int) -> None:
    @with_child_node
    async def run(child: nodes.Child) -> None:
        stream = bl.rpc.stream(child.node, function, 500, window=window, timeout=PATIENCE)
        assert [item async for item in stream] == list(range(500))
        await nothing_is_left(child.node)

    run()


@with_child_node
async def test_items_come_while_it_runs(child: nodes.Child) -> None:
    """It goes on only when it hears that its first item has come."""

    async def waits_between() -> AsyncIterator[bl.Pid | str]:
        yield bl.self()
        yield await bl.receive()

    async with aclosing(bl.rpc.stream(child.node, waits_between, timeout=PATIENCE)) as stream:
        pid = await anext(stream)
        bl.send(pid, "the first has come")
        assert await anext(stream) == "the first has come"


async def made_on(node: str) -> int:
    made: int = await bl.rpc.call(node, getattr, sys, MADE, 0, timeout=PATIENCE)
    return made


@with_child_node
async def test_it_runs_ahead_by_the_window_and_no_more(child: nodes.Child) -> None:
    async with aclosing(bl.rpc.stream(child.node, counts, window=5, timeout=PATIENCE)) as stream:
        taken = 0
        for portion in (1, 7, 2, 9, 4, 3, 8, 5, 1, 2, 6):
            for _ in range(portion):
                assert await anext(stream) == taken
                taken += 1
            assert taken <= await made_on(child.node) <= taken + 5
        # So many that all room was told of, which is done in portions of two.
        async with asyncio.timeout(PATIENCE):
            while await made_on(child.node) != taken + 5:
                pass
        for _ in range(20):
            assert await made_on(child.node) == taken + 5


@with_child_node
async def test_an_exception_comes_as_itself_after_the_items_before_it(child: nodes.Child) -> None:
    async def fails_at_last() -> AsyncIterator[int]:
        yield 1
        yield 2
        raise LookupError("no third")

    items: list[int] = []
    with pytest.raises(LookupError, match="no third") as caught:
        await collect(bl.rpc.stream(child.node, fails_at_last, timeout=PATIENCE), items)
    assert items == [1, 2]
    assert 'raise LookupError("no third")' in str(caught.value.__cause__)
    await nothing_is_left(child.node)


async def collect(stream: AsyncIterator[int], items: list[int]) -> None:
    async for item in stream:
        items.append(item)  # noqa: PERF401 - a comprehension would lose them


# The end.


def test_to_close_the_stream_closes_the_generator(tmp_path: Path) -> None:
    @with_child_node
    async def run(child: nodes.Child) -> None:
        left = tmp_path / "left"
        async with aclosing(bl.rpc.stream(child.node, counts_until_closed, left, timeout=PATIENCE)) as stream:
            assert await anext(stream) == 0
        await its_end(left, "GeneratorExit", "CancelledError")
        await nothing_is_left(child.node)

    run()


def test_who_breaks_out_and_forgets_the_stream_closes_it(tmp_path: Path) -> None:
    @with_child_node
    async def run(child: nodes.Child) -> None:
        left = tmp_path / "left"
        async for item in bl.rpc.stream(child.node, counts_until_closed, left, timeout=PATIENCE):
            if item == 40:
                break
        await its_end(left, "GeneratorExit", "CancelledError")
        await nothing_is_left(child.node)

    run()


@pytest.mark.parametrize("where", ["at an item", "between two"])
def test_the_end_of_the_consumer_closes_the_generator(tmp_path: Path, where: str) -> None:
    async def one_then_none(left: Path) -> AsyncIterator[int]:
        async with aclosing(counts_until_closed(left)) as numbers:
            yield await anext(numbers)
            await forever()

    @with_child_node
    async def run(child: nodes.Child) -> None:
        me, left = bl.self(), tmp_path / "left"

        async def consumes() -> None:
            async for _ in bl.rpc.stream(child.node, one_then_none, left):
                bl.send(me, "one came")
                if where == "at an item":
                    await forever()

        consumer = bl.spawn(consumes)
        await bl.receive(timeout=PATIENCE)
        await settled()
        bl.exit(consumer, "kill")
        await its_end(left, "GeneratorExit", "CancelledError")
        await nothing_is_left(child.node)

    run()


def test_the_loss_of_the_consumers_node_closes_the_generator(tmp_path: Path) -> None:
    left = tmp_path / "left"

    async def consumes(node: str, home: bl.Pid) -> None:
        async for _ in bl.rpc.stream(node, counts_until_closed, left, window=2):
            bl.send(home, "one came")
            await forever()

    async def test(peers: Peers) -> None:
        consumer, worker = await peers.start("consumer"), await peers.start("worker")
        await bl.connect(consumer.node)
        await consumer.call(bl.spawn, consumes, worker.node, bl.self())
        await bl.receive(timeout=PATIENCE)
        consumer.kill()
        await its_end(left, "GeneratorExit", "CancelledError")

    among_peers(test)


@with_child_node
async def test_a_node_that_is_lost_meanwhile_ends_the_stream_after_what_came(child: nodes.Child) -> None:
    def dies() -> Iterator[int]:
        yield 1
        os.kill(0, signal.SIGKILL)

    stream = bl.rpc.stream(child.node, dies, timeout=PATIENCE)
    assert await anext(stream) == 1
    with pytest.raises(bl.rpc.NodeLost):
        await anext(stream)
    with pytest.raises(StopAsyncIteration):
        await anext(stream)
    await no_message()


def test_an_item_that_takes_too_long_ends_the_stream(tmp_path: Path) -> None:
    async def is_slow(left: Path) -> AsyncIterator[int]:
        yield 0
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            writes(left, "CancelledError")
            raise
        yield 1

    @with_child_node
    async def run(child: nodes.Child) -> None:
        await nothing_is_left(child.node)  # what gives the items is loaded there: the first comes in time
        stream = bl.rpc.stream(child.node, is_slow, tmp_path / "left", timeout=5)
        assert await anext(stream) == 0
        with pytest.raises(bl.rpc.CallTimedOut, match=r"is_slow on near-.* gave no result within 5 s"):
            await anext(stream)
        await its_end(tmp_path / "left", "CancelledError")
        await nothing_is_left(child.node)

    run()


def test_an_item_that_cannot_travel_closes_the_generator(tmp_path: Path) -> None:
    async def gives_a_lock(left: Path) -> AsyncIterator[Any]:
        try:
            yield 1
            yield threading.Lock()
        except GeneratorExit:
            writes(left, "GeneratorExit")
            raise

    @with_child_node
    async def run(child: nodes.Child) -> None:
        stream = bl.rpc.stream(child.node, gives_a_lock, tmp_path / "left", timeout=PATIENCE)
        assert await anext(stream) == 1
        with pytest.raises(bl.UnencodableTerm, match=r"gives_a_lock on near-.* cannot be sent: .*lock"):
            await anext(stream)
        await its_end(tmp_path / "left", "GeneratorExit")
        await nothing_is_left(child.node)

    run()


@with_child_node
async def test_a_generator_that_exits_ends_its_process_and_not_the_node(child: nodes.Child) -> None:
    async def exits() -> AsyncIterator[int]:
        yield 1
        sys.exit(3)

    stream = bl.rpc.stream(child.node, exits, timeout=PATIENCE)
    assert await anext(stream) == 1
    with pytest.raises(bl.rpc.CallEnded, match="SystemExit: 3"):
        await anext(stream)
    await nothing_is_left(child.node)


@with_child_node
async def test_what_is_printed_comes_before_the_item(child: nodes.Child) -> None:
    def talks() -> Iterator[int]:
        print("first")
        yield 1

    set_leader(bl.self())
    async with aclosing(bl.rpc.stream(child.node, talks, timeout=PATIENCE)) as stream:
        assert await anext(stream) == 1
        assert await bl.receive(timeout=0) == Output("stdout", "first\n")
