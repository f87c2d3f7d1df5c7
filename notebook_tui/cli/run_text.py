"""A run for people: what the cells print, as it comes, below a line for each cell."""

from __future__ import annotations

from notebook_tui.cli.run_paper import Paper
from notebook_tui.cli.run_report import CellReport, RunReport
from notebook_tui.cli.run_views import ViewsOnPaper
from notebook_tui.document.operations import OutputChanged
from notebook_tui.document.outputs import Display, Error, Exported, Output, Result, Text, View

_CELL = "what the cell prints"


class TextReporter:
    """What cells print goes to standard output or error as they chose; errors and what failed, to standard error."""

    def __init__(self) -> None:
        self._paper = Paper()
        self._views = ViewsOnPaper(self._paper)

    def started(self, cell: CellReport) -> None:
        self._paper.block(f"\n── {cell.name} ──")

    def output(self, cell: CellReport, output: Output) -> None:
        match output:
            case Text(stream, text):
                self._paper.go_on(_CELL, text, stream)
            case Exported(_, text):
                self._paper.go_on(_CELL, text)
            case Result(text) | Display(text=text):
                self._paper.block(text)
            case Error():
                text = output.traceback.rstrip() or f"{output.type}: {output.message}"
                self._paper.block(text, "stderr")
            case _:
                self._views.show(cell.id, output)

    def changed(self, cell: CellReport, changed: OutputChanged, view: View) -> None:
        self._views.change(cell.id, changed.change, view)

    def finished(self, cell: CellReport) -> None:
        self._views.settle()

    def said(self, text: str) -> None:
        self._paper.block(f"beamlike: {text}", "stderr")

    def ended(self, report: RunReport) -> None:
        self._views.settle()
        self._paper.end_line()
        if report.failure is not None:
            self._paper.block(f"beamlike: {report.failure}", "stderr")
