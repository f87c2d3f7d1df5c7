"""Names and locks of a cluster, as the BEAM's `global` keeps them: on operating-system processes."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

import beamlike as bl
from tests.scenarios.actors import idle, obeying
from tests.scenarios.node_twin import named_peer, node_twin
from tests.scenarios.trace import Trace
from tests.support.local_nodes import PATIENCE, eventually, forever
from tests.support.peers import Peer, Peers


@node_twin(without=("main: send_unknown",))
async def test_s130_a_global_name_is_seen_everywhere_and_freed_with_its_process_or_node(
    trace: Trace, peers: Peers
) -> None:
    n1, n2 = await meshed(trace, peers, "n1", "n2")
    p = trace.label(await n1.call(idle), "p")
    q = trace.label(await n2.call(idle), "q")
    trace("n1", "register", yes(await n1.call(bl.global_.register_name, "g", p)))
    await whereis(trace, "g", n1, n2)
    trace("n2", "register_taken", yes(await n2.call(bl.global_.register_name, "g", q)))
    trace("n2", "same_process_second_name", yes(await n2.call(bl.global_.register_name, "g2", p)))
    trace("n2", "re_register", yes(await n2.call(bl.global_.re_register_name, "g", q)))
    await whereis(trace, "g", n1, n2)
    trace("main", "names", sorted(bl.global_.registered_names(), key=str))
    bl.exit(q, "kill")
    trace("main", "freed_everywhere", await freed("g", n2))
    trace("n1", "register_free_process", yes(await n1.call(bl.global_.register_name, "g2", p)))
    await whereis(trace, "g2", n1, n2)
    n1.kill()
    trace("main", "freed_everywhere", await freed("g2", n2))
    await bl.global_.unregister_name("g2")
    trace("main", "unregister_unknown", "ok")


async def meshed(trace: Trace, peers: Peers, *names: str) -> list[Peer]:
    """Peers that are connected to main, and so by and by to each other, and have heard of all names."""
    started = [await named_peer(trace, peers, name) for name in names]
    for peer in started:
        await bl.connect(peer.node)
    for peer in started:
        await peer.until(sees, len(names))
        await peer.call(bl.global_.sync)
    return started


def sees(count: int) -> bool:
    return len(bl.nodes()) == count


def yes(registered: bool) -> str:
    return "yes" if registered else "no"


async def whereis(trace: Trace, name: str, n1: Peer, n2: Peer) -> None:
    trace("main", "whereis", bl.global_.whereis_name(name))
    trace("n1", "whereis", await n1.call(bl.global_.whereis_name, name))
    trace("n2", "whereis", await n2.call(bl.global_.whereis_name, name))


async def freed(name: str, other: Peer) -> bool:
    await eventually(lambda: bl.global_.whereis_name(name) is None)
    return await other.until(is_free, name)


def is_free(name: str) -> bool:
    return bl.global_.whereis_name(name) is None


@node_twin
async def test_s131_of_two_that_hold_a_name_when_their_nodes_meet_one_is_killed(trace: Trace, peers: Peers) -> None:
    n1 = await named_peer(trace, peers, "n1")
    a, b = idle(), await n1.call(spawn_watched)
    ends = bl.monitor(a)
    trace("main", "register", yes(await bl.global_.register_name("g", a)))
    trace("n1", "register", yes(await n1.call(bl.global_.register_name, "g", b)))
    await bl.connect(n1.node)
    async with asyncio.timeout(PATIENCE):
        while bl.is_alive(a) is not await n1.call(has_ended, b):
            pass
    winner = a if bl.is_alive(a) else b
    await eventually(lambda: is_at("g", winner))
    trace("main", "agree", await n1.until(is_at, "g", winner))
    if winner == a:
        trace("main", "winner_alive", bl.is_alive(a))
        await n1.until(has_ended, b)
        trace("main", "loser_reason", await n1.call(reason_of_end, b))
        bl.demonitor(ends, flush=True)
    else:
        trace("main", "winner_alive", not await n1.call(has_ended, b))
        trace("main", "loser_reason", (await bl.receive(ref=ends, timeout=PATIENCE)).reason)


REASONS: dict[bl.Pid, Any] = {}
"""On a peer: why each process ended that was spawned by `spawn_watched`."""


def spawn_watched() -> bl.Pid:
    pid = bl.spawn(obeying)
    bl.spawn(watch, pid)
    return pid


async def watch(pid: bl.Pid) -> None:
    ref = bl.monitor(pid)
    REASONS[pid] = (await bl.receive(ref=ref)).reason


def has_ended(pid: bl.Pid) -> bool:
    return pid in REASONS


def reason_of_end(pid: bl.Pid) -> Any:
    return REASONS[pid]


def is_at(name: str, pid: bl.Pid) -> bool:
    return bl.global_.whereis_name(name) == pid


@node_twin
async def test_s133_a_lock_has_one_requester_and_is_freed_with_its_holder_or_node(trace: Trace, peers: Peers) -> None:
    [n1] = await meshed(trace, peers, "n1")
    me, lock, at_once = bl.self(), ("r", bl.self()), partial(bl.global_.set_lock, nodes=None, retries=0)
    holder = await n1.call(spawn_holder, me)
    await trace.recv("main")
    trace("main", "try_0", await at_once(lock))
    bl.exit(holder, "kill")
    trace("main", "after_holder_death", await until_taken(lock))
    trace("main", "nested", await at_once(lock))
    trace("n1", "other_try", await n1.call(tries))
    await bl.global_.del_lock(lock)
    await bl.global_.del_lock(lock)
    trace("n1", "other_after_del", await n1.call(tries))
    counter = await bl.Agent.start_link(lambda: 0)
    bl.spawn(increments, counter, me)
    await n1.call(spawn_increments, counter, me)
    for _ in range(2):
        assert await bl.receive(timeout=PATIENCE) == "done"
    trace("main", "exclusive_count", [("c", await bl.Agent.get(counter, int))])
    await n1.call(spawn_holder, me)
    assert await bl.receive(timeout=PATIENCE) == "locked"
    trace("main", "trans_aborted", await aborted(lock))
    n1.kill()
    trace("main", "after_node_death", await until_taken(lock))


def spawn_holder(to: bl.Pid) -> bl.Pid:
    return bl.spawn(holds, to)


async def holds(to: bl.Pid) -> None:
    assert await bl.global_.set_lock(("r", bl.self()))
    bl.send(to, "locked")
    await forever()


async def tries() -> bool:
    taken = await bl.global_.set_lock(("r", bl.self()), retries=0)
    await bl.global_.del_lock(("r", bl.self()))
    return taken


async def until_taken(lock: Any) -> bool:
    async with asyncio.timeout(PATIENCE):
        while not await bl.global_.set_lock(lock, retries=0):
            pass
    return True


def spawn_increments(counter: bl.Pid, to: bl.Pid) -> None:
    bl.spawn(increments, counter, to)


async def increments(counter: bl.Pid, to: bl.Pid) -> None:
    async def increment() -> None:
        value = await bl.Agent.get(counter, int)
        await bl.Agent.update(counter, partial(replaced, value + 1))

    for _ in range(20):
        await bl.global_.trans(("tr", bl.self()), increment)
    bl.send(to, "done")


def replaced(new: int, _old: int) -> int:
    return new


async def aborted(lock: Any) -> str:
    try:
        return str(await bl.global_.trans(lock, lambda: "ran", retries=0))
    except bl.global_.Aborted:
        return "aborted"


@node_twin
async def test_s134_a_split_in_part_becomes_one_of_parts_that_do_not_overlap(trace: Trace, peers: Peers) -> None:
    n1, n2 = await meshed(trace, peers, "n1", "n2")
    trace("main", "full_mesh", len(bl.nodes()) == 2)
    main = bl.self().node
    assert await bl.disconnect(n1.node)
    async with asyncio.timeout(PATIENCE):
        while True:
            views = {
                main: {main, *bl.nodes()},
                n1.node: {n1.node, *await n1.call(bl.nodes)},
                n2.node: {n2.node, *await n2.call(bl.nodes)},
            }
            if equivalent := all(views[member] == view for view in views.values() for member in view):
                break
    trace("main", "views_are_equivalence_classes", equivalent)
    trace("main", "main_sees_n1", n1.node in bl.nodes())
