"""The bin: cells that were deleted, as they were but for what they showed, and where they stood."""

from __future__ import annotations

from dataclasses import replace

from beamlike.kernel.record import frozen
from notebook_tui.document.notebook import Cell, Notebook
from notebook_tui.document.rejected import Rejected


@frozen
class Binned:
    cell: Cell
    section_id: str
    section_name: str
    index: int
    """Its place in that section, from 0."""
    at: float
    """When it was deleted, in seconds since the epoch."""


def binned(notebook: Notebook, cell: Cell, at: float) -> Binned:
    section = notebook.section_of(cell.id)
    assert section is not None, "the setup cells are never deleted"
    return Binned(replace(cell, outputs=()), section.id, section.name, notebook.places[cell.id][1], at)


def found(bin: tuple[Binned, ...], cell_id: str) -> Binned:
    for each in reversed(bin):
        if each.cell.id == cell_id:
            return each
    raise Rejected(f"there is no cell {cell_id} in the bin")


def home(notebook: Notebook, binned: Binned) -> tuple[str, int]:
    """The section that takes the cell back, and its place there: where it was, or at the end of the last section."""
    if not notebook.sections:
        raise Rejected("there is no section to put the cell into; insert one first")
    for section in notebook.sections:
        if section.id == binned.section_id:
            return section.id, min(binned.index, len(section.cells))
    last = notebook.sections[-1]
    return last.id, len(last.cells)


def without(bin: tuple[Binned, ...], cell_id: str) -> tuple[Binned, ...]:
    if all(each.cell.id != cell_id for each in bin):
        return bin
    return tuple(each for each in bin if each.cell.id != cell_id)
