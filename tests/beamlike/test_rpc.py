"""What a call leaves behind, and what it does not take down; calls between two interpreters stand in `integration`."""

from __future__ import annotations

import sys

import pytest

import beamlike as bl
from beamlike.distribution.rpc import CallEnded
from beamlike.kernel import current
from beamlike.kernel.signals import Signal
from tests.support.local_nodes import in_node, received

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
        sent.append(signal.args[0])  # type: ignore[union-attr]
        raise TypeError("this cannot travel")

    current.current_node().peer_up(FAR, refuse, hidden=False)
    with pytest.raises(TypeError, match="this cannot travel"):
        await bl.rpc.call(FAR, int)
    bl.send(sent[0], "to the address of the call")
    bl.send(bl.self(), "to the caller")
    assert await received(1) == ["to the caller"]


@in_node
async def test_where_a_node_cannot_be_reached_the_error_says_how_to_learn_why() -> None:
    with pytest.raises(bl.NotConnected, match=r"lost during int, .*; `await bl\.connect\('far@127\.0\.0\.1'\)` says"):
        await bl.rpc.call(FAR, int)
