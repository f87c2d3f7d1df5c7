"""A server that is started on another node: by its starter here, who is its parent as if it were here."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

import beamlike as bl
import nodes
from beamlike.behaviours.child_spec import child_spec_of
from beamlike.behaviours.registry import Registry, Via
from beamlike.behaviours.servers.outcomes import IGNORE
from beamlike.behaviours.servers.starting import AlreadyStarted
from beamlike.behaviours.supervision.dynamic_supervisor import DynamicSupervisor
from beamlike.kernel.question import Client
from tests.support.child_node import NEAR, with_child_node
from tests.support.local_nodes import PATIENCE, down_reason, in_node, no_message, received
from tests.support.supervised import Witnessed, pid_of


class Overdrawn(Exception):
    pass


class Starts(bl.GenServer):
    """Its `init` comes out as told; it tells where it runs."""

    async def init(self, outcome: Any = None) -> Any:
        if isinstance(outcome, Exception):
            raise outcome
        if outcome == "hang":
            await asyncio.sleep(PATIENCE)
        return outcome

    def handle_call(self, request: Any, client: Client) -> str:
        return bl.self().node


@with_child_node
async def test_it_runs_there_under_a_name_of_that_node(child: nodes.Child) -> None:
    pid = await Starts.start(name="server", node=child.node)
    assert (pid.node, bl.whereis("server")) == (child.node, None)
    assert await bl.GenServer.call(("server", child.node), "where?") == child.node
    with pytest.raises(AlreadyStarted, match="the name 'server' belongs to") as taken:
        await Starts.start(name="server", node=child.node)
    assert taken.value.pid == pid
    assert (await Starts.start(name="server", node=NEAR)).node == NEAR


@with_child_node
async def test_what_init_raises_there_is_raised_here_as_its_own_type_and_leaves_nothing(child: nodes.Child) -> None:
    for start in (Starts.start, Starts.start_link):
        with pytest.raises(Overdrawn, match="only 3") as caught:
            await start(Overdrawn("only 3"), name="server", node=child.node)
        assert "in init" in str(caught.value.__cause__)
        with pytest.raises(bl.CallFailed, match="did not answer 'init': it ended: no database"):
            await start(bl.Stop("no database"), name="server", node=child.node)
    assert await Starts.start_link(IGNORE, name="server", node=child.node) is None
    assert await bl.rpc.call(child.node, bl.whereis, "server") is None
    await no_message()


@with_child_node
async def test_a_starter_that_traps_exits_gets_the_exit_of_a_failed_init_as_well(child: nodes.Child) -> None:
    bl.trap_exit(True)
    with pytest.raises(Overdrawn):
        await Starts.start_link(Overdrawn("only 3"), node=child.node)
    [exit] = await received(1)
    assert (exit.pid.node, exit.reason.message) == (child.node, "only 3")


@with_child_node
async def test_a_start_that_takes_too_long_there_leaves_no_process(child: nodes.Child) -> None:
    bl.trap_exit(True)
    for start in (Starts.start, Starts.start_link):
        with pytest.raises(bl.CallTimeout, match=r"did not answer Starts.init\(\) within") as late:
            await start("hang", name="server", timeout=0.01, node=child.node)
        assert not await bl.rpc.call(child.node, bl.is_alive, late.value.server)
        assert await bl.rpc.call(child.node, bl.whereis, "server") is None
    await no_message()


@in_node
async def test_a_node_that_cannot_be_reached_fails_the_start_and_not_the_starter() -> None:
    for start in (Starts.start, Starts.start_link):
        with pytest.raises(bl.CallFailed, match=r"cannot be reached, or was lost \(noconnection\)"):
            await start(node="lost@127.0.0.1")
    await no_message()


@with_child_node
async def test_the_exit_of_the_parent_here_is_an_order_there(child: nodes.Child) -> None:
    async def parent(witness: bl.Pid) -> None:
        await Witnessed.start_link(witness, "server", node=child.node)
        raise bl.ProcessExit(await bl.receive())

    pid = bl.spawn(parent, bl.self())
    assert await bl.receive(timeout=PATIENCE) == ("started", "server")
    bl.send(pid, "boom")
    assert await bl.receive(timeout=PATIENCE) == ("terminated", "server", "boom")


@with_child_node
async def test_a_supervised_server_there_that_traps_exits_obeys_shutdown(child: nodes.Child) -> None:
    spec = Witnessed.child_spec(bl.self(), "server", shutdown=None, node=child.node)
    supervisor = await bl.Supervisor.start([spec])
    pid = await pid_of(supervisor, "Witnessed")
    assert pid.node == child.node
    ref = bl.monitor(pid)
    await bl.Supervisor.terminate_child(supervisor, "Witnessed")
    assert await received(2) == [("started", "server"), ("terminated", "server", "shutdown")]
    assert await down_reason(ref) == "shutdown"


@with_child_node
async def test_a_supervisor_there_is_a_child_of_one_here_and_ends_its_children_in_peace(child: nodes.Child) -> None:
    below = bl.Supervisor.child_spec([Witnessed.child_spec(bl.self(), "leaf")], name="below", node=child.node)
    sessions = DynamicSupervisor.child_spec(name="sessions", node=child.node)
    top = await bl.Supervisor.start_link([below, sessions])
    await DynamicSupervisor.start_child(("sessions", child.node), Witnessed.child_spec(bl.self(), "session"))
    assert await received(2) == [("started", "leaf"), ("started", "session")]
    await bl.GenServer.stop(top)
    assert await received(2) == [("terminated", "session", "shutdown"), ("terminated", "leaf", "shutdown")]


@with_child_node
async def test_a_name_of_a_registry_is_of_the_registry_there(child: nodes.Child) -> None:
    await bl.rpc.call(child.node, Registry.start, "rooms")
    await Registry.start_link("rooms")
    spec = child_spec_of(Starts, name=Via("rooms", "kitchen"), node=child.node)
    assert spec.id == Via("rooms", "kitchen")
    supervisor = await bl.Supervisor.start([spec])
    assert await bl.rpc.call(child.node, Via("rooms", "kitchen").whereis) == await pid_of(supervisor, spec.id)
    assert Via("rooms", "kitchen").whereis() is None
