"""A run for people: what the cells print, as it comes, below a line for each cell."""

from __future__ import annotations

import sys
from typing import assert_never

from notebook_tui.cli.run_report import CellReport, RunReport
from notebook_tui.document.outputs import Display, Error, Exported, Output, Result, Text, drawn


class TextReporter:
    """What cells print goes to standard output or error as they chose; errors and what failed, to standard error."""

    def started(self, cell: CellReport) -> None:
        print(f"\n── {cell.name} ──", flush=True)

    def output(self, cell: CellReport, output: Output) -> None:
        match drawn(output):
            case Text("stderr", text):
                sys.stderr.write(text)
                sys.stderr.flush()
            case Text(_, text) | Exported(_, text):
                sys.stdout.write(text)
                sys.stdout.flush()
            case Result(text) | Display(text=text):
                print(text, flush=True)
            case Error() as output:
                text = output.traceback.rstrip() or f"{output.type}: {output.message}"
                print(text, file=sys.stderr, flush=True)
            case other:
                assert_never(other)

    def finished(self, cell: CellReport) -> None:
        """Its outputs have said it all."""

    def said(self, text: str) -> None:
        print(f"beamlike: {text}", file=sys.stderr, flush=True)

    def ended(self, report: RunReport) -> None:
        if report.failure is not None:
            sys.stdout.flush()
            print(f"beamlike: {report.failure}", file=sys.stderr)
