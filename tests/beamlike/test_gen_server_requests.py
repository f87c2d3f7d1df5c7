"""Requests whose answers are fetched later, one by one or as they come, and one request to many nodes."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

import beamlike as bl
from beamlike.behaviours.servers.gen_requests import Requests, abcast, multi_call, send_request
from beamlike.behaviours.servers.outcomes import NO_REPLY
from beamlike.behaviours.servers.sent_requests import check_response, receive_response, wait_response
from beamlike.kernel.question import Client
from tests.support.local_nodes import PATIENCE, down_reason, in_node, no_message, process_of, received, settled

HERE = "test@127.0.0.1"


class Holds(bl.GenServer):
    """Answers when it is told to."""

    def init(self, witness: bl.Pid | None = None) -> None:
        self.witness = witness
        self.held: dict[Any, Client] = {}

    def handle_call(self, request: Any, client: Client) -> Any:
        if request == "raise":
            raise ValueError("in a call")
        if request == "now":
            return "at once"
        self.held[request] = client
        return NO_REPLY

    def handle_cast(self, request: Any) -> None:
        if request in self.held:
            bl.GenServer.reply(self.held.pop(request), f"answer to {request}")
        elif self.witness is not None:
            bl.send(self.witness, ("cast", request))


release = bl.GenServer.cast


def ties() -> tuple[Any, ...]:
    process: Any = process_of(bl.self())
    return process.monitors, process.aliases


@in_node
async def test_answers_are_fetched_in_any_order() -> None:
    server = await Holds.start_link()
    first, second = send_request(server, 1), send_request(server, 2)
    release(server, 1)
    release(server, 2)
    assert await receive_response(second) == "answer to 2"
    assert await receive_response(first, timeout=PATIENCE) == "answer to 1"
    assert ties() == ((), frozenset())


@in_node
async def test_a_wait_that_takes_too_long_keeps_the_request() -> None:
    server = await Holds.start_link()
    request = send_request(server, 1)
    with pytest.raises(bl.CallTimeout, match="did not answer 1 within 0 s"):
        await wait_response(request, 0)
    release(server, 1)
    assert await wait_response(request, PATIENCE) == "answer to 1"
    assert ties() == ((), frozenset())


@in_node
async def test_a_receive_that_takes_too_long_abandons_the_request() -> None:
    server = await Holds.start_link()
    with pytest.raises(bl.CallTimeout):
        await receive_response(send_request(server, 1), 0.001)
    release(server, 1)
    await no_message()
    assert ties() == ((), frozenset())


@in_node
async def test_a_request_to_nobody_or_to_one_who_ends_fails() -> None:
    with pytest.raises(bl.CallFailed, match="noproc"):
        await receive_response(send_request("nobody", 1))
    with pytest.raises(bl.CallFailed, match="it ended: ValueError: in a call"):
        await wait_response(send_request(await Holds.start(), "raise"))


@in_node
async def test_a_message_is_checked_for_being_the_answer() -> None:
    server = await Holds.start_link()
    first, second = send_request(server, "now"), send_request("nobody", 1)
    bl.send(bl.self(), "other")
    down, other, reply = await received(3)
    assert [check_response(message, first) for message in (other, down, reply)] == [NO_REPLY, NO_REPLY, "at once"]
    with pytest.raises(bl.CallFailed, match="noproc"):
        check_response(down, second)
    assert ties() == ((), frozenset())


@in_node
async def test_a_server_finds_the_answers_to_its_own_requests_in_handle_info() -> None:
    class Asks(bl.GenServer):
        def init(self, witness: bl.Pid, other: bl.Pid) -> None:
            self.witness = witness
            self.request = send_request(other, "now")

        def handle_info(self, message: Any) -> None:
            bl.send(self.witness, check_response(message, self.request))

    await Asks.start_link(bl.self(), await Holds.start_link())
    assert await received(1) == ["at once"]


@in_node
async def test_an_answer_is_fetched_by_the_process_that_asked_and_by_no_other() -> None:
    async def fetches(request: Any) -> None:
        await receive_response(request)

    _, ref = bl.spawn_monitor(fetches, send_request(await Holds.start_link(), "now"))
    assert "expected Pid<" in (await down_reason(ref)).message


# Collections.


@in_node
async def test_a_collection_gives_the_answers_as_they_come() -> None:
    server = await Holds.start_link()
    requests = Requests()
    for number in range(3):
        requests.send(server, number, label=f"l{number}")
    for number in (2, 0, 1):
        release(server, number)
    answers = [(response.label, response.result()) async for response in requests.responses(PATIENCE)]
    assert answers == [("l2", "answer to 2"), ("l0", "answer to 0"), ("l1", "answer to 1")]
    assert (len(requests), ties()) == (0, ((), frozenset()))


@in_node
async def test_one_that_fails_does_not_end_a_collection() -> None:
    requests = Requests()
    requests.send("nobody", 1, label="nobody")
    requests.send(await Holds.start_link(), "now", label="server")
    outcomes = {response.label: response async for response in requests.responses(PATIENCE)}
    assert outcomes["server"].result() == "at once"
    with pytest.raises(bl.CallFailed, match="noproc"):
        outcomes["nobody"].result()


@in_node
async def test_a_collection_leaves_other_messages_alone() -> None:
    requests = Requests()
    bl.send(bl.self(), "other")
    other = send_request(await Holds.start_link(), "now")
    requests.send(await Holds.start_link(), "now")
    assert (await requests.receive(PATIENCE)).reply == "at once"
    assert await bl.receive() == "other"
    assert await receive_response(other) == "at once"


@in_node
async def test_a_collection_that_waits_too_long_keeps_all_until_its_block_ends() -> None:
    server = await Holds.start_link()
    with Requests() as requests:
        requests.send(server, 1)
        requests.send(server, 2)
        release(server, 1)
        answers = requests.responses(0.01)
        assert (await anext(answers)).reply == "answer to 1"
        with pytest.raises(TimeoutError, match="none of 1 requests was answered within"):
            await anext(answers)
        with pytest.raises(TimeoutError, match="none of 1 requests was answered within 0 s"):
            await requests.receive(0)
        assert len(requests) == 1
    assert (len(requests), ties()) == (0, ((), frozenset()))
    release(server, 2)
    await no_message()


@in_node
async def test_an_empty_collection_has_nothing_to_wait_for() -> None:
    assert [response async for response in Requests().responses()] == []
    with pytest.raises(LookupError, match="expected requests in flight, found none"):
        await Requests().receive()


@in_node
async def test_a_collection_knows_its_answers_among_received_messages() -> None:
    requests = Requests()
    requests.send(await Holds.start_link(), "now", label="l")
    [message] = await received(1)
    assert requests.check("other") is None
    response = requests.check(message)
    assert response is not None
    assert (response.label, response.result(), requests.check(message)) == ("l", "at once", None)


# Many nodes.


@in_node
async def test_a_call_to_many_nodes_tells_replies_and_nodes_without_one() -> None:
    await Holds.start_link(name="server")
    assert await multi_call("server", "now") == ([(HERE, "at once")], [])
    assert await multi_call("nobody", "now") == ([], [HERE])
    there = "far@127.0.0.1"
    assert await multi_call("server", "now", nodes=[there, HERE, HERE]) == ([(HERE, "at once")], [there])
    assert ties() == ((), frozenset())


@in_node
async def test_who_answers_too_late_has_not_answered() -> None:
    server = await Holds.start_link(name="server")
    assert await multi_call("server", "late", timeout=0.001) == ([], [HERE])
    release(server, "late")
    await no_message()


@in_node
async def test_a_call_to_many_that_is_cancelled_leaves_nothing_behind() -> None:
    await Holds.start_link(name="server")
    waiting = asyncio.create_task(multi_call("server", "late"))
    await settled()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert ties() == ((), frozenset())


@in_node
async def test_a_cast_to_many_reaches_those_that_are_there() -> None:
    await Holds.start_link(bl.self(), name="server")
    abcast("server", "fact", nodes=[HERE, "far@127.0.0.1"])
    abcast("server", "fact")
    assert await received(2) == [("cast", "fact")] * 2


@in_node
async def test_the_functions_stand_on_gen_server_too() -> None:
    server = await Holds.start(name="server")
    assert await bl.GenServer.receive_response(bl.GenServer.send_request(server, "now")) == "at once"
    assert await bl.GenServer.multi_call("server", "now") == ([(HERE, "at once")], [])
    ref = bl.monitor(server)
    bl.exit(server, "kill")
    assert await down_reason(ref) == "killed"
