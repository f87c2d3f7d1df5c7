"""The three lines on top: the node, its figures, and the tabs, which the mouse may press."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from rich.text import Text
from textual import events
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from beamlike.inspect.facts import Snapshot
from notebook_tui.ui.drawing.palette import palette_of
from notebook_tui.ui.drawing.rows import strip_of
from notebook_tui.ui.top.head import Connection, Histories, figures_line, tab_at, tabs_line, title_line
from notebook_tui.ui.top.view import View


class HeadView(Widget, can_focus=False):
    ALLOW_SELECT: ClassVar[bool] = False
    DEFAULT_CSS = """
    HeadView { height: 3; background: $background; }
    """

    @dataclass
    class TabPressed(Message):
        tab: str

    def __init__(self, view: View) -> None:
        super().__init__()
        self._view = view
        self._snapshot: Snapshot | None = None
        self._histories = Histories()
        self._connection = Connection()
        self._now = 0.0

    def show(
        self, view: View, snapshot: Snapshot | None, histories: Histories, connection: Connection, now: float
    ) -> None:
        self._view, self._snapshot, self._histories = view, snapshot, histories
        self._connection, self._now = connection, now
        self.refresh()

    def render_line(self, y: int) -> Strip:
        palette, width = palette_of(self.app.theme_variables), self.size.width
        line: Text
        if y == 0:
            line = title_line(self._view, self._snapshot, self._connection, self._now, palette)
        elif y == 1:
            line = figures_line(self._snapshot, self._histories, width, palette)
        else:
            line = tabs_line(self._view, width, palette)
        line.truncate(width, overflow="ellipsis")
        return strip_of(line).adjust_cell_length(width).apply_style(self.rich_style)

    def on_click(self, event: events.Click) -> None:
        tab = tab_at(event.x, self.size.width) if event.y == 2 else None
        if tab is not None:
            self.post_message(self.TabPressed(tab))
