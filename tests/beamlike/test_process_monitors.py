"""Monitors: one Down each, with the true reason, and nothing left behind."""

from __future__ import annotations

import pytest

import beamlike as bl
from tests.support.local_nodes import down_reason, forever, in_node, no_message, process_of, received, settled


def nothing() -> None:
    pass


@in_node
async def test_each_monitor_gets_one_down_under_its_own_reference() -> None:
    pid = bl.spawn(forever)
    refs = [bl.monitor(pid) for _ in range(3)]
    bl.exit(pid, "boom")
    downs = await received(3)
    assert sorted(downs, key=lambda down: refs.index(down.ref)) == [bl.Down(ref, pid, "boom") for ref in refs]
    await no_message()


@in_node
async def test_a_dead_process_is_down_at_once_and_raises_nothing() -> None:
    pid, ref = bl.spawn_monitor(nothing)
    assert await down_reason(ref) == "normal"
    again = bl.monitor(pid)
    assert await received(1) == [bl.Down(again, pid, "noproc")]


@in_node
async def test_a_name_is_monitored_as_the_process_that_holds_it_now() -> None:
    first = bl.spawn(forever)
    bl.register("server", first)
    ref = bl.monitor("server")
    bl.unregister("server")
    bl.register("server", bl.spawn(forever))
    bl.exit(first, "boom")
    assert await received(1) == [bl.Down(ref, ("server", "test@127.0.0.1"), "boom")]


@in_node
async def test_a_name_that_nobody_holds_is_down_with_noproc() -> None:
    ref = bl.monitor("nobody")
    assert await received(1) == [bl.Down(ref, ("nobody", "test@127.0.0.1"), "noproc")]


@in_node
async def test_a_name_on_a_node_that_cannot_be_reached_is_down_with_noconnection() -> None:
    ref = bl.monitor(("server", "far@127.0.0.1"))
    assert await received(1) == [bl.Down(ref, ("server", "far@127.0.0.1"), "noconnection")]


@in_node
async def test_the_true_reason_is_reported_whatever_links_did() -> None:
    killed, exited = bl.spawn(forever), bl.spawn(forever)
    refs = bl.monitor(killed), bl.monitor(exited)
    bl.exit(killed, "kill")
    bl.exit(exited, ("shutdown", "idle"))
    assert [await down_reason(ref) for ref in refs] == ["killed", ("shutdown", "idle")]


@in_node
async def test_the_end_of_a_watcher_leaves_no_trace_in_the_watched() -> None:
    target = bl.spawn(forever)
    watcher = bl.spawn(watching, target)
    await settled()
    assert process_of(target).monitored_by == (watcher,)
    bl.exit(watcher, "boom")
    assert process_of(target).monitored_by == ()


async def watching(target: bl.Pid) -> None:
    bl.monitor(target)
    await forever()


@in_node
async def test_demonitor_says_whether_the_monitor_was_on() -> None:
    pid = bl.spawn(forever)
    ref = bl.monitor(pid)
    assert bl.demonitor(ref) is True
    assert bl.demonitor(ref) is False
    assert bl.demonitor(bl.make_ref()) is False
    bl.exit(pid, "boom")
    await no_message()


@in_node
async def test_demonitor_leaves_a_down_that_came_already_unless_told_to_flush() -> None:
    pid = bl.spawn(forever)
    kept, flushed = bl.monitor(pid), bl.monitor(pid)
    bl.exit(pid, "boom")
    assert bl.demonitor(kept) is False
    assert bl.demonitor(flushed, flush=True) is False
    assert await received(1) == [bl.Down(kept, pid, "boom")]
    await no_message()


@in_node
async def test_spawn_monitor_is_atomic_with_the_spawn() -> None:
    started = [bl.spawn_monitor(nothing) for _ in range(500)]
    downs = await received(500)
    assert downs == [bl.Down(ref, pid, "normal") for pid, ref in started]


@in_node
async def test_a_monitor_of_oneself_never_fires() -> None:
    ref = bl.monitor(bl.self())
    assert isinstance(ref, bl.Ref)
    await no_message()


@in_node
async def test_all_that_a_process_sent_comes_before_its_down() -> None:
    _, ref = bl.spawn_monitor(sends_and_ends, bl.self())
    *messages, down = await received(101)
    assert messages == list(range(100))
    assert down.ref == ref


async def sends_and_ends(to: bl.Pid) -> None:
    for number in range(100):
        bl.send(to, number)


@in_node
async def test_only_a_pid_or_a_name_can_be_monitored() -> None:
    for wrong in (5, ("name", 5), None):
        with pytest.raises(TypeError, match="expected a pid, a name"):
            bl.monitor(wrong)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="expected a pid or a name to monitor, got Alias"):
        bl.monitor(bl.alias())  # type: ignore[arg-type]


@in_node
async def test_a_message_to_an_alias_that_was_taken_back_vanishes() -> None:
    address = bl.alias()
    bl.send(address, "first")
    assert bl.unalias(address) is True
    assert bl.unalias(address) is False
    bl.send(address, "late")
    assert await received(1) == ["first"]
    await no_message()


@in_node
async def test_a_one_shot_alias_takes_one_message() -> None:
    address = bl.alias(once=True)
    bl.send(address, "first")
    bl.send(address, "second")
    assert await received(1) == ["first"]
    await no_message()


@in_node
async def test_an_alias_with_the_reference_of_a_monitor_ends_with_it() -> None:
    pid = bl.spawn(forever)
    demonitored, down = bl.monitor(pid), bl.monitor(pid)
    addresses = [bl.alias(demonitored), bl.alias(down)]
    bl.demonitor(demonitored)
    bl.exit(pid, "boom")
    assert await down_reason(down) == "boom"
    for address in addresses:
        bl.send(address, "late")
    await no_message()


@in_node
async def test_a_monitor_by_a_name_is_taken_back_though_somebody_else_has_the_name_by_now() -> None:
    first, second = bl.spawn(forever), bl.spawn(forever)
    bl.register("name", first)
    refs = [bl.monitor("name") for _ in range(3)]
    bl.unregister("name")
    bl.demonitor(refs[0])
    bl.register("name", second)
    bl.demonitor(refs[1])
    assert len(process_of(first).monitored_by) == 1
    bl.exit(first, "kill")
    assert (await bl.receive(timeout=5)).ref == refs[2]
