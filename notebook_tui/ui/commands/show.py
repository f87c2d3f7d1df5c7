"""What the keys of the groups Move and Show do: the focus, the window, and the screens that open on top."""

from __future__ import annotations

from collections.abc import Callable

from notebook_tui.ui.desk import Desk
from notebook_tui.ui.dialogs.messages import MessageLog
from notebook_tui.ui.keys.table import DEFAULT, KeyTable

_FAR = 1_000_000


class ShowCommands:
    def __init__(self, desk: Desk, log: MessageLog, table: Callable[[], KeyTable] = lambda: DEFAULT) -> None:
        """`table` gives what keys mean now."""
        self._table = table
        self._desk = desk
        self._log = log

    def focus_next(self) -> None:
        self._desk.view.focus_by(1)

    def focus_previous(self) -> None:
        self._desk.view.focus_by(-1)

    def focus_first(self) -> None:
        self._desk.view.focus_by(-_FAR)

    def focus_last(self) -> None:
        self._desk.view.focus_by(_FAR)

    def page_down(self) -> None:
        self._desk.view.scroll_page(1)

    def page_up(self) -> None:
        self._desk.view.scroll_page(-1)

    def show_messages(self) -> None:
        from notebook_tui.ui.dialogs.message_screen import MessageScreen

        self._log.dismiss()
        self._desk.view.app.push_screen(MessageScreen(self._log.notes))

    def help(self) -> None:
        from notebook_tui.ui.dialogs.help_screen import HelpScreen

        self._desk.view.app.push_screen(HelpScreen(self._table(), self._desk.client.person))
