"""From the cells of an `.ipynb` or a percent file to a notebook."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from notebook_tui.document.notebook import PYPROJECT_CELL_ID, SETUP_CELL_ID, Cell, Notebook, Section
from notebook_tui.format.blocks import heading_line
from notebook_tui.format.branches import with_parents
from notebook_tui.format.elements import LANGUAGES
from notebook_tui.format.fences import fenced
from notebook_tui.format.file_entries import with_safe_files
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
    wish,
)
from notebook_tui.format.metadata import DEEPEST, writable
from notebook_tui.format.places import numbered
from notebook_tui.format.smart_cells import sealed

_NO_TEXT = re.compile("[\0\r\ud800-\udfff]")


def unflattened(flat: FlatNotebook) -> tuple[Notebook, tuple[str, ...]]:
    """The notebook of those cells, and warnings.

    >>> cells = FlatCell("markdown", "# Cats\\n\\nThey purr."), FlatCell("code", "1 + 1")
    >>> notebook, _ = unflattened(FlatNotebook(cells))
    >>> notebook.title, [cell.source for cell in notebook.sections[0].cells]
    ('Cats', ['They purr.', '1 + 1'])
    """
    keys = flat.ours.get("metadata")
    metadata = dict(_keys(keys)) if isinstance(keys, dict) else wish(any(cell.outputs for cell in flat.cells))
    growing = _Growing()
    for place, cell in enumerate(flat.cells):
        growing.take(cell, on_top=place == 0)
    said = {**growing.said, **({"file": dict(flat.theirs)} if flat.theirs else {})}
    notebook = Notebook(
        growing.title,
        growing.setup,
        growing.pyproject,
        numbered(growing.sections),
        {**metadata, KEY: said} if said else metadata,
        _str(flat.ours.get("leading")),
        _str(flat.ours.get("trailing")),
    )
    notebook, bad_parents = with_parents(notebook)
    notebook, bad_files = with_safe_files(notebook)
    return notebook, (*bad_parents, *bad_files)


class _Growing:
    """What is taken so far: cells go to the section opened last."""

    def __init__(self) -> None:
        self.title = UNTITLED
        self.said: dict[str, Any] = {"untitled": True}
        self.setup = NO_SETUP
        self.pyproject: Cell | None = None
        self.sections: list[tuple[Section, list[Cell]]] = []

    def take(self, cell: FlatCell, *, on_top: bool) -> None:
        role = cell.ours.get("role")
        heading = heading_of(cell) if role != "cell" else None
        before_all = cell.kind != "markdown" and not self.sections and self.pyproject is None
        if role == "setup" and before_all and self.setup == NO_SETUP:
            language = "elixir" if cell.ours.get("language") == "elixir" else "python"
            self.setup = _code_cell(cell, language, SETUP_CELL_ID)
        elif role == "pyproject" and before_all:
            self.pyproject = _code_cell(cell, "pyproject.toml", PYPROJECT_CELL_ID)
        elif heading is not None and heading.level == 1 and on_top:
            self.title, said = heading.text, _notes_on(cell)
            self.said = {"title": said} if said else {}
            self._add_rest(cell)
        elif heading is not None and heading.level == 2:
            said = _notes_on(cell)
            self.sections.append((Section("", heading.text, metadata=_metadata(cell, said)), []))
            self._add_rest(cell)
        else:
            self._add(_cell(cell))

    def _add(self, cell: Cell) -> None:
        if not self.sections:
            self.sections.append((Section("", UNNAMED, metadata={KEY: {"unnamed": True}}), []))
        self.sections[-1][1].append(cell)

    def _add_rest(self, cell: FlatCell) -> None:
        _, gap, rest = cut(cell.source)
        if rest:
            self._add(Cell("", "markdown", rest, metadata={KEY: {"joined": gap}}))


def _notes_on(cell: FlatCell) -> dict[str, Any]:
    """What a title or section keeps of the cell that it was."""
    line, gap, rest = cut(cell.source)
    heading = heading_of(cell)
    written = line if rest else line + gap
    said = _said(cell)
    if heading is not None and written != heading_line(heading.level, heading.text):
        said["heading"] = written
    return said


def _cell(cell: FlatCell) -> Cell:
    language = cell.ours.get("language", "python" if cell.kind == "code" else RAW)
    if cell.kind != "markdown" and language in LANGUAGES:
        return _code_cell(cell, language)
    source, said = cell.source, _said(cell)
    if cell.kind != "markdown":
        source, said["kind"] = fenced(RAW, source), RAW
    return Cell("", "markdown", source, metadata=_metadata(cell, said))


def _code_cell(cell: FlatCell, language: str, id: str = "") -> Cell:
    keys = sealed(_metadata(cell, _said(cell)), cell.source)
    return Cell(id, "code", cell.source, language, cell.outputs if not id else (), keys)


def _said(cell: FlatCell) -> dict[str, Any]:
    return {"cell": dict(cell.theirs)} if cell.theirs else {}


def _metadata(cell: FlatCell, said: Mapping[str, Any]) -> Mapping[str, Any]:
    keys = _keys(cell.ours.get("metadata"))
    return {**keys, KEY: said} if said else keys


def _keys(value: Any) -> Mapping[str, Any]:
    return keys_of(value) if writable(value, DEEPEST) else {}


def _str(value: Any) -> str:
    return _NO_TEXT.sub("", value) if isinstance(value, str) else ""
