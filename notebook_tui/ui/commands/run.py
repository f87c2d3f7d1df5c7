"""What the keys of the group Run do, but for those that must wait for an answer."""

from __future__ import annotations

from collections.abc import Sequence

from notebook_tui.document.notebook import Cell
from notebook_tui.document.operations import CancelEvaluation, EraseOutputs, QueueCells
from notebook_tui.document.plan import full_evaluation
from notebook_tui.ui.cells.running import section_cells
from notebook_tui.ui.commands.write import WriteCommands
from notebook_tui.ui.desk import Desk


class RunCommands:
    def __init__(self, desk: Desk, write: WriteCommands) -> None:
        self._desk = desk
        self._write = write

    def run(self) -> None:
        """The focused cell; on a heading, its section."""
        cell = self._desk.focused_cell
        if cell is None:
            self.run_section()
        else:
            self._run(cell, alone=False)

    def run_only(self) -> None:
        """The focused cell as things stand, whatever is outdated above it."""
        cell = self._desk.focused_cell
        if cell is None:
            self._desk.say("This is no cell. es runs the section.", "information")
        else:
            self._run(cell, alone=True)

    def run_and_next(self) -> None:
        """The focused cell, and then the one below it; below the last a new one is written."""
        self.run()
        self._desk.view.leave()
        cells = [cell.id for cell in self._desk.state.notebook.cells()]
        below = cells[cells.index(self._desk.focused_id) + 1 :] if self._desk.focused_cell else []
        if below:
            self._desk.view.focus_item(below[0])
        elif self._desk.focused_cell:
            self._write.insert_code_below()

    def run_with_outdated(self) -> None:
        """All that is outdated, and the focused cell even if it is not."""
        self._desk.view.flush()
        self._queue(self._outdated_and(self._desk.focused_cell))

    def run_outdated(self) -> None:
        # What was just typed is outdated, though the session may not have answered yet.
        edited = self._desk.view.flush()
        ids = self._outdated_and(self._desk.focused_cell if edited else None)
        if ids:
            self._queue(ids)
        else:
            self._desk.say("Nothing is outdated: every cell stands as it ran.", "information")

    def run_section(self) -> None:
        notebook = self._desk.state.notebook
        focused = self._desk.focused_id
        section = next((each for each in notebook.sections if each.id == focused), notebook.section_of(focused))
        ids = section_cells(section) if section else ()
        if ids:
            self._queue(ids)
        else:
            self._desk.say("There is no cell to run in this section.", "information")

    def cancel(self) -> None:
        cell = self._desk.focused_cell
        if cell is not None and self._desk.state.status(cell.id) != "ready":
            self._desk.ask(CancelEvaluation(cell.id))
        else:
            self._desk.say("This cell neither runs nor waits. Ctrl+C interrupts the one that runs.", "information")

    def erase_outputs(self) -> None:
        self._desk.ask(EraseOutputs())

    def _outdated_and(self, cell: Cell | None) -> Sequence[str]:
        return full_evaluation(self._desk.state, [cell.id] if cell and cell.runnable else [])

    def _run(self, cell: Cell, *, alone: bool) -> None:
        if cell.kind == "markdown":
            self._desk.view.leave()
        elif cell.runnable:
            self._queue([cell.id], alone=alone)
        else:
            self._desk.say(f"Cells of {cell.language} are shown here, not run; only Python cells run.", "information")

    def _queue(self, ids: Sequence[str], *, alone: bool = False) -> None:
        self._desk.ask(QueueCells(tuple(ids), alone))
