"""Supervision between nodes: children over there, and supervisors over there that are asked from here."""

from __future__ import annotations

import asyncio
import functools
import re
from collections.abc import Callable
from typing import Any

import pytest

import beamlike as bl
import nodes
from beamlike.behaviours.child_spec import child_spec_of
from beamlike.behaviours.supervision.child_errors import NoChild, StartFailed
from beamlike.behaviours.supervision.dynamic_supervisor import DynamicSupervisor
from beamlike.behaviours.supervision.supervision_tree import supervision_tree
from tests.support.child_node import NEAR, with_child_node
from tests.support.local_nodes import PATIENCE, down_reason, forever
from tests.support.supervised import ignores_exits, pid_of, pids_of, plain


def far(id: str, node: str, function: Callable[..., Any] = forever, **options: Any) -> bl.ChildSpec:
    return bl.ChildSpec(id, functools.partial(bl.spawn_link, function, node=node), **options)


async def restarted(supervisor: bl.Pid, id: str, before: bl.Pid) -> bl.Pid:
    """The pid of that child once it is another, and runs."""
    async with asyncio.timeout(PATIENCE):
        while True:
            pid = (await pids_of(supervisor))[id]
            if pid not in (before, None):
                return await pid_of(supervisor, id)
            await asyncio.sleep(0.001)


@with_child_node
async def test_a_child_over_there_is_restarted_and_ended_as_one_here(child: nodes.Child) -> None:
    supervisor = await bl.Supervisor.start_link([plain("near"), far("far", child.node)], strategy="one_for_all")
    before = await pids_of(supervisor)
    assert before["far"] is not None
    assert before["far"].node == child.node
    bl.exit(before["far"], "boom")
    after = await restarted(supervisor, "far", before["far"])
    assert (await pids_of(supervisor))["near"] != before["near"]
    ref = bl.monitor(after)
    await bl.GenServer.stop(supervisor)
    assert await down_reason(ref) == "shutdown"


@with_child_node
async def test_a_child_over_there_that_takes_too_long_to_end_is_killed(child: nodes.Child) -> None:
    supervisor = await bl.Supervisor.start_link([far("stubborn", child.node, traps_and_tells, shutdown=0.05)])
    pid = await pid_of(supervisor, "stubborn")
    bl.send(pid, bl.self())
    assert await bl.receive(timeout=PATIENCE) == "traps exits"
    ref = bl.monitor(pid)
    await bl.Supervisor.terminate_child(supervisor, "stubborn")
    assert await down_reason(ref) == "killed"


async def traps_and_tells() -> None:
    bl.trap_exit(True)
    bl.send(await bl.receive(), "traps exits")
    await ignores_exits()


@with_child_node
async def test_a_lost_node_is_a_crash_of_the_child_and_its_start_decides_anew(child: nodes.Child) -> None:
    def starts_there_or_here() -> bl.Pid:
        there = child.node in bl.nodes(hidden=True)
        return bl.spawn_link(forever, node=child.node if there else NEAR)

    supervisor = await bl.Supervisor.start_link([bl.ChildSpec("roams", starts_there_or_here, restart="transient")])
    before = await pid_of(supervisor, "roams")
    assert before.node == child.node
    await child.stop(grace=0)
    after = await restarted(supervisor, "roams", before)
    assert after.node == NEAR
    (loss,) = await bl.Supervisor.restart_history(supervisor)
    assert (loss.pid, loss.reason) == (before, "noconnection")


@with_child_node
async def test_a_child_whose_node_is_gone_for_good_ends_the_supervisor(child: nodes.Child) -> None:
    supervisor = await bl.Supervisor.start([far("far", child.node)], intensity=3)
    ref = bl.monitor(supervisor)
    await child.stop(grace=0)
    assert await down_reason(ref) == "shutdown"


async def start_top() -> bl.Pid:
    return await bl.Supervisor.start([plain("worker"), DynamicSupervisor.child_spec(name="sessions")], name="top")


@with_child_node
async def test_a_supervisor_over_there_is_asked_from_here(child: nodes.Child) -> None:
    await bl.rpc.call(child.node, start_top)
    top, sessions = ("top", child.node), ("sessions", child.node)
    added = await bl.Supervisor.start_child(top, plain("late"))
    assert added == await pid_of(top, "late")
    assert added.node == child.node
    await DynamicSupervisor.start_child(sessions, child_spec_of(bl.GenServer))
    assert (await DynamicSupervisor.count_children(sessions)).active == 1
    with pytest.raises(NoChild, match="got 'nobody'; known: "):
        await bl.Supervisor.terminate_child(top, "nobody")
    with pytest.raises(StartFailed, match=r"'bad' .* ValueError: no port") as failure:
        await bl.Supervisor.start_child(top, bl.ChildSpec("bad", fails))
    assert isinstance(failure.value.__cause__, ValueError)
    assert "in fails" in str(failure.value.__cause__.__cause__)


def fails() -> bl.Pid:
    raise ValueError("no port")


@with_child_node
async def test_the_tree_goes_on_over_there(child: nodes.Child) -> None:
    below = [plain("worker"), DynamicSupervisor.child_spec(name="sessions")]
    over_there = bl.Supervisor.child_spec(below, id="over there", name="top", node=child.node)
    supervisor = await bl.Supervisor.start_link([plain("near"), over_there])
    tree = await supervision_tree(supervisor)
    assert re.sub(r"Pid<(\w+)[^>]*>", r"Pid<\1>", str(tree).replace(child.node, "far")).splitlines() == [
        "Supervisor Pid<near>, running",
        "├─ near Pid<near> permanent, running",
        '└─ over there Pid<far> "top" permanent Supervisor, running',
        "   ├─ worker Pid<far> permanent, running",
        '   └─ sessions Pid<far> "sessions" permanent DynamicSupervisor, running',
    ]
    await bl.GenServer.stop(supervisor)
