"""Calls of other nodes, as with the BEAM's erpc.

Its three classes of error are exceptions here: what the function raised comes as itself, a ProcessExit of its own as
exit, CallEnded says that an exit signal ended it, NodeLost and CallTimedOut are erpc's own errors, and what can be no
call is refused by TypeError or ValueError before it is sent.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from typing import Any, NoReturn

import pytest

import beamlike as bl
from beamlike.kernel.group_leader import Output, leader, set_leader
from tests.scenarios.actors import done
from tests.scenarios.node_twin import named_peer, node_twin
from tests.scenarios.trace import Error, Text, Throw, Trace
from tests.support.local_nodes import PATIENCE, forever
from tests.support.peers import Peers

DEAD = "dead@127.0.0.1"
FRAME = re.compile(r", in (f\w+)\n +(\S)")
LONG_FOR_ONE_CALL = 6.0


async def attempt(trace: Trace, event: str, node: str, function: Any, *args: Any) -> None:
    """What a call does, as erpc says it."""
    trace("main", event, await outcome(trace, bl.rpc.call(node, function, *args)))


async def outcome(trace: Trace, call: Any) -> tuple[Any, ...]:
    try:
        return "returned", await call
    except Exception as error:
        return "raised", *erpc(trace, error)


def erpc(trace: Trace, error: Exception) -> tuple[str, Any]:
    """The class and the reason that erpc would raise."""
    match error:
        case bl.rpc.CallEnded():
            return "exit", ("signal", error.reason)
        case bl.rpc.NodeLost():
            return "error", ("erpc", "noconnection")
        case bl.rpc.CallTimedOut():
            return "error", ("erpc", "timeout")
        case bl.ProcessExit():
            return "exit", ("exception", error.reason)
        case Throw():
            return "throw", error.term
        case _ if "Traceback" in str(error.__cause__):
            return "error", ("exception", trace.word(error), "<stack>")
        case _:
            return "error", ("erpc", trace.word(error))


async def exits(reason: Any) -> NoReturn:
    raise bl.ProcessExit(reason)


def fails(term: Any) -> NoReturn:
    raise Error(term)


def throws(term: Any) -> NoReturn:
    raise Throw(term)


async def ends_itself(reason: Any) -> None:
    bl.exit(bl.self(), reason)
    await forever()


def fails_twice() -> NoReturn:
    try:
        raise Error("inner")
    except Error as error:
        raise Error(("outer", error.term)) from error


def fa() -> None:
    fb()


def fb() -> None:
    fc()


def fc() -> None:
    raise Error("bottom")


def calls_what_is_not_there() -> Any:
    return os.nosuch()  # type: ignore[attr-defined]


@node_twin
async def test_s125_what_the_caller_sees_of_remote_errors(trace: Trace, peers: Peers) -> None:
    n1 = (await named_peer(trace, peers, "n1")).node
    trace.means(AttributeError, "undef")
    await attempt(trace, "value", n1, lambda: bl.self().node)
    await attempt(trace, "error", n1, fails, "oops")
    await attempt(trace, "exit", n1, exits, "oops")
    await attempt(trace, "throw", n1, throws, "oops")
    await attempt(trace, "signal", n1, ends_itself, "oops")
    await attempt(trace, "killed", n1, ends_itself, "kill")
    await attempt(trace, "undef", n1, calls_what_is_not_there)
    await attempt(trace, "noconnection", DEAD, bl.self)
    await attempt(trace, "badarg", n1, "not a function")
    await attempt(trace, "bad_node", "x", bl.self)
    await attempt(trace, "nested", n1, fails_twice)
    await trace.nothing("main")
    trace("main", "remote_stack_functions", await stack_of_failure(n1, fa))


async def stack_of_failure(node: str, function: Callable[[], None]) -> list[tuple[str, bool]]:
    """The functions in which it failed, innermost first, and whether the line is shown."""
    try:
        await bl.rpc.call(node, function)
    except Error as error:
        return [(name, bool(line)) for name, line in FRAME.findall(str(error.__cause__))][::-1]
    raise AssertionError("expected it to fail")


@node_twin(without=("main: rpc",))
async def test_s127_calling_many_nodes(trace: Trace, peers: Peers) -> None:
    """There is one `rpc`, which is erpc's."""
    n1, n2 = [(await named_peer(trace, peers, name)).node for name in ("n1", "n2")]
    outcomes = await bl.rpc.multicall([n1, n2, DEAD, n1], fails_on, n2, timeout=PATIENCE)
    trace("main", "erpc_multicall", [as_erpc(trace, outcome) for outcome in outcomes])
    outcomes = await bl.rpc.multicall([n1, n2], waits_on, n2, timeout=LONG_FOR_ONE_CALL)
    trace("main", "multicall_timeout", [as_erpc(trace, outcome) for outcome in outcomes])
    await trace.nothing("main")
    trace("main", "cast", done(bl.rpc.cast, DEAD, bl.self) and "ok")
    trace("main", "multicast", done(bl.rpc.multicast, [n1, DEAD], bl.self) and "ok")


def as_erpc(trace: Trace, outcome: bl.rpc.Outcome[Any]) -> tuple[str, Any]:
    return erpc(trace, outcome.error) if isinstance(outcome, bl.rpc.Failed) else ("ok", outcome.value)


async def fails_on(node: str) -> str:
    if bl.self().node == node:
        raise Error("oops")
    return bl.self().node


async def waits_on(node: str) -> str:
    if bl.self().node == node:
        await forever()
    return bl.self().node


@node_twin
async def test_s128_many_requests_are_collected_as_they_finish(trace: Trace, peers: Peers) -> None:
    n1 = (await named_peer(trace, peers, "n1")).node
    (first, a), (second, b), (third, c) = [await asked(n1, milliseconds) for milliseconds in (120, 20, 60)]
    with bl.Requests() as requests:
        for request, label in ((first, "a"), (second, "b"), (third, "c")):
            requests.add(request, label=label)
        trace("main", "size", len(requests))
        for worker in (b, c, a):
            bl.send(worker, "go on")
            response = await requests.receive(PATIENCE)
            trace("main", "got", (response.label, response.result()))
        with pytest.raises(LookupError):
            await requests.receive(PATIENCE)
        trace("main", "no_request")
    failing = bl.rpc.send_request(n1, fails, "boom")
    trace("main", "error_at_collect", await outcome(trace, bl.rpc.receive_response(failing, PATIENCE)))
    slow, worker = await asked(n1, 100)
    bl.send(bl.self(), "other")
    other = await bl.receive(lambda message: message == "other", timeout=PATIENCE)
    trace("main", "foreign", "no_response" if bl.rpc.check_response(other, slow) is bl.NO_REPLY else "UNEXPECTED")
    with pytest.raises(bl.rpc.CallTimedOut):
        await bl.rpc.wait_response(slow, 0.01)
    trace("main", "wait_10", "no_response")
    bl.send(worker, "go on")
    trace("main", "wait", ("response", await bl.rpc.wait_response(slow, PATIENCE)))
    late, _ = await asked(n1, 100)
    trace("main", "receive_10", await outcome(trace, bl.rpc.receive_response(late, 0.01)))
    await trace.nothing("main")


async def asked(node: str, value: int) -> tuple[bl.rpc.RemoteRequest, bl.Pid]:
    """A request whose function answers `value` when its process is told to."""
    request = bl.rpc.send_request(node, answers_when_told, bl.self(), value)
    return request, await bl.receive(timeout=PATIENCE)


async def answers_when_told(witness: bl.Pid, value: int) -> int:
    bl.send(witness, bl.self())
    await bl.receive()
    return value


@node_twin
async def test_s148_output_of_remote_work_appears_where_it_was_started(trace: Trace, peers: Peers) -> None:
    peer = await named_peer(trace, peers, "n1")
    here = bl.spawn(passes_on_output, bl.self())
    set_leader(here)
    bl.spawn(print, "hello from spawn", node=peer.node)
    from_spawn = await bl.receive(timeout=PATIENCE)
    await bl.rpc.call(peer.node, print, "hello from erpc")
    from_erpc = await bl.receive(timeout=PATIENCE)
    trace("main", "recv", from_spawn)
    trace("main", "recv", from_erpc)
    trace("main", "leader_is_mine", await bl.rpc.call(peer.node, leader) == here)
    set_leader(None)


async def passes_on_output(to: bl.Pid) -> None:
    while True:
        output: Output = await bl.receive()
        bl.send(to, ("printed", Text(output.text.rstrip("\n"))))
