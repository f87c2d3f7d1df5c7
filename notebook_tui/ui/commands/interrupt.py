"""The way down for a cell that is to stop: it is asked, it is told, and at last it ends with all its values.

The first two steps keep every value, so they are taken at once; the third is a question first. How often a run was
interrupted is remembered here, for the session only hears each request.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from notebook_tui.document.operations import CancelEvaluation
from notebook_tui.document.state import State
from notebook_tui.ui.desk import Desk
from notebook_tui.ui.dialogs.choice_screen import Choice, ChoiceScreen

KEEPS_VALUES = 2
"""So many interrupts take nothing away."""
ENDING = KEEPS_VALUES + 1
"""And one more ends it, with its values."""


class Interrupts:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._counts: dict[tuple[str, int], int] = {}

    def counts(self, state: State) -> Mapping[str, int]:
        """How often the cells that run were interrupted since they began; forgets the runs that are over."""
        running = {(cell_id, state.evaluation(cell_id).run) for cell_id in state.running.values()}
        self._counts = {run: count for run, count in self._counts.items() if run in running}
        return {cell_id: count for (cell_id, _), count in self._counts.items()}

    def press(self, cell_ids: Sequence[str]) -> None:
        """The next step for each of these cells, all of which run."""
        stubborn: list[str] = []
        for cell_id in cell_ids:
            run = (cell_id, self._desk.state.evaluation(cell_id).run)
            count = self._counts.get(run, 0)
            if count < KEEPS_VALUES:
                self._counts[run] = count + 1
                self._desk.ask(CancelEvaluation(cell_id))
            else:
                stubborn.append(cell_id)
        if stubborn:
            self._ask_to_end(stubborn)

    def _ask_to_end(self, cell_ids: Sequence[str]) -> None:
        notebook = self._desk.state.notebook
        names = " and ".join(f"cell {notebook.label(cell_id)}" for cell_id in cell_ids)

        def end(answer: str | None) -> None:
            running = set(self._desk.state.running.values())
            for cell_id in cell_ids if answer == "end" else ():
                if cell_id in running:
                    self._counts[cell_id, self._desk.state.evaluation(cell_id).run] = ENDING
                    self._desk.ask(CancelEvaluation(cell_id, drop=True))

        names = names[0].upper() + names[1:]
        have, they = ("has", "it was") if len(cell_ids) == 1 else ("have", "they were")
        question = f"{names} {have} not stopped, though {they} interrupted twice. What is left is to end where it runs."
        choices = (Choice("w", "wait", "Wait"), Choice("e", "end", "End it; the values of all its cells are lost"))
        self._desk.open(ChoiceScreen(question, choices), end)
