"""A server on another node, in another interpreter: called, typed or not, looked into, and asked together with others,
as one here."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

import beamlike as bl
import nodes
from beamlike.behaviours.servers import system
from beamlike.behaviours.servers.gen_requests import Requests, abcast, multi_call, send_request
from beamlike.behaviours.servers.proxy import within
from beamlike.behaviours.servers.typed_calls import call, cast
from beamlike.distribution.errors import UnencodableTerm
from beamlike.kernel import current
from beamlike.kernel.question import Client
from tests.support.child_node import NEAR, with_child_node

SECONDS = 10.0


class Overdrawn(Exception):
    pass


class Account(bl.GenServer):
    def init(self, balance: int) -> None:
        self.balance = balance

    @call(raises=Overdrawn)
    def withdraw(self, amount: int) -> int:
        if amount > self.balance:
            raise Overdrawn(f"only {self.balance} left")
        self.balance -= amount
        return self.balance

    @call
    async def nap(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    @cast
    def reset(self, to: int = 0) -> None:
        self.balance = to

    def handle_call(self, request: Any, client: Client) -> Any:
        return threading.Lock() if request == "a lock" else bl.self().node

    def handle_cast(self, request: Any) -> None:
        self.balance = request


def with_account_over_there(test: Callable[[bl.Pid], Awaitable[None]]) -> Callable[[], None]:
    """Runs an async test on a node with a child, on which there is an Account of that name."""

    @with_child_node
    async def run(child: nodes.Child) -> None:
        await test(await Account.start(100, name="account", node=child.node))

    return run


@with_account_over_there
async def test_typed_calls_are_alike_near_and_far(server: bl.Pid) -> None:
    for account in (Account.at(server), Account.at(("account", server.node))):
        account.reset(10)
        assert await account.withdraw(4) == 6
        with pytest.raises(Overdrawn, match="only 6 left") as caught:
            await account.withdraw(7)
        assert server.node in str(caught.value.__cause__)
        with pytest.raises(bl.CallTimeout):
            await within(account, 0.01).nap(1.0)


@with_account_over_there
async def test_the_system_functions_work_on_a_server_of_another_node(server: bl.Pid) -> None:
    assert await system.get_state(server) == {"balance": 100}
    assert await system.replace_state(server, lambda state: {"balance": state["balance"] + 1}) == {"balance": 101}
    with pytest.raises(KeyError):
        await system.replace_state(server, lambda state: state["missing"])
    me = bl.self()
    await system.install(server, lambda state, event, pid: bl.send(me, event), id="tells")
    await system.suspend(server)
    Account.at(server).reset()
    assert (await system.get_status(server)).activity == "suspended"
    await system.resume(server)
    assert str(await bl.receive(timeout=SECONDS)) == "got cast reset()"


@with_account_over_there
async def test_an_answer_that_cannot_travel_fails_its_call_and_not_the_server(server: bl.Pid) -> None:
    with pytest.raises(bl.CallFailed, match=r"did not answer 'a lock': its answer failed: .*lock"):
        await bl.GenServer.call(server, "a lock")
    assert await bl.GenServer.call(server, "node") == server.node


@with_account_over_there
async def test_a_request_that_cannot_travel_fails_at_the_sender_and_leaves_nothing_behind(server: bl.Pid) -> None:
    await Account.start(100, name="account")
    lock, nodes_asked = threading.Lock(), [NEAR, server.node]
    for asking in (bl.GenServer.call(server, lock), multi_call("account", lock, nodes=nodes_asked)):
        with pytest.raises(UnencodableTerm):
            await asking
    with pytest.raises(UnencodableTerm):
        send_request(server, lock)
    process: Any = current.current_process()
    assert (process.monitors, process.aliases) == ((), frozenset())


@with_account_over_there
async def test_many_nodes_are_asked_at_once_and_those_without_an_answer_are_named(server: bl.Pid) -> None:
    far = server.node
    await Account.start(100, name="account")
    answers, without = await multi_call("account", "node", nodes=[NEAR, far, "lost@127.0.0.1"], timeout=SECONDS)
    assert (answers, without) == ([(NEAR, NEAR), (far, far)], ["lost@127.0.0.1"])
    abcast("account", 7, nodes=[NEAR, far])
    assert [(await system.get_state(("account", node)))["balance"] for node in (NEAR, far)] == [7, 7]


@with_account_over_there
async def test_a_collection_hears_of_a_node_that_is_lost(server: bl.Pid) -> None:
    requests = Requests()
    requests.send(await Account.start(100, name="account"), "node", label="near")
    requests.send(("account", "lost@127.0.0.1"), "node", label="lost")
    requests.send(server, "node", label="far")
    outcomes = {response.label: response async for response in requests.responses(SECONDS)}
    assert (outcomes["near"].result(), outcomes["far"].result()) == (NEAR, server.node)
    assert outcomes["lost"].error is not None
    assert outcomes["lost"].error.reason == "noconnection"
