"""The runtime as the notebook sees it: it comes, tells of its nodes, and goes with all values or with some."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import assert_never

from notebook_tui.document import operations
from notebook_tui.document.effects import Effect
from notebook_tui.document.evaluation import aborted, connecting, without_running, without_values
from notebook_tui.document.find import find_section
from notebook_tui.document.operations import RuntimeEvent
from notebook_tui.document.queue import in_order, started
from notebook_tui.document.rejected import Rejected
from notebook_tui.document.state import ConnectStep, Phase, RuntimeStatus, State
from notebook_tui.document.validity import settled
from notebook_tui.document.versions import Versions

MOST_STEPS = 100


def connection_changed(state: State, event: RuntimeEvent) -> tuple[State, tuple[Effect, ...]]:
    match event:
        case operations.Connect():
            return connect(state)
        case operations.RuntimeConnecting(text, at):
            return runtime_connecting(state, text, at), ()
        case operations.RuntimeConnected(text, at):
            return runtime_connected(state, text, at)
        case operations.RuntimeDown(reason):
            return runtime_down(state, reason), ()
        case operations.ContainerDown(container):
            return container_down(state, container)
        case operations.NodesChanged(nodes):
            return nodes_changed(state, nodes), ()
        case operations.VersionsChanged(versions):
            return versions_changed(state, dict(versions)), ()
        case _:
            assert_never(event)


def connect(state: State) -> tuple[State, tuple[Effect, ...]]:
    _check_phase(state, "disconnected")
    return connecting(state)


def runtime_connecting(state: State, text: str, at: float) -> State:
    _check_phase(state, "connecting")
    steps = (*state.runtime.steps[-MOST_STEPS + 1 :], ConnectStep(text, at))
    return replace(state, runtime=replace(state.runtime, text=text, steps=steps))


def runtime_connected(state: State, text: str, at: float) -> tuple[State, tuple[Effect, ...]]:
    _check_phase(state, "connecting")
    return started(replace(state, runtime=RuntimeStatus("connected", text, steps=state.runtime.steps, since=at)))


def runtime_down(state: State, reason: str) -> State:
    """Outputs stay, values are gone, and nothing connects again by itself."""
    _check_phase(state, "connecting", "connected")
    runtime = RuntimeStatus("disconnected", lost=reason, steps=_steps_in_vain(state, reason))
    state = without_values(replace(state, runtime=runtime))
    return in_order(state, (), frozenset())


def _steps_in_vain(state: State, reason: str) -> tuple[ConnectStep, ...]:
    """Those of a runtime that could not be had, to see how far that came."""
    return state.runtime.steps if reason and state.runtime.phase == "connecting" else ()


def container_down(state: State, container: str) -> tuple[State, tuple[Effect, ...]]:
    """What its cells defined is gone. Of the main flow the branches live on, but nothing starts that stands on it."""
    _check_phase(state, "connected")
    if container and container not in state.running and find_section(state.notebook, container).parent is None:
        raise Rejected(f"expected a branching section, {container} is none")
    container_of = state.notebook.container_of
    evaluations = {
        cell_id: aborted(run) if container_of(cell_id) == container else run
        for cell_id, run in state.evaluations.items()
    }
    waiting = [cell_id for cell_id in state.queue if container and container_of(cell_id) != container]
    state = without_running(replace(state, evaluations=evaluations), state.running.get(container))
    return started(settled(in_order(state, waiting, state.alone)))


def nodes_changed(state: State, nodes: tuple[str, ...]) -> State:
    _check_phase(state, "connected")
    return replace(state, runtime=replace(state.runtime, nodes=nodes))


def versions_changed(state: State, versions: Mapping[str, Versions]) -> State:
    _check_phase(state, "connected")
    return replace(state, runtime=replace(state.runtime, versions=versions))


def _check_phase(state: State, *expected: Phase) -> None:
    if state.runtime.phase not in expected:
        raise Rejected(f"expected the runtime to be {' or '.join(expected)}, it is {state.runtime.phase}")
