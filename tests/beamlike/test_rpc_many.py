"""One function on many nodes, and requests that are collected: three operating-system processes."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

import beamlike as bl
from beamlike.distribution.rpc import Failed, Ok, values
from tests.support.far_work import among_peers, nothing_is_left
from tests.support.local_nodes import PATIENCE, forever, in_node, no_message
from tests.support.peers import Peers

HERE = "test@127.0.0.1"
NOWHERE = "nowhere@127.0.0.1"


def on_two_peers(test: Callable[[str, str], Awaitable[None]]) -> Callable[[], None]:
    """Runs `test(first, second)` with the names of two nodes."""

    async def start(peers: Peers) -> None:
        first, second = [(await peers.start(name)).node for name in ("first", "second")]
        await test(first, second)

    def run() -> None:
        among_peers(start)

    run.__name__, run.__doc__, run.__module__ = test.__name__, test.__doc__, test.__module__
    return run


def node_or_trouble(trouble: dict[str, str]) -> str:
    match trouble.get(bl.self().node):
        case "raise":
            raise LookupError("nothing here")
        case "die":
            os.kill(os.getpid(), signal.SIGKILL)
        case _:
            pass
    return bl.self().node


async def waits_on(node: str) -> str:
    if bl.self().node == node:
        await forever()
    return bl.self().node


@on_two_peers
async def test_each_node_has_its_own_outcome_in_the_order_asked(first: str, second: str) -> None:
    names = [second, NOWHERE, first, bl.self().node, second]
    outcomes = await bl.rpc.multicall(names, node_or_trouble, {first: "raise"}, timeout=PATIENCE)
    assert [outcomes[0], outcomes[3], outcomes[4]] == [Ok(second), Ok(bl.self().node), Ok(second)]
    unreachable, raised = outcomes[1], outcomes[2]
    assert isinstance(unreachable, Failed)
    assert isinstance(raised, Failed)
    assert (unreachable.node, type(unreachable.error)) == (NOWHERE, bl.rpc.NodeLost)
    assert (raised.node, type(raised.error)) == (first, LookupError)
    assert first in str(raised.error.__cause__)
    with pytest.raises(LookupError, match="nothing here"):
        raised.result()
    await no_message()


@on_two_peers
async def test_who_is_late_or_lost_keeps_nobody_from_being_heard(first: str, second: str) -> None:
    assert await bl.rpc.call(first, node_or_trouble, {}, timeout=PATIENCE) == first  # it has loaded this module
    outcomes = await bl.rpc.multicall([first, second], waits_on, second, timeout=6)
    assert outcomes[0] == Ok(first)
    with pytest.raises(bl.rpc.CallTimedOut, match=rf"waits_on on {second} gave no result within 6 s"):
        outcomes[1].result()
    await nothing_is_left(second)
    outcomes = await bl.rpc.multicall([first, second], node_or_trouble, {first: "die"}, timeout=PATIENCE)
    assert outcomes[1] == Ok(second)
    with pytest.raises(bl.rpc.NodeLost, match=first):
        outcomes[0].result()
    await no_message()


@on_two_peers
async def test_a_cancel_ends_the_work_on_all_nodes(first: str, second: str) -> None:
    async def tells_and_waits(to: bl.Pid) -> None:
        bl.send(to, bl.self().node)
        await forever()

    calling = asyncio.create_task(bl.rpc.multicall([first, second], tells_and_waits, bl.self()))
    assert {await bl.receive(timeout=PATIENCE) for _ in range(2)} == {first, second}
    calling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await calling
    await nothing_is_left(first)
    await nothing_is_left(second)


@on_two_peers
async def test_a_function_that_cannot_travel_runs_nowhere(first: str, second: str) -> None:
    lock = threading.Lock()
    with pytest.raises(bl.UnencodableTerm, match="lock"):
        await bl.rpc.multicall([first, second], lambda: lock, timeout=PATIENCE)
    await nothing_is_left(first)


@in_node
async def test_values_are_there_or_all_errors_are() -> None:
    assert values(await bl.rpc.multicall([HERE, HERE], int, timeout=PATIENCE)) == [0, 0]
    assert values(await bl.rpc.multicall([], int)) == []
    outcomes: list[bl.rpc.Outcome[int]] = [Ok(1), Failed("a@h", KeyError("k")), Failed("b@h", OSError("o"))]
    with pytest.raises(ExceptionGroup, match="each of 3 calls, 2 have none: those of a@h, b@h") as caught:
        values(outcomes)
    assert [type(error) for error in caught.value.exceptions] == [KeyError, OSError]


@in_node
async def test_what_can_be_no_multicall_is_refused_before_anything_is_sent() -> None:
    with pytest.raises(TypeError, match=r"expected the names of nodes, got the one name 'test@127\.0\.0\.1'"):
        await bl.rpc.multicall(HERE, int)
    with pytest.raises(ValueError, match="expected a node name"):
        await bl.rpc.multicall([HERE, "there"], bl.send, bl.self(), "sent")
    with pytest.raises(TypeError, match="expected a function to call"):
        bl.rpc.multicast([HERE], "a function")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"has no keyword 'base'.*functools\.partial"):
        await bl.rpc.multicall([HERE], int, "7", base=8)
    await no_message()


# Requests.


@on_two_peers
async def test_requests_to_nodes_and_to_servers_are_collected_together(first: str, second: str) -> None:
    async def starts_echo() -> bl.Pid:
        return await bl.Agent.start(lambda: "of the agent")

    agent = await bl.rpc.call(first, starts_echo, timeout=PATIENCE)
    with bl.Requests() as requests:
        requests.add(bl.rpc.send_request(second, node_or_trouble, {}), label="node")
        requests.add(bl.rpc.send_request(first, node_or_trouble, {first: "raise"}), label="failing")
        requests.add(bl.rpc.send_request(NOWHERE, int), label="nowhere")
        requests.send(agent, "no request of an agent", label="server")
        found = {response.label: response async for response in requests.responses(PATIENCE)}
    assert found["node"].result() == second
    assert isinstance(found["failing"].error, LookupError)
    assert isinstance(found["nowhere"].error, bl.rpc.NodeLost)
    assert isinstance(found["server"].error, bl.CallFailed)


@on_two_peers
async def test_what_is_not_collected_is_ended(first: str, second: str) -> None:
    with bl.Requests() as requests:
        for node in (first, second, second):
            requests.add(bl.rpc.send_request(node, waits_on, second), label=node)
        assert (await requests.receive(PATIENCE)).result() == first
        assert len(requests) == 2
    await nothing_is_left(second)


@on_two_peers
async def test_who_waits_in_vain_may_wait_again_or_give_up(first: str, second: str) -> None:
    async def waits_for_a_word(to: bl.Pid) -> Any:
        bl.send(to, bl.self())
        return await bl.receive()

    request = bl.rpc.send_request(first, waits_for_a_word, bl.self())
    worker = await bl.receive(timeout=PATIENCE)
    with pytest.raises(bl.rpc.CallTimedOut):
        await bl.rpc.wait_response(request, 0.01)
    bl.send(worker, "word")
    assert await bl.rpc.wait_response(request, PATIENCE) == "word"
    given_up = bl.rpc.send_request(second, waits_for_a_word, bl.self())
    await bl.receive(timeout=PATIENCE)
    with pytest.raises(bl.rpc.CallTimedOut):
        await bl.rpc.receive_response(given_up, 0.01)
    await nothing_is_left(second)


@on_two_peers
async def test_a_process_that_receives_by_itself_finds_its_responses(first: str, second: str) -> None:
    one, other = (bl.rpc.send_request(node, node_or_trouble, {second: "raise"}) for node in (first, second))
    bl.send(bl.self(), "a message")
    seen = []
    for _ in range(3):
        message = await bl.receive(timeout=PATIENCE)
        if message == "a message":
            assert bl.rpc.check_response(message, one) is bl.NO_REPLY
        elif (value := bl.rpc.check_response(message, one)) is not bl.NO_REPLY:
            seen.append(value)
        else:
            with pytest.raises(LookupError, match="nothing here"):
                bl.rpc.check_response(message, other)
    assert seen == [first]
    await no_message()
