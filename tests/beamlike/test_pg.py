"""Process groups on one node: members, several joins, ends, scopes, and what a monitor is told."""

from __future__ import annotations

import asyncio
import functools
from collections import Counter
from collections.abc import Callable
from threading import Event, Lock
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import beamlike as bl
from beamlike.distribution.process_groups import pg
from beamlike.distribution.process_groups.scope import states
from beamlike.distribution.process_groups.scope_state import ScopeState
from tests.support.local_nodes import (
    down_reason,
    eventually,
    forever,
    in_node,
    no_message,
    process_of,
    received,
    run_in_node,
    settled,
)


def state() -> ScopeState:
    return states.find(pg.DEFAULT)[1]


def with_scope(test: Callable[[], Any]) -> Callable[[], None]:
    """Runs a test in a node with the scope that a `bl.Node` starts by itself."""

    @functools.wraps(test)
    async def run() -> None:
        await pg.start()
        await test()

    return in_node(run)


# Members.


@with_scope
async def test_a_process_is_a_member_as_often_as_it_joined() -> None:
    p, q = bl.spawn(forever), bl.spawn(forever)
    await pg.join("g", p)
    await pg.join("g", p, q)
    assert pg.get_members("g") == [p, p, q]
    assert await pg.leave("g", p) is True
    assert sorted(pg.get_members("g"), key=str) == sorted([p, q], key=str)
    assert await pg.leave("g", p, q) is True
    assert (pg.get_members("g"), pg.which_groups()) == ([], [])


@with_scope
async def test_who_names_nobody_means_itself() -> None:
    await pg.join("g")
    assert pg.get_members("g") == [bl.self()]
    assert await pg.leave("g") is True
    assert await pg.leave("g") is False


@with_scope
async def test_leaving_says_whether_anybody_was_a_member() -> None:
    p = bl.spawn(forever)
    await pg.join("g", p)
    assert await pg.leave("other", p) is False
    assert await pg.leave("g", bl.self()) is False
    assert await pg.leave("g", bl.self(), p) is True


@with_scope
async def test_a_member_that_ended_is_in_no_group_any_more() -> None:
    p = bl.spawn(forever)
    await pg.join("g", p, p, bl.self())
    await pg.join(("any", "term"), p)
    bl.exit(p, "kill")
    assert (pg.get_members("g"), pg.which_groups()) == ([bl.self()], ["g"])
    await eventually(lambda: p not in state()._ties)


@with_scope
async def test_a_process_that_ended_before_it_could_join_does_not_stay() -> None:
    p = bl.spawn(forever)
    bl.exit(p, "kill")
    await pg.join("g", p)
    await eventually(lambda: p not in state()._ties)
    assert pg.which_groups() == []


@in_node
async def test_scopes_know_nothing_of_each_other() -> None:
    for scope in ("one", "other"):
        await pg.start_link(scope)
    await pg.join("g", scope="one")
    assert (pg.which_groups(scope="one"), pg.which_groups(scope="other")) == (["g"], [])


@with_scope
async def test_only_processes_of_this_node_join_and_leave() -> None:
    far = bl.Pid("other@127.0.0.1", 7)
    for act in (pg.join, pg.leave):
        with pytest.raises(ValueError, match="expected a process of test@"):
            await act("g", far)
        with pytest.raises(TypeError, match="expected a pid to join or leave a group, got 'p'"):
            await act("g", "p")  # type: ignore[arg-type]


@in_node
async def test_a_scope_that_does_not_run_is_an_error_that_says_how_to_start_it() -> None:
    with pytest.raises(bl.NoProcess, match="no scope of process groups 'pg' runs on this node"):
        pg.get_members("g")
    with pytest.raises(bl.NoProcess):
        await pg.join("g")


@with_scope
async def test_what_a_scope_does_not_know_ends_it_with_words_that_say_so() -> None:
    await pg.start("other")
    with pytest.raises(bl.CallFailed, match="a scope of process groups does not know the call 'members'"):
        await bl.GenServer.call("other", "members")


@with_scope
async def test_what_would_be_another_group_on_each_node_is_refused() -> None:
    for group, words in (
        (object(), "equals its copy on another node"),
        (("g", float("nan")), "equals its copy on another node"),
        (Lock(), "can be copied to another node"),
    ):
        with pytest.raises(ValueError, match=f"expected a group that {words}"):
            await pg.join(group)
    assert pg.which_groups() == []


@with_scope
async def test_any_thread_reads_while_members_come_and_go() -> None:
    p, over = bl.spawn(forever), Event()
    sizes: set[int] = set()

    def read() -> None:
        while not over.is_set():
            sizes.update(len(pg.get_members(group)) for group in pg.which_groups())

    reading = asyncio.create_task(asyncio.to_thread(read))
    for number in range(300):
        await pg.join(number, p, p, bl.self())
        await pg.leave(number, p)
    over.set()
    await reading
    assert sizes <= {0, 1, 2, 3}


@with_scope
async def test_a_scope_runs_once_on_a_node() -> None:
    with pytest.raises(bl.AlreadyStarted):
        await pg.start()


@with_scope
async def test_the_members_of_this_node_are_all_there_are_without_another() -> None:
    await pg.join("g")
    assert pg.get_local_members("g") == pg.get_members("g") == [bl.self()]


# Monitors.


@with_scope
async def test_a_monitor_of_a_group_gets_its_members_and_then_every_change() -> None:
    p = bl.spawn(forever)
    await pg.join("g", p)
    ref, members = await pg.monitor("g")
    assert members == [p]
    await pg.join("g", bl.self(), bl.self())
    await pg.join("other")
    await pg.leave("g")
    bl.exit(p, "boom")
    assert await received(3) == [
        (ref, "join", "g", [bl.self(), bl.self()]),
        (ref, "leave", "g", [bl.self()]),
        (ref, "leave", "g", [p]),
    ]
    await no_message()


@with_scope
async def test_a_monitor_of_the_scope_hears_of_all_groups() -> None:
    p = bl.spawn(forever)
    await pg.join("g", p)
    ref, groups = await pg.monitor_scope()
    assert groups == {"g": [p]}
    await pg.join("h", p, p)
    bl.exit(p, "boom")
    assert await bl.receive(ref=ref, timeout=5) == (ref, "join", "h", [p, p])
    assert sorted(await received(2)) == [(ref, "leave", "g", [p]), (ref, "leave", "h", [p, p])]


@with_scope
async def test_a_group_whose_name_is_none_is_monitored_alone() -> None:
    ref, members = await pg.monitor(None)
    await pg.join("g")
    await pg.join(None)
    assert (members, await received(1)) == ([], [(ref, "join", None, [bl.self()])])


@with_scope
async def test_after_demonitor_nothing_of_it_is_in_the_mailbox_nor_comes() -> None:
    ref, _ = await pg.monitor("g")
    await pg.join("g")
    await pg.join("g")
    bl.send(bl.self(), "other")
    assert await pg.demonitor(ref) is True
    await pg.join("g")
    assert await received(1) == ["other"]
    assert await pg.demonitor(ref) is False
    await no_message()


@with_scope
async def test_who_watches_and_ends_is_forgotten_and_who_has_nothing_here_is_not_monitored() -> None:
    async def watches(ready: bl.Pid) -> None:
        await pg.monitor_scope()
        bl.send(ready, "watching")
        await forever()

    server = process_of(states.find(pg.DEFAULT)[0])
    watcher = bl.spawn(watches, bl.self())
    await bl.receive()
    await pg.join("g")
    await pg.join("g")
    ref, _ = await pg.monitor("g")
    assert set(server.monitors) == {watcher, bl.self()}
    await pg.leave("g")
    await pg.demonitor(ref)
    assert set(server.monitors) == {watcher, bl.self()}
    await pg.leave("g")
    assert set(server.monitors) == {watcher}
    down = bl.monitor(watcher)
    bl.exit(watcher, "kill")
    assert await down_reason(down) == "killed"
    await pg.leave("g")
    assert (server.monitors, state()._ties, state()._watchers._watches) == ((), {}, {})


@with_scope
async def test_who_monitors_a_scope_hears_of_its_end() -> None:
    ref, _ = await pg.monitor("g")
    server = states.find(pg.DEFAULT)[0]
    bl.exit(server, "kill")
    assert await received(1) == [bl.Down(ref, server, "killed")]
    assert await pg.demonitor(ref) is False
    await pg.start()
    assert await pg.demonitor(ref) is False


@with_scope
async def test_who_did_not_ask_for_the_end_of_a_scope_finds_nothing_of_it_in_the_mailbox() -> None:
    ref, _ = await pg.monitor("g")
    await pg.demonitor(ref)
    bl.exit(states.find(pg.DEFAULT)[0], "kill")
    await no_message()


Step = tuple[str, int, str]
STEPS = st.lists(st.tuples(st.sampled_from(["join", "leave", "end"]), st.integers(0, 2), st.sampled_from("gh")))


@given(STEPS)
def test_the_events_of_a_monitor_make_the_members_out_of_what_it_was_given_first(steps: list[Step]) -> None:
    async def main() -> None:
        await pg.start_link()
        pids = [bl.spawn(forever) for _ in range(3)]
        await pg.join("g", *pids)
        ref, first = await pg.monitor_scope()
        followed = Counter((group, pid) for group, members in first.items() for pid in members)
        for what, number, group in steps:
            if what == "join":
                await pg.join(group, pids[number])
            elif what == "leave":
                await pg.leave(group, pids[number])
            else:
                bl.exit(pids[number], "kill")
                pids[number] = bl.spawn(forever)
        await settled()
        await pg.join("last")
        while (message := await bl.receive(ref=ref, timeout=5))[2] != "last":
            _, event, group, members = message
            for pid in members:
                followed[group, pid] += 1 if event == "join" else -1
        assert +followed == Counter((group, pid) for group in "gh" for pid in pg.get_members(group))
        assert not -followed

    run_in_node(main)
