"""In which order one hears of a node and from it, on real processes: NodeUp first, NodeDown last."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

import beamlike as bl
from tests.support.local_nodes import PATIENCE, no_message
from tests.support.peers import Peers, among_peers, main_node, peers

ROUNDS, MESSAGES = 20, 50


async def comes_speaks_and_goes(node: str) -> None:
    """The first message makes the connection, and the last is not waited for."""
    for number in range(MESSAGES):
        bl.send(("main", node), number)
    await bl.connect(node)
    await bl.disconnect(node)


@pytest.mark.parametrize("own_thread", [False, True])
@pytest.mark.parametrize("other_scheduler", [False, True])
def test_a_node_is_up_before_it_is_heard_and_down_after_its_last_word_and_before_it_comes_again(
    own_thread: bool, other_scheduler: bool
) -> None:
    async def main() -> None:
        async with peers() as started, main_node(own_thread=own_thread) as node:
            guest = await started.start("guest")
            life = [bl.NodeUp(guest.node), *range(MESSAGES), bl.NodeDown(guest.node, "connection_closed")]
            spawn = (await node.start_scheduler("other")).spawn if other_scheduler else bl.spawn
            spawn(hears, bl.self(), ROUNDS * len(life))
            assert await bl.receive(timeout=PATIENCE) == "ready"
            for _ in range(ROUNDS):
                await guest.call(comes_speaks_and_goes, node.name)
            assert await bl.receive(timeout=PATIENCE) == life * ROUNDS

    asyncio.run(main())


async def hears(to: bl.Pid, count: int) -> None:
    """Tells in one message what it has heard."""
    bl.register("main", bl.self())
    bl.monitor_nodes()
    bl.send(to, "ready")
    bl.send(to, [await bl.receive(timeout=PATIENCE) for _ in range(count)])


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
