"""Nodes that connect, or may not, as on the BEAM."""

from __future__ import annotations

import asyncio
from typing import Any

import beamlike as bl
from beamlike.kernel import current
from tests.scenarios.actors import done
from tests.scenarios.node_twin import named_peer, node_twin
from tests.scenarios.trace import Trace
from tests.support.local_nodes import PATIENCE
from tests.support.peers import Peer, Peers

DEAD = "dead@127.0.0.1"


@node_twin
async def test_s110_connecting_is_seen_on_both_sides(trace: Trace, peers: Peers) -> None:
    n1 = await named_peer(trace, peers, "n1")
    bl.monitor_nodes()
    trace("main", "nodes", bl.nodes())
    trace("main", "ping", await ping(n1.node))
    await trace.recv("main")
    trace("main", "nodes", bl.nodes())
    trace("n1", "nodes", await n1.call(bl.nodes))
    trace("main", "connect_again", await connects(n1.node))
    trace("main", "connect_self", await connects(bl.self().node))
    trace("main", "ping_self", await ping(bl.self().node))
    trace("main", "disconnect", await bl.disconnect(n1.node))
    await trace.recv("main")
    trace("main", "disconnect_again", await bl.disconnect(n1.node))
    trace("main", "nodes", bl.nodes())
    trace("n1", "nodes", await n1.until(sees_nobody))
    trace("main", "unknown", await ping("nosuch@127.0.0.1"))
    await trace.nothing("main")


async def ping(node: str) -> str:
    return "pong" if await connects(node) else "pang"


async def connects(node: str) -> bool:
    try:
        await bl.connect(node)
    except bl.NotConnected:
        return False
    return True


def sees_nobody() -> bool:
    return bl.nodes() == []


@node_twin(without=("main: set_cookie", "main: my_cookie_unchanged"))
async def test_s121_no_connection_until_the_secrets_agree(trace: Trace, peers: Peers) -> None:
    """There is no table of secrets by node: another than the node's own is given where one connects."""
    n1 = await named_peer(trace, peers, "n1", secret=b"other")
    trace.means(bl.rpc.NodeLost, ("erpc", "noconnection"))
    bl.monitor_nodes()
    trace("main", "ping", await ping(n1.node))
    trace("main", "nodes", bl.nodes())
    trace("n1", "nodes", await n1.call(bl.nodes))
    await trace.attempt_awaited("main", "erpc", bl.rpc.call(n1.node, bl.self))
    trace("n1", "ping_main", await n1.call(ping, bl.self().node))
    await main_node().connect(n1.node, secret=b"other")
    trace("main", "ping", await ping(n1.node))
    await trace.recv("main")
    trace("n1", "nodes", await n1.call(bl.nodes))


def main_node() -> bl.Node:
    node = current.current_node()
    assert isinstance(node, bl.Node)
    return node


@node_twin(without=("main: recv (nodedown",))
async def test_s122_a_hidden_node_works_and_is_neither_listed_nor_spread(trace: Trace, peers: Peers) -> None:
    """The news of a node does not tell whether it was hidden: who asked for hidden ones hears of all."""
    bl.monitor_nodes()
    n2 = await named_peer(trace, peers, "n2")
    await bl.connect(n2.node)
    await trace.recv("main")
    n1 = await named_peer(trace, peers, "n1", hidden=True)
    trace("main", "ping", await ping(n1.node))
    await trace.nothing("main")
    trace("main", "nodes", bl.nodes())
    trace("main", "hidden", hidden())
    trace("main", "connected", len(bl.nodes(hidden=True)))
    trace("n2", "nodes_connected", await n2.call(connected))
    trace("n1", "nodes_connected", await n1.call(connected))
    trace("main", "erpc", (await bl.rpc.call(n1.node, bl.self)).node)
    bl.monitor_nodes(hidden=True)
    await bl.disconnect(n1.node)
    assert await bl.receive(timeout=PATIENCE) == bl.NodeDown(n1.node, "disconnect")


def hidden() -> list[str]:
    return sorted(set(bl.nodes(hidden=True)) - set(bl.nodes()))


def connected() -> list[str]:
    return bl.nodes(hidden=True)


@node_twin
async def test_s124_a_policy_says_who_is_dialled_by_itself(trace: Trace, peers: Peers) -> None:
    main, me = bl.self().node, bl.self()
    bl.register("mainproc", me)
    n1 = await named_peer(trace, peers, "n1", auto_connect="never")
    await n1.call(bl.send, ("mainproc", main), "never1")
    await trace.nothing("main")
    # Erlang's ping is a call, which does not connect under this policy either.
    trace("n1", "ping", await n1.call(ping_by_call, main))
    trace("n1", "connect_node", await n1.call(connects, main))
    await n1.call(bl.send, ("mainproc", main), "never2")
    await trace.recv("main")
    n2 = await named_peer(trace, peers, "n2", auto_connect="once")
    await n2.call(bl.send, ("mainproc", main), "once1")
    await trace.recv("main")
    await n2.call(bl.disconnect, main)
    await n2.until(sees_nobody)
    await n2.call(bl.send, ("mainproc", main), "once2")
    assert await n2.call(ping_by_call, main) == "pang"
    await trace.nothing("main")
    trace("n2", "connect_node", await n2.call(connects, main))
    await n2.call(bl.send, ("mainproc", main), "once3")
    await trace.recv("main")


async def ping_by_call(node: str) -> str:
    try:
        await bl.rpc.call(node, bl.self, timeout=PATIENCE)
    except bl.NotConnected:
        return "pang"
    return "pong"


@node_twin
async def test_s151_a_monitor_of_a_node_counts_and_tells_of_the_unreachable_at_once(trace: Trace, peers: Peers) -> None:
    n1 = await named_peer(trace, peers, "n1")
    trace.label(DEAD, "dead")
    await bl.connect(n1.node)
    for _ in range(3):
        bl.monitor_node(n1.node)
    bl.monitor_node(n1.node, False)
    n1.kill()
    await trace.recv("main")
    await trace.recv("main")
    await trace.nothing("main")
    trace("main", "monitor_dead", done(bl.monitor_node, DEAD))
    await trace.recv("main")
    trace("main", "self", done(bl.monitor_node, bl.self().node))
    await trace.nothing("main")


@node_twin
async def test_s152_nodes_that_dial_each_other_at_once_have_one_connection(trace: Trace, peers: Peers) -> None:
    n1, n2 = await named_peer(trace, peers, "n1"), await named_peer(trace, peers, "n2")
    for peer in (n1, n2):
        await peer.call(start_counting)
    rounds = [await both_dial(n1, n2) for _ in range(10)]
    trace("main", "rounds", [outcome for index, outcome in enumerate(rounds) if outcome not in rounds[:index]])
    trace("main", "nodeups", tuple([await peer.call(count) for peer in (n1, n2)]))


async def both_dial(n1: Peer, n2: Peer) -> tuple[list[str], list[int]]:
    """What both say, and how many nodes each sees."""
    pings = await asyncio.gather(n1.call(ping, n2.node), n2.call(ping, n1.node))
    seen = [len(await peer.call(bl.nodes)) for peer in (n1, n2)]
    await n1.call(bl.disconnect, n2.node)
    await n2.until(sees_nobody)
    return list(pings), seen


async def start_counting() -> None:
    bl.send(bl.spawn(counts, bl.self()), "ready?")
    await bl.receive(lambda message: message == "ready")


async def counts(to: bl.Pid) -> None:
    bl.register("counter", bl.self())
    bl.monitor_nodes()
    up = 0
    while True:
        match await bl.receive():
            case "ready?":
                bl.send(to, "ready")
            case bl.NodeUp():
                up += 1
            case ("count", asker):
                bl.send(asker, up)


async def count() -> Any:
    bl.send("counter", ("count", bl.self()))
    return await bl.receive(timeout=PATIENCE)
