"""The signals of links and monitors between two nodes, one of them played by the test: what may cross on the way."""

from __future__ import annotations

from typing import Any, NoReturn

import pytest

import beamlike as bl
from beamlike.kernel import current, signals
from beamlike.kernel.signals import Signal
from tests.support.local_nodes import down_reason, forever, in_node, no_message, process_of, received, settled

FAR = bl.Pid("far@127.0.0.1", 7)


def far_node() -> list[Signal]:
    """Connects a node whose signals the test writes; what this node sends it is in the list."""
    sent: list[Signal] = []
    current.current_node().peer_up(FAR.node, sent.append, hidden=False)
    return sent


def arrive(*arriving: Signal) -> None:
    for signal in arriving:
        current.current_node().route(signal)


def links_of(pid: bl.Pid) -> frozenset[bl.Pid]:
    return process_of(pid).links


@in_node
async def test_link_and_unlink_are_a_signal_each_and_the_unlink_has_an_id() -> None:
    sent, me = far_node(), bl.self()
    bl.link(FAR)
    bl.link(FAR)
    bl.unlink(FAR)
    bl.unlink(FAR)
    [link, unlink] = sent
    assert link == signals.Link(me, FAR)
    assert isinstance(unlink, signals.Unlink)
    assert (unlink.source, unlink.target) == (me, FAR)


@in_node
async def test_an_unlink_is_acknowledged_with_its_id_whether_there_was_a_link_or_not() -> None:
    sent, me = far_node(), bl.self()
    arrive(signals.Link(FAR, me), signals.Unlink(FAR, me, 5), signals.Unlink(FAR, me, 6))
    assert sent == [signals.UnlinkAck(me, FAR, 5), signals.UnlinkAck(me, FAR, 6)]
    assert links_of(me) == frozenset()


@in_node
async def test_an_unlink_of_the_dead_is_acknowledged_too() -> None:
    sent = far_node()
    pid, ref = bl.spawn_monitor(forever)
    bl.exit(pid, "boom")
    await down_reason(ref)
    arrive(signals.Unlink(FAR, pid, 5))
    assert sent == [signals.UnlinkAck(pid, FAR, 5)]


@in_node
async def test_a_link_that_crosses_an_unlink_is_none_and_one_after_the_acknowledgement_counts() -> None:
    sent, me = far_node(), bl.self()
    bl.link(FAR)
    bl.unlink(FAR)
    unlink = sent[-1]
    assert isinstance(unlink, signals.Unlink)
    arrive(signals.Link(FAR, me))
    assert links_of(me) == frozenset()
    arrive(signals.UnlinkAck(FAR, me, unlink.id), signals.Link(FAR, me))
    assert links_of(me) == frozenset({FAR})


@in_node
async def test_the_acknowledgement_of_an_earlier_unlink_does_not_end_a_later_one() -> None:
    sent, me = far_node(), bl.self()
    for _ in range(2):
        bl.link(FAR)
        bl.unlink(FAR)
    first, second = [signal.id for signal in sent if isinstance(signal, signals.Unlink)]
    arrive(signals.UnlinkAck(FAR, me, first), signals.Link(FAR, me))
    assert links_of(me) == frozenset()
    arrive(signals.UnlinkAck(FAR, me, second), signals.Link(FAR, me))
    assert links_of(me) == frozenset({FAR})


@in_node
async def test_the_exit_of_a_link_that_was_taken_back_is_dropped_and_ends_nobody() -> None:
    far_node()
    me, other = bl.self(), bl.spawn(forever)
    bl.link(FAR)
    bl.link(other)
    bl.unlink(FAR)
    arrive(signals.Exit(FAR, me, "boom", linked=True))
    assert links_of(me) == frozenset({other})
    await no_message()


@in_node
async def test_the_exit_of_a_link_takes_the_link_away() -> None:
    far_node()
    me = bl.self()
    bl.trap_exit(True)
    bl.link(FAR)
    arrive(signals.Exit(FAR, me, "boom", linked=True), signals.Exit(FAR, me, "again", linked=True))
    assert await received(1) == [bl.Exit(FAR, "boom")]
    assert links_of(me) == frozenset()
    await no_message()


@in_node
async def test_a_link_to_the_dead_is_answered_with_noproc() -> None:
    sent = far_node()
    gone = bl.Pid(bl.self().node, 999)
    arrive(signals.Link(FAR, gone), signals.Monitor(FAR, gone, ref := bl.make_ref()))
    assert sent == [
        signals.Exit(gone, FAR, "noproc", linked=True),
        signals.Down(gone, FAR, ref, "noproc"),
    ]


@in_node
async def test_the_end_of_a_process_is_told_to_links_and_watchers_and_takes_back_its_own_monitors() -> None:
    sent = far_node()
    pid = bl.spawn(watches, FAR)
    await settled()
    [monitor] = sent
    assert isinstance(monitor, signals.Monitor)
    sent.clear()
    arrive(signals.Link(FAR, pid), signals.Monitor(FAR, pid, ref := bl.make_ref()))
    bl.exit(pid, "boom")
    assert sent == [
        signals.Exit(pid, FAR, "boom", linked=True),
        signals.Down(pid, FAR, ref, "boom"),
        signals.Demonitor(pid, FAR, monitor.ref),
    ]


async def watches(target: bl.Pid) -> None:
    bl.monitor(target)
    await forever()


@in_node
async def test_demonitor_is_told_and_a_down_that_crossed_it_is_dropped() -> None:
    sent, me = far_node(), bl.self()
    ref = bl.monitor(FAR)
    bl.demonitor(ref)
    assert sent == [signals.Monitor(me, FAR, ref), signals.Demonitor(me, FAR, ref)]
    arrive(signals.Down(FAR, me, ref, "boom"))
    await no_message()


@in_node
async def test_a_lost_node_ends_every_tie_to_it_once_and_no_other() -> None:
    far_node()
    bl.trap_exit(True)
    me, other = bl.self(), bl.spawn(forever)
    bl.link(FAR)
    bl.link(other)
    ref, by_name = bl.monitor(FAR), bl.monitor(("name", FAR.node))
    arrive(signals.Monitor(FAR, me, bl.make_ref()))
    current.current_node().peer_down(FAR.node, "closed")
    messages: list[Any] = await received(3)
    assert set(messages) == {
        bl.Exit(FAR, "noconnection"),
        bl.Down(ref, FAR, "noconnection"),
        bl.Down(by_name, ("name", FAR.node), "noconnection"),
    }
    assert (links_of(me), process_of(me).monitored_by) == (frozenset({other}), ())
    await no_message()


@in_node
async def test_a_spawn_from_another_node_makes_the_ties_it_asks_for_and_an_output_leader() -> None:
    sent = far_node()
    pid, ref = bl.Pid(bl.self().node, current.current_node().next_id()), bl.make_ref()
    arrive(signals.Spawn(FAR, pid, ends_with, ("boom",), link=True, monitor=ref, group_leader=None))
    await settled()
    assert sent == [signals.Exit(pid, FAR, "boom", linked=True), signals.Down(pid, FAR, ref, "boom")]


def ends_with(reason: str) -> None:
    raise bl.ProcessExit(reason)


@in_node
async def test_a_spawn_of_a_pid_that_exists_is_refused() -> None:
    far_node()
    pid = bl.spawn(forever)
    process = process_of(pid)
    arrive(signals.Spawn(FAR, pid, ends_with, ("boom",), link=False, monitor=None, group_leader=None))
    await settled()
    assert process_of(pid) is process


@in_node
async def test_nodes_that_come_and_go_are_news_once_per_call() -> None:
    node = current.current_node()
    bl.monitor_nodes()
    bl.monitor_node(FAR.node)
    # It was not there, so its absence is news only to who asked for it by name.
    assert await received(1) == [bl.NodeDown(FAR.node, "noconnection")]
    far_node()
    assert await received(2) == [bl.NodeUp(FAR.node)] * 2
    assert bl.nodes() == [FAR.node]
    bl.monitor_nodes(False)
    node.peer_down(FAR.node, "closed")
    assert await received(1) == [bl.NodeDown(FAR.node, "closed")]
    assert bl.nodes() == []
    await no_message()


@in_node
async def test_hidden_nodes_are_news_for_who_asks_for_them() -> None:
    node = current.current_node()
    bl.monitor_nodes()
    bl.monitor_nodes(hidden=True)
    node.peer_up(FAR.node, lambda signal: None, hidden=True)
    assert await received(1) == [bl.NodeUp(FAR.node)]
    node.peer_down(FAR.node, "closed")
    assert await received(1) == [bl.NodeDown(FAR.node, "closed")]
    await no_message()


@in_node
async def test_who_no_longer_watches_all_nodes_takes_every_call_back() -> None:
    node = current.current_node()
    for _ in range(3):
        bl.monitor_nodes()
    bl.monitor_nodes(False)
    node.peer_up(FAR.node, lambda signal: None, hidden=False)
    await no_message()


@in_node
async def test_who_watches_nodes_is_forgotten_at_its_end() -> None:
    async def watches() -> None:
        for _ in range(2):
            bl.monitor_nodes()
            current.current_node().watch_node(FAR.node, bl.self())
        raise bl.ProcessExit("done")

    node = current.current_node()
    for _ in range(3):
        _, ref = bl.spawn_monitor(watches)
        assert (await bl.receive(ref=ref)).reason == "done"
    assert len(node._watchers) == 0


@in_node
async def test_what_is_no_name_of_a_node_is_not_watched() -> None:
    node = current.current_node()
    node.dial = refuses_addresses
    for no_name, error in ((3, TypeError), ("far", ValueError), (f"{FAR.node}:4370", ValueError)):
        with pytest.raises(error):
            bl.monitor_node(no_name)  # type: ignore[arg-type]
    node.dial = None
    assert len(node._watchers) == 0


def refuses_addresses(name: str) -> NoReturn:
    raise ValueError(f"expected the name of a node, got its address {name}")
