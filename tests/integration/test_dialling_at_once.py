"""Two nodes that first speak to each other at the same moment, on real processes: one connection, no word lost."""

from __future__ import annotations

import asyncio
from typing import Any

import beamlike as bl
from tests.support.local_nodes import PATIENCE
from tests.support.peers import Peer, Peers, among_peers

ROUNDS, MESSAGES = 10, 100


async def listens(to: bl.Pid) -> None:
    """Keeps what it hears and which nodes came, and tells both."""
    bl.register("listener", bl.self())
    bl.monitor_nodes()
    bl.send(to, "ready")
    heard: list[Any] = []
    up: list[str] = []
    while True:
        match await bl.receive():
            case bl.NodeUp(node):
                up.append(node)
            case bl.NodeDown():
                pass
            case ("heard?", asker):
                bl.send(asker, (heard, up))
            case message:
                heard.append(message)


async def start_listening() -> None:
    bl.spawn(listens, bl.self())
    await bl.receive(timeout=PATIENCE)


def speak(node: str, round: int) -> None:
    for number in range(MESSAGES):
        bl.send(("listener", node), (round, number))


async def what_was_heard() -> tuple[list[Any], list[str]]:
    bl.send("listener", ("heard?", bl.self()))
    heard, up = await bl.receive(timeout=PATIENCE)
    return heard, up


async def has_heard(count: int) -> bool:
    return len((await what_was_heard())[0]) >= count


def sees_nobody() -> bool:
    return not bl.nodes()


async def meet(one: Peer, other: Peer, round: int) -> None:
    """They speak at once, and part when all was heard."""
    await asyncio.gather(one.call(speak, other.node, round), other.call(speak, one.node, round))
    for peer in (one, other):
        assert await peer.until(has_heard, (round + 1) * MESSAGES)
    await one.call(bl.disconnect, other.node)
    assert await other.until(sees_nobody)


@among_peers
async def test_nodes_that_speak_to_each_other_at_once_have_one_connection_and_lose_no_word(peers: Peers) -> None:
    one, other = await peers.start("one"), await peers.start("two")
    for peer in (one, other):
        await peer.call(start_listening)
    for round in range(ROUNDS):
        await meet(*((one, other) if round % 2 else (other, one)), round)
    words = [(round, number) for round in range(ROUNDS) for number in range(MESSAGES)]
    assert await one.call(what_was_heard) == (words, [other.node] * ROUNDS)
    assert await other.call(what_was_heard) == (words, [one.node] * ROUNDS)
