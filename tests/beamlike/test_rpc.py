"""What a call leaves behind, what it does not take down, and what is refused; calls between two operating-system
processes stand in `test_rpc_far` and `integration`."""

from __future__ import annotations

import asyncio
import functools
import pickle
import sys
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import beamlike as bl
from beamlike.distribution.rpc import CallEnded
from beamlike.distribution.rpc.feeding import feed
from beamlike.distribution.rpc.result_size import size_of
from beamlike.kernel import current
from beamlike.kernel.group_leader import Output, hand_over
from beamlike.kernel.performing import Raised, perform
from beamlike.kernel.signals import Answer, Apply, Send, Signal, Spawn
from tests.support.jumping_loop import in_jumping_node
from tests.support.local_nodes import PATIENCE, eventually, in_node, no_message, received

HERE = "test@127.0.0.1"
FAR = "far@127.0.0.1"


@in_node
async def test_a_function_that_exits_ends_its_process_and_not_the_node() -> None:
    with pytest.raises(CallEnded, match=r"exit on test@127\.0\.0\.1 ended without a result: SystemExit: 3"):
        await bl.rpc.call("test@127.0.0.1", sys.exit, 3)
    assert await bl.rpc.call("test@127.0.0.1", int) == 0


@in_node
async def test_a_call_that_cannot_be_sent_leaves_no_address_of_the_caller() -> None:
    sent: list[bl.Alias] = []

    def refuse(signal: Signal) -> None:
        assert isinstance(signal, Apply)
        assert signal.monitor is not None
        sent.append(bl.Alias(signal.source, signal.monitor.id))
        raise TypeError("this cannot travel")

    current.current_node().peer_up(FAR, refuse, hidden=False)
    with pytest.raises(TypeError, match="this cannot travel"):
        await bl.rpc.call(FAR, int)
    bl.send(sent[0], "to the address of the call")
    bl.send(bl.self(), "to the caller")
    assert await received(1) == ["to the caller"]


@in_node
async def test_where_a_node_cannot_be_reached_the_error_says_how_to_learn_why() -> None:
    with pytest.raises(bl.NotConnected, match=r"lost during int, .*: `await bl\.connect\('far@127\.0\.0\.1'\)` says"):
        await bl.rpc.call(FAR, int)


@in_jumping_node
async def test_connecting_counts_towards_the_time_limit_and_is_named() -> None:
    node = current.current_node()
    node.dial = lambda _name: lambda _signal: None  # which never comes to an end
    clock = asyncio.get_running_loop().time
    began = clock()
    with pytest.raises(bl.rpc.CallTimedOut, match=r"no result within 5 s; far@127\.0\.0\.1 is not connected, `await"):
        await bl.rpc.call(FAR, int, timeout=5)
    assert clock() - began == 5
    node.dial = None


@in_node
async def test_what_can_be_no_call_is_refused_before_anything_is_sent() -> None:
    with pytest.raises(TypeError, match=r"expected a function to call on test@127\.0\.0\.1, got 'int'"):
        await bl.rpc.call(HERE, "int")  # type: ignore[call-overload]
    with pytest.raises(TypeError, match=r"no keyword 'base' \(it has timeout and max_result\); .*functools\.partial"):
        await bl.rpc.call(HERE, int, "7", base=8)
    with pytest.raises(TypeError, match="expected timeout as a number of seconds"):
        await bl.rpc.call(HERE, int, timeout="5")  # type: ignore[call-overload]
    for name in ("test", "a@b@c", ""):
        with pytest.raises(ValueError, match="expected a node name like"):
            bl.rpc.cast(name, int)
    with pytest.raises(TypeError, match="expected a node name like"):
        bl.rpc.send_request(7, int)  # type: ignore[arg-type]
    assert await bl.rpc.call(HERE, functools.partial(int, base=8), "17") == 15
    await no_message()


@in_node
async def test_a_stop_iteration_comes_as_out_of_any_coroutine() -> None:
    with pytest.raises(RuntimeError, match="StopIteration") as caught:
        await bl.rpc.call(HERE, next, iter(()))
    assert isinstance(caught.value.__cause__, StopIteration)


@in_node
async def test_after_a_call_nothing_is_left() -> None:
    for function, args in ((int, ()), (int, ("x",)), (sys.exit, (0,))):
        with suppress(ValueError, CallEnded):
            await bl.rpc.call(HERE, function, *args, timeout=PATIENCE)
    await eventually(lambda: bl.processes() == [bl.self()])
    assert not current.current_process().monitors
    assert not current.current_process().aliases
    await no_message()


@in_node
async def test_a_value_that_the_link_refuses_is_an_error_of_the_call() -> None:
    """As one that is larger than any message may be."""
    node, sent = current.current_node(), list[Any]()

    def refuse_values(signal: Signal) -> None:
        if isinstance(signal, Answer) and signal.value == "a value":
            raise bl.UnencodableTerm("expected a signal of at most 10 bytes, got one of 20")
        sent.append(signal)

    node.peer_up(FAR, refuse_values, hidden=False)
    caller, ref = bl.Pid(FAR, 1), bl.Ref(FAR, 2)
    node.route(Apply(caller, bl.Pid(HERE, 3), str, ("a value",), False, ref, None))
    await eventually(lambda: bool(sent))
    raised = sent[0].value
    assert isinstance(raised, Raised)
    assert "str on test@127.0.0.1 cannot be sent: expected a signal of at most 10 bytes" in raised.info.message


def says_and_gives() -> list[str]:
    hand_over("stdout", "said")  # as print does where there is a router
    return ["given"]


@pytest.mark.parametrize(("work", "more"), [(perform, ()), (feed, (1,))])
@in_node
async def test_what_is_printed_is_sent_before_what_is_given(work: Any, more: tuple[int, ...]) -> None:
    node, sent = current.current_node(), list[Any]()
    node.peer_up(FAR, sent.append, hidden=False)
    caller, ref, printed_to = bl.Pid(FAR, 1), bl.Ref(FAR, 2), bl.Pid(FAR, 3)
    args = bl.Alias(caller, ref.id), says_and_gives, (), *more
    node.route(Spawn(caller, bl.Pid(HERE, 4), work, args, False, ref, printed_to))

    def told() -> list[str]:
        return [text for signal in sent if (text := _in_words(signal))]

    await eventually(lambda: "given" in told())
    assert told() == ["said", "given"]


def _in_words(signal: Signal) -> str:
    match signal:
        case Send(message=Output(_, text)):
            return text
        case Answer(value=["given"]) | Send(message=bl.Reply(_, ("given",))):
            return "given"
        case _:
            return ""


@in_node
async def test_a_call_is_two_signals_one_each_way() -> None:
    node, there, back = current.current_node(), list[Signal](), list[Signal]()
    node.peer_up(FAR, there.append, hidden=False)
    calling = asyncio.create_task(bl.rpc.call(FAR, int, timeout=PATIENCE))
    await eventually(lambda: bool(there))
    [request] = there
    assert isinstance(request, Apply)
    assert request.monitor is not None
    node.peer_up(FAR, back.append, hidden=False)
    pid = bl.Pid(HERE, node.next_id())
    node.route(replace(request, source=bl.Pid(FAR, 1), pid=pid, monitor=bl.Ref(FAR, 2)))
    await eventually(lambda: not bl.is_alive(pid))
    [answer] = back
    assert isinstance(answer, Answer)
    node.peer_up(FAR, there.append, hidden=False)
    node.route(Answer(request.pid, bl.Alias(request.source, request.monitor.id), answer.value))
    assert await calling == 0
    assert there == [request]


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner),
    )
)
def test_the_size_of_a_value_is_what_pickle_makes_of_it(value: Any) -> None:
    assert size_of(value) == len(pickle.dumps(value, 5))
