"""Process groups of one node: members, several joins, ends, scopes, and what a monitor is told."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import beamlike as bl
from beamlike.behaviours.groups import Groups
from beamlike.behaviours.servers.system import get_state
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

G = Groups("scope")


def with_scope(test: Callable[[], Any]) -> Callable[[], None]:
    """Runs a test in a node with the scope of G."""

    @functools.wraps(test)
    async def run() -> None:
        await Groups.start_link(G.scope)
        await test()

    return in_node(run)


# Members.


@with_scope
async def test_a_process_is_a_member_as_often_as_it_joined() -> None:
    p, q = bl.spawn(forever), bl.spawn(forever)
    await G.join("g", p)
    await G.join("g", p, q)
    assert G.get_members("g") == [p, p, q]
    assert await G.leave("g", p) is True
    assert sorted(G.get_members("g"), key=str) == sorted([p, q], key=str)
    assert await G.leave("g", p, q) is True
    assert (G.get_members("g"), G.which_groups()) == ([], [])


@with_scope
async def test_who_names_nobody_means_itself() -> None:
    await G.join("g")
    assert G.get_members("g") == [bl.self()]
    assert await G.leave("g") is True
    assert await G.leave("g") is False


@with_scope
async def test_leaving_says_whether_anybody_was_a_member() -> None:
    p = bl.spawn(forever)
    await G.join("g", p)
    assert await G.leave("other", p) is False
    assert await G.leave("g", bl.self()) is False
    assert await G.leave("g", bl.self(), p) is True


@with_scope
async def test_a_member_that_ended_is_in_no_group_any_more() -> None:
    p = bl.spawn(forever)
    await G.join("g", p, p, bl.self())
    await G.join(("any", "term"), p)
    bl.exit(p, "kill")
    assert (G.get_members("g"), G.which_groups()) == ([bl.self()], ["g"])
    await eventually(lambda: not G._table().has(p))


@with_scope
async def test_a_process_that_ended_before_it_could_join_does_not_stay() -> None:
    p = bl.spawn(forever)
    bl.exit(p, "kill")
    await G.join("g", p)
    await eventually(lambda: not G._table().has(p))
    assert G.which_groups() == []


@in_node
async def test_scopes_know_nothing_of_each_other() -> None:
    for scope in ("one", "other"):
        await Groups.start_link(scope)
    await Groups("one").join("g")
    assert (Groups("one").which_groups(), Groups("other").which_groups()) == (["g"], [])


@with_scope
async def test_only_processes_of_this_node_join_and_leave() -> None:
    far = bl.Pid("other@127.0.0.1", 7)
    for act in (G.join, G.leave):
        with pytest.raises(ValueError, match="expected a process of test@"):
            await act("g", far)
        with pytest.raises(TypeError, match="expected a pid to join or leave a group, got 'p'"):
            await act("g", "p")  # type: ignore[arg-type]


@in_node
async def test_a_scope_that_does_not_run_is_an_error_that_says_how_to_start_it() -> None:
    with pytest.raises(bl.NoProcess, match="no scope of process groups 'scope' runs on this node"):
        G.get_members("g")
    with pytest.raises(bl.NoProcess):
        await G.join("g")


@with_scope
async def test_what_a_scope_does_not_know_ends_it_with_words_that_say_so() -> None:
    await Groups.start("other")
    with pytest.raises(bl.CallFailed, match="a scope of process groups does not know the call 'members'"):
        await bl.GenServer.call("other", "members")


# Monitors.


@with_scope
async def test_a_monitor_of_a_group_gets_its_members_and_then_every_change() -> None:
    p = bl.spawn(forever)
    await G.join("g", p)
    ref, members = await G.monitor("g")
    assert members == [p]
    await G.join("g", bl.self(), bl.self())
    await G.join("other")
    await G.leave("g")
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
    await G.join("g", p)
    ref, groups = await G.monitor_scope()
    assert groups == {"g": [p]}
    await G.join("h", p, p)
    bl.exit(p, "boom")
    assert await bl.receive(ref=ref, timeout=5) == (ref, "join", "h", [p, p])
    assert sorted(await received(2)) == [(ref, "leave", "g", [p]), (ref, "leave", "h", [p, p])]


@with_scope
async def test_a_group_whose_name_is_none_is_monitored_alone() -> None:
    ref, members = await G.monitor(None)
    await G.join("g")
    await G.join(None)
    assert (members, await received(1)) == ([], [(ref, "join", None, [bl.self()])])


@with_scope
async def test_after_demonitor_nothing_of_it_is_in_the_mailbox_nor_comes() -> None:
    ref, _ = await G.monitor("g")
    await G.join("g")
    await G.join("g")
    bl.send(bl.self(), "other")
    assert await G.demonitor(ref) is True
    await G.join("g")
    assert await received(1) == ["other"]
    assert await G.demonitor(ref) is False
    await no_message()


@with_scope
async def test_who_watches_and_ends_is_forgotten_and_who_has_nothing_here_is_not_monitored() -> None:
    async def watches(ready: bl.Pid) -> None:
        await G.monitor_scope()
        bl.send(ready, "watching")
        await forever()

    server = process_of(G._server())
    watcher = bl.spawn(watches, bl.self())
    await bl.receive()
    await G.join("g")
    await G.join("g")
    ref, _ = await G.monitor("g")
    assert set(server.monitors) == {watcher, bl.self()}
    await G.leave("g")
    await G.demonitor(ref)
    assert set(server.monitors) == {watcher, bl.self()}
    await G.leave("g")
    assert set(server.monitors) == {watcher}
    down = bl.monitor(watcher)
    bl.exit(watcher, "kill")
    assert await down_reason(down) == "killed"
    state = await get_state(G.scope)
    assert (server.monitors, state["_watchers"], state["_monitors"]) == ((), {}, {})


Step = tuple[str, int, str]
STEPS = st.lists(st.tuples(st.sampled_from(["join", "leave", "end"]), st.integers(0, 2), st.sampled_from("gh")))


@given(STEPS)
def test_the_events_of_a_monitor_make_the_members_out_of_what_it_was_given_first(steps: list[Step]) -> None:
    async def main() -> None:
        await Groups.start_link(G.scope)
        pids = [bl.spawn(forever) for _ in range(3)]
        await G.join("g", *pids)
        ref, first = await G.monitor_scope()
        followed = Counter((group, pid) for group, members in first.items() for pid in members)
        for what, number, group in steps:
            if what == "join":
                await G.join(group, pids[number])
            elif what == "leave":
                await G.leave(group, pids[number])
            else:
                bl.exit(pids[number], "kill")
                pids[number] = bl.spawn(forever)
        await settled()
        await G.join("last")
        while (message := await bl.receive(ref=ref, timeout=5))[2] != "last":
            _, event, group, members = message
            for pid in members:
                followed[group, pid] += 1 if event == "join" else -1
        assert +followed == Counter((group, pid) for group in "gh" for pid in G.get_members(group))
        assert not -followed

    run_in_node(main)
