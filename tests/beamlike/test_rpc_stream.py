"""Streams within one node, far to itself: what is refused, whose mailbox is whose, and closing from elsewhere."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncGenerator, AsyncIterator, Generator
from contextlib import aclosing
from typing import Any

import pytest

import beamlike as bl
from tests.support.local_nodes import PATIENCE, eventually, forever, in_node, no_message, received

HERE = "test@127.0.0.1"


async def counts() -> AsyncGenerator[int, None]:
    number = 0
    while True:
        yield number
        number += 1


def iter_of_three() -> Generator[int, None, None]:
    yield from range(3)


async def only_we_are_left() -> None:
    await eventually(lambda: bl.processes() == [bl.self()])
    await no_message()


@in_node
async def test_the_mailbox_of_the_generator_is_its_own() -> None:
    """It may yield what it receives: room for more items never comes as a message to it."""

    async def passes_on() -> AsyncIterator[Any]:
        yield bl.self()
        while True:
            yield await bl.receive()

    async with aclosing(bl.rpc.stream(HERE, passes_on, window=2, timeout=PATIENCE)) as stream:
        pid = await anext(stream)
        for number in range(20):
            bl.send(pid, number)
        assert [await anext(stream) for _ in range(20)] == list(range(20))


@in_node
async def test_other_messages_of_the_consumer_stay_and_items_are_no_messages() -> None:
    bl.send(bl.self(), "before")
    async with aclosing(bl.rpc.stream(HERE, counts, timeout=PATIENCE)) as stream:
        assert [await anext(stream) for _ in range(3)] == [0, 1, 2]
        assert await received(1) == ["before"]
        bl.send(bl.self(), "meanwhile")
        bl.send(bl.self(), "after")
        assert [await anext(stream) for _ in range(40)] == list(range(3, 43))
    assert await received(2) == ["meanwhile", "after"]
    await only_we_are_left()


@in_node
async def test_two_streams_of_one_consumer_do_not_mix() -> None:
    async with (
        aclosing(bl.rpc.stream(HERE, counts, window=1, timeout=PATIENCE)) as first,
        aclosing(bl.rpc.stream(HERE, counts, window=9, timeout=PATIENCE)) as second,
    ):
        for number in range(50):
            assert (await anext(first), await anext(second)) == (number, number)
    await only_we_are_left()


@in_node
async def test_nothing_runs_before_the_first_item_is_asked_for() -> None:
    me = bl.self()
    stream = bl.rpc.stream(HERE, counts)
    assert bl.processes() == [me]
    await stream.aclose()
    assert bl.processes() == [me]


@in_node
async def test_another_process_may_not_go_on_with_it() -> None:
    async def goes_on(stream: AsyncGenerator[int, None], to: bl.Pid) -> None:
        try:
            await anext(stream)
        except ValueError as error:
            bl.send(to, str(error))

    stream = bl.rpc.stream(HERE, counts)
    assert await anext(stream) == 0
    bl.spawn(goes_on, stream, bl.self())
    assert "which began it, to go on with the stream" in await bl.receive(timeout=PATIENCE)
    await only_we_are_left()


@in_node
async def test_another_process_may_close_it() -> None:
    async def closes(stream: AsyncGenerator[int, None]) -> None:
        await stream.aclose()

    stream = bl.rpc.stream(HERE, counts)
    assert await anext(stream) == 0
    await eventually(lambda: len(bl.processes()) == 4)
    bl.spawn(closes, stream)
    await only_we_are_left()


@in_node
async def test_a_stream_that_nobody_holds_is_closed() -> None:
    async def forgets() -> None:
        circle: list[Any] = [bl.rpc.stream(HERE, counts)]
        circle.append(circle)
        assert await anext(circle[0]) == 0

    await forgets()
    gc.collect()
    await only_we_are_left()


@in_node
async def test_the_generator_is_closed_though_others_hold_it() -> None:
    held: Any = counts()
    async with aclosing(bl.rpc.stream(HERE, lambda: held, timeout=PATIENCE)) as stream:
        assert await anext(stream) == 0
    await eventually(lambda: held.ag_frame is None)
    plain: Any = iter_of_three()
    assert await anext(bl.rpc.stream(HERE, lambda: plain, window=1, timeout=PATIENCE)) == 0
    await eventually(lambda: plain.gi_frame is None)
    await only_we_are_left()


@in_node
async def test_the_end_of_the_gate_beside_it_is_the_end_of_the_stream() -> None:
    stream = bl.rpc.stream(HERE, counts, timeout=PATIENCE)
    assert await anext(stream) == 0
    for pid in bl.processes():
        if "_admit" in str(bl.process_info(pid, "initial_call")):
            bl.exit(pid, "kill")
    with pytest.raises(bl.rpc.CallEnded, match="killed"):
        async for _ in stream:
            pass
    await only_we_are_left()


async def no_generator() -> int:
    return 1


@pytest.mark.parametrize("function", [no_generator, int, forever])
@in_node
async def test_what_gives_no_items_is_refused_by_name(function: Any) -> None:
    with pytest.raises(TypeError, match=rf"expected {function.__name__} to be a generator function, .*it returned "):
        await anext(bl.rpc.stream(HERE, function, timeout=PATIENCE))
    await only_we_are_left()


@in_node
async def test_what_can_be_no_stream_is_refused_before_it_begins() -> None:
    with pytest.raises(ValueError, match="expected a window of 1 or more items, got 0"):
        bl.rpc.stream(HERE, counts, window=0)
    with pytest.raises(TypeError, match="expected timeout as a number of seconds"):
        bl.rpc.stream(HERE, counts, timeout="soon")  # type: ignore[call-overload]
    with pytest.raises(TypeError, match=r"has no keyword 'step'.*functools\.partial"):
        bl.rpc.stream(HERE, range, 3, step=2)
    with pytest.raises(ValueError, match="expected a node name like"):
        bl.rpc.stream("here", counts)
    await asyncio.sleep(0)
