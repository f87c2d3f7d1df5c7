"""Links: at most one per pair, in both directions, gone at once when taken back."""

from __future__ import annotations

import pytest

import beamlike as bl
from tests.support.local_nodes import (
    down_reason,
    eventually,
    forever,
    in_node,
    no_message,
    process_of,
    received,
    settled,
    trapping,
)


@in_node
async def test_a_link_carries_the_reason_in_both_directions() -> None:
    a, b = bl.spawn(linked_to, None), bl.spawn(forever)
    c = bl.spawn(linked_to, a)
    await settled()
    watched = {pid: bl.monitor(pid) for pid in (a, b, c)}
    bl.exit(c, "boom")
    assert await down_reason(watched[c]) == "boom"
    assert await down_reason(watched[a]) == "boom"
    assert bl.is_alive(b)


async def linked_to(other: bl.Pid | None) -> None:
    if other is not None:
        bl.link(other)
    await forever()


@in_node
async def test_linking_twice_and_unlinking_once_leaves_no_link() -> None:
    bl.trap_exit(True)
    pid = bl.spawn(forever)
    bl.link(pid)
    bl.link(pid)
    bl.unlink(pid)
    assert process_of(pid).links == frozenset()
    bl.exit(pid, "boom")
    await no_message()


@in_node
async def test_a_link_to_oneself_is_no_link() -> None:
    bl.link(bl.self())
    assert process_of(bl.self()).links == frozenset()


@in_node
async def test_linking_to_a_dead_process_raises_and_the_caller_lives() -> None:
    pid = await ended_process()
    with pytest.raises(bl.NoProcess, match=r"expected a live process to link to, got Pid<test@127.0.0.1"):
        bl.link(pid)
    assert bl.is_alive(bl.self())


@in_node
async def test_linking_to_a_dead_process_while_trapping_is_an_exit_message() -> None:
    bl.trap_exit(True)
    pid = await ended_process()
    bl.link(pid)
    assert await received(1) == [bl.Exit(pid, "noproc")]


async def ended_process() -> bl.Pid:
    pid, ref = bl.spawn_monitor(nothing)
    assert await down_reason(ref) == "normal"
    return pid


def nothing() -> None:
    pass


@in_node
async def test_after_unlink_no_exit_can_enter_the_mailbox() -> None:
    bl.trap_exit(True)
    for _ in range(100):
        pid = bl.spawn_link(forever)
        bl.unlink(pid)
        bl.exit(pid, "boom")
    await no_message()


@in_node
async def test_unlink_leaves_an_exit_that_is_in_the_mailbox_already() -> None:
    bl.trap_exit(True)
    pid = bl.spawn_link(forever)
    bl.exit(pid, "boom")
    bl.unlink(pid)
    assert await received(1) == [bl.Exit(pid, "boom")]


@in_node
async def test_a_link_that_was_taken_back_and_made_anew_counts_once() -> None:
    bl.trap_exit(True)
    for _ in range(100):
        pid = bl.spawn_link(forever)
        bl.unlink(pid)
        bl.link(pid)
        bl.exit(pid, "boom")
        assert await received(1) == [bl.Exit(pid, "boom")]
        await no_message()


@in_node
async def test_spawn_link_is_atomic_with_the_spawn() -> None:
    bl.trap_exit(True)
    pids = [bl.spawn_link(nothing) for _ in range(500)]
    exits = await received(500)
    assert exits == [bl.Exit(pid, "normal") for pid in pids]


@in_node
async def test_a_chain_of_links_carries_the_reason_until_somebody_traps() -> None:
    tail = bl.spawn(trapping)
    middle = bl.spawn(linked_to, tail)
    head = bl.spawn(linked_to, middle)
    await settled()
    bl.exit(head, "boom")
    await eventually(lambda: not bl.is_alive(middle))
    bl.send(tail, ("seen?", bl.self()))
    assert await received(1) == [[bl.Exit(middle, "boom")]]


@in_node
async def test_a_chain_of_a_hundred_thousand_links_dies_without_deepening_the_stack() -> None:
    head = previous = bl.spawn(linked_to, None)
    for _ in range(99_999):
        previous = bl.spawn(linked_to, previous)
    await eventually(lambda: bool(process_of(previous).links))
    last = bl.monitor(previous)
    bl.exit(head, "boom")
    assert await down_reason(last) == "boom"
    assert bl.processes() == [bl.self()]


@in_node
async def test_links_are_not_inherited() -> None:
    bl.trap_exit(True)
    parent = bl.spawn_link(parent_of_one, bl.self())
    [child] = await received(1)
    bl.exit(parent, "boom")
    assert await received(1) == [bl.Exit(parent, "boom")]
    assert bl.is_alive(child)


async def parent_of_one(asker: bl.Pid) -> None:
    bl.send(asker, bl.spawn(forever))
    await forever()


@in_node
async def test_a_process_spawned_by_code_that_is_being_unwound_shares_the_end_of_its_parent() -> None:
    spawned: list[bl.Pid] = []
    parent = bl.spawn(spawns_in_finally, spawned)
    await settled()
    bl.exit(parent, "boom")
    await eventually(lambda: bool(spawned))
    assert not bl.is_alive(spawned[0])


async def spawns_in_finally(spawned: list[bl.Pid]) -> None:
    try:
        await forever()
    finally:
        spawned.append(bl.spawn_link(forever))


@pytest.mark.parametrize("tie", [bl.link, bl.unlink])
def test_only_a_pid_can_be_linked(tie: object) -> None:
    @in_node
    async def check() -> None:
        with pytest.raises(TypeError, match=r"expected a pid to .*, got 'name'; for a name use bl.whereis"):
            tie("name")  # type: ignore[operator]

    check()
