"""Processes that are started on other nodes, as on the BEAM."""

from __future__ import annotations

from functools import partial
from typing import Any

import beamlike as bl
from tests.scenarios.actors import Do, Quit, idle, obeying
from tests.scenarios.node_twin import named_peer, node_twin
from tests.scenarios.trace import Error, Throw, Trace, dies
from tests.support.absent_module import function_known_here_only
from tests.support.local_nodes import PATIENCE, forever, process_of
from tests.support.peers import Peers

DEAD = "dead@127.0.0.1"


@node_twin
async def test_s115_spawn_works_alike_on_other_nodes_and_a_dead_one_is_noconnection(trace: Trace, peers: Peers) -> None:
    bl.trap_exit(True)
    n1 = await named_peer(trace, peers, "n1")
    trace.means(bl.UndecodableTerm, "undef")
    a = bl.spawn(tells_where_it_is, bl.self(), node=n1.node)
    trace("main", "node_of_pid", a.node)
    await trace.recv("main")
    trace.label(bl.spawn_link(ends, "boom", node=n1.node), "l")
    await trace.recv("main")
    label(trace, bl.spawn_monitor(ends, "boom", node=n1.node), "m", "r")
    await trace.recv("main")
    with function_known_here_only() as function:
        label(trace, bl.spawn_monitor(function, node=n1.node), "m2", "r2")
    await trace.recv("main")
    trace("main", "links_both", await links_of_child(n1.node) == {"links": frozenset({bl.self()})})
    trace("main", "dead_spawn_is_pid", isinstance(bl.spawn(forever, node=DEAD), bl.Pid))
    await trace.nothing("main")
    trace.label(bl.spawn_link(forever, node=DEAD), "dl")
    await trace.recv("main")
    label(trace, bl.spawn_monitor(forever, node=DEAD), "dm", "dr")
    await trace.recv("main")


def label(trace: Trace, pid_and_ref: tuple[bl.Pid, bl.Ref], of_pid: str, of_ref: str) -> None:
    trace.label(pid_and_ref[0], of_pid)
    trace.label(pid_and_ref[1], of_ref)


def tells_where_it_is(to: bl.Pid) -> None:
    bl.send(to, ("at", bl.self().node))


async def ends(reason: Any) -> None:
    raise bl.ProcessExit(reason)


async def links_of_child(node: str) -> Any:
    child = bl.spawn_link(obeying, node=node)
    links = await bl.rpc.call(node, bl.process_info, child, "links")
    bl.unlink(child)
    bl.exit(child, "kill")
    return links


@node_twin(without=("main: recv (spawn_reply, #q4",))
async def test_s116_a_spawn_request_is_answered_by_a_message(trace: Trace, peers: Peers) -> None:
    """An option that is none raises TypeError at once, as with every function here."""
    n1 = await named_peer(trace, peers, "n1")
    trace.label(bl.spawn_request(ends, "boom", node=n1.node, monitor=True), "q1")
    await recv_answer(trace, "child")
    await trace.recv("main")
    trace.label(bl.spawn_request(str, node=DEAD, tag="mytag"), "q2")
    await trace.recv("main")
    bl.spawn_request(str, node=n1.node, reply="no")
    await bl.rpc.call(n1.node, bl.self)
    await trace.nothing("main")
    trace("main", "abandon", bl.abandon_spawn_request(bl.spawn_request(forever, node=n1.node, link=True)))
    await bl.rpc.call(n1.node, bl.self)
    await trace.nothing("main")
    trace("main", "links_after_abandon", [pid for pid in process_of(bl.self()).links if pid.node == n1.node])
    q6 = trace.label(bl.spawn_request(str, node=n1.node), "q6")
    await recv_answer(trace, "c6")
    trace("main", "abandon_late", bl.abandon_spawn_request(q6))


async def recv_answer(trace: Trace, name: str) -> None:
    """`recv`, of an answer whose pid is labelled first."""
    answer = await bl.receive(timeout=PATIENCE)
    trace.label(answer.pid_or_reason, name)
    trace("main", "recv", answer)


@node_twin
async def test_s173_an_abandoned_spawn_request_leaves_nothing_behind(trace: Trace, peers: Peers) -> None:
    bl.trap_exit(True)
    n1 = await named_peer(trace, peers, "n1")
    await bl.connect(n1.node)
    names = ("kid_link", "kid_mon", "kid_plain")
    for name in names:
        ref = bl.spawn_request(is_named, name, node=n1.node, link=name == "kid_link", monitor=name == "kid_mon")
        trace("main", "abandon", bl.abandon_spawn_request(ref))
    await bl.rpc.call(n1.node, bl.self)
    for name in names:
        trace("n1", "alive", (name, await n1.call(bl.whereis, name) is not None))
    await trace.nothing("main")
    trace("main", "monitors", ("monitors", list(process_of(bl.self()).monitors)))


async def is_named(name: str) -> None:
    bl.register(name, bl.self())
    await forever()


@node_twin
async def test_s118_the_reasons_of_exits_are_the_same_between_nodes(trace: Trace, peers: Peers) -> None:
    bl.trap_exit(True)
    n1 = await named_peer(trace, peers, "n1")
    await bl.connect(n1.node)
    for error in (None, bl.ProcessExit("boom"), Error("bad"), Throw("ball"), bl.ProcessExit("kill")):
        trace.label(bl.spawn_link(fails, error, node=n1.node), "c")
        await trace.recv("main")
    trace.label(bl.spawn_link(kills_itself, node=n1.node), "c")
    await trace.recv("main")
    bl.exit(trace.label(bl.spawn_link(forever, node=n1.node), "c"), "kill")
    await trace.recv("main")
    last = trace.label(bl.spawn_link(forever, node=n1.node), "c")
    bl.exit(last, "normal")
    await bl.rpc.call(n1.node, bl.self)
    await trace.nothing("main")
    bl.exit(last, "please")
    await trace.recv("main")
    near, far = await linked_pair(trace, n1.node)
    trace("main", "local_partner_dies", await dies(near, partial(bl.send, far, Quit("from_remote"))))
    near, far = await linked_pair(trace, n1.node)
    trace("main", "remote_partner_dies", await dies(far, partial(bl.send, near, Quit("from_local"))))


def fails(error: Exception | None) -> None:
    if error is not None:
        raise error


async def kills_itself() -> None:
    bl.exit(bl.self(), "kill")
    await forever()


async def linked_pair(trace: Trace, node: str) -> tuple[bl.Pid, bl.Pid]:
    """A process of this node and one of that node, that neither trap exits."""
    near, far, me = idle(), bl.spawn(obeying, node=node), bl.self()

    def link_and_say_so() -> None:
        bl.link(far)
        bl.send(me, "linked")

    bl.send(near, Do(link_and_say_so))
    await trace.recv("main")
    await bl.rpc.call(node, bl.self)  # the link is there, too
    return near, far
