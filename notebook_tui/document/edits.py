"""Edits of the document alone: a notebook and what is wanted, to the notebook after it. Raise `Rejected`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from notebook_tui.document.notebook import Cell, Notebook, Section
from notebook_tui.document.rejected import Rejected

_LINE_ENDS = re.compile("\r\n?")
_NO_TEXT = re.compile("[\0\ud800-\udfff]")
"""What no file can hold, nor Python compile."""


def clean_source(text: str) -> str:
    return _NO_TEXT.sub("\ufffd", _LINE_ENDS.sub("\n", text))


def clean_name(text: str) -> str:
    return " ".join(line.strip() for line in clean_source(text).splitlines()).strip()


def set_title(notebook: Notebook, title: str) -> Notebook:
    return replace(notebook, title=clean_name(title))


def insert_section(notebook: Notebook, index: int, section_id: str, name: str) -> Notebook:
    if any(section.id == section_id for section in notebook.sections):
        raise Rejected(f"there is a section {section_id} already")
    _check_index(index, len(notebook.sections), "sections")
    sections = list(notebook.sections)
    sections.insert(index, Section(section_id, clean_name(name)))
    return replace(notebook, sections=tuple(sections))


def rename_section(notebook: Notebook, section_id: str, name: str) -> Notebook:
    return _with_section(notebook, replace(find_section(notebook, section_id), name=clean_name(name)))


def delete_section(notebook: Notebook, section_id: str, *, with_cells: bool) -> Notebook:
    gone = find_section(notebook, section_id)
    if any(section.parent == section_id for section in notebook.sections):
        raise Rejected(f'the section "{gone.name}" has branches; delete those first')
    if gone.cells and not with_cells:
        before = notebook.sections[: notebook.sections.index(gone)]
        if not before:
            raise Rejected(f'there is no section before "{gone.name}" to take its cells')
        notebook = _with_section(notebook, replace(before[-1], cells=before[-1].cells + gone.cells))
    sections = tuple(section for section in notebook.sections if section.id != section_id)
    return replace(notebook, sections=sections)


def insert_cell(notebook: Notebook, section_id: str, index: int, cell: Cell) -> Notebook:
    section = find_section(notebook, section_id)
    if any(other.id == cell.id for other in notebook.cells()):
        raise Rejected(f"there is a cell {cell.id} already")
    _check_index(index, len(section.cells), f'cells of "{section.name}"')
    cells = list(section.cells)
    cells.insert(index, replace(cell, source=clean_source(cell.source)))
    return _with_section(notebook, replace(section, cells=tuple(cells)))


def delete_cell(notebook: Notebook, cell_id: str) -> Notebook:
    section = section_of(notebook, cell_id)
    cells = tuple(cell for cell in section.cells if cell.id != cell_id)
    return _with_section(notebook, replace(section, cells=cells))


def set_source(notebook: Notebook, cell_id: str, source: str) -> Notebook:
    return with_cell(notebook, replace(find_cell(notebook, cell_id), source=clean_source(source)))


def move_cell(notebook: Notebook, cell_id: str, offset: int) -> Notebook:
    """By `offset` places, where each section's heading but the first is a place too."""
    section_of(notebook, cell_id)
    places = list(_places(notebook))
    old = next(index for index, place in enumerate(places) if place.id == cell_id and isinstance(place, Cell))
    new = old + offset
    if not 1 <= new < len(places):
        raise Rejected(f"the cell cannot go {'up' if offset < 0 else 'down'} any further")
    places.insert(new, places.pop(old))
    return replace(notebook, sections=_sections(places))


def arrange(notebook: Notebook, outline: Notebook) -> Notebook:
    """The notebook as `outline` has it, with the texts and outputs of the cells that there are."""
    known = {cell.id: cell for cell in notebook.cells()}
    wanted = [cell.id for cell in outline.cells()]
    missing = known.keys() - set(wanted) - ({notebook.pyproject.id} if notebook.pyproject is not None else set())
    if missing or len(set(wanted)) < len(wanted):
        raise Rejected(f"expected each cell once in the new order, missing or twice: {', '.join(sorted(missing))}")

    def with_text(cell: Cell) -> Cell:
        own = known.get(cell.id)
        return cell if own is None else replace(cell, source=own.source, outputs=own.outputs)

    return replace(
        outline,
        setup=with_text(outline.setup),
        pyproject=None if outline.pyproject is None else with_text(outline.pyproject),
        sections=tuple(replace(each, cells=tuple(map(with_text, each.cells))) for each in outline.sections),
    )


def _places(notebook: Notebook) -> Iterator[Cell | Section]:
    for section in notebook.sections:
        yield section
        yield from section.cells


def _sections(places: Iterable[Cell | Section]) -> tuple[Section, ...]:
    sections: list[tuple[Section, list[Cell]]] = []
    for place in places:
        if isinstance(place, Section):
            sections.append((place, []))
        else:
            sections[-1][1].append(place)
    return tuple(replace(section, cells=tuple(cells)) for section, cells in sections)


def with_cell(notebook: Notebook, cell: Cell) -> Notebook:
    """The notebook with `cell` in place of the one of that id."""
    if cell.id == notebook.setup.id:
        return replace(notebook, setup=cell)
    if notebook.pyproject is not None and cell.id == notebook.pyproject.id:
        return replace(notebook, pyproject=cell)
    section = section_of(notebook, cell.id)
    cells = tuple(cell if other.id == cell.id else other for other in section.cells)
    return _with_section(notebook, replace(section, cells=cells))


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


def _with_section(notebook: Notebook, section: Section) -> Notebook:
    sections = tuple(section if other.id == section.id else other for other in notebook.sections)
    return replace(notebook, sections=sections)


def _check_index(index: int, count: int, what: str) -> None:
    if not 0 <= index <= count:
        raise Rejected(f"expected a place from 0 to {count} among the {what}, got {index}")
