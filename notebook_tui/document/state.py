"""All that is known of an open notebook, as one value: the document, what became of its cells, its runtime.

A cell has two orthogonal states, as in Livebook. Its *validity* says what its last run is worth now and stands in
its `Evaluation`; its *status* says what it is doing and follows from `queue` and `running` alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, fields
from typing import Literal, TypeAlias

from beamlike.kernel.record import frozen
from notebook_tui.document.bin import Binned
from notebook_tui.document.evaluations import FRESH, Evaluation
from notebook_tui.document.flow import Flow
from notebook_tui.document.history import Step
from notebook_tui.document.inputs import Input
from notebook_tui.document.notebook import Notebook
from notebook_tui.document.texts import Text
from notebook_tui.document.versions import Versions

Status: TypeAlias = Literal["ready", "queued", "evaluating"]
Phase: TypeAlias = Literal["disconnected", "connecting", "connected"]


@frozen
class ConnectStep:
    """What was done to get a runtime, in words, and when it began, in seconds since the epoch."""

    text: str
    at: float


@frozen
class RuntimeStatus:
    phase: Phase = "disconnected"
    text: str = ""
    """For the eyes: the step that connecting is at, or what the notebook is connected to."""
    lost: str = ""
    """Why the last runtime went away; empty once another is connected."""
    nodes: tuple[str, ...] = ()
    """The names of the nodes that the runtime is connected to, in the order in which it told them."""
    versions: Mapping[str, Versions] = field(default_factory=dict)
    """Of the cells, by id, that run on nodes beside the runtime's, too."""
    steps: tuple[ConnectStep, ...] = ()
    """Of the last connecting, in order."""
    since: float = 0.0
    """When it was connected."""

    @property
    def never_came(self) -> bool:
        """Whether `lost` says why none came about, rather than why one that was there went away."""
        return self.phase == "disconnected" and bool(self.lost) and bool(self.steps)


@frozen
class State:
    notebook: Notebook = field(default_factory=Notebook)
    path: str | None = None
    evaluations: Mapping[str, Evaluation] = field(default_factory=dict)
    queue: tuple[str, ...] = ()
    """Cells that wait, in the order of the document."""
    alone: frozenset[str] = frozenset()
    """Those of them that were asked for by themselves: nothing is run for their sake."""
    running: Mapping[str, str] = field(default_factory=dict)
    """The one cell that runs in each container, from its `StartEvaluation` on; the main flow's name is empty."""
    runtime: RuntimeStatus = field(default_factory=RuntimeStatus)
    runs: int = 0
    revision: int = 0
    """Counts the changes that a save would write."""
    saved_revision: int = 0
    save_warnings: tuple[str, ...] = ()
    """What the last save could not write as it is."""
    inputs: Mapping[str, Input] = field(default_factory=dict)
    bin: tuple[Binned, ...] = ()
    """Cells that were deleted, the newest last."""
    past: tuple[Step, ...] = ()
    """Edits that can be undone, the newest last."""
    future: tuple[Step, ...] = ()
    """Edits that were undone and can be done again, the next one last."""
    clients: frozenset[str] = frozenset()
    """Those who type, by id."""
    texts: Mapping[str, Text] = field(default_factory=dict)
    """Of the cells, by id, whose text changed while there were clients."""
    trusted: bool = True
    """Whether its code may run (`trust`)."""
    flow: Flow = field(default_factory=Flow, repr=False, compare=False)
    """An index that follows from the rest."""

    def __reduce__(self) -> tuple[object, ...]:
        return State, tuple(getattr(self, each.name) for each in fields(self) if each.name != "flow")

    @property
    def dirty(self) -> bool:
        return self.revision != self.saved_revision

    @property
    def evaluating(self) -> str | None:
        """The cell that runs: the main flow's, if one does, else one of a branching section."""
        return self.running.get("") or next(iter(self.running.values()), None)

    def evaluation(self, cell_id: str) -> Evaluation:
        return self.evaluations.get(cell_id, FRESH)

    def status(self, cell_id: str) -> Status:
        if cell_id in self.running.values():
            return "evaluating"
        return "queued" if cell_id in self.queue else "ready"

    def changed(self, cell_id: str) -> bool:
        """Whether the cell's text is another than the one that ran last; False for a cell that never ran."""
        ran = self.evaluation(cell_id).source
        return ran is not None and ran != self.notebook.cell(cell_id).source
