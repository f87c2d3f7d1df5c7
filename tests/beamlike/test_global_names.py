"""`bl.global_` on one node: what it takes, returns and refuses."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

import beamlike as bl
from tests.support.local_nodes import PATIENCE, eventually, forever, in_node

at_once: Any = {"retries": 0}


def on_a_node(test: Callable[[], Awaitable[None]]) -> Callable[[], None]:
    async def main() -> None:
        async with bl.Node("main@127.0.0.1", secret=b"a secret of the test"):
            await test()

    # No functools.wraps: pytest would not find what to call.
    def run() -> None:
        asyncio.run(main())

    run.__name__, run.__doc__, run.__module__ = test.__name__, test.__doc__, test.__module__
    return run


async def as_another(function: Callable[..., Any], *args: Any, **keywords: Any) -> Any:
    """What the function returns in a process of its own, which ends then."""

    async def act(to: bl.Pid) -> None:
        bl.send(to, (bl.self(), await function(*args, **keywords)))

    pid = bl.spawn(act, bl.self())
    return (await bl.receive(lambda message: message[0] == pid, timeout=PATIENCE))[1]


# Names.


@on_a_node
async def test_a_name_has_one_process_and_a_process_one_name() -> None:
    p, q = bl.spawn(forever), bl.spawn(forever)
    assert await bl.global_.register_name("x", p)
    assert not await bl.global_.register_name("x", q)
    assert not await bl.global_.register_name("x", p)
    assert not await bl.global_.register_name("y", p)
    assert bl.global_.registered_names() == ["x"]
    assert bl.global_.whereis_name("x") == p


@on_a_node
async def test_re_register_name_takes_it_from_its_holder_and_asks_for_no_other_name() -> None:
    p, q = bl.spawn(forever), bl.spawn(forever)
    assert await bl.global_.re_register_name("x", p)
    assert await bl.global_.re_register_name("y", p)
    assert await bl.global_.re_register_name("x", q)
    assert (bl.global_.whereis_name("x"), bl.global_.whereis_name("y")) == (q, p)
    bl.exit(p, "kill")
    assert bl.global_.registered_names() == ["x"]


@on_a_node
async def test_a_name_is_free_as_soon_as_its_process_has_ended() -> None:
    p = bl.spawn(forever)
    await bl.global_.register_name("x", p)
    bl.exit(p, "kill")
    assert bl.global_.whereis_name("x") is None
    assert bl.global_.registered_names() == []
    assert await bl.global_.register_name("x", bl.self())


@on_a_node
async def test_a_process_that_has_ended_gets_no_name() -> None:
    p = bl.spawn(forever)
    bl.exit(p, "kill")
    assert not await bl.global_.register_name("x", p)
    assert not await bl.global_.re_register_name("x", p)
    assert bl.global_.registered_names() == []


@on_a_node
async def test_unregister_name_frees_what_is_there_and_does_nothing_else() -> None:
    await bl.global_.unregister_name("x")
    await bl.global_.register_name("x", bl.self())
    await bl.global_.unregister_name("x")
    assert bl.global_.whereis_name("x") is None
    assert await bl.global_.register_name("y", bl.self())


@on_a_node
async def test_send_returns_the_pid_and_says_whom_it_does_not_know() -> None:
    await bl.global_.register_name(("any", "term"), bl.self())
    assert bl.global_.send(("any", "term"), "hello") == bl.self()
    assert await bl.receive(timeout=PATIENCE) == "hello"
    with pytest.raises(bl.UnknownName, match=r"registered globally as 'x'; known here: \[\('any', 'term'\)\]"):
        bl.global_.send("x", "hello")


class Unequal:
    """Equals nothing but itself."""


@on_a_node
async def test_what_can_be_no_name_pid_or_resolver_is_refused_before_it_is_sent() -> None:
    refused: Any = bl.global_.register_name
    with pytest.raises(TypeError, match="unhashable"):
        await refused([], bl.self())
    with pytest.raises(TypeError, match="expected a pid to register as 'x', got 'me'"):
        await refused("x", "me")
    with pytest.raises(TypeError, match="expected a function resolve"):
        await refused("x", bl.self(), "random")
    with pytest.raises(ValueError, match="expected a name that equals its copy on another node"):
        await refused(Unequal(), bl.self())
    with pytest.raises(ValueError, match="expected a resource to lock that can be copied"):
        await bl.global_.set_lock(lambda: 1)
    with pytest.raises(TypeError, match="expected names of nodes"):
        await bl.global_.set_lock("r", "main@127.0.0.1")
    with pytest.raises(ValueError, match="expected a number of retries"):
        await bl.global_.set_lock("r", retries=-1)


def test_without_a_started_node_an_error_says_so() -> None:
    with pytest.raises(bl.NoNode):
        bl.global_.whereis_name("x")


@in_node
async def test_a_node_without_distribution_has_no_name_server() -> None:
    with pytest.raises(bl.NoProcess, match=r"no name server runs on test@127.0.0.1: .* started with bl.Node"):
        await bl.global_.register_name("x", bl.self())


# A server under a global name.


class Echo(bl.GenServer):
    def handle_call(self, request: Any, client: bl.Client) -> Any:
        return request


ECHO = bl.global_.Global("echo")


@on_a_node
async def test_a_server_starts_and_is_called_under_a_global_name() -> None:
    pid = await Echo.start_link(name=ECHO)
    assert bl.global_.whereis_name("echo") == pid
    assert await bl.GenServer.call(ECHO, "hello") == "hello"
    with pytest.raises(bl.AlreadyStarted) as taken:
        await Echo.start(name=ECHO)
    assert taken.value.pid == pid
    await bl.GenServer.stop(ECHO)
    with pytest.raises(bl.CallFailed, match="noproc"):
        await bl.GenServer.call(ECHO, "hello")


@on_a_node
async def test_of_servers_that_start_at_once_under_a_global_name_one_does() -> None:
    started = await asyncio.gather(*(Echo.start(name=ECHO) for _ in range(5)), return_exceptions=True)
    pids = [one for one in started if isinstance(one, bl.Pid)]
    assert pids == [bl.global_.whereis_name("echo")]
    assert all(isinstance(one, bl.AlreadyStarted) for one in started if one not in pids)


@on_a_node
async def test_a_supervisor_starts_a_server_anew_under_its_global_name() -> None:
    await bl.Supervisor.start_link([Echo.child_spec(name=ECHO)])
    before = bl.global_.whereis_name("echo")
    assert before is not None
    bl.exit(before, "kill")
    await eventually(lambda: bl.global_.whereis_name("echo") not in (None, before))
    assert await bl.GenServer.call(ECHO, "hello") == "hello"


# Locks.


@on_a_node
async def test_a_lock_is_taken_as_often_as_its_requester_likes_and_given_back_as_often() -> None:
    assert await bl.global_.set_lock("r")
    assert await bl.global_.set_lock("r")
    await bl.global_.del_lock("r")
    assert not await as_another(bl.global_.set_lock, "r", **at_once)
    await bl.global_.del_lock("r")
    assert await as_another(bl.global_.set_lock, "r", **at_once)


@on_a_node
async def test_a_requester_is_whoever_says_so_and_another_process_gives_nothing_back() -> None:
    assert await bl.global_.set_lock(("r", "we"))
    assert await as_another(bl.global_.set_lock, ("r", "we"), **at_once)
    await as_another(bl.global_.del_lock, ("r", "we"))
    assert not await bl.global_.set_lock(("r", "they"), **at_once)


@on_a_node
async def test_who_waits_stands_in_line() -> None:
    order: list[int] = []

    async def wait(number: int) -> None:
        async with bl.global_.lock("r"):
            order.append(number)

    async with bl.global_.lock("r"):
        waiting = []
        for number in range(5):
            ended = bl.monitor(bl.spawn(wait, number))
            waiting.append(ended)
            await asyncio.sleep(0)
    for ended in waiting:
        assert (await bl.receive(ref=ended, timeout=PATIENCE)).reason == "normal"
    assert order == [0, 1, 2, 3, 4]


@on_a_node
async def test_a_thousand_that_want_one_lock_each_get_it() -> None:
    async def take() -> None:
        async with bl.global_.lock("r"):
            pass

    async with bl.global_.lock("r"):
        ends = [bl.spawn_monitor(take)[1] for _ in range(1000)]
        await asyncio.sleep(0)
    assert {(await bl.receive(ref=end, timeout=PATIENCE)).reason for end in ends} == {"normal"}


@on_a_node
async def test_retries_are_patience_and_then_false() -> None:
    async def hold(to: bl.Pid) -> None:
        await bl.global_.set_lock("r")
        bl.send(to, "held")
        await forever()

    bl.spawn(hold, bl.self())
    assert await bl.receive(timeout=PATIENCE) == "held"
    assert not await bl.global_.set_lock("r", retries=1)
    with pytest.raises(bl.global_.Aborted, match="the lock 'r' belongs to another, and did not become free in 0"):
        await bl.global_.trans("r", lambda: 1, retries=0)


@on_a_node
async def test_a_transaction_returns_or_raises_what_its_function_does_and_gives_the_lock_back() -> None:
    async def add() -> int:
        return 1 + 1

    def fail() -> None:
        raise KeyError("x")

    assert await bl.global_.trans("r", add) == 2
    assert await bl.global_.trans("r", lambda: 3) == 3
    with pytest.raises(KeyError):
        await bl.global_.trans("r", fail)
    assert await as_another(bl.global_.set_lock, "r", **at_once)


@on_a_node
async def test_a_lock_is_freed_when_the_process_that_took_it_ends() -> None:
    assert await as_another(bl.global_.set_lock, "r")
    async with asyncio.timeout(PATIENCE):
        assert await bl.global_.set_lock("r")


# The server.


@on_a_node
async def test_the_name_server_goes_on_after_a_message_that_it_does_not_know() -> None:
    await bl.global_.register_name("x", bl.self())
    bl.send("global_name_server", "garbage")
    await bl.global_.sync()
    assert bl.global_.whereis_name("x") == bl.self()


@on_a_node
async def test_a_name_server_that_is_killed_leaves_its_names_to_the_next() -> None:
    p = bl.spawn(forever)
    await bl.global_.register_name("x", p)
    before = bl.whereis("global_name_server")
    assert before is not None
    bl.exit(before, "kill")
    assert bl.global_.whereis_name("x") == p, "the table is read without the server"
    bl.exit(p, "kill")
    await eventually(lambda: bl.whereis("global_name_server") not in (None, before))
    await eventually(lambda: bl.global_.whereis_name("x") is None)
    await bl.global_.sync()
    assert await bl.global_.register_name("x", bl.self())
