"""All that can happen to an open notebook: a closed union of frozen records, with every id and time inside.

The user's are imperatives (`DeleteCell`, `QueueCells`); what the runtime and the disk report is in the past
tense (`OutputAdded`, `RuntimeDown`). `apply` is the one place where they act.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from notebook_tui.document.notebook import Cell, Notebook
from notebook_tui.document.outputs import Output
from notebook_tui.document.versions import Versions

Ending: TypeAlias = Literal["ok", "error", "interrupted"]


@dataclass(frozen=True, slots=True)
class SetTitle:
    title: str


@dataclass(frozen=True, slots=True)
class InsertSection:
    """An empty section at `index` (0: first); the sections from there on move down."""

    index: int
    section_id: str
    name: str


@dataclass(frozen=True, slots=True)
class RenameSection:
    section_id: str
    name: str


@dataclass(frozen=True, slots=True)
class DeleteSection:
    """With its cells, or handing them to the section before it."""

    section_id: str
    with_cells: bool


@dataclass(frozen=True, slots=True)
class InsertCell:
    """`index` 0 is the section's first place. The cell may be new, or one that was deleted."""

    section_id: str
    index: int
    cell: Cell


@dataclass(frozen=True, slots=True)
class DeleteCell:
    cell_id: str


@dataclass(frozen=True, slots=True)
class MoveCell:
    """By `offset` places (negative: up), where the border between two sections is a place too."""

    cell_id: str
    offset: int


@dataclass(frozen=True, slots=True)
class SetCellSource:
    cell_id: str
    source: str


@dataclass(frozen=True, slots=True)
class Arrange:
    """Order, sections, metadata and comments as `outline` has them: from a file that was edited elsewhere.

    Cells that there are keep their text and outputs, whatever it says; what they are is up to it.
    """

    outline: Notebook


@dataclass(frozen=True, slots=True)
class QueueCells:
    """Run these cells, and before each what is outdated above it; `alone`: these cells and no others."""

    cell_ids: tuple[str, ...]
    alone: bool = False


@dataclass(frozen=True, slots=True)
class CancelEvaluation:
    """Take a waiting cell, and those that wait for it, out of the queue; interrupt the one that runs."""

    cell_id: str


@dataclass(frozen=True, slots=True)
class EraseOutputs:
    """Of all cells. What they defined stays."""


@dataclass(frozen=True, slots=True)
class Connect:
    """Connect the runtime without running anything yet."""


@dataclass(frozen=True, slots=True)
class RuntimeConnecting:
    """A step of connecting, in words."""

    text: str


@dataclass(frozen=True, slots=True)
class RuntimeConnected:
    text: str


@dataclass(frozen=True, slots=True)
class RuntimeDown:
    """The runtime is lost, or could not be reached."""

    reason: str


@dataclass(frozen=True, slots=True)
class NodesChanged:
    nodes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class VersionsChanged:
    """Of all cells that have some, each with its id."""

    versions: tuple[tuple[str, Versions], ...]


@dataclass(frozen=True, slots=True)
class EvaluationStarted:
    cell_id: str
    at: float


@dataclass(frozen=True, slots=True)
class OutputAdded:
    cell_id: str
    output: Output


@dataclass(frozen=True, slots=True)
class EvaluationFinished:
    cell_id: str
    at: float
    ending: Ending
    versions: tuple[tuple[str, str], ...] = ()
    """The names that it bound, with a fingerprint of each value; an empty one stands for a value of this run alone."""


@dataclass(frozen=True, slots=True)
class Saved:
    """The notebook as it was at `revision` is in the file `path`."""

    path: str
    revision: int


Edit: TypeAlias = (
    SetTitle
    | InsertSection
    | RenameSection
    | DeleteSection
    | InsertCell
    | DeleteCell
    | MoveCell
    | SetCellSource
    | EraseOutputs
    | Arrange
)
RuntimeEvent: TypeAlias = Connect | RuntimeConnecting | RuntimeConnected | RuntimeDown | NodesChanged | VersionsChanged
EvaluationEvent: TypeAlias = QueueCells | CancelEvaluation | EvaluationStarted | OutputAdded | EvaluationFinished
Operation: TypeAlias = Edit | EvaluationEvent | RuntimeEvent | Saved
