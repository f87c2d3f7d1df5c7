"""A call that runs into its time limit says so if those concerned wait for each other."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

import beamlike as bl
from beamlike.kernel import functions
from beamlike.kernel.call import call, reply
from beamlike.kernel.call_errors import CallTimeout
from tests.support.local_nodes import PATIENCE, down_reason, eventually, forever, in_node, received, waiting_messages
from tests.support.second_scheduler import second_scheduler, spawn_at

LONG = PATIENCE * 2


async def asks_when_asked(to: list[bl.Pid], timeout: float, teller: bl.Pid) -> None:
    """Asks the first of `to` when it is asked anything, and tells of a time-out."""
    question = await bl.receive()
    try:
        reply(question, await call(to[0], "and you?", timeout))
    except CallTimeout as error:
        bl.send(teller, error)


def ring(size: int) -> list[bl.Pid]:
    """Processes each of which asks the next, the last one the first; only the first gives up soon."""
    following: list[list[bl.Pid]] = [[] for _ in range(size)]
    pids = [bl.spawn(asks_when_asked, following[index], LONG if index else 0.02, bl.self()) for index in range(size)]
    for index, next_ones in enumerate(following):
        next_ones.append(pids[(index + 1) % size])
    return pids


async def asks(pid: bl.Pid) -> None:
    await call(pid, "begin", LONG)


@pytest.mark.parametrize("size", [2, 3, 10])
@in_node
async def test_the_time_out_in_a_circle_of_calls_names_it(size: int) -> None:
    pids = ring(size)
    bl.register("first", pids[0])
    client = bl.spawn(asks, pids[0])
    [error] = await received(1)
    assert error.circle == (*pids, pids[0])
    first = f"{pids[0]} (first)"
    words = ", which waits for ".join([*map(str, pids[1:]), first])
    assert str(error) == f"{pids[1]} did not answer 'and you?' within 0.02 s: {first} waits for {words}"
    bl.exit(client, "kill")


@in_node
async def test_a_server_that_is_busy_or_waits_for_another_is_in_no_circle() -> None:
    busy = bl.spawn(forever)
    waits_for_busy = bl.spawn(asks_when_asked, [busy], LONG, bl.self())
    client = bl.spawn(asks_when_asked, [waits_for_busy], 0.02, bl.self())
    bystander = bl.spawn(asks, client)
    [error] = await received(1)
    assert error.circle == ()
    assert str(error).endswith("within 0.02 s")
    bl.exit(bystander, "kill")


@in_node
async def test_a_task_that_calls_is_part_of_the_circle() -> None:
    me = bl.self()
    server = bl.spawn(asks_when_asked, [me], LONG, me)
    with pytest.raises(CallTimeout) as caught:
        await call(server, "and you?", 0.02)
    assert caught.value.circle == (me, server, me)


@in_node
async def test_a_circle_through_two_threads_is_found() -> None:
    me = bl.self()
    async with second_scheduler() as scheduler:
        server = spawn_at(scheduler, asks, me)
        await eventually(lambda: waiting_messages() != [])  # else the time might be up before it asks
        with pytest.raises(CallTimeout) as caught:
            await call(server, "and you?", 0.02)
        assert caught.value.circle == (me, server, me)


@in_node
async def test_a_request_that_nobody_waits_for_now_closes_no_circle() -> None:
    async def opens_a_request_and_goes_on(to: bl.Pid) -> None:
        functions.open_request(to)
        await bl.receive(lambda message: message == "never")

    server = bl.spawn(opens_a_request_and_goes_on, bl.self())
    with pytest.raises(CallTimeout) as caught:
        await call(server, "x", 0.02)
    assert caught.value.circle == ()


@in_node
async def test_a_server_names_the_circle_in_its_reason() -> None:
    class Asking(bl.GenServer):
        def init(self) -> None:
            self.other: bl.Pid | None = None

        async def handle_call(self, request: Any, client: Any) -> Any:
            if self.other is None:
                self.other = request
                return "known"
            return await call(self.other, request, request)

    one, other = await Asking.start(), await Asking.start()
    await call(one, other)
    await call(other, one)
    ref = bl.monitor(one)
    asking = bl.spawn(call, one, 0.02, LONG)
    reason = await down_reason(ref)
    assert f"{one} waits for {other}, which waits for {one}" in reason.message
    await asyncio.sleep(0)
    bl.exit(asking, "kill")
