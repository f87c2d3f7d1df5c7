"""The user's edits, each as the changes that it consists of. Pure; raise `Rejected`."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from typing import assert_never

from notebook_tui.document import operations
from notebook_tui.document.attributes import CELL, NOTEBOOK, with_attribute
from notebook_tui.document.find import find_cell, find_section, section_of
from notebook_tui.document.history import (
    Change,
    ChangeCell,
    PutCell,
    PutHeading,
    PutMetadata,
    PutOutline,
    PutSection,
    PutTitle,
    RemoveCell,
    RemoveSection,
    ShiftCell,
    ShiftSection,
    SplitSection,
)
from notebook_tui.document.notebook import Cell, CellKind, Notebook, Section
from notebook_tui.document.operations import Edit
from notebook_tui.document.rejected import Rejected

_LINE_ENDS = re.compile("\r\n?")
_NO_TEXT = re.compile("[\0\ud800-\udfff]")
"""What no file can hold, nor Python compile."""


def clean_source(text: str) -> str:
    return _NO_TEXT.sub("\ufffd", _LINE_ENDS.sub("\n", text))


def clean_name(text: str) -> str:
    return " ".join(line.strip() for line in clean_source(text).splitlines()).strip()


def changes_of(notebook: Notebook, edit: Edit) -> tuple[Change, ...]:
    match edit:
        case operations.SetTitle(title):
            return (PutTitle(clean_name(title)),)
        case operations.SetNotebookMetadata(key, value):
            return (PutMetadata(with_attribute(notebook.metadata, NOTEBOOK, key, value)),)
        case operations.InsertSection(index, section_id, name):
            return (PutSection(index, Section(section_id, clean_name(name))),)
        case operations.RenameSection(section_id, name):
            return (PutHeading(replace(find_section(notebook, section_id), name=clean_name(name), cells=())),)
        case operations.DeleteSection(section_id, with_cells):
            return (RemoveSection(section_id, with_cells),)
        case operations.MoveSection(section_id, offset):
            return (ShiftSection(section_id, offset),)
        case operations.SetSectionParent(section_id, parent):
            return (PutHeading(replace(find_section(notebook, section_id), parent=parent, cells=())),)
        case operations.SplitSection(section_id, index, new_id, name):
            parent = find_section(notebook, section_id).parent
            return (SplitSection(section_id, index, Section(new_id, clean_name(name), parent=parent)),)
        case operations.InsertCell(section_id, index, cell):
            return (PutCell(section_id, index, replace(cell, source=clean_source(cell.source))),)
        case operations.DeleteCell(cell_id):
            return (RemoveCell(cell_id),)
        case operations.MoveCell(cell_id, offset):
            return (ShiftCell(cell_id, offset),)
        case operations.SetCellSource(cell_id, source):
            return (ChangeCell(replace(find_cell(notebook, cell_id), source=clean_source(source), outputs=())),)
        case operations.SetCellMetadata(cell_id, key, value):
            return set_cell_metadata(notebook, cell_id, key, value)
        case operations.SetCellKind(cell_id, kind):
            return set_kind(notebook, cell_id, kind)
        case operations.SplitCell(cell_id, offset, new_id):
            return split_cell(notebook, cell_id, offset, new_id)
        case operations.MergeCells(cell_id):
            return merge_cells(notebook, cell_id)
        case operations.Arrange(outline):
            return arrange(notebook, outline)
        case operations.RestoreCell() | operations.ApplyDelta():
            raise TypeError(f"{edit!r} needs more than the notebook")
        case _:
            assert_never(edit)


def words_for(edit: Edit) -> str:
    """What an undo of the edit is called.

    >>> words_for(operations.DeleteCell("c"))
    'delete cell'
    """
    return re.sub("(?<!^)(?=[A-Z])", " ", type(edit).__name__).lower()


def set_cell_metadata(notebook: Notebook, cell_id: str, key: str, value: object) -> tuple[Change, ...]:
    cell = find_cell(notebook, cell_id)
    if cell.kind != "code":
        raise Rejected(f"expected a code cell to have {key}, got a Markdown one")
    return (ChangeCell(replace(cell, metadata=with_attribute(cell.metadata, CELL, key, value), outputs=())),)


def set_kind(notebook: Notebook, cell_id: str, kind: CellKind) -> tuple[Change, ...]:
    """Settings that only code has go with it; what a file says beyond what we know stays."""
    section_of(notebook, cell_id)
    cell = notebook.cell(cell_id)
    if kind == cell.kind:
        return ()
    metadata = {key: value for key, value in cell.metadata.items() if key not in CELL}
    return (ChangeCell(Cell(cell.id, kind, cell.source, metadata=metadata)),)


def split_cell(notebook: Notebook, cell_id: str, offset: int, new_id: str) -> tuple[Change, ...]:
    """The line break at which it is split belongs to neither part."""
    section = section_of(notebook, cell_id)
    cell = notebook.cell(cell_id)
    if not 0 <= offset <= len(cell.source):
        raise Rejected(f"expected a place from 0 to {len(cell.source)} in the cell's text, got {offset}")
    upper, lower = cell.source[:offset].removesuffix("\n"), cell.source[offset:].removeprefix("\n")
    place = notebook.places[cell_id][1] + 1
    new = replace(cell, id=new_id, source=lower, outputs=())
    return ChangeCell(replace(cell, source=upper, outputs=())), PutCell(section.id, place, new)


def merge_cells(notebook: Notebook, cell_id: str) -> tuple[Change, ...]:
    """The cell with the one below it, which it takes in."""
    section = section_of(notebook, cell_id)
    index = notebook.places[cell_id][1]
    if index + 1 == len(section.cells):
        raise Rejected("there is no cell below in this section to merge with")
    upper, lower = section.cells[index : index + 2]
    if (upper.kind, upper.language) != (lower.kind, lower.language):
        raise Rejected("expected two cells of one kind and language to merge")
    between = "\n" if upper.kind == "code" else "\n\n"
    source = between.join(part for part in (upper.source, lower.source) if part)
    return ChangeCell(replace(upper, source=source, outputs=())), RemoveCell(lower.id)


def arrange(notebook: Notebook, outline: Notebook) -> tuple[Change, ...]:
    wanted = Counter(cell.id for cell in outline.cells())
    needed = {cell.id for cell in notebook.cells() if cell is not notebook.pyproject}
    wrong = {cell_id for cell_id in wanted.keys() | needed if wanted[cell_id] != 1}
    if wrong:
        raise Rejected(f"expected each cell once in the new order, missing or twice: {', '.join(sorted(wrong))}")
    check_sections(outline)
    return (PutOutline(outline),)


def check_sections(outline: Notebook) -> None:
    """Each once, and each branch below a section of the main line from which it branches."""
    parents: dict[str, str | None] = {}
    for section in outline.sections:
        if section.id in parents:
            raise Rejected(f"expected each section once in the new order, {section.id} is there twice")
        if section.parent is not None and parents.get(section.parent, "") is not None:
            raise Rejected(f'expected "{section.name}" to branch from a section of the main line above it')
        parents[section.id] = section.parent
