"""What the commands of the user work on: the session, the view, the settings, and what was said."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import time
from typing import TypeVar

from textual.screen import Screen

from notebook_tui.document.notebook import Cell
from notebook_tui.document.operations import Operation, QueueCells, Trust
from notebook_tui.document.state import State
from notebook_tui.ui.client import SessionClient
from notebook_tui.ui.dialogs.messages import Severity
from notebook_tui.ui.notebook_view import NotebookView
from notebook_tui.ui.settings.preferences import Preferences
from notebook_tui.ui.settings.values import Settings

Answer = TypeVar("Answer")


class Desk:
    def __init__(
        self,
        client: SessionClient,
        view: NotebookView,
        say: Callable[[str, Severity], None],
        hush: Callable[[str], None],
        preferences: Preferences | None = None,
        now: Callable[[], float] = time,
    ) -> None:
        self.client = client
        self.view = view
        self.say = say
        self.hush = hush
        self.preferences = preferences or Preferences()
        self.followed: int | None = None
        """The number of the person whose place the view shows."""
        self.now = now
        """Seconds since the epoch."""

    @property
    def settings(self) -> Settings:
        """As they are now: the user may change them at any time."""
        return self.preferences.now

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

    def open(self, screen: Screen[Answer], then: Callable[[Answer | None], None]) -> None:
        """Show a screen on top; what it is dismissed with goes to `then`."""
        self.view.app.push_screen(screen, then)

    def ask(self, *operations: Operation) -> None:
        """Send these, after what was typed before them. What runs code waits until the user has said that it may."""
        self.view.flush()
        if not self.state.trusted and any(isinstance(each, QueueCells) for each in operations):
            self._ask_for_trust(operations)
        else:
            self._send(operations)

    def _send(self, operations: Sequence[Operation]) -> None:
        for operation in operations:
            self.client.send(operation)

    def _ask_for_trust(self, operations: Sequence[Operation]) -> None:
        from notebook_tui.ui.dialogs.trust_screen import FOLDER, RUN, TrustScreen

        def answered(answer: str | None) -> None:
            if answer in (RUN, FOLDER):
                self._send((Trust(folder=answer == FOLDER), *operations))
            else:
                self.say("Nothing was run: the code of this notebook is not trusted.", "information")

        self.open(TrustScreen(self.state), answered)
