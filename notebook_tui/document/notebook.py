"""The notebook as a value: sections of cells, as Livebook has them. Frozen; edits make new records.

Every record keeps what its file said and we do not understand: `metadata` holds the keys of the `livebook:`
comment in front of it (but `branch_parent_index`, which is `Section.parent`). Sources have `\n` line ends; a
title or a section's name is one line without space at its ends.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from notebook_tui.document.outputs import Output

CellKind: TypeAlias = Literal["code", "markdown"]
SETUP_CELL_ID = "setup"
PYPROJECT_CELL_ID = "setup-pyproject.toml"


@dataclass(frozen=True, slots=True)
class Cell:
    id: str
    kind: CellKind
    source: str = ""
    language: str = "python"
    outputs: tuple[Output, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)

    @property
    def runnable(self) -> bool:
        """Only Python runs here; cells of another language are shown and kept."""
        return self.kind == "code" and self.language == "python"


@dataclass(frozen=True, slots=True)
class Section:
    id: str
    name: str
    cells: tuple[Cell, ...] = ()
    parent: str | None = None
    """The section that this one branches from: it sees that one's chain, and nothing below sees it."""
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Stamp:
    """The comment at the end of a file that signs what stands above it, and the digest of that."""

    comment: str
    of: str


@dataclass(frozen=True, slots=True)
class Notebook:
    title: str = "Untitled notebook"
    setup: Cell = field(default_factory=lambda: Cell(SETUP_CELL_ID, "code"))
    pyproject: Cell | None = None
    """The `pyproject.toml` that Livebook keeps beside the setup cell: what the notebook's Python needs."""
    sections: tuple[Section, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)
    leading: str = ""
    """Plain comments in front of the title, byte for byte."""
    trailing: str = ""
    """What stood after the last cell and is none, byte for byte."""
    stamp: Stamp | None = None
    """The file's signature. A save keeps it below the very text that it is of, and leaves it out of any other."""

    @property
    def persists_outputs(self) -> bool:
        """Whether a save writes outputs: the file's own wish."""
        return self.metadata.get("persist_outputs") is True

    def cells(self) -> Iterator[Cell]:
        """All cells in the order of the document: setup first."""
        yield self.setup
        if self.pyproject is not None:
            yield self.pyproject
        for section in self.sections:
            yield from section.cells

    def cell(self, id: str) -> Cell:
        """The cell of that id; KeyError if there is none."""
        for cell in self.cells():
            if cell.id == id:
                return cell
        raise KeyError(id)

    def label(self, cell_id: str) -> str:
        """What people call a cell: its number among the runnable cells of all sections, from 1; else its id.

        >>> Notebook(sections=(Section("s", "S", (Cell("a", "markdown"), Cell("b", "code"))),)).label("b")
        '1'
        """
        runnable = [cell.id for section in self.sections for cell in section.cells if cell.runnable]
        return str(runnable.index(cell_id) + 1) if cell_id in runnable else cell_id

    def section(self, id: str) -> Section:
        """The section of that id; KeyError if there is none."""
        for section in self.sections:
            if section.id == id:
                return section
        raise KeyError(id)

    def section_of(self, cell_id: str) -> Section | None:
        """The section that holds the cell; None for the setup cells, which stand before all sections."""
        for section in self.sections:
            if any(cell.id == cell_id for cell in section.cells):
                return section
        return None
