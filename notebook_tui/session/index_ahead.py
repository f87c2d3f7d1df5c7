"""The names of a notebook's cells, looked up before they are needed: of a large one that takes seconds, which nobody is
to wait for when the first cell runs."""

from __future__ import annotations

import asyncio
from typing import Final

from notebook_tui.document.names import names
from notebook_tui.document.notebook import Notebook

AFTER_SECONDS: Final = 1.0
"""Until the notebook stands on the screen."""
PAUSE_SECONDS: Final = 0.001
"""Between two cells: the loop has other work."""


async def index_ahead(notebook: Notebook) -> None:
    """A process of its own; `names` remembers what it found."""
    await asyncio.sleep(AFTER_SECONDS)
    for cell in notebook.cells():
        if cell.runnable and cell.source:
            names(cell.source)
            await asyncio.sleep(PAUSE_SECONDS)
