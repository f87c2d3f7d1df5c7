"""Cells and sections by their ids; `Rejected` in words where there is no such thing."""

from __future__ import annotations

from notebook_tui.document.notebook import Cell, Notebook, Section
from notebook_tui.document.rejected import Rejected


def find_cell(notebook: Notebook, cell_id: str) -> Cell:
    try:
        return notebook.cell(cell_id)
    except KeyError:
        raise Rejected(f"there is no cell {cell_id}") from None


def find_section(notebook: Notebook, section_id: str) -> Section:
    try:
        return notebook.section(section_id)
    except KeyError:
        raise Rejected(f"there is no section {section_id}") from None


def section_of(notebook: Notebook, cell_id: str) -> Section:
    find_cell(notebook, cell_id)
    section = notebook.section_of(cell_id)
    if section is None:
        raise Rejected("the setup cell stays where it is")
    return section


def find_runnable(notebook: Notebook, cell_id: str) -> Cell:
    cell = find_cell(notebook, cell_id)
    if not cell.runnable:
        kind = "Markdown" if cell.kind == "markdown" else cell.language
        raise Rejected(f"expected a Python cell to run, got a {kind} one")
    return cell


def check_index(index: int, count: int, what: str) -> None:
    if not 0 <= index <= count:
        raise Rejected(f"expected a place from 0 to {count} among the {what}, got {index}")
