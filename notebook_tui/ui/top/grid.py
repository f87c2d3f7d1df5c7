"""A table with a marked row: one widget on the Line API, however many rows it has. Its head stays on top."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from rich.cells import cell_len, set_cell_size
from rich.style import Style
from rich.text import Text
from textual import events
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from notebook_tui.ui.drawing.frame import RAIL
from notebook_tui.ui.drawing.palette import PLAIN, Palette, palette_of
from notebook_tui.ui.drawing.printable import printable_row
from notebook_tui.ui.drawing.rows import strip_of
from notebook_tui.ui.top.tables import Column, TableRow

_LEFT: Final = 1
_GAP: Final = 1
_WHEEL: Final = 3


class Grid(Widget, can_focus=True):
    ALLOW_SELECT: ClassVar[bool] = False
    DEFAULT_CSS = """
    Grid { width: 1fr; height: 1fr; background: $background; }
    """

    class Moved(Message):
        """Another row is marked."""

    @dataclass
    class Pressed(Message):
        """The mouse was pressed on the marked row, so many times."""

        times: int

    @dataclass
    class HeadPressed(Message):
        """The mouse was pressed on the head of a column."""

        key: str

    def __init__(self) -> None:
        super().__init__()
        self._columns: tuple[Column, ...] = ()
        self._rows: Sequence[TableRow] = ()
        self._sort = ""
        self._at = 0
        self._top = 0
        self._is_stale = False

    @property
    def marked(self) -> TableRow | None:
        return self._rows[self._at] if 0 <= self._at < len(self._rows) else None

    @property
    def _marked_key(self) -> str:
        return self.marked.key if self.marked is not None else ""

    @property
    def place(self) -> tuple[int, int]:
        """The number of the marked row, from 1, and how many there are."""
        return (self._at + 1 if self._rows else 0), len(self._rows)

    @property
    def page(self) -> int:
        return max(1, self.size.height - 1)

    def show(
        self,
        columns: tuple[Column, ...],
        rows: Sequence[TableRow],
        sort: str,
        *,
        keep: str = "",
        is_stale: bool = False,
    ) -> None:
        """The row of the key `keep` stays marked, wherever it is now; without one the mark stays where it is."""
        before = self._columns, self._marked_key
        if columns is not self._columns:
            self._at = self._top = 0
        self._columns, self._rows, self._sort, self._is_stale = columns, rows, sort, is_stale
        if keep:
            self._at = next((at for at, row in enumerate(rows) if row.key == keep), self._at)
        self._at = max(0, min(self._at, len(rows) - 1))
        self._reveal()
        self.refresh()
        # The row of the same key is another object after each look, and yet nobody has moved.
        if (columns, self._marked_key) != before:
            self.post_message(self.Moved())

    def move(self, by: int) -> None:
        self._mark(self._at + by)

    def to_end(self) -> None:
        self._mark(len(self._rows) - 1)

    def _mark(self, at: int) -> None:
        at = max(0, min(at, len(self._rows) - 1))
        if at != self._at:
            self._at = at
            self._reveal()
            self.refresh()
            self.post_message(self.Moved())

    def _reveal(self) -> None:
        self._top = max(0, min(self._top, self._at, max(0, len(self._rows) - self.page)))
        self._top = max(self._top, self._at - self.page + 1)

    def render_line(self, y: int) -> Strip:
        palette = palette_of(self.app.theme_variables)
        width = self.size.width
        shown = self._shown(width)
        if y == 0:
            line = _head(shown, self._sort, palette)
        else:
            at = self._top + y - 1
            if at >= len(self._rows):
                return Strip.blank(width, self.rich_style)
            line = _line(self._rows[at], shown, palette, marked=at == self._at, is_stale=self._is_stale)
        strip = strip_of(line).adjust_cell_length(width)
        if y and self._top + y - 1 == self._at:
            strip = strip.apply_style(palette.panel)
        return strip.apply_style(self.rich_style)

    def _shown(self, width: int) -> list[tuple[int, Column, int]]:
        """The columns that there is room for: their numbers, and how wide each is."""
        fit = [(number, column) for number, column in enumerate(self._columns) if width >= column.from_width]
        taken = _LEFT + sum(column.width + _GAP for _, column in fit)
        left = max(6, width - taken)
        return [(number, column, column.width or left) for number, column in fit]

    def on_resize(self) -> None:
        self._reveal()

    def on_mouse_down(self, event: events.MouseDown) -> None:
        if event.button == 1 and event.y > 0 and self._top + event.y - 1 < len(self._rows):
            self._mark(self._top + event.y - 1)

    def on_click(self, event: events.Click) -> None:
        if event.y == 0:
            at = _LEFT
            for _, column, width in self._shown(self.size.width):
                if at <= event.x < at + width + _GAP and column.key:
                    self.post_message(self.HeadPressed(column.key))
                at += width + _GAP
        elif self._top + event.y - 1 == self._at:
            self.post_message(self.Pressed(event.chain))

    def on_mouse_scroll_down(self) -> None:
        self.move(_WHEEL)

    def on_mouse_scroll_up(self) -> None:
        self.move(-_WHEEL)


def _head(shown: Sequence[tuple[int, Column, int]], sort: str, palette: Palette) -> Text:
    line = Text(" " * _LEFT, no_wrap=True)
    for _, column, width in shown:
        is_sorted = bool(sort) and column.key == sort
        title = f"{column.title}▼" if is_sorted else column.title
        line.append(
            _fitted(title, width, column.right), palette.heading if is_sorted else palette.muted + Style(bold=True)
        )
        line.append(" " * _GAP)
    return line


def _line(
    row: TableRow, shown: Sequence[tuple[int, Column, int]], palette: Palette, *, marked: bool, is_stale: bool
) -> Text:
    line = Text.assemble((RAIL if marked else " ", palette.focus), no_wrap=True)
    inks = dict(row.inks)
    whole: Style = palette.muted if is_stale else getattr(palette, row.ink) if row.ink else PLAIN
    for number, column, width in shown:
        role = inks.get(number)
        ink = whole if is_stale or not role else whole + getattr(palette, role)
        line.append(_fitted(printable_row(row.cells[number]), width, column.right), ink)
        line.append(" " * _GAP)
    return line


def _fitted(text: str, width: int, right: bool) -> str:
    if cell_len(text) > width:
        return set_cell_size(text, max(0, width - 1)) + "…"
    return " " * (width - cell_len(text)) + text if right else set_cell_size(text, width)
