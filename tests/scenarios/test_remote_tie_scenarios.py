"""Links, monitors and exit signals between nodes, as on the BEAM."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import beamlike as bl
from tests.scenarios.actors import Quit, done, idle, obeying
from tests.scenarios.node_twin import named_peer, node_twin
from tests.scenarios.trace import Trace, dies
from tests.support.local_nodes import PATIENCE
from tests.support.peers import Peers

DEAD = "dead@127.0.0.1"


@node_twin
async def test_s119_a_monitor_between_nodes_tells_noproc_and_noconnection_apart(trace: Trace, peers: Peers) -> None:
    n1 = await named_peer(trace, peers, "n1")
    trace.label(DEAD, "dead")
    await bl.connect(n1.node)
    p = trace.label(await n1.call(bl.spawn, obeying), "p")
    await n1.call(bl.register, "nm", p)
    trace.label(bl.monitor(p), "m1")
    trace.label(bl.monitor(("nm", n1.node)), "m2")
    bl.send(p, Quit("boom"))
    await trace.recv_sorted("main", 2)
    trace.label(bl.monitor(p), "m3")
    await trace.recv("main")
    trace.label(bl.monitor(("nm", n1.node)), "m4")
    await trace.recv("main")
    trace.label(bl.monitor(("nm", DEAD)), "m5")
    await trace.recv("main")
    q = await n1.call(bl.spawn, obeying)
    trace("main", "demonitor", bl.demonitor(bl.monitor(q)))
    bl.exit(q, "kill")
    await n1.until(is_gone, q)
    await bl.rpc.call(n1.node, bl.self)  # whatever it had to tell was told
    await trace.nothing("main")


def is_gone(pid: bl.Pid) -> bool:
    return not bl.is_alive(pid)


@node_twin
async def test_s166_after_unlink_and_link_again_the_new_link_counts(trace: Trace, peers: Peers) -> None:
    bl.trap_exit(True)
    n1 = await named_peer(trace, peers, "n1")
    await bl.connect(n1.node)
    for where, spawn in (("local", idle), ("remote", partial(bl.spawn, obeying, node=n1.node))):
        trace("main", where, sorted({await linked_anew(spawn) for _ in range(100)}))
    await trace.nothing("main")


async def linked_anew(spawn: Callable[[], bl.Pid]) -> tuple[Any, Any]:
    """The reason that arrived, and whether another did."""
    pid = spawn()
    bl.link(pid)
    bl.unlink(pid)
    bl.link(pid)
    ref = bl.monitor(pid)
    bl.send(pid, Quit("boom"))
    await bl.receive(ref=ref, timeout=PATIENCE)  # the exits of its links come before
    exits = []
    while True:
        try:
            exits.append((await bl.receive(timeout=0)).reason)
        except TimeoutError:
            first, second, *_ = [*exits, "none", "none"]
            return first, second


@node_twin
async def test_s167_signals_to_what_is_not_there_are_silent(trace: Trace, peers: Peers) -> None:
    n1 = await named_peer(trace, peers, "n1")
    await bl.connect(n1.node)
    local = idle()
    await dies(local, partial(bl.exit, local, "kill"))
    remote = await n1.call(bl.spawn, obeying)
    await dies(remote, partial(bl.exit, remote, "kill"))
    cut_off = await n1.call(bl.spawn, obeying)
    bl.monitor_nodes()
    trace("main", "remote_dead", signalled(remote))
    n1.kill()
    await trace.recv("main")
    trace("main", "local_dead", signalled(local))
    trace("main", "node_dead", signalled(cut_off))
    trace.attempt("main", "non_pid", bl.exit, "name", "boom")
    await trace.nothing("main")


def signalled(pid: bl.Pid) -> list[Any]:
    return [done(bl.exit, pid, "boom"), done(bl.unlink, pid), bl.send(pid, "hi")]
