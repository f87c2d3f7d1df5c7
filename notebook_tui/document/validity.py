"""What each cell's last run is worth now: derived from who ran when, so that undoing an edit undoes staleness."""

from __future__ import annotations

from dataclasses import replace

from notebook_tui.document.state import State
from notebook_tui.document.upkeep import Upkeep


def settled(state: State) -> State:
    """The state in which every run is called stale that would start from other values now, and no other."""
    known = state.flow
    if known.notebook is state.notebook and known.evaluations is state.evaluations and known.inputs is state.inputs:
        return state
    if not state.evaluations and not known.order:
        return state
    flow = Upkeep(known, state.notebook, state.evaluations, state.inputs).flow()
    return replace(state, evaluations=flow.evaluations, flow=flow)
