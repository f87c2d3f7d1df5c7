"""Which cells stand above and below each other in the sense of running.

Sections that branch from none are one line, top to bottom. A branching section continues that line from its
parent's end, and nothing continues a branching section. The setup cell stands above all.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from notebook_tui.document.notebook import Cell, Notebook


def above(notebook: Notebook, cell_ids: Collection[str]) -> tuple[Cell, ...]:
    """The cells that stand above any of these, in the order of the document."""
    return tuple(reversed(list(_upwards(notebook, cell_ids))))


def below(notebook: Notebook, cell_id: str) -> tuple[Cell, ...]:
    """The cells that `cell_id` stands above, in the order of the document."""
    return tuple(_downwards(notebook, cell_id))


def _upwards(notebook: Notebook, cell_ids: Collection[str]) -> Iterator[Cell]:
    on_line = False
    parents: set[str | None] = set()
    for section in reversed(notebook.sections):
        met = section.id in parents or (on_line and section.parent is None)
        for cell in reversed(section.cells):
            if met:
                yield cell
            met = met or cell.id in cell_ids
        if met:
            parents.add(section.parent)
            on_line = on_line or section.parent is None
    if parents:
        yield notebook.setup


def _downwards(notebook: Notebook, cell_id: str) -> Iterator[Cell]:
    on_line = cell_id == notebook.setup.id
    reached: set[str | None] = set()
    for section in notebook.sections:
        met = section.parent in reached if section.parent is not None else on_line
        for cell in section.cells:
            if met:
                yield cell
            met = met or cell.id == cell_id
        if met:
            reached.add(section.id)
            on_line = on_line or section.parent is None
