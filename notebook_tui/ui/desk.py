"""What the commands of the user work on: the session, the view, and what was said."""

from __future__ import annotations

from collections.abc import Callable
from time import time

from notebook_tui.document.notebook import Cell
from notebook_tui.document.operations import Operation
from notebook_tui.document.state import State
from notebook_tui.ui.client import SessionClient
from notebook_tui.ui.dialogs.messages import Severity
from notebook_tui.ui.notebook_view import NotebookView


class Desk:
    def __init__(
        self,
        client: SessionClient,
        view: NotebookView,
        say: Callable[[str, Severity], None],
        hush: Callable[[str], None],
        now: Callable[[], float] = time,
    ) -> None:
        self.client = client
        self.view = view
        self.say = say
        self.hush = hush
        self.now = now
        """Seconds since the epoch."""

    @property
    def state(self) -> State:
        return self.client.state

    @property
    def focused_id(self) -> str:
        return self.view.focused_id

    @property
    def focused_cell(self) -> Cell | None:
        """The cell that has the focus; None on the title and on headings."""
        return next((cell for cell in self.state.notebook.cells() if cell.id == self.focused_id), None)

    def ask(self, *operations: Operation) -> None:
        """Send these, after what was typed before them."""
        self.view.flush()
        for operation in operations:
            self.client.send(operation)
