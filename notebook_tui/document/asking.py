"""Inputs in an open notebook: shown and read by runs, set by the user."""

from __future__ import annotations

from dataclasses import replace

from notebook_tui.document.automatic import with_automatic
from notebook_tui.document.effects import Effect
from notebook_tui.document.evaluation import running, with_run
from notebook_tui.document.inputs import InputValue, check_value, shown, with_value
from notebook_tui.document.queue import started
from notebook_tui.document.rejected import Rejected
from notebook_tui.document.state import State
from notebook_tui.document.validity import settled


def input_shown(state: State, cell_id: str, input_id: str, default: InputValue) -> State:
    """Who shows an input can read it in the same run."""
    run = running(state, cell_id)
    check_value(default)
    inputs = shown(state.inputs, cell_id, input_id, default)
    seen = {**run.inputs, input_id: run.inputs.get(input_id, inputs[input_id])}
    run = replace(run, inputs=seen, shown=run.shown | {input_id})
    return settled(with_run(replace(state, inputs=inputs), cell_id, run))


def input_bound(state: State, cell_id: str, input_id: str) -> State:
    run = running(state, cell_id)
    if input_id not in run.inputs:
        raise Rejected(f"there was no input {input_id} when the cell {cell_id} began")
    if input_id in run.bound:
        return state
    bound = {**run.bound, input_id: run.inputs[input_id].fingerprint}
    return with_run(state, cell_id, replace(run, bound=bound))


def set_input_value(state: State, input_id: str, value: InputValue) -> tuple[State, tuple[Effect, ...]]:
    if input_id not in state.inputs:
        raise Rejected(f"there is no input {input_id}")
    check_value(value)
    state = replace(state, inputs=with_value(state.inputs, input_id, value))
    return started(with_automatic(settled(state)))
