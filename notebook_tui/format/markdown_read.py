"""`.livemd` text to a notebook. Any text is one: what is odd becomes a warning, what is unknown is kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, assert_never

from notebook_tui.document.notebook import PYPROJECT_CELL_ID, SETUP_CELL_ID, Cell, Notebook, Section
from notebook_tui.format.blocks import Block, Comment, Fence, Heading, Metadata, blank
from notebook_tui.format.branches import with_parents
from notebook_tui.format.elements import BREAK, UNCLOSED, Element, Output, Prose, elements
from notebook_tui.format.file_entries import with_safe_files
from notebook_tui.format.headings import with_one_title
from notebook_tui.format.kept_outputs import outputs_of
from notebook_tui.format.open_end import missing_end
from notebook_tui.format.places import numbered
from notebook_tui.format.scan import scan
from notebook_tui.format.smart_cells import sealed
from notebook_tui.format.stamp_comment import VOID, divided, is_stamp, taken


def read(text: str) -> tuple[Notebook, tuple[str, ...]]:
    """The notebook in `text`, and warnings for the eyes of whoever opened it; never raises.

    >>> notebook, warnings = read("# Cats\\n\\n## Purr\\n\\n```python\\n1 + 1\\n```\\n")
    >>> notebook.title, notebook.sections[0].cells[0].source, warnings
    ('Cats', '1 + 1', ())
    """
    warnings: list[str] = []
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        warnings.append("the file has Windows line ends; a save writes plain ones")
    text, stamp = taken(text)
    blocks = scan(text)
    warnings += _oddities(blocks)
    text, blocks, changes = with_one_title(text, blocks)
    reading = _Reading(text.removesuffix("\n").split("\n"))
    for element in elements(text, blocks):
        reading.take(element)
    notebook, bad_parents = with_parents(reading.notebook())
    notebook, bad_files = with_safe_files(notebook)
    notebook = replace(notebook, stamp=stamp)
    return notebook, (*warnings, *changes, *reading.faults, *bad_parents, *bad_files)


def _oddities(blocks: Sequence[Block]) -> Iterator[str]:
    for block in blocks:
        if isinstance(block, Comment) and block.fault:
            yield f"line {block.start + 1}: this livebook comment is kept as text: {block.fault}"
        if isinstance(block, Fence) and block.missing:
            yield f"line {block.start + 1}: this code fence is never closed"


class _Reading:
    """What is read so far. Metadata waits for the element after it; cells go to the section opened last."""

    def __init__(self, lines: Sequence[str]) -> None:
        self.lines = lines
        self.title: str | None = None
        self.leading = ""
        self.metadata: Mapping[str, Any] = {}
        self.preface: list[Cell] = []
        self.sections: list[tuple[Section, list[Cell]]] = []
        self.pending: dict[str, Any] = {}
        self.pending_from = 0
        self.breaking = False
        self.code: tuple[Fence, Mapping[str, Any]] | None = None
        self.shown: list[tuple[str, str]] = []
        self.faults: list[str] = []

    def take(self, element: Element) -> None:
        if isinstance(element, Prose) and not self.breaking and blank(element.text.split("\n")):
            return
        if not isinstance(element, Output):
            self._end_code()
        match element:
            case Metadata(keys=keys) if keys == BREAK:
                self.breaking = True
            case Metadata():
                self._announce(element)
            case Prose():
                self._prose(element.text)
            case Heading(level=1):
                self._name(element.text)
            case Heading():
                self.sections.append((Section("", element.text, metadata=self._announced()), []))
            case Fence():
                self.code = element, self._announced()
            case Output():
                self.shown.append((element.info, element.text))
            case _:
                assert_never(element)

    def notebook(self) -> Notebook:
        """All that was read; what metadata is still pending belongs to nothing."""
        self._end_code()
        setup, pyproject, first_cells = self._setup()
        sections = [(Section("", "Section"), first_cells)] if first_cells else []
        return Notebook(
            title="Untitled notebook" if self.title is None else self.title,
            setup=setup,
            pyproject=pyproject,
            sections=numbered((section, map(_without_end, cells)) for section, cells in [*sections, *self.sections]),
            metadata=self.metadata,
            leading=self.leading,
            trailing=self._trailing(),
        )

    def _trailing(self) -> str:
        # Not indented, or a list above could take it for its own.
        trailing = "\n".join(self.lines[self.pending_from :]).strip(" \n") if self.pending else ""
        rest, comment = divided(trailing)
        if comment:
            self.faults.append(VOID)
        while comment:  # a file may hold several, of which none is kept
            rest, comment = divided(rest.strip(" \n"))
        return rest.strip(" \n")

    @property
    def _cells(self) -> list[Cell]:
        return self.sections[-1][1] if self.sections else self.preface

    def _announce(self, element: Metadata) -> None:
        if not self.pending:
            self.pending_from = element.start
        self.pending.update(element.keys)

    def _announced(self) -> Mapping[str, Any]:
        announced, self.pending = self.pending, {}
        if is_stamp(announced):
            self.faults.append(f"line {self.pending_from + 1}: {VOID}")
            announced = {key: value for key, value in announced.items() if key not in ("offset", "stamp")}
        return announced

    def _end_code(self) -> None:
        """The code that was read last has no more outputs: it becomes a cell."""
        if self.code is None:
            return
        fence, keys = self.code
        outputs, keys, fault = outputs_of(keys, self.shown)
        if fault:
            self.faults.append(f"line {fence.start + 1}: {fault}")
        self._cells.append(Cell("", "code", fence.text, fence.info, outputs, sealed(keys, fence.text)))
        self.code, self.shown = None, []

    def _prose(self, text: str) -> None:
        self.breaking = False
        self._cells.append(Cell("", "markdown", text, metadata=self._announced()))

    def _name(self, title: str) -> None:
        """Above the one title stand comments only, and perhaps metadata among them."""
        self.title = title
        self.leading = "\n\n".join(cell.source for cell in self.preface if not blank(cell.source.split("\n")))
        self.metadata = {key: value for cell in self.preface for key, value in cell.metadata.items()}
        self.metadata = {**self.metadata, **self._announced()}
        self.preface = []

    def _setup(self) -> tuple[Cell, Cell | None, list[Cell]]:
        """The setup cell, its pyproject.toml, and the cells that stand above all sections and are neither."""
        cells = [replace(cell, outputs=()) for cell in self.preface if self.title is not None]
        match [cell.language if cell.kind == "code" else "prose" for cell in cells]:
            case ["python" | "elixir"]:
                return _as_setup(cells[0]), None, []
            case ["python" | "elixir", "pyproject.toml"]:
                return _as_setup(cells[0]), replace(cells[1], id=PYPROJECT_CELL_ID), []
            case ["pyproject.toml"]:
                return _as_setup(Cell("", "code")), replace(cells[0], id=PYPROJECT_CELL_ID), []
            case _:
                return _as_setup(Cell("", "code")), None, self.preface


def _as_setup(cell: Cell) -> Cell:
    return replace(cell, id=SETUP_CELL_ID)


def _without_end(cell: Cell) -> Cell:
    """The Markdown cell without the line that the writer added to end what the cell leaves open."""
    if cell.kind == "code" or UNCLOSED not in cell.metadata:
        return cell
    own, _, last = cell.source.rpartition("\n")
    metadata = {key: value for key, value in cell.metadata.items() if key != UNCLOSED}
    return replace(cell, source=own if last == missing_end(own) else cell.source, metadata=metadata)
