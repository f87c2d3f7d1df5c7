"""What is known of a run and of each of its cells, and who is told as it happens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

from beamlike.kernel.record import frozen
from notebook_tui.document.operations import OutputChanged
from notebook_tui.document.outputs import Error, Output, View

CellStatus: TypeAlias = Literal["waiting", "running", "ok", "failed", "interrupted"]


@dataclass(slots=True)
class CellReport:
    id: str
    label: str
    name: str
    """What a person calls it: `cell 2 of 5 (Data)`."""
    section: str
    """The name of its section; empty for the setup cell."""
    status: CellStatus = "waiting"
    seconds: float | None = None
    error: Error | None = None
    outputs: tuple[Output, ...] = ()
    """What it showed, once the run is over."""


@frozen
class RunReport:
    title: str
    cells: tuple[CellReport, ...]
    seconds: float
    failure: str | None
    """Why the run failed, in a line; None if all cells succeeded."""


class Reporter(Protocol):
    """Hears of a run as it happens. May write to standard output and error, and raises what goes wrong there."""

    def started(self, cell: CellReport) -> None: ...

    def output(self, cell: CellReport, output: Output) -> None: ...

    def changed(self, cell: CellReport, changed: OutputChanged, view: View) -> None:
        """One of its outputs, or a view inside one, is `view` from now on."""

    def finished(self, cell: CellReport) -> None: ...

    def said(self, text: str) -> None:
        """What the session has to say, such as what is odd about the file."""

    def ended(self, report: RunReport) -> None: ...
