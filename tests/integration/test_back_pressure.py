"""A node that sends more than another one takes: who waits, who is refused, who goes on, and what it costs."""

from __future__ import annotations

import asyncio
from pathlib import Path
from resource import getpagesize
from typing import Any

import pytest

import beamlike as bl
from beamlike.distribution.congestion import BOUND, SHARE
from beamlike.kernel.call import call, reply
from beamlike.kernel.question import Call
from tests.support.local_nodes import PATIENCE, eventually, settled
from tests.support.peers import Peer, Peers, among_peers, main_node, peers

MEGABYTE = 1 << 20
FLOOD = 4 * BOUND // MEGABYTE
"""Messages of a megabyte, four times as much as a link holds."""


async def collects() -> None:
    """A process that keeps what numbers came, and tells whoever asks when the last one has."""
    numbers = []
    while True:
        match await bl.receive():
            case ("last?", asker, last):
                while last not in numbers:
                    numbers.append((await bl.receive(lambda message: isinstance(message[0], int)))[0])
                bl.send(asker, numbers)
            case (number, _):
                numbers.append(number)


async def sends_in_steps(to: bl.Pid, parent: bl.Pid, count: int) -> None:
    """Sends a megabyte in each step, with a kernel await after it."""
    for number in range(count):
        bl.send(to, (number, b"%03d." % number * (MEGABYTE // 4)))
        bl.send(parent, number)
        bl.send(bl.self(), "go on")
        await bl.receive()
    bl.send(parent, "done")


async def echoes() -> None:
    while True:
        asker, word = await bl.receive()
        bl.send(asker, word)


async def frozen_collector(started: Peers) -> tuple[Peer, bl.Pid]:
    peer = await started.start("slow")
    await bl.connect(peer.node)
    collector = bl.spawn(collects, node=peer.node)
    await bl.rpc.call(peer.node, bl.self)
    peer.freeze()
    return peer, collector


async def arrived(collector: bl.Pid, last: int) -> list[int]:
    """The numbers that came there, when the last one has."""
    bl.send(collector, ("last?", bl.self(), last))
    numbers = await bl.receive(lambda message: isinstance(message, list), timeout=2 * PATIENCE)
    return list(numbers)


async def steps_until_it_waits() -> int:
    """How many steps a sender makes before it makes none in many turns of the loop, one of which would do."""
    steps = idle_turns = 0
    while idle_turns < 50:
        await asyncio.sleep(0)
        try:
            await bl.receive(lambda message: isinstance(message, int), timeout=0)
        except TimeoutError:
            idle_turns += 1
        else:
            steps, idle_turns = steps + 1, 0
    return steps


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * getpagesize()


@among_peers
async def test_a_fast_sender_waits_for_a_node_that_stands_still_and_memory_is_bounded(started: Peers) -> None:
    peer, collector = await frozen_collector(started)
    before = resident_bytes()
    bl.spawn(sends_in_steps, collector, bl.self(), FLOOD)
    steps = await steps_until_it_waits()
    assert BOUND <= steps * MEGABYTE <= BOUND + 2 * SHARE + 4 * MEGABYTE  # what the sockets hold comes on top
    assert resident_bytes() - before < 2 * BOUND
    peer.thaw()
    assert await arrived(collector, FLOOD - 1) == list(range(FLOOD))


@among_peers
async def test_while_one_waits_other_processes_and_other_links_go_on(started: Peers) -> None:
    other = await started.start("other")
    _, collector = await frozen_collector(started)
    bl.spawn(sends_in_steps, collector, bl.self(), FLOOD)
    await steps_until_it_waits()
    for node in (None, other.node):
        echo = bl.spawn(echoes, node=node)
        for number in range(100):
            bl.send(echo, (bl.self(), ("echo", number)))
            assert await bl.receive(lambda message: message[0] == "echo", timeout=PATIENCE) == ("echo", number)


@among_peers
async def test_who_sends_little_goes_on_on_a_full_link_and_its_words_are_not_behind_all_others(started: Peers) -> None:
    peer, collector = await frozen_collector(started)
    small = bl.spawn_monitor(sends_little, collector)
    bl.spawn(sends_in_steps, collector, bl.self(), FLOOD)
    await steps_until_it_waits()
    bl.send(small[0], "now")
    assert (await bl.receive(ref=small[1], timeout=PATIENCE)).reason == "normal"
    peer.thaw()
    numbers = await arrived(collector, FLOOD - 1)
    assert [number for number in numbers if number < 0] == list(range(-100, 0))
    assert [number for number in numbers if number >= 0] == list(range(FLOOD))
    assert numbers.index(-1) < numbers.index(BOUND // MEGABYTE)


async def sends_little(collector: bl.Pid) -> None:
    await bl.receive()
    for number in range(-100, 0):
        bl.send(collector, (number, b""))
        bl.send(bl.self(), "go on")
        await bl.receive()


@among_peers
async def test_a_flood_within_one_step_is_refused_and_what_was_taken_arrives(started: Peers) -> None:
    peer, collector = await frozen_collector(started)
    before = resident_bytes()
    _, ref = bl.spawn_monitor(floods, collector, bl.self())
    sent = await bl.receive(lambda message: isinstance(message, int), timeout=PATIENCE)
    assert 2 * BOUND <= sent * MEGABYTE <= 2 * BOUND + SHARE + 4 * MEGABYTE
    assert resident_bytes() - before < 3 * BOUND
    peer.thaw()
    assert (await bl.receive(ref=ref, timeout=PATIENCE)).reason == "normal"
    assert await arrived(collector, sent) == list(range(sent + 1))


async def floods(to: bl.Pid, parent: bl.Pid) -> None:
    """Sends without an await until it is refused, tells how often that went well, and once more when there is room."""
    sent = 0
    try:
        while True:
            bl.send(to, (sent, b"%03d." % sent * (MEGABYTE // 4)))
            sent += 1
    except bl.LinkBusy:
        bl.send(parent, sent)
    await bl.drain(to.node)
    bl.send(to, (sent, b""))


async def drain_that_waits(peer: Peer) -> asyncio.Future[None] | None:
    """A drain of the link to the peer; None if there was room at once."""
    drain = asyncio.ensure_future(bl.drain(peer.node))
    await settled()
    return None if drain.done() else drain


@among_peers
async def test_a_thread_is_refused_at_the_bound_and_may_send_after_a_drain(started: Peers) -> None:
    peer, collector = await frozen_collector(started)

    def flood() -> None:
        for number in range(len(sent), FLOOD):
            bl.send(collector, (number, b"%03d." % number * (MEGABYTE // 4)))
            sent.append(number)

    async def refused() -> None:
        with pytest.raises(bl.LinkBusy, match=r"await bl\.drain\('slow@127\.0\.0\.1'\)"):
            await asyncio.to_thread(flood)

    sent: list[int] = []
    await refused()
    assert BOUND <= len(sent) * MEGABYTE <= BOUND + SHARE + 4 * MEGABYTE
    async with asyncio.timeout(PATIENCE):
        while (drain := await drain_that_waits(peer)) is None:
            await refused()  # the system had room yet, and took from the link what was too much
        peer.thaw()
        await drain
    await asyncio.to_thread(bl.send, collector, (len(sent), b""))
    assert await arrived(collector, len(sent)) == [*sent, len(sent)]


@among_peers
async def test_a_sender_that_waits_goes_on_when_the_node_is_killed(started: Peers) -> None:
    peer, collector = await frozen_collector(started)
    bl.spawn(sends_in_steps, collector, bl.self(), FLOOD)
    await steps_until_it_waits()
    drain = asyncio.ensure_future(bl.drain(peer.node))
    peer.kill()
    assert await bl.receive(lambda message: message == "done", timeout=PATIENCE) == "done"
    async with asyncio.timeout(PATIENCE):
        await drain


def test_a_node_leaves_in_time_though_what_it_sent_is_never_read() -> None:
    async def main() -> None:
        async with peers() as started, main_node() as node:
            peer, collector = await frozen_collector(started)
            bl.spawn(sends_in_steps, collector, bl.self(), FLOOD)
            await steps_until_it_waits()
            async with asyncio.timeout(PATIENCE):
                assert await bl.disconnect(peer.node)
                await node.stop()

    asyncio.run(main())


@among_peers
async def test_small_calls_go_by_while_256_mib_leave(started: Peers) -> None:
    peer = await started.start("large")
    await bl.connect(peer.node)
    weigher, echo = bl.spawn(weighs, bl.self(), node=peer.node), bl.spawn(echoes, node=peer.node)
    bl.send(echo, (bl.self(), "warm"))
    await bl.receive(timeout=PATIENCE)
    content = b"0123456789abcdef" * (1 << 24)
    bl.spawn(bl.send, weigher, content)
    calls, weighed = 0, None
    while weighed is None:
        bl.send(echo, (bl.self(), "echo"))
        match await bl.receive(timeout=2 * PATIENCE):
            case ("weighed", size, is_right):
                weighed = size, is_right
            case _:
                calls += 1
    assert weighed == (1 << 28, True)
    assert calls > 50


async def weighs(parent: bl.Pid) -> None:
    content: Any = await bl.receive()
    bl.send(parent, ("weighed", len(content), content[:32] == content[-32:] == b"0123456789abcdef" * 2))


@among_peers
async def test_a_call_waits_for_room_as_a_receive_does(started: Peers) -> None:
    peer, collector = await frozen_collector(started)
    asked = list[int]()

    async def sends_and_calls() -> None:
        for number in range(FLOOD):
            bl.send(collector, (number, bytes(MEGABYTE)))
            asked.append(await call(server, number))

    server = bl.spawn(answers)
    _, ref = bl.spawn_monitor(sends_and_calls)
    await eventually(lambda: len(asked) * MEGABYTE >= BOUND)
    await steps_until_it_waits()
    assert len(asked) * MEGABYTE <= BOUND + 2 * SHARE + 4 * MEGABYTE
    peer.thaw()
    assert (await bl.receive(ref=ref, timeout=2 * PATIENCE)).reason == "normal"
    assert asked == list(range(FLOOD))


async def answers() -> None:
    while True:
        match await bl.receive():
            case Call(client, number):
                reply(client, number)
