"""The notebook as a value: sections of cells, as Livebook has them. Frozen; edits make new records.

Every record keeps what its file said and we do not understand: `metadata` holds all keys of the `livebook:` comment
in front of it, `raw` text that belongs nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, TypeAlias

from notebook_tui.document.outputs import Output

CellKind: TypeAlias = Literal["code", "markdown"]
SETUP_CELL_ID = "setup"
NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Cell:
    id: str
    kind: CellKind
    source: str = ""
    language: str = "python"
    outputs: tuple[Output, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=lambda: NOTHING)

    @property
    def runnable(self) -> bool:
        """Only Python runs here; cells of another language are shown and kept."""
        return self.kind == "code" and self.language == "python"


@dataclass(frozen=True, slots=True)
class Section:
    id: str
    name: str
    cells: tuple[Cell, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=lambda: NOTHING)


@dataclass(frozen=True, slots=True)
class Notebook:
    title: str = "Untitled notebook"
    setup: Cell = field(default_factory=lambda: Cell(SETUP_CELL_ID, "code"))
    sections: tuple[Section, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=lambda: NOTHING)
    leading: str = ""
    """Plain comments in front of the title, byte for byte."""
    trailing: str = ""
    """What stood after the last cell and is none (Livebook's stamp), byte for byte."""

    def cells(self) -> Iterator[Cell]:
        """All cells in the order in which they run: setup first."""
        yield self.setup
        for section in self.sections:
            yield from section.cells

    def cell(self, id: str) -> Cell:
        """The cell of that id; KeyError if there is none."""
        for cell in self.cells():
            if cell.id == id:
                return cell
        raise KeyError(id)
