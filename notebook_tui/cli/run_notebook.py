"""What `beamlike run` does: evaluates a notebook from top to bottom, tells a reporter of all that happens, and says how
it ended."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import field, replace
from pathlib import Path

from beamlike.kernel.record import frozen
from notebook_tui.cli.convert import text_for
from notebook_tui.cli.main import FAILED, USAGE_ERROR, UserError
from notebook_tui.cli.open_session import open_session
from notebook_tui.cli.run_evaluation import Evaluation
from notebook_tui.cli.run_inputs import preset_inputs
from notebook_tui.cli.run_junit import junit
from notebook_tui.cli.run_keyboard import answer_from_standard_input
from notebook_tui.cli.run_report import Reporter, RunReport
from notebook_tui.document.notebook import Notebook
from notebook_tui.document.operations import SetCellSource
from notebook_tui.document.parameters import set_parameters
from notebook_tui.document.rejected import Rejected
from notebook_tui.session.client import Client
from notebook_tui.session.options import EVALUATES
from notebook_tui.session.storage import write_copy


@frozen
class RunOptions:
    path: str
    values: Mapping[str, str]
    """What `--set` gives to names."""
    output: str | None = None
    junit: str | None = None
    timeout: float | None = None
    """Seconds for all cells together."""
    cell_timeout: float | None = None
    """Seconds for each."""
    runtime: str | None = None
    """The name of a profile, or a spec."""
    inputs: Mapping[str, str] = field(default_factory=dict, repr=False)
    """What `--input` and `--inputs` give to labels."""


async def run(options: RunOptions, reporter: Reporter) -> int:
    """Evaluates the notebook, writes what was asked for, and returns the exit status."""
    evaluates = replace(EVALUATES, inputs=preset_inputs(options.inputs, os.environ))
    async with open_session(options.path, evaluates, options.runtime) as client:
        _set_parameters(client, options.values)
        answer_from_standard_input(client)
        far = ":" in (options.runtime or "")
        evaluation = Evaluation(client, reporter, options.cell_timeout, tells_steps=far)
        report = await evaluation.run(options.timeout)
        reporter.ended(report)
        written = _write(options, client.state.notebook, report)
        complaint = evaluation.asked.complaint(options.inputs)
        if complaint is not None:
            print(f"beamlike: {complaint}", file=sys.stderr)
            written = USAGE_ERROR
        return FAILED if report.failure is not None else written


def _set_parameters(client: Client, values: Mapping[str, str]) -> None:
    try:
        sources = set_parameters(client.state.notebook, values)
    except Rejected as error:
        raise UserError(f"--set: {error}") from error
    for cell_id, source in sources.items():
        client.send(SetCellSource(cell_id, source))


def _write(options: RunOptions, notebook: Notebook, report: RunReport) -> int:
    try:
        if options.output is not None:
            what, path = "outputs", options.output
            write_copy(path, text_for(Path(path), notebook, Path(options.path), outputs=True))
        if options.junit is not None:
            what, path = "JUnit report", options.junit
            Path(path).write_text(junit(report), encoding="utf-8")
    except OSError as error:
        print(f"beamlike: the {what} could not be written to {path}: {error}", file=sys.stderr)
        return USAGE_ERROR
    return 0
