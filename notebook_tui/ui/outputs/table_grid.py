"""The rows and columns of a table that fit on the screen, with a cursor on one cell.

What is not there yet is asked for when it is to be seen, and stands as dots until it has come: a table of a billion
rows opens at once, and its end is one key away.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from typing import ClassVar, Final

from rich.style import Style
from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from notebook_tui.ui.drawing.palette import Palette, palette_of
from notebook_tui.ui.drawing.rows import strip_of
from notebook_tui.ui.outputs.inked import inked
from notebook_tui.ui.outputs.table_blocks import TableBlocks
from notebook_tui.ui.outputs.table_pages import next_sort
from notebook_tui.ui.outputs.table_rows import aligned, cell_width, one_line
from notebook_tui.widgets.messages import Page
from notebook_tui.widgets.views import Sort, Table

_GAP: Final = 2
_HEAD: Final = 2
_WIDEST: Final = 40
_NARROWEST: Final = 3
_STEP: Final = 4
_CURSOR: Final = Style(reverse=True, bold=True)
_FAR: Final = 10**15


class TableGrid(Widget, can_focus=True):
    ALLOW_SELECT: ClassVar[bool] = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "move(1, 0)", show=False),
        Binding("up,k", "move(-1, 0)", show=False),
        Binding("right,l", "move(0, 1)", show=False),
        Binding("left,h", "move(0, -1)", show=False),
        Binding("pagedown,space", "page(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("g,home", "go_to(0)", show=False),
        Binding("G,end", "last", show=False),
        Binding("s,enter", "sort", show=False),
        Binding("r", "again", show=False),
        Binding("plus,greater_than_sign", "widen(1)", show=False),
        Binding("minus,less_than_sign", "widen(-1)", show=False),
    ]
    DEFAULT_CSS = """
    TableGrid { height: 1fr; width: 1fr; padding: 0 1; background: $background; color: $foreground; }
    """

    class Moved(Message):
        """The cursor is elsewhere, or there is more to show."""

    def __init__(
        self, table: Table, rows: Callable[[str, Page], Awaitable[Table]], trouble: Callable[[str], None]
    ) -> None:
        """`rows` fetches a page; `trouble` is told why one does not come."""
        super().__init__()
        self.table = table
        self.blocks = TableBlocks(table.count, table.sort)
        self.row = table.offset
        self.column = 0
        self._rows = rows
        self._trouble = trouble
        self._top = table.offset
        self._first = 0
        self._widths = [min(_WIDEST, width) for width in _natural(table)]
        self._set: set[int] = set()
        """The columns that the user has made wider or narrower."""
        self._asking = False

    @property
    def cell(self) -> str:
        """The text under the cursor; empty where it has not come yet."""
        row = self.blocks.row(self.row)
        return row[self.column] if row is not None and self.column < len(row) else ""

    def action_move(self, down: int, right: int) -> None:
        self._put_cursor(self.row + down, self.column + right)

    def action_page(self, direction: int) -> None:
        height = self._height
        self._top += direction * height
        self._put_cursor(self.row + direction * height, self.column)

    def action_go_to(self, row: int) -> None:
        self._put_cursor(row, self.column)

    def action_last(self) -> None:
        """As far as the end is known; else on to where something is known of it."""
        count = self.blocks.count
        self._put_cursor((count if count is not None else self.row + 1000) - 1, self.column)

    def action_sort(self) -> None:
        """By the column of the cursor: up, then down, then as it is."""
        if not self.table.sortable or not self.table.columns:
            self._trouble("This table cannot be sorted where it lives.")
            return
        self.sort_by(next_sort(self.blocks.sort, self.table.columns[self.column].name))

    def sort_by(self, sort: Sort | None) -> None:
        self.blocks.sort_by(sort)
        self._put_cursor(0, self.column)

    def action_again(self) -> None:
        """Fetch what is seen anew: the table may have changed."""
        self.blocks.sort_by(self.blocks.sort)
        self._put_cursor(self.row, self.column)

    def action_widen(self, by: int) -> None:
        """The column of the cursor."""
        if self._widths:
            self._set.add(self.column)
            self._widths[self.column] = max(_NARROWEST, self._widths[self.column] + by * _STEP)
            self._put_cursor(self.row, self.column)

    def on_mount(self) -> None:
        self._put_cursor(self.row, self.column)

    def on_resize(self) -> None:
        self._put_cursor(self.row, self.column)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self.action_move(3, 0)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self.action_move(-3, 0)

    def on_click(self, event: events.Click) -> None:
        """On a heading sorts by it, on a cell puts the cursor there."""
        offset = event.get_content_offset(self)
        column = None if offset is None else self._column_at(offset.x)
        if offset is None or column is None:
            return
        if offset.y < _HEAD:
            self.column = column
            self.action_sort()
        else:
            self._put_cursor(self._top + offset.y - _HEAD, column)

    def render_line(self, y: int) -> Strip:
        palette = palette_of(self.app.theme_variables)
        if y == 0:
            row = self._headings(palette)
        elif y == 1:
            row = self._rule(palette)
        else:
            row = self._cells(self._top + y - _HEAD, palette)
        return strip_of(row).adjust_cell_length(self.size.width).apply_style(self.rich_style)

    @property
    def _height(self) -> int:
        return max(1, self.size.height - _HEAD)

    @property
    def _digits(self) -> int:
        return max(3, len(f"{self._top + self._height}"))

    def _put_cursor(self, row: int, column: int) -> None:
        """There, as far as the table goes; the window follows, and what it lacks is asked for."""
        last = _FAR if self.blocks.count is None else max(0, self.blocks.count - 1)
        self.row = max(0, min(row, last))
        self.column = max(0, min(column, len(self.table.columns) - 1))
        self._top = max(0, min(max(self._top, self.row - self._height + 1), self.row))
        self._first = min(self._first, self.column)
        while self._first < self.column and self.column not in dict(self._shown()):
            self._first += 1
        self.refresh()
        self._ask()
        self.post_message(self.Moved())

    def _ask(self) -> None:
        if not self._asking and self._wanted() is not None:
            self._asking = True
            self.run_worker(self._fetch())

    def _wanted(self) -> Page | None:
        return self.blocks.wanted(self._top, self._top + self._height)

    async def _fetch(self) -> None:
        """Whatever is to be seen by the time that it comes. One task asks for all of it: a task that it began would
        share its mailbox, which ends with it."""
        try:
            while (page := self._wanted()) is not None:
                table = await self._rows(self.table.ref, page)
                self.blocks.put(page, table)
                self._widen_to(table)
                self._put_cursor(self.row, self.column)
        except LookupError as error:
            self._trouble(f"The rows could not be fetched: {error.args[0] if error.args else error}")
        finally:
            self._asking = False

    def _widen_to(self, table: Table) -> None:
        if len(table.columns) == len(self._widths):
            for index, width in enumerate(_natural(table)):
                if index not in self._set:
                    self._widths[index] = max(self._widths[index], min(_WIDEST, width))

    def _shown(self) -> Iterator[tuple[int, int]]:
        """The columns that are seen, each with where it begins."""
        left = self._digits + _GAP
        for index in range(self._first, len(self._widths)):
            if index > self._first and left + self._widths[index] > self.size.width - 2:
                return
            yield index, left
            left += self._widths[index] + _GAP

    def _column_at(self, x: int) -> int | None:
        return next((index for index, left in self._shown() if left <= x < left + self._widths[index] + _GAP), None)

    def _headings(self, palette: Palette) -> Text:
        text = Text(" " * self._digits, end="")
        sort = self.blocks.sort
        for index, _ in self._shown():
            column = self.table.columns[index]
            mark = "" if sort is None or sort.column != column.name else " ▼" if sort.descending else " ▲"
            name = inked(one_line(column.name), palette.heading if index == self.column else palette.strong)
            name.truncate(max(1, self._widths[index] - len(mark)), overflow="ellipsis")
            name.append(mark, palette.focus)
            text.append(" " * _GAP).append_text(aligned(name, self._widths[index], column))
        return text

    def _rule(self, palette: Palette) -> Text:
        text = Text(" " * self._digits, end="")
        for index, _ in self._shown():
            line = "━" if index == self.column else "─"
            ink = palette.focus if index == self.column else palette.faint
            text.append(" " * _GAP).append(line * self._widths[index], ink)
        return text

    def _cells(self, number: int, palette: Palette) -> Text:
        count = self.blocks.count
        if count is not None and number >= count:
            return Text("no rows" if number == 0 else "", palette.muted, end="")
        here = number == self.row
        mark = "▶" if here else " "
        text = inked(f"{number + 1:>{self._digits}}", palette.focus if here else palette.muted)
        row = self.blocks.row(number)
        for index, _ in self._shown():
            said = "…" if row is None else one_line(row[index]) if index < len(row) else ""
            cell = Text(said, end="")
            cell.truncate(self._widths[index], overflow="ellipsis")
            cell = aligned(cell, self._widths[index], self.table.columns[index])
            at = here and index == self.column
            if at:
                cell.stylize(_CURSOR)
            text.append(" " + (mark if at else " "), palette.focus).append_text(cell)
        return text


def _natural(table: Table) -> Iterator[int]:
    for index, column in enumerate(table.columns):
        yield max(cell_width(column.name) + 2, *(cell_width(row[index]) for row in table.rows), _NARROWEST)
