"""A viewer's questions about variables, asked of the runtime: those that a cell's container has, whoever bound them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import beamlike as bl
from notebook_tui.document.lineage import above
from notebook_tui.document.notebook import Notebook
from notebook_tui.document.state import State
from notebook_tui.runtime.variable_questions import ListVariables, ShowVariable, VariableDetail, Variables

SECONDS = 5.0


class VariableQuestions:
    """`server_of` tells the pid of the runtime's server, or None while there is none."""

    def __init__(self, state: Callable[[], State], server_of: Callable[[], Awaitable[bl.Pid | None]]) -> None:
        self._state = state
        self._server_of = server_of

    async def variables(self, cell_id: str) -> Variables:
        """All that the container of that cell has; of an id that is no cell's, the main flow's."""
        server = await self._server_of()
        if server is None:
            return Variables()
        container, cells = flow_of(self._state().notebook, cell_id)
        found: Variables = await bl.GenServer.call(server, ListVariables(cells, container), timeout=SECONDS)
        return found

    async def variable(self, cell_id: str, name: str) -> VariableDetail | None:
        """More of one of them; None if there is none of that name any more."""
        server = await self._server_of()
        if server is None:
            return None
        container, cells = flow_of(self._state().notebook, cell_id)
        found: VariableDetail | None = await bl.GenServer.call(
            server, ShowVariable(name, cells, container), timeout=SECONDS
        )
        return found


def flow_of(notebook: Notebook, cell_id: str) -> tuple[str, tuple[str, ...]]:
    """The container of a cell, and all cells whose values are seen at its end, in the order of the document.

    >>> from notebook_tui.document.notebook import Cell, Section
    >>> cells = (Cell("a", "code"), Cell("b", "code"))
    >>> flow_of(Notebook(sections=(Section("s", "S", cells),)), "a")
    ('', ('setup', 'a', 'b'))
    """
    container = notebook.container_of(cell_id)
    of_it = [each for each in notebook.sections if (each.id == container if container else each.parent is None)]
    in_flow = [section for section in of_it if section.cells]
    if not in_flow:
        return container, (notebook.setup.id,)
    last = in_flow[-1].cells[-1]
    cells = (*above(notebook, {last.id}), last)
    return container, tuple(cell.id for cell in cells if cell.runnable)
