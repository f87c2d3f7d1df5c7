"""Spawn requests to a node in a process of its own that stands still meanwhile, or is lost."""

from __future__ import annotations

from typing import Any

import beamlike as bl
from tests.support.absent_module import function_known_here_only
from tests.support.local_nodes import PATIENCE, forever, no_message, process_of
from tests.support.peers import Peers, among_peers


async def named(name: str) -> None:
    bl.register(name, bl.self())
    await forever()


def is_named(name: str) -> bool:
    return bl.whereis(name) is not None


def nobody_is_named(name: str) -> bool:
    return not is_named(name)


@among_peers
async def test_a_node_that_is_lost_before_it_answers_is_the_reason_and_no_tie_fires(peers: Peers) -> None:
    peer = await peers.start("far")
    await bl.connect(peer.node)
    peer.freeze()
    refs = [bl.spawn_request(forever, node=peer.node, link=True, monitor=True, tag=number) for number in range(3)]
    assert not process_of(bl.self()).links
    peer.kill()
    for number, ref in enumerate(refs):
        answer = await bl.receive(ref=ref, timeout=PATIENCE)
        assert answer == bl.SpawnReply(number, ref, False, "noconnection")
        assert not bl.abandon_spawn_request(ref)
    await no_message()


@among_peers
async def test_a_request_may_be_abandoned_while_its_node_stands_still(peers: Peers) -> None:
    peer = await peers.start("far")
    await bl.connect(peer.node)
    peer.freeze()
    linked = bl.spawn_request(named, "linked", node=peer.node, link=True)
    monitored = bl.spawn_request(named, "monitored", node=peer.node, monitor=True)
    assert bl.abandon_spawn_request(linked)
    assert bl.abandon_spawn_request(monitored)
    peer.thaw()
    assert await peer.until(is_named, "monitored")
    assert await peer.until(nobody_is_named, "linked")
    monitored_by = await bl.rpc.call(peer.node, watchers_of, "monitored")
    assert monitored_by == ()
    await no_message()


def watchers_of(name: str) -> Any:
    pid = bl.whereis(name)
    assert pid is not None
    return process_of(pid).monitored_by


@among_peers
async def test_what_was_to_be_linked_ends_with_who_asked_for_it_before_it_had_begun(peers: Peers) -> None:
    async def asks_and_ends() -> None:
        bl.spawn_request(named, "orphan", node=peer.node, link=True)
        raise bl.ProcessExit("hasty")

    peer = await peers.start("far")
    await bl.connect(peer.node)
    peer.freeze()
    _, ref = bl.spawn_monitor(asks_and_ends)
    assert (await bl.receive(ref=ref, timeout=PATIENCE)).reason == "hasty"
    peer.thaw()
    await bl.rpc.call(peer.node, bl.self)  # the request has come, and the exit after it
    assert await peer.until(nobody_is_named, "orphan")


@among_peers
async def test_a_function_that_cannot_be_had_there_is_the_reason_and_no_tie_fires(peers: Peers) -> None:
    peer = await peers.start("far")
    with function_known_here_only() as function:
        ref = bl.spawn_request(function, node=peer.node, link=True, monitor=True)
    answer = await bl.receive(ref=ref, timeout=PATIENCE)
    assert not answer.ok
    assert isinstance(answer.pid_or_reason.exception, bl.UndecodableTerm)
    await bl.rpc.call(peer.node, bl.self)
    await no_message()


@among_peers
async def test_many_requests_are_answered_each_before_the_words_of_its_process(peers: Peers) -> None:
    peer = await peers.start("far")
    refs = [bl.spawn_request(bl.send, bl.self(), number, node=peer.node, tag=number) for number in range(200)]
    answered = set()
    for _ in range(2 * len(refs)):
        match await bl.receive(timeout=PATIENCE):
            case bl.SpawnReply(tag, ref, True, bl.Pid(node=node)):
                assert (refs[tag], peer.node) == (ref, node)
                answered.add(tag)
            case int(number):
                assert number in answered
    assert len(answered) == len(refs)
