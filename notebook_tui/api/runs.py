"""What became of cells that somebody has asked for: pure, from one state to the next."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from beamlike.kernel.record import frozen
from notebook_tui.api.told_notebook import result_of
from notebook_tui.document.state import State

Fate: TypeAlias = Literal["queued", "running", "ok", "failed", "interrupted", "not_run"]
_GOES_ON = ("queued", "running")


@frozen
class Became:
    fate: Fate
    seconds: float | None = None

    @property
    def over(self) -> bool:
        return self.fate not in _GOES_ON


@dataclass
class Asked:
    """Cells that were asked for together, each with the number of the run that it had had by then."""

    before: Mapping[str, int]
    over: dict[str, Became] = field(default_factory=dict)
    """Of those that are done; what becomes of them later is another run's."""

    @classmethod
    def of(cls, state: State, cells: Iterable[str]) -> Asked:
        return cls({cell_id: state.evaluation(cell_id).run for cell_id in cells})

    @property
    def done(self) -> bool:
        return len(self.over) == len(self.before)

    @property
    def ok(self) -> bool:
        return self.done and all(each.fate == "ok" for each in self.over.values())

    def look(self, state: State) -> None:
        """At each new state, so that none is missed."""
        for cell_id, run in self.before.items():
            if cell_id not in self.over and (now := became(state, cell_id, run)).over:
                self.over[cell_id] = now

    def now(self, state: State) -> Mapping[str, Became]:
        return {cell_id: self.over.get(cell_id) or became(state, cell_id, run) for cell_id, run in self.before.items()}


def became(state: State, cell_id: str, before: int) -> Became:
    """Of a cell since its run of that number.

    >>> became(State(), "setup", 0)
    Became(fate='not_run', seconds=None)
    """
    if not state.notebook.has_cell(cell_id):
        return Became("not_run")
    match state.status(cell_id):
        case "queued":
            return Became("queued")
        case "evaluating":
            return Became("running")
    run = state.evaluation(cell_id)
    return latest(state, cell_id) if run.run > before else Became("not_run")


def latest(state: State, cell_id: str) -> Became:
    """Of its last run, whoever asked for that."""
    match state.status(cell_id):
        case "queued":
            return Became("queued")
        case "evaluating":
            return Became("running")
    run = state.evaluation(cell_id)
    match result_of(run):
        case "ok":
            return Became("ok", run.took)
        case "failed":
            return Became("failed", run.took)
        case "none":
            return Became("not_run")
        case _:
            return Became("interrupted", run.took)
