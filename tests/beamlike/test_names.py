"""Names: one per process, one process per name, free before anybody hears of the end."""

from __future__ import annotations

import asyncio

import pytest

import beamlike as bl
from tests.support.local_nodes import down_reason, forever, in_node, process_of, received, settled


@in_node
async def test_a_registered_name_finds_its_process_and_takes_messages() -> None:
    bl.register("main", bl.self())
    assert bl.whereis("main") == bl.self()
    bl.send("main", "by name")
    bl.send(("main", "test@127.0.0.1"), "by name and node")
    assert await received(2) == ["by name", "by name and node"]


@in_node
async def test_a_name_has_one_process() -> None:
    holder = bl.spawn(forever)
    bl.register("taken", holder)
    with pytest.raises(bl.NameTaken, match=f"the name 'taken' belongs to {holder}"):
        bl.register("taken", bl.self())


@in_node
async def test_a_process_has_one_name() -> None:
    bl.register("one", bl.self())
    with pytest.raises(bl.NameTaken, match="is registered as 'one' already; unregister that name first"):
        bl.register("two", bl.self())
    bl.unregister("one")
    bl.register("two", bl.self())
    assert (bl.whereis("one"), bl.whereis("two")) == (None, bl.self())


@in_node
async def test_a_dead_process_gets_no_name() -> None:
    pid, ref = bl.spawn_monitor(nothing)
    await down_reason(ref)
    with pytest.raises(bl.NoProcess, match=r"expected a live process of test@127.0.0.1 to name 'late'"):
        bl.register("late", pid)
    assert bl.whereis("late") is None


def nothing() -> None:
    pass


@in_node
async def test_a_name_is_free_before_the_down_and_the_exit_of_its_process_arrive() -> None:
    bl.trap_exit(True)
    for _ in range(50):
        pid = bl.spawn_link(forever)
        bl.register("name", pid)
        bl.monitor(pid)
        bl.exit(pid, "boom")
        for _ in range(2):
            await bl.receive()
            assert bl.whereis("name") is None


@in_node
async def test_a_hundred_racers_have_one_winner() -> None:
    racers = [bl.spawn_monitor(races, bl.self())[0] for _ in range(100)]
    await settled()
    assert bl.whereis("prize") == racers[0]
    reasons = [message.reason for message in await received(99)]
    assert all(reason.type == "beamlike.kernel.errors.NameTaken" for reason in reasons)


async def races(_starter: bl.Pid) -> None:
    bl.register("prize", bl.self())
    await forever()


@in_node
async def test_racers_in_threads_have_one_winner_too() -> None:
    pids = [bl.spawn(forever) for _ in range(20)]

    def register(pid: bl.Pid) -> bool:
        try:
            bl.register("prize", pid)
        except bl.NameTaken:
            return False
        return True

    won = await asyncio.gather(*(asyncio.to_thread(register, pid) for pid in pids))
    assert won.count(True) == 1
    assert bl.whereis("prize") == pids[won.index(True)]


@in_node
async def test_what_nobody_holds_cannot_be_unregistered() -> None:
    with pytest.raises(bl.NoProcess, match=r"no process of test@127.0.0.1 is registered as 'nobody'"):
        bl.unregister("nobody")


@in_node
async def test_a_bare_name_that_nobody_holds_is_an_error_and_names_the_known_ones() -> None:
    bl.register("known", bl.self())
    with pytest.raises(bl.UnknownName, match=r"registered as 'unknown'; known: \['known'\]"):
        bl.send("unknown", "hello")


@in_node
async def test_a_name_with_its_node_that_nobody_holds_is_no_error() -> None:
    bl.send(("nobody", "test@127.0.0.1"), "hello")
    bl.send(("nobody", "far@127.0.0.1"), "hello")


@in_node
async def test_names_are_not_inherited() -> None:
    bl.register("parent", bl.self())
    child = bl.spawn(forever)
    assert process_of(child).name is None


@in_node
async def test_arguments_in_the_wrong_order_are_told() -> None:
    with pytest.raises(TypeError, match="expected a name and a pid to register, got Pid"):
        bl.register(bl.self(), "name")  # type: ignore[arg-type]
