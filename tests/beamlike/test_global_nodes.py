"""Names and locks of a cluster whose nodes are operating-system processes, which are killed, frozen and cut off."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import pytest

import beamlike as bl
import nodes
from beamlike.code.codec import CodeCodec
from beamlike.distribution.cluster import Cluster
from beamlike.distribution.secret import Secret
from beamlike.kernel.current import current_node
from beamlike.kernel.node import LocalNode
from tests.support.far_names import (
    blocks_until_named,
    counts_gaps,
    has_no_names,
    is_at,
    kill_name_server,
    register_idle,
    register_one,
    sees,
    spawn_idle,
    take_for_ever,
    wait_for_lock,
)
from tests.support.local_nodes import PATIENCE, eventually, forever
from tests.support.peers import SECRET, Peer, Peers, among_peers, main_node, peers

TICK_TIME = 1.0


def node_here() -> bl.Node:
    node = current_node()
    assert isinstance(node, bl.Node)
    return node


async def meshed(peers: Peers, *names: str, **options: Any) -> list[Peer]:
    """Peers that are connected to this node and to each other, and have heard of all names."""
    started = [await peers.start(name, **options) for name in names]
    for peer in started:
        await bl.connect(peer.node)
    await in_step(*started)
    return started


async def in_step(*peers: Peer) -> None:
    everyone = [bl.self().node, *(peer.node for peer in peers)]
    for peer in peers:
        await peer.until(sees, *(node for node in everyone if node != peer.node))
        await peer.call(bl.global_.sync)
    await bl.global_.sync()


@asynccontextmanager
async def cluster_with(*names: str, **options: Any) -> AsyncIterator[list[Peer]]:
    """This node and peers, all with these options."""
    async with peers() as started, main_node(**options):
        yield await meshed(started, *names, **options)


# Names.


@among_peers
async def test_a_late_joiner_has_every_name_when_it_is_in_step(peers: Peers) -> None:
    [n1] = await meshed(peers, "n1")
    x, y = await n1.call(register_idle, "x", "y")
    assert await bl.global_.register_name("z", bl.self())
    late = await peers.start("late")
    await late.call(bl.connect, n1.node)
    await late.call(bl.global_.sync)
    assert [await late.call(bl.global_.whereis_name, name) for name in "xyz"] == [x, y, bl.self()]
    assert sees(n1.node, late.node), "it has connected to the nodes that its peer knows"


@among_peers
async def test_fifty_names_are_free_everywhere_when_their_node_is_killed(peers: Peers) -> None:
    n1, n2 = await meshed(peers, "n1", "n2")
    await n1.call(register_idle, *range(50))
    assert len(bl.global_.registered_names()) == 50
    n1.kill()
    await eventually(has_no_names)
    await n2.until(has_no_names)


@among_peers
async def test_of_many_that_want_a_name_at_once_on_several_nodes_one_gets_it(peers: Peers) -> None:
    n1, n2 = await meshed(peers, "n1", "n2")
    for name in range(20):
        mine = asyncio.create_task(register_one(name))
        answers = await asyncio.gather(mine, n1.call(register_one, name), n2.call(register_one, name))
        assert sorted(answers) == [False, False, True]
        holder = bl.global_.whereis_name(name)
        assert holder is not None
        assert await n1.call(is_at, name, holder)
        assert await n2.call(is_at, name, holder)


@among_peers
async def test_any_node_may_name_a_process_of_any_other_and_take_the_name_away(peers: Peers) -> None:
    n1, n2 = await meshed(peers, "n1", "n2")
    pid = await n1.call(spawn_idle)
    assert await n2.call(bl.global_.register_name, "x", pid)
    assert is_at("x", pid)
    n2.kill()
    await eventually(lambda: sees(n1.node))
    assert is_at("x", pid), "who asked for it may go"
    await bl.global_.unregister_name("x")
    assert await n1.call(is_at, "x", None)


@among_peers
async def test_at_no_moment_has_nobody_a_name_that_moves(peers: Peers) -> None:
    [n1] = await meshed(peers, "n1")
    far, mine = await n1.call(spawn_idle), bl.spawn(forever)
    await bl.global_.register_name("x", mine)
    watching = asyncio.create_task(n1.call(counts_gaps, "x", 40))
    await asyncio.sleep(0)
    for _ in range(20):
        await bl.global_.re_register_name("x", far)
        await bl.global_.re_register_name("x", mine)
    assert await watching == 0


@among_peers
async def test_a_restarted_node_is_another_incarnation_without_the_old_names(peers: Peers) -> None:
    n1, n2 = await meshed(peers, "n1", "n2")
    [old] = await n1.call(register_idle, "x")
    await n1.end()
    again = await peers.start("n1")
    await bl.connect(again.node)
    await in_step(again, n2)
    assert is_at("x", None)
    [new] = await again.call(register_idle, "x")
    assert new != old
    assert await n2.call(is_at, "x", new)


# Parts of a cluster.


@among_peers
async def test_parts_that_were_cut_off_go_on_by_themselves_and_meet_again_whole(peers: Peers) -> None:
    n1, n2 = await meshed(peers, "n1", "n2")
    await cut_apart(n1, n2)
    assert await bl.global_.register_name("mine", bl.self())
    [far] = await n1.call(register_idle, "theirs")
    await bl.connect(n1.node)
    await bl.connect(n2.node)
    await in_step(n1, n2)
    assert await n1.call(is_at, "mine", bl.self())
    assert await n2.call(is_at, "theirs", far)


def test_parts_may_overlap_where_that_is_allowed_and_each_node_sees_its_own() -> None:
    async def main() -> None:
        async with cluster_with("n1", "n2", prevent_overlapping_partitions=False) as (n1, n2):
            [far] = await n1.call(register_idle, "x")
            await bl.disconnect(n1.node)
            await eventually(lambda: is_at("x", None))
            await n1.until(sees, n2.node)
            assert sees(n2.node)
            assert await n2.call(is_at, "x", far)

    asyncio.run(main())


async def cut_apart(*peers: Peer) -> None:
    """Again, until it holds: a node that still hears of another one from a third connects to it once more."""
    async with asyncio.timeout(PATIENCE):
        while bl.nodes() or any([await peer.call(bl.nodes) for peer in peers]):
            for peer in peers:
                await bl.disconnect(peer.node)
                for other in peers:
                    await peer.call(bl.disconnect, other.node)
            await asyncio.sleep(0.05)  # for what is on its way to come


@among_peers
async def test_without_connect_all_a_node_connects_to_nobody_by_itself(peers: Peers) -> None:
    [n1] = await meshed(peers, "n1")
    quiet = await peers.start("quiet", connect_all=False)
    await quiet.call(bl.connect, n1.node)
    await quiet.call(bl.global_.sync)
    assert await quiet.call(sees, n1.node)


def test_a_frozen_node_is_waited_for_until_it_is_down() -> None:
    async def main() -> None:
        # The other keeps its own tick time: it is not to give this node up, should that be stopped for a while.
        async with peers() as started, main_node(tick_time=TICK_TIME):
            [n1] = await meshed(started, "n1")
            [far] = await n1.call(register_idle, "x")
            assert is_at("x", far)
            n1.freeze()
            async with asyncio.timeout(PATIENCE):
                assert await bl.global_.register_name("y", bl.self())
            assert sees()
            assert is_at("x", None)

    asyncio.run(main())


@among_peers
async def test_a_node_that_reads_too_slowly_is_disconnected_from_rather_than_left_behind(peers: Peers) -> None:
    [n1] = await meshed(peers, "n1")
    sink = await n1.call(spawn_idle)
    congestion = node_here().cluster._peers[n1.node].link.congestion
    congestion.bound = congestion._share = 1 << 10
    n1.freeze()
    bl.send(sink, bytes(1 << 24))
    for number in range(20):
        assert await register_one(("a long name" * 100, number))
    assert sees()
    n1.thaw()
    await n1.until(has_no_names)


@among_peers
async def test_a_resolver_that_cannot_travel_registers_nothing(peers: Peers) -> None:
    [n1] = await meshed(peers, "n1")
    pid = await n1.call(spawn_idle)
    stays = Untravelable()
    assert not await bl.global_.register_name("x", pid, stays)
    assert await bl.global_.register_name("x", bl.self(), stays)


class Untravelable:
    def __call__(self, _name: object, one: bl.Pid, _other: bl.Pid) -> bl.Pid:
        return one

    def __reduce__(self) -> Any:
        raise TypeError("I stay")


# Nodes that take no part.


@among_peers
async def test_a_child_takes_no_part_and_its_processes_may_have_names(peers: Peers) -> None:
    [n1] = await meshed(peers, "n1")
    child = await nodes.boot(nodes.Local())
    try:
        pid = bl.spawn(forever, node=child.node)
        assert await bl.global_.register_name("x", pid)
        assert await n1.call(is_at, "x", pid)
        assert await bl.rpc.call(child.node, bl.global_.registered_names, timeout=PATIENCE) == []
        assert child.node not in await n1.call(partial(bl.nodes, hidden=True))
    finally:
        await child.stop(grace=0.1)
    await eventually(lambda: is_at("x", None))
    await n1.until(is_at, "x", None)


@among_peers
async def test_a_node_without_a_name_server_is_not_waited_for(peers: Peers) -> None:
    bare = LocalNode("bare@127.0.0.1")
    cluster = Cluster(bare, Secret(SECRET), CodeCodec)
    try:
        await bl.connect(bare.name, await cluster.listen("127.0.0.1", 0))
        async with asyncio.timeout(PATIENCE):
            await bl.global_.sync()
            assert await bl.global_.register_name("x", bl.self())
    finally:
        await cluster.stop()


# Name servers.


@among_peers
async def test_a_name_server_that_is_killed_leaves_names_and_locks_to_the_next(peers: Peers) -> None:
    n1, n2 = await meshed(peers, "n1", "n2")
    [far] = await n1.call(register_idle, "x")
    assert await bl.global_.register_name("mine", bl.self())
    assert await bl.global_.set_lock("r")
    await kill_name_server()
    await n1.call(kill_name_server)
    await in_step(n1, n2)
    assert is_at("x", far)
    for peer in (n1, n2):
        assert await peer.call(is_at, "mine", bl.self())
        assert not await peer.call(bl.global_.set_lock, "r", None, 0)
    await bl.global_.del_lock("r")
    assert await n2.call(bl.global_.set_lock, "r", None, 0)
    bl.exit(far, "kill")
    await n2.until(is_at, "x", None)


@among_peers
async def test_whoever_waits_for_a_name_server_that_is_killed_hears_of_it(peers: Peers) -> None:
    [n1] = await meshed(peers, "n1")
    assert await n1.call(take_for_ever, "r")
    waiting = asyncio.create_task(bl.global_.set_lock("r"))
    await asyncio.sleep(0)
    await kill_name_server()
    with pytest.raises(bl.CallFailed, match="killed"):
        await waiting


@among_peers
async def test_a_blocked_main_thread_holds_up_nobody_where_the_distribution_has_its_own(peers: Peers) -> None:
    [n1] = await meshed(peers, "n1", own_thread=True)
    blocked = asyncio.create_task(n1.call(blocks_until_named, "x", bl.self()))
    assert await bl.receive(timeout=PATIENCE) == "blocked"
    assert await bl.global_.register_name("x", bl.self())
    assert await blocked, "the name was there while nothing else happened"


# Locks.


@among_peers
async def test_a_lock_that_is_waited_for_no_longer_is_not_taken(peers: Peers) -> None:
    [n1] = await meshed(peers, "n1")
    assert await bl.global_.set_lock("r")
    with pytest.raises(TimeoutError):
        await n1.call(wait_for_lock, "r", 0.05)
    await bl.global_.del_lock("r")
    async with asyncio.timeout(PATIENCE):
        assert await bl.global_.set_lock(("r", "somebody else"))


@among_peers
async def test_a_lock_on_some_nodes_does_not_touch_the_others(peers: Peers) -> None:
    n1, n2 = await meshed(peers, "n1", "n2")
    assert await bl.global_.set_lock("r", [n1.node])
    assert not await n1.call(bl.global_.set_lock, "r", None, 0)
    assert await n2.call(bl.global_.set_lock, "r", [n2.node], 0)
    assert await n1.call(bl.global_.set_lock, ("r", bl.self()), [n1.node], 0), "the same requester"


@among_peers
async def test_who_waits_for_a_lock_has_it_when_its_holder_is_gone(peers: Peers) -> None:
    n1, n2 = await meshed(peers, "n1", "n2")
    assert await n1.call(take_for_ever, "r")
    waiting = asyncio.create_task(n2.call(bl.global_.set_lock, "r"))
    n1.kill()
    async with asyncio.timeout(PATIENCE):
        assert await waiting
