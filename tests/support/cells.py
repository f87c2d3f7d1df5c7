"""Cells as a notebook runs them, without the notebook's runtime."""

from __future__ import annotations

import textwrap
from typing import Any

from beamlike.code.notebook_module import NotebookModule


def run_cell(notebook: NotebookModule, text: str, cell: str = "cell 1") -> dict[str, Any]:
    """Runs the cell; returns the notebook's names."""
    exec(notebook.compile_cell(textwrap.dedent(text).strip() + "\n", cell), notebook.namespace)
    return notebook.namespace
