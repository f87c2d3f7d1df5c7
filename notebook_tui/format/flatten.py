"""From a notebook to the cells of an `.ipynb` or a percent file, in a row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from notebook_tui.document.notebook import Cell, Notebook, Section
from notebook_tui.format.blocks import Fence, Heading, heading_line
from notebook_tui.format.branches import section_metadata
from notebook_tui.format.fences import fenced
from notebook_tui.format.flat import (
    KEY,
    NO_SETUP,
    RAW,
    UNNAMED,
    UNTITLED,
    FlatCell,
    FlatNotebook,
    cut,
    heading_of,
    keys_of,
    notes,
    wish,
    without,
)
from notebook_tui.format.scan import scan
from notebook_tui.format.smart_cells import unsealed
from notebook_tui.format.stills import stills


def flattened(notebook: Notebook) -> FlatNotebook:
    """The notebook's cells in a row, its title and names of sections among them.

    >>> notebook = Notebook("Cats", sections=(Section("s", "Purr", (Cell("c", "code", "1 + 1"),)),))
    >>> [cell.source for cell in flattened(notebook).cells]
    ['# Cats', '## Purr', '1 + 1']
    """
    cells: list[FlatCell] = []
    for cell in _row(notebook):
        gap = cell.ours.get("joined")
        if gap is not None and cells and cells[-1].is_heading:
            cells[-1] = replace(cells[-1], source=cells[-1].source + gap + cell.source)
            continue
        ours = without(cell.ours, "joined")
        if not cell.is_heading and _would_be_heading(cell, on_top=not cells):
            ours["role"] = "cell"
        cells.append(replace(cell, ours=ours))
    return FlatNotebook(tuple(cells), _ours_of(notebook), keys_of(notes(notebook.metadata).get("file")))


def _row(notebook: Notebook) -> Iterator[FlatCell]:
    said = notes(notebook.metadata)
    if not (said.get("untitled") is True and notebook.title == UNTITLED):
        yield _heading_cell(1, notebook.title, {}, keys_of(said.get("title")), "title")
    if replace(notebook.setup, outputs=()) != NO_SETUP:
        yield _setup_cell(notebook.setup, "setup")
    if notebook.pyproject is not None:
        yield _setup_cell(notebook.pyproject, "pyproject")
    for place, section in enumerate(notebook.sections):
        if place or not _is_unnamed(section):
            keys = section_metadata(section, notebook.sections)
            ours = {"metadata": without(keys, KEY)} if without(keys, KEY) else {}
            yield _heading_cell(2, section.name, ours, notes(section.metadata), section.id)
        for number, cell in enumerate(section.cells):
            yield _flat_cell(cell, first=number == 0)


def _is_unnamed(section: Section) -> bool:
    return bool(section.name == UNNAMED and section.cells and section.metadata == {KEY: {"unnamed": True}})


def _heading_cell(level: int, text: str, ours: Mapping[str, Any], said: Mapping[str, Any], name: str) -> FlatCell:
    line = heading_line(level, text)
    as_it_was = said.get("heading")
    if isinstance(as_it_was, str) and scan(as_it_was) == [Heading(0, 1, level, text)] and not cut(as_it_was)[2]:
        line = as_it_was
    return FlatCell("markdown", line, ours, keys_of(said.get("cell")), (), name, is_heading=True)


def _setup_cell(cell: Cell, role: str) -> FlatCell:
    flat = _flat_cell(cell, first=False)
    return replace(flat, ours={**flat.ours, "role": role}, outputs=(), name=role)


def _flat_cell(cell: Cell, *, first: bool) -> FlatCell:
    said = notes(cell.metadata)
    keys = unsealed(without(cell.metadata, KEY), cell.source)
    ours: dict[str, Any] = {"metadata": keys} if keys else {}
    theirs = keys_of(said.get("cell"))
    if cell.kind == "code":
        if cell.language != "python":
            ours["language"] = cell.language
        return FlatCell("code" if cell.runnable else "raw", cell.source, ours, theirs, stills(cell.outputs), cell.id)
    if said.get("kind") == RAW and (text := _raw_text(cell.source)) is not None:
        return FlatCell("raw", text, ours, theirs, name=cell.id)
    if first and not ours and _joins(said, cell.source):
        ours["joined"] = said["joined"]
    return FlatCell("markdown", cell.source, ours, theirs, name=cell.id)


def _joins(said: Mapping[str, Any], source: str) -> bool:
    """Whether the cell was cut off from the heading above it, and may be put back below that."""
    gap = said.get("joined")
    is_gap = isinstance(gap, str) and gap.strip("\n") == "" < gap
    return is_gap and list(said) == ["joined"] and source[:1] not in ("", "\n")


def _would_be_heading(cell: FlatCell, *, on_top: bool) -> bool:
    heading = heading_of(cell)
    return heading is not None and (heading.level == 2 or on_top)


def _raw_text(source: str) -> str | None:
    blocks = scan(source)
    if len(blocks) == 1 and isinstance(fence := blocks[0], Fence) and fenced(RAW, fence.text) == source:
        return fence.text
    return None


def _ours_of(notebook: Notebook) -> dict[str, Any]:
    keys = without(notebook.metadata, KEY)
    outputs = any(stills(cell.outputs) for section in notebook.sections for cell in section.cells)
    ours: dict[str, Any] = {} if keys == wish(outputs) else {"metadata": keys}
    if notebook.leading:
        ours["leading"] = notebook.leading
    if notebook.trailing:
        ours["trailing"] = notebook.trailing
    return ours
