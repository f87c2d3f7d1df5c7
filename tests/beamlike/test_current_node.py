"""Which node a kernel function acts on."""

from __future__ import annotations

import asyncio
from contextlib import closing

import pytest

import beamlike as bl
from beamlike.kernel import current
from beamlike.kernel.node import LocalNode
from tests.support.local_nodes import PATIENCE, down_reason, forever, in_node, local_node, process_of, received


async def ask_for_node() -> str:
    return current.current_node().name


def test_without_a_node_every_function_says_how_to_start_one() -> None:
    async def main() -> None:
        for call in (bl.self, bl.make_ref, bl.processes, lambda: bl.spawn(forever), lambda: bl.whereis("name")):
            with pytest.raises(bl.NoNode, match=r"found none .*: start one with `async with bl.Node\('name@127"):
                call()

    asyncio.run(main())


@in_node
async def test_the_only_node_of_the_interpreter_is_the_current_one() -> None:
    current.enter_node(None)
    assert await ask_for_node() == "test@127.0.0.1"


@in_node
async def test_among_several_nodes_none_is_current_by_itself() -> None:
    async with local_node("other@127.0.0.1"):
        current.enter_node(None)
        with pytest.raises(bl.AmbiguousNode, match=r"found 2 \(test@127.0.0.1, other@127.0.0.1\): call the method"):
            bl.spawn(forever)


@in_node
async def test_the_block_of_a_node_makes_it_current_for_what_it_starts() -> None:
    async with local_node("other@127.0.0.1"):
        assert await asyncio.create_task(ask_for_node()) == "other@127.0.0.1"


@in_node
async def test_a_process_acts_on_its_own_node_whatever_else_runs() -> None:
    pid = bl.spawn(tells_its_node)
    async with local_node("other@127.0.0.1"):
        bl.send(pid, bl.self())
        assert await received(1) == ["test@127.0.0.1"]


async def tells_its_node() -> None:
    current.enter_node(None)
    asker = await bl.receive()
    bl.send(asker, (await ask_for_node()))


@in_node
async def test_a_block_at_another_node_ends_where_it_began() -> None:
    me = bl.self()
    async with local_node("other@127.0.0.1") as other:
        with current.at(other):
            assert bl.self().node == "other@127.0.0.1"
        assert bl.self() == me


@in_node
async def test_a_pid_says_by_itself_where_it_lives_when_no_node_is_current() -> None:
    async with local_node("other@127.0.0.1") as other:
        with current.at(other):
            pid = bl.spawn(forever)
            bl.exit(pid, "boom")
        assert other.process(pid) is None
        current.enter_node(None)
        with pytest.raises(bl.AmbiguousNode):
            bl.processes()
        bl.send(pid, "never raises for a dead pid")
        bl.exit(pid, "boom")


@in_node
async def test_a_node_that_has_stopped_is_nobodys_current_one() -> None:
    async with local_node("other@127.0.0.1") as other:
        pass
    current.enter_node(other)
    assert await ask_for_node() == "test@127.0.0.1"


@in_node
async def test_aliveness_is_asked_of_the_own_node() -> None:
    with pytest.raises(ValueError, match=r"expected a pid of test@127.0.0.1, got Pid<far.*; ask its own node"):
        bl.is_alive(bl.Pid("far@127.0.0.1", 5))


def test_a_node_that_was_left_behind_in_a_closed_loop_is_not_counted() -> None:
    async def leave() -> LocalNode:
        node = LocalNode("left@127.0.0.1")
        current.started(node)
        return node

    async def main() -> str:
        async with local_node("next@127.0.0.1"):
            current.enter_node(None)
            return await ask_for_node()

    left = asyncio.run(leave())
    assert asyncio.run(main()) == "next@127.0.0.1"
    current.stopped(left)


@pytest.mark.parametrize("name", ["", "app", "@host", "app@", "a b@host", "a@b@c", "app@ho st"])
def test_a_node_name_is_a_word_and_a_host(name: str) -> None:
    async def main() -> None:
        with pytest.raises(ValueError, match=r"expected a node name like 'app@127.0.0.1', got"):
            LocalNode(name)

    asyncio.run(main())


def test_what_is_no_string_is_refused_as_a_node_name_in_the_same_words() -> None:
    with pytest.raises(TypeError, match=r"expected a node name like 'app@127.0.0.1', got 5"):
        bl.Node(5)  # type: ignore[arg-type]


@in_node
async def test_ids_are_unique_among_the_incarnations_of_a_node() -> None:
    node = current.current_node()
    again = LocalNode(node.name)
    assert node.creation != again.creation
    assert bl.make_ref() != again.make_ref()
    stale = bl.Pid(node.name, again.next_id())
    bl.send(stale, "for another incarnation")
    assert await down_reason(bl.monitor(stale)) == "noproc"


@in_node
async def test_spawn_takes_the_name_of_a_node_and_refuses_other_keywords() -> None:
    pid = bl.spawn(forever, node="test@127.0.0.1")
    assert process_of(pid).pid == pid
    with pytest.raises(TypeError, match="expected the name of a node to spawn on, got <LocalNode test@127"):
        bl.spawn(forever, node=current.current_node())  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"spawn has no keyword 'x' \(it has .*node, link\); .* functools.partial"):
        bl.spawn(forever, x=1)
    with closing(forever()) as coroutine, pytest.raises(TypeError, match="expected a function to spawn, got <corout"):
        bl.spawn(coroutine)  # type: ignore[arg-type]


@in_node
async def test_what_cannot_be_reached_answers_as_a_lost_node_does() -> None:
    bl.trap_exit(True)
    pid = bl.spawn_link(forever, node="far@127.0.0.1")
    assert await bl.receive(timeout=PATIENCE) == bl.Exit(pid, "noconnection")
    pid, ref = bl.spawn_monitor(forever, node="far@127.0.0.1")
    assert await bl.receive(timeout=PATIENCE) == bl.Down(ref, pid, "noconnection")
    bl.monitor_node("far@127.0.0.1")
    assert await bl.receive(timeout=PATIENCE) == bl.NodeDown("far@127.0.0.1", "noconnection")
