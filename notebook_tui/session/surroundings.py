"""What a cell sees, as far as the document tells: the texts above it that have not run, and the names that it sees not.

Only names that a text shows are known to be a cell's: what `exec` bound in a cell below is not told from the rest.
"""

from __future__ import annotations

from collections.abc import Sequence

from beamlike.kernel.record import frozen
from notebook_tui.document.lineage import above
from notebook_tui.document.names import names
from notebook_tui.document.notebook import Cell
from notebook_tui.document.state import State
from notebook_tui.runtime.typing_questions import Place

MOST_TEXT = 20_000
"""Characters of the cells above: of those that have not run, the nearest."""


@frozen
class Part:
    """A cell's place in the text above."""

    cell_id: str
    first_line: int
    lines: int


@frozen
class Surroundings:
    text: str
    parts: tuple[Part, ...]
    hidden: frozenset[str]
    cells_above: tuple[str, ...]
    container: str
    node: str
    """The node that the cell is pinned to; empty for the runtime's own, and for all."""

    def place(self, source: str, offset: int) -> Place:
        return Place(source, offset, self.text, self.hidden, self.container, self.cells_above)

    def cell_at(self, line: int) -> tuple[str, int] | None:
        """The cell that stands at this line of the text above, and the line in it."""
        for part in self.parts:
            if part.first_line <= line < part.first_line + part.lines:
                return part.cell_id, line - part.first_line + 1
        return None


def surroundings(state: State, cell_id: str) -> Surroundings:
    """
    >>> from notebook_tui.document.notebook import Notebook, Section
    >>> cells = Cell("a", "code", "x = 1"), Cell("b", "code"), Cell("c", "code", "y = 1")
    >>> found = surroundings(State(Notebook(sections=(Section("s", "S", cells),))), "b")
    >>> found.text, found.cells_above
    ('x = 1', ('setup', 'a'))
    """
    notebook = state.notebook
    seen = tuple(cell for cell in above(notebook, {cell_id}) if cell.runnable)
    text, parts = _joined([cell for cell in seen if state.evaluation(cell.id).source != cell.source])
    section = notebook.section_of(cell_id)
    branch = section.id if section is not None and section.parent is not None else ""
    above_ids = tuple(cell.id for cell in seen)
    return Surroundings(text, parts, _hidden(state, {*above_ids, cell_id}), above_ids, branch, _node(state, cell_id))


def _joined(cells: Sequence[Cell]) -> tuple[str, tuple[Part, ...]]:
    """The texts as one, as many of the last ones as there is room for."""
    kept: list[Cell] = []
    room = MOST_TEXT
    for cell in reversed(cells):
        room -= len(cell.source)
        if room < 0:
            break
        if cell.source.strip():
            kept.insert(0, cell)
    parts = []
    line = 1
    for cell in kept:
        lines = cell.source.count("\n") + 1
        parts.append(Part(cell.id, line, lines))
        line += lines
    return "\n".join(cell.source for cell in kept), tuple(parts)


def _hidden(state: State, seen: set[str]) -> frozenset[str]:
    """The names that other cells bound when they ran, and none of those that are seen."""
    own: set[str] = set()
    others: set[str] = set()
    for cell_id, evaluation in state.evaluations.items():
        if evaluation.source is not None:
            bound = names(evaluation.source)
            (own if cell_id in seen else others).update(bound.defines | bound.may_define)
    return frozenset(others - own)


def _node(state: State, cell_id: str) -> str:
    node = next((cell.metadata.get("node") for cell in state.notebook.cells() if cell.id == cell_id), None)
    return node if isinstance(node, str) and node != "all" else ""
