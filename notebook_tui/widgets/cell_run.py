"""The run of a cell, as the code that belongs to it knows it: which cell it is, and what its inputs hold."""

from __future__ import annotations

from collections import Counter
from contextvars import ContextVar
from typing import Final

from notebook_tui.widgets.views import Scalar


class CellRun:
    """`values` are those of the notebook's inputs when the run began, by their refs; `presets` are what inputs begin
    with in place of their defaults, by their labels or their variables."""

    def __init__(self, cell_id: str, values: dict[str, Scalar], presets: dict[str, str] | None = None) -> None:
        self.values = values
        self.presets = presets or {}
        self.is_beside = False
        self._cell_id = cell_id
        self._named: Counter[tuple[str, str]] = Counter()

    def beside(self) -> CellRun:
        """For what goes on beside the cells: it sees inputs as they are set, and no cell is stale for it."""
        other = CellRun(self._cell_id, self.values, self.presets)
        other.is_beside = True
        return other

    def input_ref(self, kind: str, label: str) -> str:
        """The same one in each run of the cell, so that what the user set stays.

        >>> run = CellRun("c1", {})
        >>> run.input_ref("text", "Name"), run.input_ref("text", "Name")
        ('input/c1/text/Name/1', 'input/c1/text/Name/2')
        """
        self._named[kind, label] += 1
        return f"input/{self._cell_id}/{kind}/{label}/{self._named[kind, label]}"


def label_in(ref: str) -> str | None:
    """Of an input that a cell made.

    >>> label_in("input/c1/text/Bytes/s/2"), label_in("a3f0")
    ('Bytes/s', None)
    """
    match ref.split("/", 3):
        case ["input", _, _, rest]:
            return rest.rpartition("/")[0]
        case _:
            return None


LATEST: Final[dict[str, Scalar]] = {}
"""What the inputs hold that code of this interpreter has made, but for secrets."""
RUN: Final[ContextVar[CellRun | None]] = ContextVar("notebook_tui_cell_run", default=None)
