"""The notebook's one transition function: pure, so that a history of operations replays to the same state."""

from __future__ import annotations

from notebook_tui.document.effects import Effect
from notebook_tui.document.operations import Operation
from notebook_tui.document.state import State


def apply(state: State, operation: Operation) -> tuple[State, tuple[Effect, ...]]:
    """The state after `operation`, and what the session is to do now, in order; raises `Rejected`."""
    raise NotImplementedError
