"""The runtime as the notebook sees it: it comes, tells of its nodes, and goes with all values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from notebook_tui.document.effects import Effect
from notebook_tui.document.evaluation import connecting
from notebook_tui.document.queue import started
from notebook_tui.document.rejected import Rejected
from notebook_tui.document.state import Evaluation, Phase, RuntimeStatus, State
from notebook_tui.document.versions import Versions


def connect(state: State) -> tuple[State, tuple[Effect, ...]]:
    _check_phase(state, "disconnected")
    return connecting(state)


def runtime_connecting(state: State, text: str) -> State:
    _check_phase(state, "connecting")
    return replace(state, runtime=replace(state.runtime, text=text))


def runtime_connected(state: State, text: str) -> tuple[State, tuple[Effect, ...]]:
    _check_phase(state, "connecting")
    return started(replace(state, runtime=RuntimeStatus("connected", text)))


def runtime_down(state: State, reason: str) -> State:
    """Outputs stay, values are gone, and nothing connects again by itself."""
    _check_phase(state, "connecting", "connected")
    evaluations = {
        cell_id: _aborted(evaluation, running=cell_id == state.evaluating)
        for cell_id, evaluation in state.evaluations.items()
    }
    runtime = RuntimeStatus("disconnected", lost=reason)
    return replace(state, evaluations=evaluations, queue=(), evaluating=None, runtime=runtime)


def _aborted(evaluation: Evaluation, *, running: bool) -> Evaluation:
    if evaluation.validity == "fresh" and not running:
        return evaluation
    return replace(evaluation, validity="aborted", interrupted=evaluation.interrupted or running)


def nodes_changed(state: State, nodes: tuple[str, ...]) -> State:
    _check_phase(state, "connected")
    return replace(state, runtime=replace(state.runtime, nodes=nodes))


def versions_changed(state: State, versions: Mapping[str, Versions]) -> State:
    _check_phase(state, "connected")
    return replace(state, runtime=replace(state.runtime, versions=versions))


def _check_phase(state: State, *expected: Phase) -> None:
    if state.runtime.phase not in expected:
        raise Rejected(f"expected the runtime to be {' or '.join(expected)}, it is {state.runtime.phase}")
