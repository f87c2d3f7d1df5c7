"""All that is known of an open notebook, as one value: the document, what became of its cells, its runtime.

A cell has two orthogonal states, as in Livebook. Its *validity* says what its last run is worth now and stands in
its `Evaluation`; its *status* says what it is doing and follows from queue and `evaluating` alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from notebook_tui.document.notebook import Notebook
from notebook_tui.document.versions import Versions

Validity: TypeAlias = Literal["fresh", "evaluated", "stale", "aborted"]
Status: TypeAlias = Literal["ready", "queued", "evaluating"]
Phase: TypeAlias = Literal["disconnected", "connecting", "connected"]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The last run of a cell: fresh before it, aborted once it was interrupted or its runtime is lost.

    `stale` means: run now, in the order of the document, the cell would start from other values than it did.
    """

    validity: Validity = "fresh"
    errored: bool = False
    interrupted: bool = False
    source: str | None = None
    """The text that ran; the cell's own may have changed since."""
    started_at: float | None = None
    """Seconds since the epoch; None from the start effect until the runtime has begun."""
    took: float | None = None
    """Seconds; None while it runs."""
    run: int = 0
    """Which run of this session it was, counted from 1."""
    inputs: frozenset[tuple[str, int]] = frozenset()
    """The cells that define what it read, each with the run that it saw (0: none)."""


FRESH = Evaluation()


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class State:
    notebook: Notebook = field(default_factory=Notebook)
    path: str | None = None
    evaluations: Mapping[str, Evaluation] = field(default_factory=dict)
    queue: tuple[str, ...] = ()
    """Cells that wait, in the order of the document."""
    evaluating: str | None = None
    """The one cell that runs, from its `StartEvaluation` on."""
    runtime: RuntimeStatus = field(default_factory=RuntimeStatus)
    runs: int = 0
    revision: int = 0
    """Counts the changes that a save would write."""
    saved_revision: int = 0

    @property
    def dirty(self) -> bool:
        return self.revision != self.saved_revision

    def evaluation(self, cell_id: str) -> Evaluation:
        return self.evaluations.get(cell_id, FRESH)

    def status(self, cell_id: str) -> Status:
        if cell_id == self.evaluating:
            return "evaluating"
        return "queued" if cell_id in self.queue else "ready"

    def changed(self, cell_id: str) -> bool:
        """Whether the cell's text is another than the one that ran last; False for a cell that never ran."""
        ran = self.evaluation(cell_id).source
        return ran is not None and ran != self.notebook.cell(cell_id).source
