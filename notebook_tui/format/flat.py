"""A notebook as a flat list of cells, as `.ipynb` and percent files have it: a step between those and ours.

The title and each section's name are Markdown cells that start with a heading 1 or 2, and those that do become a title
and sections. What one side says and the other has no place for goes along, so that there and back nothing is lost:
`ours` is what a notebook says of a cell beyond its text; `theirs` is what the other file said of it. The latter stands
in a notebook's metadata, under `KEY`, with notes on how the cell was cut.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias

from notebook_tui.document.notebook import PYPROJECT_CELL_ID, SETUP_CELL_ID, Cell, Notebook, Section
from notebook_tui.document.outputs import Still
from notebook_tui.format.blocks import Fence, Heading, heading_line
from notebook_tui.format.branches import section_metadata, with_parents
from notebook_tui.format.elements import LANGUAGES
from notebook_tui.format.fences import fenced
from notebook_tui.format.file_entries import with_safe_files
from notebook_tui.format.metadata import DEEPEST, writable
from notebook_tui.format.places import numbered
from notebook_tui.format.scan import scan
from notebook_tui.format.smart_cells import sealed, unsealed
from notebook_tui.format.stills import stills

Kind: TypeAlias = Literal["code", "markdown", "raw"]
KEY = "jupyter"
RAW = "raw"
UNTITLED = "Untitled notebook"
UNNAMED = "Section"
_NO_TEXT = re.compile("[\0\r\ud800-\udfff]")
_NO_SETUP = Cell(SETUP_CELL_ID, "code")
_HEADING = re.compile(r"(?P<heading>#{1,2}(?:[ \t][^\n]*|(?=\n|\Z)))(?P<gap>\n*)(?P<rest>.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class FlatCell:
    kind: Kind
    source: str
    ours: Mapping[str, Any] = field(default_factory=dict)
    theirs: Mapping[str, Any] = field(default_factory=dict)
    outputs: tuple[Still, ...] = ()
    name: str = ""
    """What it is called where it needs a name and has none."""
    is_heading: bool = False
    """Of the title or of a section."""


@dataclass(frozen=True, slots=True)
class FlatNotebook:
    cells: tuple[FlatCell, ...] = ()
    ours: Mapping[str, Any] = field(default_factory=dict)
    theirs: Mapping[str, Any] = field(default_factory=dict)


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
        ours = _without(cell.ours, "joined")
        if not cell.is_heading and _would_be_heading(cell, on_top=not cells):
            ours["role"] = "cell"
        cells.append(replace(cell, ours=ours))
    return FlatNotebook(tuple(cells), _ours_of(notebook), _dict(notes(notebook.metadata).get("file")))


def _row(notebook: Notebook) -> Iterator[FlatCell]:
    said = notes(notebook.metadata)
    if not (said.get("untitled") is True and notebook.title == UNTITLED):
        yield _heading_cell(1, notebook.title, {}, _dict(said.get("title")), "title")
    if replace(notebook.setup, outputs=()) != _NO_SETUP:
        yield _setup_cell(notebook.setup, "setup")
    if notebook.pyproject is not None:
        yield _setup_cell(notebook.pyproject, "pyproject")
    for place, section in enumerate(notebook.sections):
        if place or not _is_unnamed(section):
            keys = section_metadata(section, notebook.sections)
            ours = {"metadata": _without(keys, KEY)} if _without(keys, KEY) else {}
            yield _heading_cell(2, section.name, ours, notes(section.metadata), section.id)
        for number, cell in enumerate(section.cells):
            yield _flat_cell(cell, first=number == 0)


def _is_unnamed(section: Section) -> bool:
    return bool(section.name == UNNAMED and section.cells and section.metadata == {KEY: {"unnamed": True}})


def _heading_cell(level: int, text: str, ours: Mapping[str, Any], said: Mapping[str, Any], name: str) -> FlatCell:
    line = heading_line(level, text)
    as_it_was = said.get("heading")
    if isinstance(as_it_was, str) and scan(as_it_was) == [Heading(0, 1, level, text)] and not _cut(as_it_was)[2]:
        line = as_it_was
    return FlatCell("markdown", line, ours, _dict(said.get("cell")), (), name, is_heading=True)


def _setup_cell(cell: Cell, role: str) -> FlatCell:
    flat = _flat_cell(cell, first=False)
    return replace(flat, ours={**flat.ours, "role": role}, outputs=(), name=role)


def _flat_cell(cell: Cell, *, first: bool) -> FlatCell:
    said = notes(cell.metadata)
    keys = unsealed(_without(cell.metadata, KEY), cell.source)
    ours: dict[str, Any] = {"metadata": keys} if keys else {}
    theirs = _dict(said.get("cell"))
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
    heading = _heading_of(cell)
    return heading is not None and (heading.level == 2 or on_top)


def _raw_text(source: str) -> str | None:
    blocks = scan(source)
    if len(blocks) == 1 and isinstance(fence := blocks[0], Fence) and fenced(RAW, fence.text) == source:
        return fence.text
    return None


def _ours_of(notebook: Notebook) -> dict[str, Any]:
    keys = _without(notebook.metadata, KEY)
    outputs = any(stills(cell.outputs) for section in notebook.sections for cell in section.cells)
    ours: dict[str, Any] = {} if keys == wish(outputs) else {"metadata": keys}
    if notebook.leading:
        ours["leading"] = notebook.leading
    if notebook.trailing:
        ours["trailing"] = notebook.trailing
    return ours


def wish(outputs: bool) -> dict[str, Any]:
    """What a notebook made of a file that has outputs wants: that they are kept."""
    return {"persist_outputs": True} if outputs else {}


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
        self.setup = _NO_SETUP
        self.pyproject: Cell | None = None
        self.sections: list[tuple[Section, list[Cell]]] = []

    def take(self, cell: FlatCell, *, on_top: bool) -> None:
        role = cell.ours.get("role")
        heading = _heading_of(cell) if role != "cell" else None
        before_all = cell.kind != "markdown" and not self.sections and self.pyproject is None
        if role == "setup" and before_all and self.setup == _NO_SETUP:
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
        _, gap, rest = _cut(cell.source)
        if rest:
            self._add(Cell("", "markdown", rest, metadata={KEY: {"joined": gap}}))


def _heading_of(cell: FlatCell) -> Heading | None:
    if cell.kind != "markdown" or not _HEADING.match(cell.source):
        return None
    match scan(_cut(cell.source)[0]):
        case [Heading() as heading]:
            return heading
    return None


def _cut(source: str) -> tuple[str, str, str]:
    found = _HEADING.match(source)
    return (found["heading"], found["gap"], found["rest"]) if found else ("", "", source)


def _notes_on(cell: FlatCell) -> dict[str, Any]:
    """What a title or section keeps of the cell that it was."""
    line, gap, rest = _cut(cell.source)
    heading = _heading_of(cell)
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


def notes(metadata: Mapping[str, Any]) -> Mapping[str, Any]:
    """What is noted of the other file."""
    return _dict(metadata.get(KEY))


def _dict(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _keys(value: Any) -> Mapping[str, Any]:
    return _dict(value) if writable(value, DEEPEST) else {}


def _str(value: Any) -> str:
    return _NO_TEXT.sub("", value) if isinstance(value, str) else ""


def _without(keys: Mapping[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in keys.items() if name != key}


def outputs_dropped(notebook: Notebook) -> Notebook:
    """The notebook with no outputs, for a file that cannot hold any or shall not."""

    def bare(cells: Sequence[Cell]) -> tuple[Cell, ...]:
        return tuple(replace(cell, outputs=()) for cell in cells)

    return replace(notebook, sections=tuple(replace(one, cells=bare(one.cells)) for one in notebook.sections))
