"""Notices when cells begin and when the last of them has ended: a long run is worth a word to who looks elsewhere."""

from __future__ import annotations

from dataclasses import dataclass, field

from beamlike.kernel.record import frozen
from notebook_tui.document.state import State
from notebook_tui.ui.cells.stamp import live_duration


@frozen
class Ended:
    """All that was to run has run, or was stopped."""

    took: float
    """Seconds, from the first cell on."""
    cells: int
    failed: tuple[str, ...] = ()
    """What people call the cells that failed."""

    @property
    def words(self) -> str:
        """
        >>> Ended(75.0, 3, failed=("2",)).words
        'cell 2 failed after 1 min 15 s'
        >>> Ended(75.0, 3).words
        '3 cells ran in 1 min 15 s'
        """
        took = live_duration(self.took)
        if self.failed:
            return f"cell {' and '.join(self.failed)} failed after {took}"
        return f"{self.cells} {'cell' if self.cells == 1 else 'cells'} ran in {took}"


@dataclass
class RunWatch:
    """Is shown each state with the time, in seconds; answers when a run has just ended."""

    began: float | None = None
    _ran: set[str] = field(default_factory=set)

    def seen(self, state: State, at: float) -> Ended | None:
        busy = bool(state.running or state.queue)
        if busy:
            if self.began is None:
                self.began = at
                self._ran.clear()
            self._ran.update(state.running.values())
            return None
        if self.began is None:
            return None
        took, self.began = at - self.began, None
        there = [cell_id for cell_id in state.notebook.places if cell_id in self._ran]
        failed = [cell_id for cell_id in there if state.evaluation(cell_id).errored]
        return Ended(took, len(there), tuple(state.notebook.label(cell_id) for cell_id in failed))
