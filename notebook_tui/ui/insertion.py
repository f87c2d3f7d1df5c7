"""Where something new goes, seen from the item that has the focus. Pure: the answers are operations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from beamlike.kernel.record import frozen
from notebook_tui.document.notebook import Cell, Notebook
from notebook_tui.document.operations import InsertCell, InsertSection, Operation

NEW_SECTION: Final = "Section"


@frozen
class Place:
    section_id: str
    index: int


def inserting(notebook: Notebook, focused: str, cell: Cell, *, below: bool, section_id: str) -> Iterator[Operation]:
    """The operations that put the cell next to the focused item; `section_id` names a section made for it if there
    is none."""
    place = place_beside(notebook, focused, below=below)
    if place is None:
        yield InsertSection(0, section_id, NEW_SECTION)
        place = Place(section_id, 0)
    yield InsertCell(place.section_id, place.index, cell)


def place_beside(notebook: Notebook, focused: str, *, below: bool) -> Place | None:
    """The place above or below an item; None in a notebook without sections.

    Below a heading is the section's first place, above it the end of the section before; title and setup cells stand
    before all sections.
    """
    for section_index, section in enumerate(notebook.sections):
        if section.id == focused:
            before = notebook.sections[section_index - 1] if section_index and not below else None
            return Place(before.id, len(before.cells)) if before else Place(section.id, 0)
        for index, cell in enumerate(section.cells):
            if cell.id == focused:
                return Place(section.id, index + below)
    return Place(notebook.sections[0].id, 0) if notebook.sections else None


def section_place(notebook: Notebook, focused: str) -> int:
    """The index of a new section below the one that the focus is in."""
    for index, section in enumerate(notebook.sections):
        if focused == section.id or any(cell.id == focused for cell in section.cells):
            return index + 1
    return 0
