"""Taking back what was changed last in the notebook, and doing it again: the session's own history, for all viewers.

What was typed belongs to it too, a word at a time; the editor has a history of its own while a cell is edited.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from beamlike.kernel.record import frozen
from notebook_tui.document.history import ChangeCell, PutCell, ShiftCell, Step
from notebook_tui.document.operations import Redo, Undo
from notebook_tui.ui.desk import Desk

DELETED: Final = "Cell deleted. u puts it back."


@frozen
class _Wanted:
    step: Step
    undone: bool


class HistoryCommands:
    def __init__(self, desk: Desk, clock: Callable[[], float]) -> None:
        self._desk = desk
        self._clock = clock
        self._wanted: _Wanted | None = None

    def undo_edit(self) -> None:
        past = self._desk.state.past
        if not past:
            self._desk.say("Nothing was changed since the notebook was opened.", "information")
        else:
            self._desk.hush(DELETED)
            self._wanted = _Wanted(past[-1], undone=True)
            self._desk.ask(Undo(self._clock()))

    def redo_edit(self) -> None:
        future = self._desk.state.future
        if not future:
            self._desk.say("Nothing was taken back that could be done again.", "information")
        else:
            self._wanted = _Wanted(future[-1], undone=False)
            self._desk.ask(Redo(self._clock()))

    def settle(self) -> None:
        """To be called when a new state is shown: says what was taken back, and goes where it was."""
        wanted, state = self._wanted, self._desk.state
        if wanted is None or any(step is wanted.step for step in (state.past if wanted.undone else state.future)):
            return
        self._wanted = None
        said = "Taken back" if wanted.undone else "Done again"
        again = "U does it again." if wanted.undone else "u takes it back."
        self._desk.say(f"{said}: {wanted.step.words}. {again}", "information")
        touched = (cell_id for cell_id in _touched(wanted.step) if state.notebook.has_cell(cell_id))
        if (cell_id := next(touched, None)) is not None:
            self._desk.view.focus_item(cell_id)

    def give_up(self) -> None:
        """The session has refused it, and has said why."""
        self._wanted = None


def _touched(step: Step) -> Iterator[str]:
    """The cells that the step is about."""
    for change in step.changes:
        match change:
            case PutCell(cell=cell) | ChangeCell(cell=cell):
                yield cell.id
            case ShiftCell(cell_id=cell_id):
                yield cell_id
            case _:
                pass
