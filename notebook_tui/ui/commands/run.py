"""What the keys of the group Run do, but for those that must wait for an answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from notebook_tui.document.notebook import Cell
from notebook_tui.document.operations import CancelEvaluation, EraseOutputs, QueueCells
from notebook_tui.document.plan import Plan, full_evaluation, planned, reevaluation
from notebook_tui.document.reasons import why, words
from notebook_tui.document.rejected import Rejected
from notebook_tui.ui.cells.running import section_cells
from notebook_tui.ui.commands.interrupt import Interrupts
from notebook_tui.ui.commands.write import WriteCommands
from notebook_tui.ui.desk import Desk
from notebook_tui.ui.dialogs.plan_screen import PlanAnswer, PlanScreen, deserves_a_look


class RunCommands:
    def __init__(self, desk: Desk, write: WriteCommands, interrupts: Interrupts) -> None:
        self._desk = desk
        self._write = write
        self._interrupts = interrupts
        self._asks_first = True

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
        """The focused cell, and then the one below it; below the last a new one is written. Who takes back the run
        stays where they are."""
        cell = self._desk.focused_cell
        if cell is None:
            self.run_section()
        else:
            self._run(cell, alone=False, then=self._go_on)

    def _go_on(self) -> None:
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

    def run_again(self) -> None:
        """What ran so far, down to the first cell that did not."""
        self._desk.view.flush()
        ids = reevaluation(self._desk.state)
        if ids:
            self._queue(ids)
        else:
            self._desk.say("Nothing has run yet. ea runs all cells.", "information")

    def run_from_here(self) -> None:
        """The focused cell and all below it."""
        cells = list(self._desk.state.notebook.cells())
        place = next((n for n, cell in enumerate(cells) if cell.id == self._desk.focused_id), len(cells))
        ids = [cell.id for cell in cells[place:] if cell.runnable and cell.source.strip()]
        if ids:
            self._queue(ids)
        else:
            self._desk.say("There is no cell to run here, or below.", "information")

    def show_plan(self) -> None:
        """What would run for this cell, and why; nothing does yet."""
        self._desk.view.flush()
        cell = self._desk.focused_cell
        ids = [cell.id] if cell and cell.runnable else self._outdated_and(None)
        if not ids:
            self._desk.say("Nothing is outdated: every cell stands as it ran.", "information")
        elif (plan := self._planned(ids)) is not None:
            self._show(plan, ids)

    def show_reasons(self) -> None:
        """Why the focused cell is not up to date, all of it."""
        cell = self._desk.focused_cell
        reasons = why(self._desk.state, cell.id) if cell else ()
        if cell is None or not cell.runnable:
            self._desk.say("This is no cell that runs.", "information")
        elif not reasons:
            self._desk.say("This cell is up to date.", "information")
        else:
            notebook = self._desk.state.notebook
            self._desk.say("Not up to date: " + "; ".join(words(each, notebook) for each in reasons), "information")

    def cancel(self) -> None:
        cell = self._desk.focused_cell
        status = self._desk.state.status(cell.id) if cell else "ready"
        if cell is not None and status == "evaluating":
            self._interrupts.press([cell.id])
        elif cell is not None and status == "queued":
            self._desk.ask(CancelEvaluation(cell.id))
        else:
            self._desk.say("This cell neither runs nor waits. Ctrl+C interrupts the one that runs.", "information")

    def interrupt(self) -> None:
        running = list(self._desk.state.running.values())
        if running:
            self._interrupts.press(running)
        else:
            self._desk.say("Nothing runs. Ctrl+Q quits.", "information")

    def erase_outputs(self) -> None:
        self._desk.ask(EraseOutputs())

    def _outdated_and(self, cell: Cell | None) -> Sequence[str]:
        return full_evaluation(self._desk.state, [cell.id] if cell and cell.runnable else [])

    def _run(self, cell: Cell, *, alone: bool, then: Callable[[], None] = lambda: None) -> None:
        if cell.kind == "markdown":
            self._desk.view.leave()
            then()
        elif cell.runnable:
            self._queue([cell.id], alone=alone, then=then)
        else:
            self._desk.say(f"Cells of {cell.language} are shown here, not run; only Python cells run.", "information")
            then()

    def _queue(self, ids: Sequence[str], *, alone: bool = False, then: Callable[[], None] = lambda: None) -> None:
        """Run them, and then the rest; where much more would run than was asked for, only after a look at what."""
        self._desk.view.flush()
        if ids and all(self._desk.state.status(id) in ("queued", "evaluating") for id in ids):
            one = "This cell runs or waits already. ex takes it back."
            self._desk.say(one if len(ids) == 1 else "All these cells run or wait already.", "information")
            then()
            return
        plan = self._planned(ids, alone=alone) if self._asks_first else None
        if plan is not None and deserves_a_look(plan, ids, self._desk.state):
            self._show(plan, ids, then)
        else:
            self._desk.ask(QueueCells(tuple(ids), alone))
            then()

    def _planned(self, ids: Sequence[str], *, alone: bool = False) -> Plan | None:
        """None where the session will say why not."""
        try:
            return planned(self._desk.state, ids, alone=alone)
        except Rejected:
            return None

    def _show(self, plan: Plan, ids: Sequence[str], then: Callable[[], None] = lambda: None) -> None:
        def run(answer: PlanAnswer | None) -> None:
            if answer == "never":
                self._asks_first = False
            if answer is not None:
                self._desk.ask(QueueCells(tuple(ids), alone=answer == "alone"))
                then()

        self._desk.open(PlanScreen(plan, tuple(ids), self._desk.state), run)
