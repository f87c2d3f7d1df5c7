"""What is told beyond the screen: the title of the terminal's window, and a notification when a long run has ended."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from textual.app import App

from notebook_tui.document.state import State
from notebook_tui.ui.status.run_watch import RunWatch
from notebook_tui.ui.status.title import title_of
from notebook_tui.ui.terminal_environment import terminal_environment
from notebook_tui.ui.terminal_signals import BELL, GIVE_TITLE_BACK, KEEP_TITLE, notification, title

LONG: Final = 10.0
"""Seconds after which the end of a run is worth a notification."""
IDLE: Final = 60.0
"""Seconds without a key after which nobody is thought to look."""


class BeyondTheScreen:
    def __init__(self, app: App[None], clock: Callable[[], float]) -> None:
        self._app = app
        self._clock = clock
        self._runs = RunWatch()
        self._title = ""
        self.long = LONG
        """Seconds; the user may set others."""
        self._touched_at = clock()
        self._write(KEEP_TITLE)

    def touched(self) -> None:
        """The user has pressed a key."""
        self._touched_at = self._clock()

    def show(self, state: State) -> None:
        """The newest state."""
        ended = self._runs.seen(state, self._clock())
        if ended is not None and ended.took >= self.long and self._nobody_looks:
            self._write(BELL + notification(f"{title_of(state)}: {ended.words}", terminal_environment()))
        if (text := title_of(state)) != self._title:
            self._title = text
            self._write(title(text))

    def leave(self) -> None:
        """The title is as it was before."""
        self._write(GIVE_TITLE_BACK)

    @property
    def _nobody_looks(self) -> bool:
        """The window is behind others, or nobody has touched a key for long."""
        return not self._app.app_focus or self._clock() - self._touched_at > IDLE

    def _write(self, sequence: str) -> None:
        if (driver := self._app._driver) is not None:
            driver.write(sequence)
