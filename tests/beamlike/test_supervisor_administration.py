"""Children at run time: what may be asked of a supervisor in which state of a child, and what comes of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

import beamlike as bl
from beamlike.behaviours.supervision.child_errors import (
    BadChild,
    ChildAlreadyPresent,
    ChildAlreadyStarted,
    ChildError,
    ChildRestarting,
    ChildRunning,
    NoChild,
    StartFailed,
)
from beamlike.behaviours.supervision.supervising import ChildCounts, ChildInfo
from tests.support.local_nodes import eventually, in_node, no_message, received, settled
from tests.support.supervised import ALWAYS, Flaky, child, pid_of, plain, states_of

supervise = bl.Supervisor.start_link


@in_node
async def test_a_child_is_added_after_the_others_and_supervised_as_they_are() -> None:
    supervisor = await supervise([plain("a")])
    pid = await bl.Supervisor.start_child(supervisor, plain("late"))
    assert pid == await pid_of(supervisor, "late")
    bl.exit(pid, "boom")
    await settled()
    assert await pid_of(supervisor, "late") != pid
    assert list(await states_of(supervisor)) == ["a", "late"]


@in_node
async def test_a_child_that_fails_to_start_is_not_added_and_the_caller_learns_why() -> None:
    supervisor = await supervise([plain("a")])
    with pytest.raises(StartFailed, match=r"'bad' .* did not start: ValueError: no port") as failure:
        await bl.Supervisor.start_child(supervisor, bl.ChildSpec("bad", Flaky(failures=1)))
    assert isinstance(failure.value.__cause__, ValueError)
    assert await states_of(supervisor) == {"a": "running"}


@in_node
async def test_a_child_without_anything_to_run_is_kept_unless_it_is_temporary() -> None:
    supervisor = await supervise([])
    assert await bl.Supervisor.start_child(supervisor, bl.ChildSpec("kept", lambda: None)) is None
    assert await bl.Supervisor.start_child(supervisor, bl.ChildSpec("gone", lambda: None, restart="temporary")) is None
    assert await states_of(supervisor) == {"kept": "stopped"}


@in_node
async def test_a_terminated_child_keeps_its_specification_and_is_not_restarted() -> None:
    supervisor = await supervise([child("a"), child("b"), child("brief", restart="temporary")])
    await received(3)
    await bl.Supervisor.terminate_child(supervisor, "a")
    await bl.Supervisor.terminate_child(supervisor, "brief")
    assert await received(2) == [("terminated", "a", "shutdown"), ("terminated", "brief", "shutdown")]
    assert await states_of(supervisor) == {"a": "stopped", "b": "running"}
    await bl.Supervisor.terminate_child(supervisor, "a")
    await no_message()


@in_node
async def test_a_stopped_child_is_started_in_its_place_or_forgotten() -> None:
    supervisor = await supervise([plain("a"), plain("b"), plain("c")])
    for id in "ab":
        await bl.Supervisor.terminate_child(supervisor, id)
    pid = await bl.Supervisor.restart_child(supervisor, "b")
    await bl.Supervisor.delete_child(supervisor, "a")
    assert await states_of(supervisor) == {"b": "running", "c": "running"}
    assert await pid_of(supervisor, "b") == pid


@in_node
async def test_a_child_that_ended_by_itself_can_be_restarted_by_hand() -> None:
    flaky = Flaky()
    supervisor = await supervise([bl.ChildSpec("a", flaky, restart="transient")])
    bl.exit(await pid_of(supervisor, "a"), "shutdown")
    await settled()
    flaky.failures = 1
    with pytest.raises(StartFailed, match="no port"):
        await bl.Supervisor.restart_child(supervisor, "a")
    assert await states_of(supervisor) == {"a": "stopped"}
    await bl.Supervisor.restart_child(supervisor, "a")
    assert await states_of(supervisor) == {"a": "running"}


Ask = Callable[[bl.Pid, str], Awaitable[Any]]


async def add(supervisor: bl.Pid, id: str) -> Any:
    return await bl.Supervisor.start_child(supervisor, plain(id))


terminate, restart, delete, spec_of = (
    bl.Supervisor.terminate_child,
    bl.Supervisor.restart_child,
    bl.Supervisor.delete_child,
    bl.Supervisor.get_childspec,
)


@pytest.mark.parametrize(
    ("ask", "id", "error", "says"),
    [
        (add, "running", ChildAlreadyStarted, r"there is a child 'running' already, Pid<.*>; choose another id"),
        (restart, "running", ChildRunning, "child 'running' is running; use terminate_child first"),
        (delete, "running", ChildRunning, "child 'running' is running; use terminate_child first"),
        (
            add,
            "stopped",
            ChildAlreadyPresent,
            "there is a child 'stopped' already, which does not run; use restart_child",
        ),
        (add, "restarting", ChildAlreadyPresent, "there is a child 'restarting' already, which does not run"),
        (restart, "restarting", ChildRestarting, "child 'restarting' is about to be started again; wait"),
        (delete, "restarting", ChildRestarting, "child 'restarting' is about to be started again; wait"),
        *(
            (ask, "nobody", NoChild, r"got 'nobody'; known: \['running', 'stopped', 'restarting'\]")
            for ask in (terminate, restart, delete, spec_of)
        ),
    ],
)
@in_node
async def test_what_cannot_be_done_in_that_state_is_refused(
    ask: Ask, id: str, error: type[ChildError], says: str
) -> None:
    flaky = Flaky()
    supervisor = await supervise([plain("running"), plain("stopped"), bl.ChildSpec("restarting", flaky)], ALWAYS)
    await terminate(supervisor, "stopped")
    flaky.failures = ALWAYS
    bl.exit(await pid_of(supervisor, "restarting"), "boom")
    await eventually(lambda: flaky.calls > 2)
    with pytest.raises(error, match=says):
        await ask(supervisor, id)
    assert await states_of(supervisor) == {"running": "running", "stopped": "stopped", "restarting": "restarting"}


@in_node
async def test_a_child_about_to_be_restarted_can_be_terminated_and_its_restart_is_off() -> None:
    flaky = Flaky()
    supervisor = await supervise([bl.ChildSpec("flaky", flaky)], ALWAYS)
    flaky.failures = ALWAYS
    bl.exit(await pid_of(supervisor, "flaky"), "boom")
    await eventually(lambda: flaky.calls > 2)
    await terminate(supervisor, "flaky")
    calls, flaky.failures = flaky.calls, 0
    await settled()
    assert (flaky.calls, await states_of(supervisor)) == (calls, {"flaky": "stopped"})
    await delete(supervisor, "flaky")
    assert await states_of(supervisor) == {}


@in_node
async def test_a_supervisor_tells_of_its_children() -> None:
    inner = bl.Supervisor.child_spec([], id="inner")
    supervisor = await supervise([plain("a"), inner, plain("stopped", restart="transient")])
    await terminate(supervisor, "stopped")
    a, sub, stopped = await bl.Supervisor.which_children(supervisor)
    assert a == ChildInfo("a", a.pid, "worker", "permanent", "running", "spawn_link")
    assert sub == ChildInfo("inner", sub.pid, "supervisor", "permanent", "running", "Supervisor.start_link")
    assert stopped == ChildInfo("stopped", None, "worker", "transient", "stopped", "spawn_link")
    assert await bl.Supervisor.count_children(supervisor) == ChildCounts(specs=3, active=2, supervisors=1, workers=2)
    assert repr(await spec_of(supervisor, "inner")) == repr(inner)


# Significant children.


def significant(id: str, restart: Any = "transient") -> bl.ChildSpec:
    return child(id, restart=restart, significant=True)


@in_node
async def test_the_end_of_any_significant_child_ends_the_supervisor() -> None:
    bl.trap_exit(True)
    supervisor = await supervise([child("x"), significant("w")], auto_shutdown="any_significant")
    await received(2)
    bl.send(await pid_of(supervisor, "w"), "normal")
    assert await received(3) == [
        ("terminated", "w", "normal"),
        ("terminated", "x", "shutdown"),
        bl.Exit(supervisor, "shutdown"),
    ]


@in_node
async def test_the_end_of_all_significant_children_ends_the_supervisor() -> None:
    bl.trap_exit(True)
    specs = [child("x"), significant("v"), significant("w", "temporary")]
    supervisor = await supervise(specs, auto_shutdown="all_significant")
    await received(3)
    bl.send(await pid_of(supervisor, "v"), "normal")
    await settled()
    assert await states_of(supervisor) == {"x": "running", "v": "stopped", "w": "running"}
    bl.send(await pid_of(supervisor, "w"), "boom")
    assert (await received(4))[-1] == bl.Exit(supervisor, "shutdown")


@in_node
async def test_a_significant_child_that_is_restarted_or_terminated_ends_nothing() -> None:
    specs = [significant("v"), significant("w"), child("x", restart="temporary")]
    supervisor = await supervise(specs, auto_shutdown="any_significant")
    bl.send(await pid_of(supervisor, "v"), "boom")
    bl.send(await pid_of(supervisor, "x"), "normal")
    await settled()
    await terminate(supervisor, "w")
    assert await states_of(supervisor) == {"v": "running", "w": "stopped"}


@in_node
async def test_a_significant_child_that_is_about_to_be_restarted_is_waited_for() -> None:
    bl.trap_exit(True)
    flaky = Flaky()
    restarting = bl.ChildSpec("flaky", flaky, restart="transient", significant=True)
    specs = [significant("w"), restarting]
    supervisor = await supervise(specs, ALWAYS, auto_shutdown="all_significant")
    flaky.failures = ALWAYS
    bl.exit(await pid_of(supervisor, "flaky"), "boom")
    await eventually(lambda: flaky.calls > 2)
    bl.send(await pid_of(supervisor, "w"), "normal")
    await settled()
    assert await states_of(supervisor) == {"w": "stopped", "flaky": "restarting"}
    flaky.failures = 0
    await settled()
    bl.exit(await pid_of(supervisor, "flaky"), "shutdown")
    assert (await received(3))[-1] == bl.Exit(supervisor, "shutdown")


@in_node
async def test_a_significant_child_needs_a_supervisor_that_shuts_down_for_it() -> None:
    with pytest.raises(BadChild, match="child 'w' is significant, and auto_shutdown is 'never'"):
        await supervise([significant("w")])
    supervisor = await supervise([])
    with pytest.raises(BadChild, match="start its supervisor with auto_shutdown='any_significant'"):
        await bl.Supervisor.start_child(supervisor, significant("w"))
    assert await states_of(supervisor) == {}
