"""The supervision tree: what it knows of whom, and how it is drawn."""

from __future__ import annotations

import re
from typing import Any

import pytest

import beamlike as bl
from beamlike.behaviours.child_spec import child_spec_of
from beamlike.behaviours.supervision.dynamic_supervisor import DynamicSupervisor
from beamlike.behaviours.supervision.supervision_tree import SupervisionTree, supervision_tree
from tests.support.local_nodes import eventually, forever, in_node
from tests.support.supervised import ALWAYS, Flaky, pid_of, plain


def drawn(tree: SupervisionTree) -> list[str]:
    return re.sub(r"Pid<[^>]*>", "Pid", str(tree)).splitlines()


@in_node
async def test_a_tree_is_drawn_with_ids_pids_names_restart_types_and_states() -> None:
    sessions = DynamicSupervisor.child_spec(name="sessions", restart="transient")
    inner = bl.Supervisor.child_spec([plain("x"), sessions, plain("y")], id="inner")
    last = bl.Supervisor.child_spec([plain("z", restart="temporary")], id=("last", 1))
    counter = child_spec_of(bl.GenServer, name="counter")
    top = await bl.Supervisor.start_link([counter, inner, plain("stopped"), last], name="top")
    await DynamicSupervisor.start_child("sessions", child_spec_of(bl.GenServer, restart="temporary"))
    await bl.Supervisor.terminate_child(top, "stopped")
    assert drawn(await supervision_tree("top")) == [
        'Supervisor Pid "top", running',
        '├─ counter Pid "counter" permanent, running',
        "├─ inner Pid permanent Supervisor, running",
        "│  ├─ x Pid permanent, running",
        '│  ├─ sessions Pid "sessions" transient DynamicSupervisor, running',
        "│  │  └─ GenServer.start_link Pid temporary, running",
        "│  └─ y Pid permanent, running",
        "├─ stopped permanent, stopped",
        "└─ ('last', 1) Pid permanent Supervisor, running",
        "   └─ z Pid temporary, running",
    ]


@in_node
async def test_a_tree_is_a_value_with_the_pids_in_it() -> None:
    top = await bl.Supervisor.start_link([plain("a")])
    a = await pid_of(top, "a")
    tree = await supervision_tree(top)
    assert tree == SupervisionTree(
        "Supervisor",
        top,
        None,
        "Supervisor",
        None,
        "running",
        (SupervisionTree("a", a, None, "worker", "permanent", "running"),),
    )


@in_node
async def test_a_child_about_to_be_restarted_is_shown_as_such() -> None:
    flaky = Flaky()
    top = await bl.Supervisor.start_link([bl.ChildSpec("flaky", flaky)], ALWAYS)
    flaky.failures = ALWAYS
    bl.exit(await pid_of(top, "flaky"), "boom")
    await eventually(lambda: flaky.calls > 2)
    assert drawn(await supervision_tree(top))[1:] == ["└─ flaky permanent, restarting"]


@in_node
async def test_a_supervisor_that_does_not_answer_in_time_is_shown_as_such() -> None:
    silent = plain("silent", forever, type="supervisor", shutdown=0)
    top = await bl.Supervisor.start_link([silent, plain("a")])
    assert drawn(await supervision_tree(top, timeout=0.05))[1:] == [
        "├─ silent Pid permanent supervisor, does not answer",
        "└─ a Pid permanent, running",
    ]


@in_node
async def test_a_supervisor_that_ends_while_it_is_asked_is_shown_as_such() -> None:
    brief = plain("brief", ends_when_asked, type="supervisor", restart="temporary")
    top = await bl.Supervisor.start_link([brief])
    assert drawn(await supervision_tree(top))[1:] == ["└─ brief Pid temporary supervisor, ended"]


async def ends_when_asked() -> None:
    await bl.receive()


class Odd(bl.GenServer):
    def handle_call(self, request: Any, client: Any) -> str:
        return "what?"


@in_node
async def test_a_server_that_is_called_a_supervisor_and_is_none_is_shown_as_one_that_does_not_answer() -> None:
    top = await bl.Supervisor.start_link([child_spec_of(Odd, type="supervisor")])
    assert drawn(await supervision_tree(top))[1:] == ["└─ Odd Pid permanent supervisor, does not answer"]
    with pytest.raises(TypeError, match="to be a supervisor that describes itself, got the answer 'what\\?'"):
        await supervision_tree(await pid_of(top, "Odd"))


@in_node
async def test_a_thousand_children_are_a_tree_of_a_thousand_lines() -> None:
    supervisor = await DynamicSupervisor.start_link()
    for _ in range(1000):
        await DynamicSupervisor.start_child(supervisor, plain("many"))
    assert len(drawn(await supervision_tree(supervisor))) == 1001


@in_node
async def test_what_is_no_running_supervisor_has_no_tree() -> None:
    with pytest.raises(bl.CallFailed, match="no such process"):
        await supervision_tree("nobody")
    with pytest.raises(bl.CallTimeout):
        await supervision_tree(bl.spawn_link(forever), timeout=0.01)
