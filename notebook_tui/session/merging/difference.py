"""The operations that make one notebook of another, where equal ids mean the same cell. Pure.

As few as there can be for what people do to a file: whoever is not named in one keeps its outputs and its run. What
has no operation of its own, or would take many, comes with one `Arrange` at the end.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from notebook_tui.document.apply import apply
from notebook_tui.document.notebook import Cell, Notebook, Section
from notebook_tui.document.operations import (
    Arrange,
    DeleteCell,
    DeleteSection,
    InsertCell,
    InsertSection,
    MoveCell,
    Operation,
    RenameSection,
    SetCellSource,
    SetTitle,
)
from notebook_tui.document.rejected import Rejected
from notebook_tui.document.state import State
from notebook_tui.session.merging.places import in_order, places

MOST_MOVES = 20


def operations_between(old: Notebook, new: Notebook) -> Iterator[Operation]:
    """Applied one after the other to `old`, they make `new`; outputs aside, which no file changes."""
    way = _Way(old)
    if old.title != new.title:
        yield from way.by(SetTitle(new.title))
    yield from _deleted_cells(way, new)
    yield from _inserted(way, new)
    yield from _texts(way, new)
    yield from _moves(way, new)
    yield from _deleted_sections(way, new)
    if not _same(way.notebook, new):
        yield Arrange(outline(new, way.notebook))


def outline(notebook: Notebook, known: Notebook) -> Notebook:
    """The notebook without the texts of cells that are known."""
    ids = {cell.id for cell in known.cells()}

    def bare(cell: Cell) -> Cell:
        return replace(cell, source="", outputs=()) if cell.id in ids else cell

    sections = tuple(replace(each, cells=tuple(map(bare, each.cells))) for each in notebook.sections)
    pyproject = notebook.pyproject if notebook.pyproject is None else bare(notebook.pyproject)
    return replace(notebook, setup=bare(notebook.setup), pyproject=pyproject, sections=sections)


class _Way:
    """The notebook as the operations so far leave it."""

    def __init__(self, notebook: Notebook) -> None:
        # No evaluations: nothing is settled or refused for their sake.
        self._state = State(notebook)

    @property
    def notebook(self) -> Notebook:
        return self._state.notebook

    def by(self, operation: Operation) -> Iterator[Operation]:
        """The operation, if it is possible; the `Arrange` does what is not."""
        try:
            self._state, _ = apply(self._state, operation)
        except Rejected:
            return
        yield operation


def _deleted_cells(way: _Way, new: Notebook) -> Iterator[Operation]:
    kept = {cell.id for cell in new.cells()}
    for section in way.notebook.sections:
        for cell in section.cells:
            if cell.id not in kept:
                yield from way.by(DeleteCell(cell.id))


def _inserted(way: _Way, new: Notebook) -> Iterator[Operation]:
    """Sections, then cells, each behind what it stands behind."""
    last = 0
    for section in new.sections:
        here = [each.id for each in way.notebook.sections]
        if section.id not in here:
            yield from way.by(InsertSection(last, section.id, section.name))
            last += 1
        else:
            last = here.index(section.id) + 1
    known = {cell.id for cell in way.notebook.cells()}
    for section in new.sections:
        index, at = 0, _numbered(way.notebook, section.id)
        for cell in section.cells:
            if cell.id not in known:
                yield from way.by(InsertCell(section.id, index, cell))
                index, at = index + 1, _numbered(way.notebook, section.id)
            elif cell.id in at:
                index = at[cell.id] + 1


def _numbered(notebook: Notebook, section_id: str) -> dict[str, int]:
    return {cell.id: index for index, cell in enumerate(notebook.section(section_id).cells)}


def _texts(way: _Way, new: Notebook) -> Iterator[Operation]:
    names = {section.id: section.name for section in way.notebook.sections}
    for section in new.sections:
        if names.get(section.id, section.name) != section.name:
            yield from way.by(RenameSection(section.id, section.name))
    sources = {cell.id: cell.source for cell in way.notebook.cells()}
    for cell in new.cells():
        if sources.get(cell.id, cell.source) != cell.source:
            yield from way.by(SetCellSource(cell.id, cell.source))


def _moves(way: _Way, new: Notebook) -> Iterator[Operation]:
    wanted = [place.id for place in places(new)]
    at = {place_id: index for index, place_id in enumerate(wanted)}
    here = [place for place in places(way.notebook) if place.id in at]
    unmoved = in_order([at[place.id] for place in here])
    moved = [place for place in here if at[place.id] not in unmoved]
    if len(moved) > MOST_MOVES or any(isinstance(place, Section) for place in moved):
        return
    for place in sorted(moved, key=lambda place: at[place.id]):
        line = [each.id for each in places(way.notebook)]
        now, behind = line.index(place.id), line.index(wanted[at[place.id] - 1])
        offset = (behind if now < behind else behind + 1) - now
        if offset:
            yield from way.by(MoveCell(place.id, offset))


def _deleted_sections(way: _Way, new: Notebook) -> Iterator[Operation]:
    kept = {section.id for section in new.sections}
    for section in reversed(way.notebook.sections):
        if section.id not in kept:
            yield from way.by(DeleteSection(section.id, with_cells=False))


def _same(old: Notebook, new: Notebook) -> bool:
    return outline(old, old) == outline(new, old)
