"""What a program has written, laid out as a terminal would: rows that grow, a cursor, and what moves and erases.

The page has no right edge and no bottom: lines never wrap and never scroll away. Only the cursor knows edges, so that a
move to the ends of the earth stays near what is written and takes no room: it goes no further right than 200 columns or
the row's width, and no further down than 24 rows or the page's.
"""

from __future__ import annotations

from typing import Final

from beamlike.kernel.record import frozen
from notebook_tui.widgets.terminal.ink import PLAIN, Ink
from notebook_tui.widgets.terminal.row import Row
from notebook_tui.widgets.terminal.widths import columns_of

COLUMNS: Final = 200
LINES: Final = 24
SCREEN: Final = 200
"""Rows that one sequence reaches at the most, where it would have to touch each: more than terminals have."""
TAB: Final = 8
# The line-drawing characters of terminals since 1978, for those who select them by `ESC ( 0`.
_DRAWN: Final = str.maketrans("`afgjklmnopqrstuvwxyz{|}~", "◆▒°±┘┐┌└┼⎺⎻─⎼⎽├┤┴┬│≤≥π≠£·")


@frozen
class Cursor:
    row: int = 0
    column: int = 0
    ink: Ink = PLAIN
    draws: bool = False
    """Whether letters are line-drawing characters."""


class Page:
    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.row = 0
        self.column = 0
        self.ink = PLAIN
        self.draws = False
        self.saved = Cursor()
        self.inserts = False
        self._last = ""
        self._written: list[Row] = []
        """The rows that may hold something: who erases all of them again and again touches no others."""

    @property
    def height(self) -> int:
        """How many rows there are to be seen: blank ones at the end count only above the cursor."""
        end = len(self.rows)
        while end > self.row and self.rows[end - 1].is_blank:
            end -= 1
        return max(end, self.row)

    def row_at(self, index: int) -> Row:
        return self.rows[index] if index < len(self.rows) else Row()

    def print(self, text: str) -> None:
        if self.draws:
            text = text.translate(_DRAWN)
        self._last = text[-1]
        row = self._current()
        if not text[0].isascii() and columns_of(text[0]) == 0:
            base = next((place for place, each in enumerate(text) if columns_of(each)), len(text))
            row.write(self.column, text[:base], self.ink)
            text = text[base:]
        if text:
            if self.inserts:
                columns = sum(map(columns_of, text))
                row.insert(self.column, columns, row.width + columns)
            self.column = row.write(self.column, text, self.ink)

    def repeat(self, count: int) -> None:
        if self._last:
            self.print(self._last * min(count, COLUMNS))

    def new_line(self) -> None:
        self._current()
        self.row += 1
        self.column = 0

    def go_back(self) -> None:
        self.column = 0

    def move(self, rows: int, columns: int) -> None:
        self.go_to(self.row + rows, self.column + columns)

    def go_to(self, row: int, column: int) -> None:
        self.row = max(0, min(row, self._bottom))
        width = self.row_at(self.row).width
        self.column = max(0, min(column, max(COLUMNS - 1, width, self.column if row == self.row else 0)))

    def tab(self, count: int) -> None:
        self.go_to(self.row, (self.column // TAB + count) * TAB)

    def tab_back(self, count: int) -> None:
        self.column = max(0, (-(-self.column // TAB) - count) * TAB)

    def up_a_line(self) -> None:
        """To the row above; above the first one comes a new one."""
        column = self.column
        if self.row:
            self.row -= 1
        else:
            self.insert_rows(1)
        self.column = column

    def erase_in_row(self, what: int) -> None:
        if self.row >= len(self.rows):
            return
        row = self.rows[self.row]
        match what:
            case 0:
                row.cut(self.column)
            case 1:
                row.erase(0, self.column + 1)
            case 2:
                row.clear()
            case _:
                pass

    def erase_on_page(self, what: int) -> None:
        match what:
            case 0:
                self.erase_in_row(0)
                del self.rows[self.row + 1 :]
            case 1:
                # As much as a terminal sees of it: who does that again and again is not to pay for all rows.
                for row in self.rows[max(0, self.row - SCREEN) : self.row]:
                    row.clear()
                self.erase_in_row(1)
            case 2 | 3:
                # Rows above the cursor stay, for it does not move.
                for row in self._written:
                    row.clear()
                self._written.clear()
                del self.rows[self.row :]
            case _:
                pass

    def erase_columns(self, count: int) -> None:
        if self.row < len(self.rows):
            self.rows[self.row].erase(self.column, self.column + count)

    def insert_columns(self, count: int) -> None:
        row = self.row_at(self.row)
        edge = max(COLUMNS, row.width)
        row.insert(self.column, min(count, max(0, edge - self.column)), edge)

    def delete_columns(self, count: int) -> None:
        self.row_at(self.row).delete(self.column, count)

    def insert_rows(self, count: int) -> None:
        """Blank ones at the cursor; what is pushed over the bottom is lost."""
        self.column = 0
        if self.row < len(self.rows):
            bottom = self._bottom + 1
            self.rows[self.row : self.row] = [Row() for _ in range(min(count, bottom - self.row, SCREEN))]
            del self.rows[bottom:]

    def delete_rows(self, count: int) -> None:
        self.column = 0
        del self.rows[self.row : self.row + count]

    def save(self) -> None:
        self.saved = Cursor(self.row, self.column, self.ink, self.draws)

    def restore(self) -> None:
        self.go_to(self.saved.row, self.saved.column)
        self.ink, self.draws = self.saved.ink, self.saved.draws

    @property
    def _bottom(self) -> int:
        return max(LINES, len(self.rows), self.row + 1) - 1

    def _current(self) -> Row:
        while len(self.rows) <= self.row:
            self.rows.append(Row())
        row = self.rows[self.row]
        if not self._written or self._written[-1] is not row:
            if len(self._written) > 2 * len(self.rows) + SCREEN:
                self._written = [each for each in self.rows if each.width]
            self._written.append(row)
        return row
