"""The output processes of a notebook's cells: one for each run, of which the last few of a cell are kept."""

from __future__ import annotations

from collections import deque
from typing import Final

import beamlike as bl
from notebook_tui.runtime.cell_output import cell_output
from notebook_tui.runtime.messages import InputSettled, RunOver
from notebook_tui.runtime.questions import withdraw

EARLIER_RUNS: Final = 8
"""So many runs of a cell, before its last one, may still print into it: threads that they left behind."""


class CellOutputs:
    """Of the runtime server, in whose process all of this is called."""

    def __init__(self, owner: bl.Pid) -> None:
        self._owner = owner
        self._last: dict[str, bl.Pid] = {}
        self._earlier: dict[str, deque[bl.Pid]] = {}
        self._cells: dict[bl.Ref, tuple[str, bl.Pid]] = {}
        """Of which cell each is, by its monitor."""

    def of(self, cell_id: str) -> bl.Pid | None:
        """That of the cell's last run."""
        return self._last.get(cell_id)

    def begin(self, cell_id: str) -> bl.Pid:
        """One for a new run."""
        before = self._last.get(cell_id)
        if before is not None:
            self.withdraw(cell_id)
            bl.send(before, RunOver())
            earlier = self._earlier.setdefault(cell_id, deque())
            earlier.append(before)
            if len(earlier) > EARLIER_RUNS:
                bl.exit(earlier.popleft(), "shutdown")
        output, ref = bl.spawn_monitor(cell_output, self._owner, bl.self(), cell_id)
        self._last[cell_id], self._cells[ref] = output, (cell_id, output)
        return output

    def ended(self, ref: bl.Ref) -> str | None:
        """The cell whose last run has lost its output, if it was that."""
        cell_id, output = self._cells.pop(ref, ("", None))
        return cell_id if output is not None and self._last.get(cell_id) == output else None

    def withdraw(self, cell_id: str) -> None:
        """What the last run still asks nobody need answer. (Its output may end before it could tell.)"""
        output = self._last.get(cell_id)
        for question in withdraw(output) if output is not None else ():
            bl.send(self._owner, InputSettled(cell_id, question))

    def forget(self, cell_id: str) -> bl.Pid | None:
        """The cell is gone: all end but that of its last run, which whoever ends its children ends."""
        self.withdraw(cell_id)
        for output in self._earlier.pop(cell_id, ()):
            bl.exit(output, "shutdown")
        last = self._last.pop(cell_id, None)
        if last is not None:
            bl.send(last, RunOver())
        return last
