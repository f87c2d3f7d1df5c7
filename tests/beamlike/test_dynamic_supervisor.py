"""DynamicSupervisor: children without ids that come and go, in any number."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

import beamlike as bl
from beamlike.behaviours.child_spec import Restart, child_spec_of
from beamlike.behaviours.supervision.child_errors import BadChild, MaxChildren, NoChild, StartFailed
from beamlike.behaviours.supervision.dynamic_supervisor import DynamicSupervisor
from beamlike.behaviours.supervision.supervising import ChildCounts, ChildInfo
from tests.support.captured_log import captured_log
from tests.support.local_nodes import PATIENCE, down_reason, eventually, forever, in_node, received, settled
from tests.support.supervised import ALWAYS, Flaky, child, ends_as_told, ignores_exits, plain

start_child = DynamicSupervisor.start_child


async def running(supervisor: bl.Pid, spec: bl.ChildSpec) -> bl.Pid:
    pid = await start_child(supervisor, spec)
    assert pid is not None
    return pid


async def pids(supervisor: bl.Pid) -> list[bl.Pid]:
    return [child.pid for child in await DynamicSupervisor.which_children(supervisor) if child.pid is not None]


@in_node
async def test_children_of_one_specification_are_known_by_their_pids() -> None:
    supervisor = await DynamicSupervisor.start_link(name="sessions")
    started = [await running(supervisor, plain("same", restart="temporary")) for _ in range(3)]
    assert await pids(supervisor) == started
    first, *_ = await DynamicSupervisor.which_children("sessions")
    assert first == ChildInfo(None, started[0], "worker", "temporary", "running", "spawn_link")
    await start_child(supervisor, bl.Supervisor.child_spec([]))
    assert await DynamicSupervisor.count_children("sessions") == ChildCounts(4, active=4, supervisors=1, workers=3)


@pytest.mark.parametrize(
    ("restart", "ending", "restarted"),
    [
        ("permanent", "normal", True),
        ("permanent", "boom", True),
        ("transient", "normal", False),
        ("transient", ("shutdown", "idle"), False),
        ("transient", "boom", True),
        ("temporary", "boom", False),
    ],
)
@in_node
async def test_a_child_that_ends_is_restarted_alone_or_forgotten(
    restart: Restart, ending: Any, restarted: bool
) -> None:
    supervisor = await DynamicSupervisor.start_link()
    other = await running(supervisor, plain("other"))
    pid = await running(supervisor, plain("child", ends_as_told, restart=restart))
    ref = bl.monitor(pid)
    bl.send(pid, ending)
    await down_reason(ref)
    after = await pids(supervisor)
    assert pid not in after
    assert other in after
    assert len(after) == 1 + restarted


@in_node
async def test_more_restarts_than_allowed_end_the_supervisor_and_all_its_children() -> None:
    bl.trap_exit(True)
    supervisor = await DynamicSupervisor.start_link(intensity=2, period=60.0)
    await start_child(supervisor, child("good"))
    for _ in range(3):
        bl.exit(await running(supervisor, plain("bad")), "boom")
        await settled()
    assert await received(3) == [
        ("started", "good"),
        ("terminated", "good", "shutdown"),
        bl.Exit(supervisor, "shutdown"),
    ]
    assert bl.processes() == [bl.self()]


@in_node
async def test_a_restart_that_fails_is_tried_again_while_others_are_served() -> None:
    supervisor, flaky = await DynamicSupervisor.start_link(intensity=ALWAYS), Flaky()
    pid = await running(supervisor, bl.ChildSpec("flaky", flaky))
    flaky.failures = ALWAYS
    bl.exit(pid, "boom")
    await eventually(lambda: flaky.calls > 5)
    assert [one.state for one in await DynamicSupervisor.which_children(supervisor)] == ["restarting"]
    other = await running(supervisor, plain("other"))
    flaky.failures = 0
    await settled()
    assert other in await pids(supervisor)
    assert [one.state for one in await DynamicSupervisor.which_children(supervisor)] == ["running", "running"]


@in_node
async def test_the_history_of_restarts_says_who_and_why() -> None:
    supervisor, flaky = await DynamicSupervisor.start_link(), Flaky()
    pid = await running(supervisor, bl.ChildSpec("flaky", flaky))
    flaky.failures = 1
    bl.exit(pid, "boom")
    await eventually(lambda: flaky.calls == 3)
    assert [(one.id, one.pid, str(one.reason)) for one in await DynamicSupervisor.restart_history(supervisor)] == [
        ("flaky", pid, "boom"),
        ("flaky", None, "ValueError: no port"),
    ]


@in_node
async def test_a_child_about_to_be_restarted_is_terminated_by_its_last_pid_and_counts_until_then() -> None:
    supervisor, flaky = await DynamicSupervisor.start_link(intensity=ALWAYS, max_children=1), Flaky()
    pid = await running(supervisor, bl.ChildSpec("flaky", flaky))
    flaky.failures = ALWAYS
    bl.exit(pid, "boom")
    await eventually(lambda: flaky.calls > 2)
    with pytest.raises(MaxChildren):
        await start_child(supervisor, plain("other"))
    await DynamicSupervisor.terminate_child(supervisor, pid)
    calls = flaky.calls
    await settled()
    assert flaky.calls == calls
    await running(supervisor, plain("other"))


@in_node
async def test_no_more_children_than_allowed_are_started() -> None:
    supervisor = await DynamicSupervisor.start_link(max_children=2)
    first, _ = [await running(supervisor, plain("child")) for _ in range(2)]
    with pytest.raises(MaxChildren, match="child 'child' is one too many: there are 2 children, and max_children is 2"):
        await start_child(supervisor, plain("child"))
    await DynamicSupervisor.terminate_child(supervisor, first)
    await running(supervisor, plain("child"))
    with pytest.raises(ValueError, match="expected max_children as a number, 0 or more, or None for no limit, got -1"):
        await DynamicSupervisor.start_link(max_children=-1)


@in_node
async def test_a_start_that_gives_nothing_or_fails_leaves_the_supervisor_as_it_was() -> None:
    supervisor = await DynamicSupervisor.start_link()
    assert await start_child(supervisor, bl.ChildSpec("nothing", lambda: None)) is None
    with pytest.raises(StartFailed, match="no port"):
        await start_child(supervisor, bl.ChildSpec("bad", Flaky(failures=1)))
    with pytest.raises(BadChild, match="child 'w' is significant"):
        await start_child(supervisor, plain("w", restart="transient", significant=True))
    with pytest.raises(TypeError, match="expected a ChildSpec, got 5"):
        await start_child(supervisor, 5)  # type: ignore[arg-type]
    assert (await DynamicSupervisor.count_children(supervisor)).specs == 0


@in_node
async def test_a_child_is_terminated_by_its_pid_and_forgotten() -> None:
    supervisor = await DynamicSupervisor.start_link()
    pid = await running(supervisor, child("a"))
    await DynamicSupervisor.terminate_child(supervisor, pid)
    assert await received(2) == [("started", "a"), ("terminated", "a", "shutdown")]
    assert await pids(supervisor) == []
    with pytest.raises(NoChild, match=r"expected a child of this supervisor, got Pid<.*>; known: \[\]"):
        await DynamicSupervisor.terminate_child(supervisor, pid)
    with pytest.raises(TypeError, match="expected the pid of a child, got 'a'; children of a DynamicSupervisor"):
        await DynamicSupervisor.terminate_child(supervisor, "a")  # type: ignore[arg-type]


@in_node
async def test_at_the_end_all_children_are_ended_at_once() -> None:
    supervisor = await DynamicSupervisor.start_link()
    witness = bl.self()
    # Each ends only when it has heard that the other is told to end, too.
    first = await running(supervisor, plain("first", ends_with_the_other))
    second = await running(supervisor, plain("second", ends_with_the_other))
    bl.send(first, (second, witness))
    bl.send(second, (first, witness))
    await settled()
    await bl.GenServer.stop(supervisor)
    assert set(await received(2)) == {first, second}


async def ends_with_the_other() -> None:
    bl.trap_exit(True)
    other, witness = await bl.receive()
    await bl.receive(lambda message: isinstance(message, bl.Exit))
    bl.send(other, "told")
    await bl.receive(lambda message: message == "told")
    bl.send(witness, bl.self())


@in_node
async def test_at_the_end_each_child_has_its_own_time_and_is_killed_after_it() -> None:
    supervisor = await DynamicSupervisor.start_link()
    for shutdown in (0.02, None, 0.01, 0):
        await start_child(
            supervisor, plain(str(shutdown), ends_late if shutdown is None else ignores_exits, shutdown=shutdown)
        )
    await settled()
    with captured_log("beamlike.supervisor") as records:
        await bl.GenServer.stop(supervisor)
    words = [record.getMessage().partition(" did not end within ")[2] for record in records]
    assert words == ["0.01 s and is killed", "0.02 s and is killed"]
    assert bl.processes() == [bl.self()]


@in_node
async def test_at_the_end_children_use_up_their_time_all_together() -> None:
    supervisor = await DynamicSupervisor.start_link()
    for _ in range(200):
        await start_child(supervisor, plain("stubborn", ignores_exits, shutdown=0.2))
    await settled()
    async with asyncio.timeout(PATIENCE):  # one after the other they would take 40 s
        await bl.GenServer.stop(supervisor)
    assert bl.processes() == [bl.self()]


async def ends_late() -> None:
    bl.trap_exit(True)
    await bl.receive()
    await settled()


@in_node
async def test_ten_thousand_children_start_crash_and_end() -> None:
    supervisor = await DynamicSupervisor.start_link(intensity=10_000)
    for _ in range(10_000):
        await start_child(supervisor, PLAIN)
    before = set(await pids(supervisor))
    assert len(before) == 10_000
    for pid in list(before)[::2]:
        bl.exit(pid, "boom")
    await eventually(lambda: not any(map(bl.is_alive, list(before)[::2])))
    after = set(await pids(supervisor))
    assert (len(after), len(after - before)) == (10_000, 5_000)
    await bl.GenServer.stop(supervisor)
    assert bl.processes() == [bl.self()]


PLAIN = plain("many", forever)


@in_node
async def test_a_dynamic_supervisor_can_itself_be_a_child() -> None:
    spec = DynamicSupervisor.child_spec(name="sessions", max_children=1)
    assert (spec.id, spec.type, spec.shutdown) == ("sessions", "supervisor", None)
    await bl.Supervisor.start_link([spec])
    await start_child("sessions", child_spec_of(bl.GenServer))
    with pytest.raises(MaxChildren):
        await start_child("sessions", child_spec_of(bl.GenServer))
