"""Servers and supervisors on other nodes, and how one looks into them, as on the BEAM."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

import beamlike as bl
from beamlike.kernel.trace_events import Received, Sent, TraceEvent
from tests.scenarios.actors import done, obeying
from tests.scenarios.node_twin import named_peer, node_twin
from tests.scenarios.trace import Trace
from tests.support.local_nodes import PATIENCE, forever
from tests.support.peers import Peer, Peers

DEAD = "dead@127.0.0.1"


class Keeper(bl.GenServer):
    """Keeps a value; a call may keep it busy until a word comes, and whoever looks sees that it is."""

    def init(self, value: int) -> None:
        self.value = value

    async def handle_call(self, request: object, client: bl.Client) -> Any:
        match request:
            case "ping":
                return "pong"
            case "get":
                return self.value
            case "wait":
                busy = bl.spawn(forever)
                bl.register("busy", busy)
                await bl.receive(lambda message: message == "go on")
                bl.unregister("busy")
                return "late"


async def called(server: Any, request: Any, timeout: float | None = PATIENCE) -> tuple[Any, ...]:
    """What a call does, in Erlang's words: "noconnection" is {nodedown, Node} there."""
    try:
        return "returned", await bl.GenServer.call(server, request, timeout=timeout)
    except bl.CallTimeout:
        return "exit", "timeout", ("gen_server", "call")
    except bl.CallFailed as error:
        node = server.node if isinstance(server, bl.Pid) else server[1]
        reason = ("nodedown", node) if error.reason == "noconnection" else error.reason
        return "exit", reason, ("gen_server", "call")


async def start_keeper(value: int) -> bl.Pid:
    return await Keeper.start(value, name="srv")


@node_twin
async def test_s146_a_call_over_the_wire_succeeds_or_says_what_was_in_the_way(trace: Trace, peers: Peers) -> None:
    n1 = await named_peer(trace, peers, "n1")
    trace.label(DEAD, "dead")
    server = await bl.rpc.call(n1.node, start_keeper, 0)
    dead = await n1.call(bl.spawn, obeying)
    bl.exit(dead, "kill")
    for event, whom in (
        ("pid", server),
        ("name_node", ("srv", n1.node)),
        ("unknown_name", ("nobody", n1.node)),
        ("dead_pid", dead),
        ("dead_node", ("srv", DEAD)),
    ):
        trace("main", event, await called(whom, "ping"))
    trace("main", "timeout", await called(server, "wait", timeout=0.03))
    bl.send(server, "go on")
    await called(server, "ping")  # the answer that came too late has come
    await trace.nothing("main")
    trace("main", "cast_dead", "ok" if done(bl.GenServer.cast, ("srv", DEAD), "x") else "failed")
    bl.spawn(kill_when_busy, n1)
    trace("main", "killed_during", await called(server, "wait", timeout=None))
    await trace.nothing("main")
    trace("main", "after", await called(server, "ping"))


async def kill_when_busy(peer: Peer) -> None:
    await peer.until(is_named, "busy")
    peer.kill()


def is_named(name: str) -> bool:
    return bl.whereis(name) is not None


@node_twin
async def test_s155_who_looks_into_a_remote_process_asks_there(trace: Trace, peers: Peers) -> None:
    n1 = await named_peer(trace, peers, "n1")
    server = await bl.rpc.call(n1.node, start_keeper, 7)
    trace.attempt("main", "local_process_info", bl.process_info, server, "status")
    trace.attempt("main", "local_is_alive", bl.is_alive, server)
    (status,) = (await bl.rpc.call(n1.node, bl.process_info, server, "status")).items()
    trace("main", "erpc_status", status)
    trace("main", "state", (await bl.sys.get_state(server))["value"])
    await bl.sys.suspend(server)
    trace("main", "suspend", "ok")
    trace("main", "call_50", await called(server, "get", timeout=0.05))
    await bl.sys.resume(server)
    trace("main", "resume", "ok")
    trace("main", "call", await called(server, "get"))
    stuck = bl.spawn(never_reads, node=n1.node)
    for _ in range(500):
        bl.send(stuck, "x")
    await n1.until(is_named, "stuck")
    trace("main", "top", await bl.rpc.call(n1.node, longest_mailbox))
    await trace.nothing("main")


async def never_reads() -> None:
    bl.register("stuck", bl.self())
    await bl.receive(lambda message: message == "never")


def longest_mailbox() -> tuple[int, str, str]:
    found = [bl.process_info(pid, "message_queue_len", "registered_name") for pid in bl.processes()]
    top = max((info for info in found if info), key=lambda info: info["message_queue_len"])
    return top["message_queue_len"], top["registered_name"], bl.self().node


@node_twin
async def test_s160_a_server_on_another_node_is_traced_from_here(trace: Trace, peers: Peers) -> None:
    n1 = await named_peer(trace, peers, "n1")
    server = trace.label(await bl.rpc.call(n1.node, start_keeper, 7), "srv")
    tracer = bl.spawn(passes_on, bl.self(), node=n1.node)
    await bl.rpc.call(n1.node, partial(bl.trace, tracer=tracer), server, "send", "receive")
    trace("main", "call", await called(server, "get"))
    for _ in range(2):
        _, event = await bl.receive(lambda message: message[0] == "tr", timeout=PATIENCE)
        trace("trace", "ev", as_on_the_beam(event))


async def passes_on(to: bl.Pid) -> None:
    while True:
        bl.send(to, ("tr", await bl.receive()))


def as_on_the_beam(event: TraceEvent) -> tuple[Any, ...]:
    match event:
        case Received(pid, message):
            return pid, "got_call", message.request
        case Sent(pid, bl.Alias(), bl.Reply(_, value)):
            return pid, "answered", value
    raise AssertionError(f"{event} has no place in this scenario")


@node_twin
async def test_s161_a_supervisor_sees_the_loss_of_a_node_as_a_crash(trace: Trace, peers: Peers) -> None:
    n1 = await named_peer(trace, peers, "n1")
    await bl.connect(n1.node)

    def starts_there_or_here() -> bl.Pid:
        return bl.spawn_link(obeying, node=n1.node if n1.node in bl.nodes() else None)

    supervisor = await bl.Supervisor.start([bl.ChildSpec("k", starts_there_or_here)])
    trace("main", "at", await node_of_child(supervisor))
    n1.kill()
    async with asyncio.timeout(PATIENCE):
        while await node_of_child(supervisor) != bl.self().node:  # noqa: ASYNC110 - a supervisor tells nobody
            await asyncio.sleep(0.005)
    trace("main", "moved", True)
    counts = await bl.Supervisor.count_children(supervisor)
    trace("main", "count", [(kind, getattr(counts, kind)) for kind in ("active", "specs", "supervisors", "workers")])


async def node_of_child(supervisor: bl.Pid) -> str | None:
    (child,) = await bl.Supervisor.which_children(supervisor)
    return child.pid.node if child.pid is not None else None
