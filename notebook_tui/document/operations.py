"""All that can happen to an open notebook: a closed union of frozen records, with every id and time inside.

The user's are imperatives (`DeleteCell`, `QueueCells`); what the runtime and the disk report is in the past
tense (`OutputAdded`, `RuntimeDown`). `apply` is the one place where they act.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from beamlike.kernel.record import frozen
from notebook_tui.document.delta import Delta
from notebook_tui.document.inputs import InputValue
from notebook_tui.document.notebook import Cell, CellKind, Notebook
from notebook_tui.document.outputs import Output
from notebook_tui.document.versions import Versions
from notebook_tui.widgets.changes import Change

Ending: TypeAlias = Literal["ok", "error", "interrupted"]


@frozen
class SetTitle:
    title: str


@frozen
class InsertSection:
    """An empty section at `index` (0: first); the sections from there on move down."""

    index: int
    section_id: str
    name: str


@frozen
class RenameSection:
    section_id: str
    name: str


@frozen
class DeleteSection:
    """With its cells, which go to the bin, or handing them to the section before it."""

    section_id: str
    with_cells: bool
    at: float = 0.0


@frozen
class MoveSection:
    """By `offset` places (negative: up). A branch stays below the section that it branches from."""

    section_id: str
    offset: int


@frozen
class SetSectionParent:
    """The section branches from that one from now on; from none: it belongs to the main flow."""

    section_id: str
    parent: str | None


@frozen
class SplitSection:
    """The cells from `index` on belong to a new section from now on, which follows the old one."""

    section_id: str
    index: int
    new_id: str
    name: str


@frozen
class InsertCell:
    """`index` 0 is the section's first place. The cell may be new, or one that was deleted."""

    section_id: str
    index: int
    cell: Cell


@frozen
class DeleteCell:
    """Into the bin. One that runs is interrupted first."""

    cell_id: str
    at: float = 0.0


@frozen
class RestoreCell:
    """Out of the bin: where it was, or at the end of the last section if its own is gone."""

    cell_id: str


@frozen
class MoveCell:
    """By `offset` places (negative: up), where the border between two sections is a place too."""

    cell_id: str
    offset: int


@frozen
class SetCellSource:
    """The whole text, as it is at `at`; it counts as typing, as `ApplyDelta` does."""

    cell_id: str
    source: str
    at: float = 0.0


@frozen
class ApplyDelta:
    """A client's change of a cell's text, made for that `revision` of it (`delta`, `texts`)."""

    client_id: str
    cell_id: str
    delta: Delta
    revision: int
    at: float = 0.0


@frozen
class SetCellMetadata:
    """One setting of a code cell, such as `reevaluate_automatically` (`attributes`)."""

    cell_id: str
    key: str
    value: object


@frozen
class SetNotebookMetadata:
    """One setting of the notebook, such as `persist_outputs` (`attributes`)."""

    key: str
    value: object


@frozen
class SetCellKind:
    """Code becomes Markdown, which has no outputs, or the other way round."""

    cell_id: str
    kind: CellKind


@frozen
class SplitCell:
    """What follows the first `offset` characters goes to a new cell below."""

    cell_id: str
    offset: int
    new_id: str


@frozen
class MergeCells:
    """The cell takes in the one below it."""

    cell_id: str
    at: float = 0.0


@frozen
class Arrange:
    """Order, sections, metadata and comments as `outline` has them: from a file that was edited elsewhere.

    Cells that there are keep their text and outputs, whatever it says; what they are is up to it.
    """

    outline: Notebook


@frozen
class Undo:
    """Take back the last edit, whoever made it; never a run."""

    at: float = 0.0
    revision: int | None = None
    """Only if that is the notebook's still."""


@frozen
class Redo:
    """The edit that was taken back last, once more, if there was none since."""

    at: float = 0.0
    revision: int | None = None
    """Only if that is the notebook's still."""


@frozen
class ClientJoined:
    """From now on this client may send deltas, and is told of all others'."""

    client_id: str


@frozen
class ClientLeft:
    client_id: str


@frozen
class ReportRevision:
    """The client has that revision of a cell's text: it needs no change from before it any more."""

    client_id: str
    cell_id: str
    revision: int


@frozen
class QueueCells:
    """Run these cells, and before each what is outdated above it; `alone`: these cells and no others.

    The setup cell is run in a fresh runtime, if it has run in this one; `alone` it is run where it is.
    """

    cell_ids: tuple[str, ...]
    alone: bool = False


@frozen
class CancelEvaluation:
    """Take a waiting cell, and those that wait for it, out of the queue; interrupt the one that runs.

    An interrupt keeps all values, and may be asked for again. `drop` is the last step for one that does not stop: it
    ends the container in which the cell runs, with the values of all its cells.
    """

    cell_id: str
    drop: bool = False


@frozen
class EraseOutputs:
    """Of all cells. What they defined stays."""


@frozen
class Trust:
    """The code may run: the user knows it; with `folder`, also that of all notebooks there and below."""

    folder: bool = False


@frozen
class TrustWithdrawn:
    """The code is not what the user has trusted any more: somebody else has changed it."""


@frozen
class Connect:
    """Connect the runtime without running anything yet."""


@frozen
class RuntimeConnecting:
    """A step of connecting, in words."""

    text: str
    at: float = 0.0


@frozen
class RuntimeConnected:
    text: str
    at: float = 0.0


@frozen
class RuntimeDown:
    """The runtime is lost, or could not be reached."""

    reason: str


@frozen
class ContainerDown:
    """One container of the runtime has ended, with all its values: that of a branching section, or the main flow's."""

    container: str
    reason: str


@frozen
class NodesChanged:
    nodes: tuple[str, ...]


@frozen
class VersionsChanged:
    """Of all cells that have some, each with its id."""

    versions: tuple[tuple[str, Versions], ...]


@frozen
class EvaluationStarted:
    cell_id: str
    at: float


@frozen
class OutputAdded:
    cell_id: str
    output: Output


@frozen
class OutputChanged:
    """The view of that ref, wherever it stands in the outputs of the cell, has changed."""

    cell_id: str
    ref: str
    change: Change


@frozen
class EvaluationFinished:
    cell_id: str
    at: float
    ending: Ending
    versions: tuple[tuple[str, str], ...] = ()
    """The names that it bound, with a fingerprint of each value; an empty one stands for a value of this run alone."""


@frozen
class InputShown:
    """The cell that runs shows an input. One that is there already keeps its value."""

    cell_id: str
    input_id: str
    default: InputValue


@frozen
class InputBound:
    """The cell that runs has read an input: it is stale once that has another value than it saw."""

    cell_id: str
    input_id: str


@frozen
class SetInputValue:
    """Text of a secret belongs in no input: what is set is part of the state."""

    input_id: str
    value: InputValue


@frozen
class Saved:
    """The notebook as it was at `revision` is in the file `path`, but for what the warnings say."""

    path: str
    revision: int
    warnings: tuple[str, ...] = ()


SectionEdit: TypeAlias = InsertSection | RenameSection | DeleteSection | MoveSection | SetSectionParent | SplitSection
CellEdit: TypeAlias = (
    InsertCell
    | DeleteCell
    | RestoreCell
    | MoveCell
    | SetCellSource
    | ApplyDelta
    | SetCellMetadata
    | SetCellKind
    | SplitCell
    | MergeCells
)
Edit: TypeAlias = SetTitle | SetNotebookMetadata | SectionEdit | CellEdit | Arrange
"""What `Undo` takes back."""
History: TypeAlias = Undo | Redo
TrustEvent: TypeAlias = Trust | TrustWithdrawn
ClientEvent: TypeAlias = ClientJoined | ClientLeft | ReportRevision
InputEvent: TypeAlias = InputShown | InputBound | SetInputValue
RuntimeEvent: TypeAlias = (
    Connect | RuntimeConnecting | RuntimeConnected | RuntimeDown | ContainerDown | NodesChanged | VersionsChanged
)
EvaluationEvent: TypeAlias = (
    QueueCells | CancelEvaluation | EvaluationStarted | OutputAdded | OutputChanged | EvaluationFinished
)
Operation: TypeAlias = (
    Edit | History | EraseOutputs | TrustEvent | ClientEvent | InputEvent | EvaluationEvent | RuntimeEvent | Saved
)
