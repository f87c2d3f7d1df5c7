"""The notebook as a value: sections of cells, as Livebook has them. Frozen; edits make new records.

Every record keeps what its file said and we do not understand: `metadata` holds the keys of the `livebook:`
comment in front of it (but `branch_parent_index`, which is `Section.parent`). Sources have `\n` line ends; a
title or a section's name is one line without space at its ends.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field, fields, replace
from typing import Any, Literal, TypeAlias

from beamlike.kernel.record import frozen
from notebook_tui.document.outputs import Output

CellKind: TypeAlias = Literal["code", "markdown"]
Place: TypeAlias = tuple[int, int]
"""The number of a section and of a cell in it, both from 0."""
SETUP_CELL_ID = "setup"
PYPROJECT_CELL_ID = "setup-pyproject.toml"


@frozen
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


@frozen
class Section:
    id: str
    name: str
    cells: tuple[Cell, ...] = ()
    parent: str | None = None
    """The section that this one branches from: it sees that one's chain, and nothing below sees it."""
    metadata: Mapping[str, Any] = field(default_factory=dict)


@frozen
class Stamp:
    """The comment at the end of a file that signs what stands above it, and the digest of that."""

    comment: str
    of: str


@frozen
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
    _places: dict[str, Place] | None = field(default=None, init=False, repr=False, compare=False)
    """Where each cell stands, once somebody has asked."""

    def __reduce__(self) -> tuple[object, ...]:
        return Notebook, tuple(getattr(self, each.name) for each in fields(self) if each.init)

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

    @property
    def places(self) -> Mapping[str, Place]:
        """Of each cell, in the order of the document: its section's number from 0, and its own in there.

        The setup cells stand before all sections, in one of the number -1.
        """
        if self._places is None:
            found: dict[str, Place] = {self.setup.id: (-1, 0)}
            if self.pyproject is not None:
                found[self.pyproject.id] = (-1, 1)
            for number, section in enumerate(self.sections):
                for index, cell in enumerate(section.cells):
                    found[cell.id] = number, index
            object.__setattr__(self, "_places", found)
            return found
        return self._places

    def with_cell(self, cell: Cell) -> Notebook:
        """The notebook with `cell` in place of the one of that id; KeyError if there is none."""
        number, index = self.places[cell.id]
        if number >= 0:
            section = self.sections[number]
            section = replace(section, cells=(*section.cells[:index], cell, *section.cells[index + 1 :]))
            changed = replace(self, sections=(*self.sections[:number], section, *self.sections[number + 1 :]))
        else:
            changed = replace(self, setup=cell) if index == 0 else replace(self, pyproject=cell)
        return changed.placed_as(self)

    def placed_as(self, other: Notebook) -> Notebook:
        """This one, whose cells stand just where those of the other stand, and see the same of each other."""
        object.__setattr__(self, "_places", other._places)
        return self

    def has_cell(self, id: str) -> bool:
        return id in self.places

    def cell(self, id: str) -> Cell:
        """The cell of that id; KeyError if there is none."""
        number, index = self.places[id]
        if number >= 0:
            return self.sections[number].cells[index]
        cell = self.pyproject if index else self.setup
        assert cell is not None
        return cell

    def label(self, cell_id: str) -> str:
        """What people call a cell: its number among the runnable cells of all sections, from 1; else its id.

        >>> Notebook(sections=(Section("s", "S", (Cell("a", "markdown"), Cell("b", "code"))),)).label("b")
        '1'
        """
        number = 0
        for section in self.sections:
            for cell in section.cells:
                number += cell.runnable
                if cell.id == cell_id:
                    return str(number) if cell.runnable else cell_id
        return cell_id

    def section(self, id: str) -> Section:
        """The section of that id; KeyError if there is none."""
        for section in self.sections:
            if section.id == id:
                return section
        raise KeyError(id)

    def section_of(self, cell_id: str) -> Section | None:
        """The section that holds the cell; None for the setup cells, which stand before all sections."""
        number, _ = self.places.get(cell_id, (-1, 0))
        return self.sections[number] if number >= 0 else None

    def container_of(self, cell_id: str) -> str:
        """Where the cell runs: the id of the branching section that it stands in, or nothing for the main flow."""
        section = self.section_of(cell_id)
        return section.id if section is not None and section.parent is not None else ""
