"""In which order one hears of a node and from it, on real processes: NodeUp first, NodeDown last."""

from __future__ import annotations

import asyncio
from typing import Any

import beamlike as bl
from tests.support.local_nodes import PATIENCE, no_message
from tests.support.peers import Peers, among_peers

ROUNDS, MESSAGES = 20, 50


async def comes_speaks_and_goes(node: str) -> None:
    """The first message makes the connection, and the last is not waited for."""
    for number in range(MESSAGES):
        bl.send(("main", node), number)
    await bl.connect(node)
    await bl.disconnect(node)


@among_peers
async def test_a_node_is_up_before_it_is_heard_and_down_after_its_last_word_and_before_it_comes_again(
    peers: Peers,
) -> None:
    bl.register("main", bl.self())
    peer = await peers.start("guest")
    bl.monitor_nodes()
    for _ in range(ROUNDS):
        await peer.call(comes_speaks_and_goes, bl.self().node)
    life = [bl.NodeUp(peer.node), *range(MESSAGES), bl.NodeDown(peer.node, "connection_closed")]
    assert [await bl.receive(timeout=PATIENCE) for _ in range(ROUNDS * len(life))] == life * ROUNDS


@among_peers
async def test_a_node_stands_in_the_list_when_one_hears_that_it_is_up_and_no_longer_when_it_is_down(
    peers: Peers,
) -> None:
    peer = await peers.start("guest")
    bl.monitor_nodes()
    seen: list[Any] = []
    for act in (bl.connect, bl.disconnect) * ROUNDS:
        await peer.call(act, bl.self().node)
        news = await bl.receive(timeout=PATIENCE)
        seen.append((type(news), bl.nodes()))
    assert seen == [(bl.NodeUp, [peer.node]), (bl.NodeDown, [])] * ROUNDS


@among_peers
async def test_a_node_that_is_killed_while_it_speaks_is_down_after_all_that_came_and_nothing_is_missing(
    peers: Peers,
) -> None:
    peer = await peers.start("guest")
    await bl.connect(peer.node)
    bl.monitor_nodes()
    bl.spawn(counts, bl.self(), node=peer.node)
    while await bl.receive(timeout=PATIENCE) < 1000:
        pass
    peer.kill()
    news: list[Any] = []
    while not isinstance(message := await bl.receive(timeout=PATIENCE), bl.NodeDown):
        news.append(message)
    assert news == list(range(1001, 1001 + len(news)))
    await no_message()


async def counts(to: bl.Pid) -> None:
    number = 0
    while True:
        bl.send(to, number)
        number += 1
        await asyncio.sleep(0)
