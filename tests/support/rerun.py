"""A notebook whose cells really run: each on what the last runs of the cells left behind that it is told to see."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any

from notebook_tui.document.apply import apply
from notebook_tui.document.effects import StartEvaluation
from notebook_tui.document.operations import (
    EvaluationFinished,
    MoveCell,
    Operation,
    QueueCells,
    RuntimeConnected,
    SetCellSource,
)
from notebook_tui.document.rejected import Rejected
from notebook_tui.document.state import State
from tests.support.documents import state_of

Namespace = dict[str, Any]
GONE = object()


class Rerun:
    def __init__(self, sources: Sequence[str]) -> None:
        self.state: State = state_of({"s": {f"c{place}": source for place, source in enumerate(sources)}})
        self.left: dict[str, Namespace] = {}
        """What the last run of each cell bound, or deleted; nothing if it failed."""
        self.shown: dict[str, object] = {}
        """What came out of it, to compare."""
        self.runs: list[str] = []
        self._starts: list[StartEvaluation] = []

    def run(self, place: int) -> None:
        self._apply(QueueCells((f"c{place}",)))
        if self.state.runtime.phase == "connecting":
            self._apply(RuntimeConnected("here"))
        while self._starts:
            start = self._starts.pop(0)
            ok = self._evaluate(start)
            versions = tuple((name, _version(value)) for name, value in self.left[start.cell_id].items())
            self._apply(EvaluationFinished(start.cell_id, 1.0, "ok" if ok else "error", versions))

    def edit(self, place: int, source: str) -> None:
        self._apply(SetCellSource(f"c{place}", source))

    def move(self, place: int, offset: int) -> None:
        with contextlib.suppress(Rejected):
            self._apply(MoveCell(f"c{place}", offset))

    def holds(self, place: int) -> bool:
        """Whether the notebook says that another run would come out as the last."""
        cell_id = f"c{place}"
        return self.state.evaluation(cell_id).validity == "evaluated" and not self.state.changed(cell_id)

    def _apply(self, operation: Operation) -> None:
        self.state, wanted = apply(self.state, operation)
        self._starts += [effect for effect in wanted if isinstance(effect, StartEvaluation)]

    def _evaluate(self, start: StartEvaluation) -> bool:
        before: Namespace = {}
        for cell_id in start.above:
            before |= self.left[cell_id]
        before = {name: _fresh(value) for name, value in before.items() if value is not GONE}
        after: Namespace = {"suppress": contextlib.suppress, "nullcontext": contextlib.nullcontext, **before}
        raised = ""
        try:
            exec(compile(start.source, start.cell_id, "exec"), after)
        except (NameError, TypeError, AssertionError, AttributeError) as error:
            raised = type(error).__name__
        changed = {name: after.get(name, GONE) for name in ("a", "b", "c") if _differs(name, before, after)}
        self.left[start.cell_id] = {} if raised else changed
        bound = {name: comparable(value) for name, value in changed.items() if value is not GONE}
        self.shown[start.cell_id] = raised, bound
        self.runs.append(start.cell_id)
        return not raised


class _Int(int):
    pass


class _Float(float):
    pass


def _fresh(value: object) -> object:
    """The same value as an object of its own, so that a name bound to an equal one is seen to be bound."""
    match value:
        case int():
            return _Int(value)
        case float():
            return _Float(value)
        case list():
            return list(value)  # `+=` would change the list of the cell above
        case _:
            return value


def _version(value: object) -> str:
    """A fingerprint where there is one: equal for equal values. Of a name that was deleted, too."""
    return repr(value) if value is GONE or isinstance(value, int | float | list) else ""


def _differs(name: str, before: Namespace, after: Namespace) -> bool:
    return before.get(name, GONE) is not after.get(name, GONE)


def comparable(value: object) -> object:
    """The value, or what can be compared of it: classes and functions are made anew by each run."""
    if isinstance(value, type):
        return {name: comparable(inner) for name, inner in vars(value).items() if name in ("a", "b", "c")}
    return value if isinstance(value, int | float | list) else type(value).__name__
