"""Process groups between nodes that are operating-system processes of their own."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

import beamlike as bl
import nodes
from beamlike.kernel.current import current_node
from tests.support.local_nodes import PATIENCE, eventually, forever, process_of
from tests.support.peers import Peer, Peers, among_peers


def spawn_member(*groups: str, scope: str = "pg") -> Any:
    """To be called on a peer: a process that is in these groups."""

    async def joined() -> bl.Pid:
        pid = bl.spawn(forever)
        for group in groups:
            await bl.pg.join(group, pid, scope=scope)
        return pid

    return joined()


def sees(group: str, *pids: bl.Pid, scope: str = "pg") -> bool:
    """Whether the current node sees exactly these members."""
    return Counter(bl.pg.get_members(group, scope=scope)) == Counter(pids)


async def connected(peers: Peers, *names: str) -> list[Peer]:
    started = [await peers.start(name) for name in names]
    for peer in started:
        await bl.connect(peer.node)
    return started


@among_peers
async def test_a_member_is_seen_on_every_connected_node_and_local_on_its_own(peers: Peers) -> None:
    [peer] = await connected(peers, "peer")
    await bl.pg.join("g")
    p = await peer.call(spawn_member, "g")
    await eventually(lambda: sees("g", p, bl.self()))
    await peer.until(sees, "g", p, bl.self())
    assert bl.pg.get_local_members("g") == [bl.self()]
    assert await peer.call(bl.pg.get_local_members, "g") == [p]
    await bl.pg.join("here")
    await peer.until(sees, "here", bl.self())
    assert (bl.pg.which_groups(), bl.pg.which_local_groups()) == (["g", "here"], ["g", "here"])
    assert await peer.call(bl.pg.which_groups) == ["g", "here"]
    assert await peer.call(bl.pg.which_local_groups) == ["g"]
    await bl.pg.leave("g")
    await peer.until(sees, "g", p)


@among_peers
async def test_what_was_joined_before_two_nodes_connect_is_seen_by_both_afterwards(peers: Peers) -> None:
    peer = await peers.start("peer")
    p = await peer.call(spawn_member, "g", "g", "h")
    await bl.pg.join("g")
    await bl.connect(peer.node)
    await eventually(lambda: sees("g", p, p, bl.self()) and sees("h", p))
    await peer.until(sees, "g", p, p, bl.self())


@among_peers
async def test_a_process_or_node_that_ends_has_left_as_far_as_a_monitor_is_told(peers: Peers) -> None:
    [peer] = await connected(peers, "peer")
    p, q = await peer.call(spawn_member, "g"), await peer.call(spawn_member, "g", "g", "h")
    await eventually(lambda: sees("g", p, q, q) and sees("h", q))
    ref, members = await bl.pg.monitor("g")
    assert Counter(members) == Counter([p, q, q])
    bl.exit(p, "kill")
    assert await bl.receive(ref=ref, timeout=PATIENCE) == (ref, "leave", "g", [p])
    peer.kill()
    assert await bl.receive(ref=ref, timeout=PATIENCE) == (ref, "leave", "g", [q, q])
    assert (bl.pg.get_members("g"), bl.pg.which_groups()) == ([], [])


@among_peers
async def test_a_node_that_comes_again_under_its_name_brings_new_members_only(peers: Peers) -> None:
    [peer] = await connected(peers, "peer")
    p = await peer.call(spawn_member, "g")
    await eventually(lambda: sees("g", p))
    await peer.end()
    [peer] = await connected(peers, "peer")
    q = await peer.call(spawn_member, "g")
    await eventually(lambda: sees("g", q))


@among_peers
async def test_after_a_split_each_side_keeps_its_members_and_healed_both_see_all(peers: Peers) -> None:
    a, b = await connected(peers, "a", "b")
    p, q = await a.call(spawn_member, "g"), await b.call(spawn_member, "g")
    await bl.pg.join("g")
    await eventually(lambda: sees("g", p, q, bl.self()))
    await bl.disconnect(a.node)
    await bl.disconnect(b.node)
    await eventually(lambda: sees("g", bl.self()))
    await a.call(bl.exit, p, "kill")
    r = await a.call(spawn_member, "g")
    await bl.connect(a.node)
    await bl.connect(b.node)
    await eventually(lambda: sees("g", q, r, bl.self()))
    for peer in (a, b):
        await peer.until(lambda *pids: set(pids) <= set(bl.pg.get_members("g")), bl.self())


@among_peers
async def test_a_scope_that_is_behind_the_news_connects_nobody(peers: Peers) -> None:
    peer = await peers.start("peer")
    scope = bl.whereis(bl.pg.DEFAULT)
    assert scope is not None
    bl.suspend_process(scope)
    await bl.connect(peer.node)
    await peer.call(spawn_member, "g")
    await eventually(lambda: message_of(scope, "discover"))
    await bl.disconnect(peer.node)
    bl.resume_process(scope)
    await bl.pg.join("g")
    assert sees("g", bl.self())
    assert (bl.nodes(), node_here().cluster._dials) == ([], {})


def message_of(pid: bl.Pid, word: str) -> bool:
    """Whether such a message waits for the process."""
    return any(isinstance(message, tuple) and message[0] == word for message in process_of(pid).messages())


def node_here() -> bl.Node:
    node = current_node()
    assert isinstance(node, bl.Node)
    return node


@among_peers
async def test_a_scope_that_starts_late_and_one_that_starts_again_find_the_others(peers: Peers) -> None:
    peer = await peers.start("peer", hidden=True)
    await bl.connect(peer.node)
    seen = partial(sees, "g", scope="chat")
    first = await peer.call(bl.pg.start, "chat")
    p = await peer.call(partial(spawn_member, "g", scope="chat"))
    await bl.pg.start("chat")
    await bl.pg.join("g", scope="chat")
    await eventually(lambda: seen(p, bl.self()))
    await peer.until(seen, p, bl.self())
    bl.exit(first, "kill")
    await eventually(lambda: seen(bl.self()))
    await peer.call(bl.pg.start, "chat")
    await peer.until(seen, bl.self())
    assert bl.pg.which_groups() == []


@among_peers
async def test_the_scope_of_a_node_is_started_again_and_finds_the_others(peers: Peers) -> None:
    [peer] = await connected(peers, "peer")
    p = await peer.call(spawn_member, "g")
    await eventually(lambda: sees("g", p))
    before = bl.whereis(bl.pg.DEFAULT)
    assert before is not None
    bl.exit(before, "kill")
    await eventually(lambda: bl.whereis(bl.pg.DEFAULT) not in (None, before) and sees("g", p))
    await bl.pg.join("h")
    await peer.until(sees, "h", bl.self())


async def join_many(groups: int) -> None:
    pid = bl.spawn(forever)
    for number in range(groups):
        await bl.pg.join(("group", number), pid)


@among_peers
async def test_a_node_that_read_too_slowly_is_told_all_once_it_reads_again(peers: Peers) -> None:
    [peer] = await connected(peers, "peer")
    p, sink = await peer.call(spawn_member, "g"), await peer.call(bl.spawn, forever)
    await eventually(lambda: sees("g", p))
    congestion = node_here().cluster._peers[peer.node].link.congestion
    congestion.bound = congestion._share = 1 << 10
    peer.freeze()
    bl.send(sink, bytes(1 << 24))
    for _ in range(50):
        await bl.pg.join(("long", "name" * 100))
    peer.thaw()
    await peer.until(sees, ("long", "name" * 100), *[bl.self()] * 50)
    await bl.pg.join("g")
    await peer.until(sees, "g", p, bl.self())


@among_peers
async def test_many_groups_of_nodes_that_come_at_once_are_all_seen(peers: Peers) -> None:
    herd = [await peers.start(f"n{number}") for number in range(3)]
    for peer in herd:
        await peer.call(join_many, 200)
    await asyncio.gather(*(bl.connect(peer.node) for peer in herd))
    await eventually(lambda: [len(bl.pg.get_members(("group", n))) for n in range(200)] == [3] * 200)


@among_peers
async def test_a_node_whose_user_code_blocks_still_learns_and_tells(peers: Peers) -> None:
    blocked = await peers.start("blocked", own_thread=True)
    p = await blocked.call(spawn_member, "g")
    await blocked.call(bl.spawn, partial(time.sleep, PATIENCE))
    await bl.connect(blocked.node)
    await eventually(lambda: sees("g", p))


class TravelsOnce:
    """Passes the check of a group's name, and cannot be sent then."""

    def __init__(self) -> None:
        self.has_travelled = False

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TravelsOnce)

    def __hash__(self) -> int:
        return 1

    def __reduce__(self) -> Any:
        if self.has_travelled:
            raise TypeError("not again")
        self.has_travelled = True
        return TravelsOnce, ()


def test_a_change_that_cannot_be_sent_is_logged_and_the_next_one_makes_up_for_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    @among_peers
    async def test(peers: Peers) -> None:
        [peer] = await connected(peers, "peer")
        await bl.pg.join("g")
        await peer.until(sees, "g", bl.self())
        group = TravelsOnce()
        await bl.pg.join(group)
        await bl.pg.leave(group)
        await bl.pg.join("g")
        await peer.until(sees, "g", bl.self(), bl.self())

    test()
    assert "cannot be told of a change of groups" in caplog.text


def test_a_parent_sees_the_members_on_its_hidden_children_and_they_see_its_own() -> None:
    async def main() -> None:
        async with bl.Node("parent@127.0.0.1", secret=b"a secret of the test"):
            children = [await nodes.boot(nodes.Local()) for _ in range(2)]
            try:
                await bl.pg.join("workers")
                far = [await bl.rpc.call(child.node, spawn_member, "workers") for child in children]
                await eventually(lambda: sees("workers", bl.self(), *far))
                for child, pid in zip(children, far, strict=True):
                    await until(child.node, sees, "workers", bl.self(), pid)
            finally:
                await asyncio.gather(*(child.stop(grace=0.1) for child in children))

    asyncio.run(main())


async def until(node: str, condition: Callable[..., bool], *args: Any) -> None:
    async with asyncio.timeout(PATIENCE):
        while not await bl.rpc.call(node, condition, *args):
            pass
