"""Messages of many megabytes between nodes, as on the BEAM: who is held up by one, and what becomes of half of one."""

from __future__ import annotations

from typing import cast

import beamlike as bl
from beamlike.kernel.current import current_node
from tests.scenarios.node_twin import named_peer, node_twin
from tests.scenarios.trace import Trace
from tests.support.local_nodes import PATIENCE, eventually
from tests.support.peers import Peers

HUGE = 64_000_000
MORE_THAN_A_LINK_TAKES = 70_000_000


@node_twin
async def test_s140_a_huge_message_does_not_hold_up_small_ones_of_others(trace: Trace, peers: Peers) -> None:
    n1 = await named_peer(trace, peers, "n1")
    await bl.connect(n1.node)
    me = bl.self()
    large, small = bl.spawn(tells_what_arrived, me, node=n1.node), bl.spawn(echoes, node=n1.node)
    bl.send(small, (me, "warm"))
    await bl.receive(lambda message: message == ("small", "warm"), timeout=PATIENCE)
    bl.spawn(sends_a_huge_one, large, me)
    await bl.receive(lambda message: message == "big_sent", timeout=PATIENCE)
    bl.spawn(bl.send, small, (me, 1))
    arrived = [await bl.receive(timeout=2 * PATIENCE) for _ in range(3)]
    big = arrived.index(("arrived", "big", HUGE))
    trace("main", "small_before_big", arrived.index(("small", 1)) < big)
    trace("main", "after_big_last", arrived.index(("arrived", "after_big")) > big)
    await bl.connect(n1.node)
    trace("main", "node_still_up", "pong")


async def tells_what_arrived(to: bl.Pid) -> None:
    data, word = await bl.receive()
    bl.send(to, ("arrived", word, len(data)))
    bl.send(to, ("arrived", await bl.receive()))


async def echoes() -> None:
    while True:
        asker, word = await bl.receive()
        bl.send(asker, ("small", word))


def sends_a_huge_one(to: bl.Pid, me: bl.Pid) -> None:
    bl.send(to, (bytes(HUGE), "big"))
    bl.send(to, "after_big")
    bl.send(me, "big_sent")


@node_twin
async def test_s143_a_message_that_is_cut_off_is_never_delivered_in_part(trace: Trace, peers: Peers) -> None:
    """A sender waits when it sends more on top of what fills the link, at its next kernel await."""
    n1 = await named_peer(trace, peers, "n1")
    await bl.connect(n1.node)
    consumer = bl.spawn(never_reads, node=n1.node)
    await bl.rpc.call(n1.node, bl.self)
    n1.freeze()
    bl.spawn(sends_more_than_the_link_takes, consumer, bl.self())
    await trace.nothing("main", 0.3)
    await bl.disconnect(n1.node)
    await trace.recv("main")
    await eventually(is_cut)
    n1.thaw()
    await n1.until(sees_nobody)
    trace("n1", "queue", ("message_queue_len", await n1.call(waiting, consumer)))
    await bl.connect(n1.node)
    trace("main", "reconnect", True)
    bl.send(consumer, ("big", bytes(MORE_THAN_A_LINK_TAKES)))
    trace("n1", "queue", await n1.until(has_one, consumer))
    n1.freeze()
    bl.spawn(sends_more_than_the_link_takes, consumer, bl.self())
    await trace.nothing("main", 0.2)
    n1.kill()
    await trace.recv("main")


async def never_reads() -> None:
    await bl.receive(lambda message: message == "never")


async def sends_more_than_the_link_takes(to: bl.Pid, me: bl.Pid) -> None:
    for _ in range(2):
        bl.send(to, ("big", bytes(MORE_THAN_A_LINK_TAKES)))
    bl.send(bl.self(), "go on")
    await bl.receive()
    bl.send(me, "sender_goes_on")


def is_cut() -> bool:
    """What was sent before a node disconnects may leave, while some of it does; then its socket is closed."""
    return not cast(bl.Node, current_node()).cluster._open_links


def sees_nobody() -> bool:
    return bl.nodes() == []


def waiting(pid: bl.Pid) -> int:
    return int(bl.process_info(pid, "message_queue_len")["message_queue_len"])


def has_one(pid: bl.Pid) -> bool:
    return waiting(pid) == 1
