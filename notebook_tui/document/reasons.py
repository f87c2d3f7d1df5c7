"""Why a cell's last run is worth nothing now: as data, and in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias, assert_never

from beamlike.kernel.record import frozen
from notebook_tui.document.evaluations import ANYTHING, Evaluation, Origins
from notebook_tui.document.find import find_cell
from notebook_tui.document.inputs import current
from notebook_tui.document.notebook import SETUP_CELL_ID, Notebook
from notebook_tui.document.state import State


@frozen
class NeverRan:
    pass


@frozen
class Edited:
    """Its text is another than the one that ran."""


@frozen
class Interrupted:
    pass


@frozen
class ValuesLost:
    """Where it ran has ended since."""


@frozen
class ValueChanged:
    """The cell that gives `name` has given it another value since."""

    name: str
    cell_id: str


@frozen
class ComesFromElsewhere:
    """Of a name: the cells that gave it, and those that do now. Something was moved, deleted or put between."""

    name: str
    was: tuple[str, ...]
    now: tuple[str, ...]


@frozen
class NeedsRun:
    """The cell that gives `name` must run first: it was edited, or is itself stale."""

    name: str
    cell_id: str


@frozen
class AnythingChanged:
    """It may read any name, and something above has changed."""


@frozen
class InputChanged:
    """An input that it read has another value, or is shown by no cell any more."""

    input_id: str


Reason: TypeAlias = (
    NeverRan
    | Edited
    | Interrupted
    | ValuesLost
    | ValueChanged
    | ComesFromElsewhere
    | NeedsRun
    | AnythingChanged
    | InputChanged
)


def why(state: State, cell_id: str) -> tuple[Reason, ...]:
    """Nothing, if the last run holds. `Rejected` if there is no such cell.

    >>> from notebook_tui.document.notebook import Cell, Section
    >>> notebook = Notebook(sections=(Section("s", "S", (Cell("c", "code", "x"),)),))
    >>> why(State(notebook), "c")
    (NeverRan(),)
    """
    cell = find_cell(state.notebook, cell_id)
    run = state.evaluation(cell_id).standing
    if not cell.runnable:
        return ()
    if run.validity == "fresh":
        return (NeverRan(),)
    if run.validity == "aborted":
        return (Interrupted() if run.interrupted else ValuesLost(),)
    if run.source != cell.source:
        return (Edited(),)
    return tuple(_reasons(state, cell_id, run)) if run.validity == "stale" else ()


def _reasons(state: State, cell_id: str, run: Evaluation) -> Iterator[Reason]:
    reads, _ = state.flow.lookup.reads(cell_id)
    for name in sorted(reads.keys() | run.reads.keys()):
        was, now = run.reads.get(name, ()), reads.get(name, ())
        if name == ANYTHING:
            yield AnythingChanged()
        elif _ids(was) != _ids(now):
            yield ComesFromElsewhere(name, _ids(was), _ids(now))
        else:
            yield from (ValueChanged(name, origin) for origin, version in now if (origin, version) not in was)
            yield from (NeedsRun(name, origin) for origin in _ids(now) if origin in state.flow.outdated)
    for input_id, fingerprint in run.bound.items():
        if current(state.inputs, input_id) != fingerprint:
            yield InputChanged(input_id)


def _ids(origins: Origins) -> tuple[str, ...]:
    return tuple(cell_id for cell_id, _ in origins)


def words(reason: Reason, notebook: Notebook) -> str:
    """
    >>> words(ComesFromElsewhere("x", ("a",), ()), Notebook())
    'x is no longer defined above'
    """
    match reason:
        case NeverRan():
            return "it has not run yet"
        case Edited():
            return "its text has changed since it ran"
        case Interrupted():
            return "its last run was interrupted"
        case ValuesLost():
            return "its values are lost: where it ran has ended"
        case ValueChanged(name, cell_id):
            return f"{_called(notebook, cell_id)} has given {name} another value"
        case ComesFromElsewhere(name, _, ()):
            return f"{name} is no longer defined above"
        case ComesFromElsewhere(name, (), now):
            return f"{name} is now defined by {_all_called(notebook, now)}"
        case ComesFromElsewhere(name, _, now):
            return f"{name} comes from {_all_called(notebook, now)} now"
        case NeedsRun(name, cell_id):
            return f"{_called(notebook, cell_id)}, which gives {name}, must run first"
        case AnythingChanged():
            return "it may read any name, and something above has changed"
        case InputChanged(_):
            return "an input that it read has another value"
        case _:
            assert_never(reason)


def _all_called(notebook: Notebook, cell_ids: tuple[str, ...]) -> str:
    return " and ".join(_called(notebook, cell_id) for cell_id in reversed(cell_ids))


def _called(notebook: Notebook, cell_id: str) -> str:
    return "the setup cell" if cell_id == SETUP_CELL_ID else f"cell {notebook.label(cell_id)}"
