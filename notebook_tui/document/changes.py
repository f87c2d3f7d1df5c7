"""What a change makes of a notebook, and what would take it back. Raises `Rejected`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import assert_never

from notebook_tui.document.find import check_index, find_cell, find_section, section_of
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
from notebook_tui.document.notebook import Cell, Notebook, Section
from notebook_tui.document.rejected import Rejected


def made(notebook: Notebook, change: Change) -> tuple[Notebook, Change]:
    match change:
        case PutTitle(title):
            return replace(notebook, title=title).placed_as(notebook), PutTitle(notebook.title)
        case PutMetadata(metadata):
            return replace(notebook, metadata=metadata).placed_as(notebook), PutMetadata(notebook.metadata)
        case PutOutline(outline):
            return _put_outline(notebook, outline), PutOutline(notebook)
        case PutSection(index, section):
            return _put_section(notebook, index, section), RemoveSection(section.id, with_cells=True)
        case RemoveSection(section_id, with_cells):
            return _remove_section(notebook, section_id, with_cells=with_cells)
        case SplitSection(section_id, index, section):
            return _split_section(notebook, section_id, index, section), RemoveSection(section.id, with_cells=False)
        case PutHeading(heading):
            before = find_section(notebook, heading.id)
            return _put_heading(notebook, before, heading), PutHeading(replace(before, cells=()))
        case ShiftSection(section_id, offset):
            return _shift_section(notebook, section_id, offset), ShiftSection(section_id, -offset)
        case PutCell(section_id, index, cell):
            return _put_cell(notebook, section_id, index, cell), RemoveCell(cell.id)
        case RemoveCell(cell_id):
            return _remove_cell(notebook, cell_id)
        case ShiftCell(cell_id, offset):
            return _shift_cell(notebook, cell_id, offset), ShiftCell(cell_id, -offset)
        case ChangeCell(cell):
            was = find_cell(notebook, cell.id)
            shown = was.outputs if cell.kind == "code" else ()
            return notebook.with_cell(replace(cell, outputs=shown)), ChangeCell(replace(was, outputs=()))
        case _:
            assert_never(change)


def _put_outline(notebook: Notebook, outline: Notebook) -> Notebook:
    known = {cell.id: cell for cell in notebook.cells()}

    def with_text(cell: Cell) -> Cell:
        own = known.get(cell.id)
        if own is None:
            return cell
        return replace(cell, source=own.source, outputs=own.outputs if cell.kind == "code" else ())

    return replace(
        outline,
        setup=with_text(outline.setup),
        pyproject=None if outline.pyproject is None else with_text(outline.pyproject),
        sections=tuple(replace(each, cells=tuple(map(with_text, each.cells))) for each in outline.sections),
    )


# Sections


def _put_section(notebook: Notebook, index: int, section: Section) -> Notebook:
    if any(other.id == section.id for other in notebook.sections):
        raise Rejected(f"there is a section {section.id} already")
    check_index(index, len(notebook.sections), "sections")
    for cell in section.cells:
        _check_new(notebook, cell.id)
    return replace(notebook, sections=(*notebook.sections[:index], section, *notebook.sections[index:]))


def _remove_section(notebook: Notebook, section_id: str, *, with_cells: bool) -> tuple[Notebook, Change]:
    gone = find_section(notebook, section_id)
    if has_branches(notebook, section_id):
        raise Rejected(f'the section "{gone.name}" has branches; delete those first')
    index = notebook.sections.index(gone)
    back: Change = PutSection(index, gone)
    before = notebook.sections[:index]
    if gone.cells and not with_cells:
        if not before:
            raise Rejected(f'there is no section before "{gone.name}" to take its cells')
        taking = before[-1]
        back = SplitSection(taking.id, len(taking.cells), replace(gone, cells=()))
        before = (*before[:-1], replace(taking, cells=taking.cells + gone.cells))
    return replace(notebook, sections=before + notebook.sections[index + 1 :]), back


def _split_section(notebook: Notebook, section_id: str, index: int, section: Section) -> Notebook:
    whole = find_section(notebook, section_id)
    check_index(index, len(whole.cells), f'cells of "{whole.name}"')
    place = notebook.sections.index(whole) + 1
    notebook = _with_section(notebook, replace(whole, cells=whole.cells[:index]))
    return _put_section(notebook, place, replace(section, cells=whole.cells[index:]))


def _put_heading(notebook: Notebook, before: Section, heading: Section) -> Notebook:
    if heading.parent != before.parent:
        _check_parent(notebook, before, heading.parent)
    changed = _with_section(notebook, replace(heading, cells=before.cells))
    return changed.placed_as(notebook) if heading.parent == before.parent else changed


def _check_parent(notebook: Notebook, section: Section, parent_id: str | None) -> None:
    if parent_id is None:
        return
    if has_branches(notebook, section.id):
        raise Rejected(f'the section "{section.name}" has branches itself and so can be none')
    parent = find_section(notebook, parent_id)
    if notebook.sections.index(parent) >= notebook.sections.index(section):
        raise Rejected(f'expected a section above "{section.name}" to branch from, got "{parent.name}"')
    if parent.parent is not None:
        raise Rejected(f'expected a section of the main line to branch from, "{parent.name}" is a branch itself')


def _shift_section(notebook: Notebook, section_id: str, offset: int) -> Notebook:
    section = find_section(notebook, section_id)
    old = notebook.sections.index(section)
    new = old + offset
    if not 0 <= new < len(notebook.sections):
        raise Rejected(f"the section cannot go {'up' if offset < 0 else 'down'} that far")
    sections = [*notebook.sections]
    sections.insert(new, sections.pop(old))
    places = {each.id: place for place, each in enumerate(sections)}
    for branch in sections:
        if branch.parent is not None and places[branch.parent] > places[branch.id]:
            parent = next(each for each in sections if each.id == branch.parent)
            raise Rejected(f'the section "{branch.name}" must stay below "{parent.name}", from which it branches')
    return replace(notebook, sections=tuple(sections))


def has_branches(notebook: Notebook, section_id: str) -> bool:
    return any(section.parent == section_id for section in notebook.sections)


def _with_section(notebook: Notebook, section: Section) -> Notebook:
    sections = tuple(section if other.id == section.id else other for other in notebook.sections)
    return replace(notebook, sections=sections)


# Cells


def _put_cell(notebook: Notebook, section_id: str, index: int, cell: Cell) -> Notebook:
    section = find_section(notebook, section_id)
    _check_new(notebook, cell.id)
    check_index(index, len(section.cells), f'cells of "{section.name}"')
    return _with_section(notebook, replace(section, cells=(*section.cells[:index], cell, *section.cells[index:])))


def _check_new(notebook: Notebook, cell_id: str) -> None:
    if notebook.has_cell(cell_id):
        raise Rejected(f"there is a cell {cell_id} already")


def _remove_cell(notebook: Notebook, cell_id: str) -> tuple[Notebook, Change]:
    section = section_of(notebook, cell_id)
    _, index = notebook.places[cell_id]
    cells = section.cells[:index] + section.cells[index + 1 :]
    return _with_section(notebook, replace(section, cells=cells)), PutCell(section.id, index, section.cells[index])


def _shift_cell(notebook: Notebook, cell_id: str, offset: int) -> Notebook:
    """By `offset` places, where each section's heading but the first is a place too."""
    section_of(notebook, cell_id)
    number, index = notebook.places[cell_id]
    old = sum(len(section.cells) + 1 for section in notebook.sections[:number]) + 1 + index
    new = old + offset
    if not 1 <= new < sum(len(section.cells) + 1 for section in notebook.sections):
        raise Rejected(f"the cell cannot go {'up' if offset < 0 else 'down'} any further")
    # On its way up it comes before what stands there, and so maybe behind what is before that.
    first, last = sorted((number, _section_at(notebook, new if offset > 0 else new - 1)))
    # Only these sections change; the others stay the very same records.
    start = sum(len(section.cells) + 1 for section in notebook.sections[:first])
    places = list(_places(notebook.sections[first : last + 1]))
    places.insert(new - start, places.pop(old - start))
    between = tuple(_sections(places))
    return replace(notebook, sections=(*notebook.sections[:first], *between, *notebook.sections[last + 1 :]))


def _section_at(notebook: Notebook, place: int) -> int:
    for number, section in enumerate(notebook.sections):
        place -= len(section.cells) + 1
        if place < 0:
            return number
    raise AssertionError("the place was checked")


def _places(sections: Iterable[Section]) -> Iterator[Cell | Section]:
    for section in sections:
        yield section
        yield from section.cells


def _sections(places: Iterable[Cell | Section]) -> Iterator[Section]:
    heading: Section | None = None
    cells: list[Cell] = []
    for place in places:
        if isinstance(place, Cell):
            cells.append(place)
            continue
        if heading is not None:
            yield replace(heading, cells=tuple(cells))
        heading, cells = place, []
    if heading is not None:
        yield replace(heading, cells=tuple(cells))
