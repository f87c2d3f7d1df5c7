"""Which packages a notebook would have installed before its code runs. Only read: nothing is looked for or fetched."""

from __future__ import annotations

import tomllib

from beamlike.code.requirements.errors import BadRequirements
from beamlike.code.requirements.script_block import script_block
from notebook_tui.document.notebook import Notebook


def packages_wanted(notebook: Notebook) -> tuple[str, ...]:
    """As requirements, sorted; what cannot be read is left out, for nothing is installed of it either.

    >>> from notebook_tui.document.notebook import Cell
    >>> packages_wanted(Notebook(setup=Cell("setup", "code", '# /// script\\n# dependencies = ["rich"]\\n# ///')))
    ('rich',)
    """
    found: set[str] = set()
    for cell in notebook.cells():
        if cell is notebook.pyproject:
            found.update(_of_project(cell.source))
        elif cell.runnable:
            found.update(_of_cell(cell.source))
    return tuple(sorted(found))


def _of_cell(source: str) -> tuple[str, ...]:
    try:
        declared = script_block(source)
    except BadRequirements:
        return ()
    return () if declared is None else declared.dependencies


def _of_project(source: str) -> tuple[str, ...]:
    try:
        project = tomllib.loads(source).get("project", {})
    except tomllib.TOMLDecodeError:
        return ()
    dependencies = project.get("dependencies", []) if isinstance(project, dict) else []
    return tuple(str(each) for each in dependencies) if isinstance(dependencies, list) else ()
