"""Cells by their ids, each run with the cells above it that a test names: as a session tells the runtime."""

from __future__ import annotations

import asyncio
from textwrap import dedent

from beamlike.code.notebook_module import NotebookModule
from notebook_tui.runtime.bindings import Bindings
from notebook_tui.runtime.evaluator import Evaluator
from notebook_tui.runtime.outcome import Outcome


class Chains:
    """The evaluator of one container; `branch` makes another beside it."""

    def __init__(self, notebook: NotebookModule, bindings: Bindings | None = None, container: str = "") -> None:
        self.notebook = notebook
        self.bindings = bindings or Bindings()
        self.evaluator = Evaluator(notebook, self.bindings, container)

    def branch(self, notebook: NotebookModule, container: str) -> Chains:
        branch = Chains(notebook, self.bindings, container)
        branch.evaluator = self.evaluator.beside(notebook, container)
        return branch

    def run(self, cell_id: str, source: str, *above: str) -> Outcome:
        return asyncio.run(self.evaluator.evaluate(cell_id, dedent(source), above=above))

    def result(self, cell_id: str, source: str, *above: str) -> str | None:
        outcome = self.run(cell_id, source, *above)
        assert outcome.failure is None, outcome.failure.traceback
        return outcome.result

    def raised(self, cell_id: str, source: str, *above: str) -> str:
        outcome = self.run(cell_id, source, *above)
        assert outcome.failure is not None, outcome
        return f"{outcome.failure.type}: {outcome.failure.message}"
