"""An app whose view may fail: the failure is told in the view's place, and the program goes on.

Textual hands every exception that nobody caught to `App._handle_exception`, which would end the program with a
traceback, and lets the part die in which it was. The app itself must not die of it, so its own are caught here.
A failure before there is anything to see, or of the panel that tells of failures, ends the program, in words.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from typing import Final

from textual.message import Message
from textual.screen import Screen
from textual.worker import WorkerFailed

from notebook_tui.ui.dialogs.toasts import SingleToasts

AT_ONCE: Final = 5.0
"""Seconds: a view that fails so soon after it was restarted will not be restarted once more."""


class GuardedApp(SingleToasts):
    """Subclasses say what stands in the place of a failed view, and save what was typed."""

    @dataclass
    class Failed(Message):
        """The view has."""

        failure: BaseException

    crashes: list[BaseException]
    """All that the view has failed of."""
    last_words = ""
    """Why the program ended, if it did not end in order."""

    def __init__(self, *, ansi_color: bool | None = None) -> None:
        super().__init__(ansi_color=ansi_color)
        self.crashes = []
        self._is_up = False
        self._failing = False
        self._panel: Screen[None] | None = None
        self._restarted_at: float | None = None

    def rescue(self) -> None:
        """Hand on what was typed; the view may be in any state."""
        raise NotImplementedError

    def note_failure(self, failure: BaseException) -> None:
        """The view has failed, once; for whoever keeps a log."""

    def panel_for(self, failure: BaseException, report: str, *, again: bool) -> Screen[None]:
        """The panel; `again` where the view was restarted a moment ago."""
        raise NotImplementedError

    def on_ready(self) -> None:
        self._is_up = True

    async def show_alone(self, screen: Screen[None]) -> None:
        """In the place of every screen that there is."""
        while len(self._screen_stack) > 1:
            await self.pop_screen()
        if not self._screen_stack:
            await self.push_screen(screen)
            return
        if not self.screen._result_callbacks:  # as the first screen, which Textual does not mean to be switched
            self.screen._push_result_callback(self.screen, None)
        await self.switch_screen(screen)

    def restarted(self) -> None:
        """Another view is about to stand in the place of the one that failed."""
        self._panel = None
        self._restarted_at = monotonic()

    async def _dispatch_message(self, message: Message) -> None:
        try:
            await super()._dispatch_message(message)
        except Exception as error:
            if not self._is_up:
                raise
            self._handle_exception(error)

    def _handle_exception(self, error: Exception) -> None:
        failure = error.error if isinstance(error, WorkerFailed) else error
        self.crashes.append(failure)
        if self._failing:
            return  # what was drawn anew meanwhile fails as well
        self.note_failure(failure)
        if not self._is_up or self._panel is not None:
            self._give_up(failure)
            return
        self._failing = True
        self.post_message(self.Failed(failure))

    async def on_guarded_app_failed(self, event: Failed) -> None:
        failure = event.failure
        # Before the view goes, and whatever state it is in.
        with contextlib.suppress(Exception):
            self.rescue()
        again = self._restarted_at is not None and monotonic() - self._restarted_at < AT_ONCE
        from notebook_tui.ui.crash.report import report_of

        report = report_of(failure, f"{self.size.width}x{self.size.height}")
        try:
            await self.show_alone(Screen())  # the failed view goes, and what else it fails of is no news
            self._panel, self._failing = self.panel_for(failure, report, again=again), False
            await self.show_alone(self._panel)
        except Exception as error:
            self.crashes.append(error)
            self._give_up(failure)

    def _give_up(self, failure: BaseException) -> None:
        with contextlib.suppress(Exception):
            self.rescue()
        if self.last_words:
            return
        from notebook_tui.ui.crash.report import keep_report, report_of

        path = keep_report(report_of(failure, "?"), datetime.now())
        where = f"; the report is {path}" if path else ""
        self.last_words = f"the view failed ({type(failure).__name__}: {failure}){where}"
        self._return_code = 1
        self._close_messages_no_wait()
