"""A run for programs: one line of JSON for each thing that happens."""

from __future__ import annotations

import json
import sys
import time
from typing import Any

from notebook_tui.api.outputs import output_json
from notebook_tui.api.view_json import view_json
from notebook_tui.cli.run_report import CellReport, RunReport
from notebook_tui.document.operations import OutputChanged
from notebook_tui.document.outputs import Output, View


class JsonReporter:
    """Events, each with `event` and `at` (seconds since the epoch), on standard output:

    - `cell_started`, `cell_finished`: `cell` (its number, or `setup`), `id`, `section`; at the end also `status`
      (`ok`, `failed`, `interrupted`) and `seconds`
    - `output`: `cell`, `id` and `type`: `text` (`stream`, `text`), `result` (`text`), `error` (`name`, `message`,
      `traceback`, `line`), `display` (`data` by media type, bytes in base64), `exported` (`info`, `text`), `view`
      (`kind`, such as `progress`; `ref`; `data`, its fields; `text`, what it looks like)
    - `output_changed`: a view that was shown is another now: `cell`, `id`, and what an `output` of `type` `view` has.
      Of a view that is very large, `data` is null and `text` its end; of a long list or text in it there is the end
    - `notice`: `text`, what there is to say about the file
    - `notebook_finished`: `status` (`ok` or `failed`), `failure`, `seconds`, and the numbers of `cells`, those `ok`,
      `failed` and `not_run`; always the last
    """

    def started(self, cell: CellReport) -> None:
        _write("cell_started", **_place(cell))

    def output(self, cell: CellReport, output: Output) -> None:
        _write("output", cell=cell.label, id=cell.id, **output_json(output))

    def changed(self, cell: CellReport, changed: OutputChanged, view: View) -> None:
        _write("output_changed", cell=cell.label, id=cell.id, **view_json(view))

    def finished(self, cell: CellReport) -> None:
        _write("cell_finished", **_place(cell), status=cell.status, seconds=cell.seconds)

    def said(self, text: str) -> None:
        _write("notice", text=text)

    def ended(self, report: RunReport) -> None:
        statuses = [cell.status for cell in report.cells]
        _write(
            "notebook_finished",
            status="ok" if report.failure is None else "failed",
            failure=report.failure,
            seconds=report.seconds,
            cells=len(statuses),
            ok=statuses.count("ok"),
            failed=len(statuses) - statuses.count("ok") - statuses.count("waiting"),
            not_run=statuses.count("waiting"),
        )


def _place(cell: CellReport) -> dict[str, Any]:
    return {"cell": cell.label, "id": cell.id, "section": cell.section}


def _write(event: str, **facts: Any) -> None:
    # Escaped: whatever the terminal's encoding, and a lone surrogate that a cell printed.
    sys.stdout.write(json.dumps({"event": event, "at": time.time(), **facts}) + "\n")
    sys.stdout.flush()
