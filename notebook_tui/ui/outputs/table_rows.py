"""One page of a table as rows: headings that sort, cells under them, and the ways to other pages and columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from rich.text import Text

from beamlike.kernel.record import frozen
from notebook_tui.ui.drawing.palette import Palette
from notebook_tui.ui.drawing.printable import printable
from notebook_tui.ui.outputs.column_widths import column_widths
from notebook_tui.ui.outputs.inked import inked
from notebook_tui.ui.outputs.looks import Looks
from notebook_tui.ui.outputs.moved_rows import text_row
from notebook_tui.ui.outputs.row import OutputRow
from notebook_tui.ui.outputs.spots import Shift, SortBy, Spot, Touch, TurnPage
from notebook_tui.ui.outputs.table_pages import pages_beside, rows_said
from notebook_tui.widgets.views import Column, Table

_GAP: Final = "  "


@frozen
class _Columns:
    """Those that are shown."""

    first: int
    widths: tuple[int, ...]
    digits: int
    """Of the numbers of rows at the left; 0 where there are none."""

    @property
    def end(self) -> int:
        return self.first + len(self.widths)


def table_rows(shown: Table, width: int, palette: Palette, looks: Looks) -> list[OutputRow]:
    """
    >>> columns = Column("name"), Column("age", "number")
    >>> table = Table("t", columns, (("Ada", "36"), ("Tu", "7")), count=2, title="People")
    >>> for row in table_rows(table, 40, Palette(), Looks()):
    ...     print(row.text.plain.rstrip())
    People
    name  age
    ────  ───
    Ada    36
    Tu      7
    2 rows
    """
    page = looks.pages.get(shown.ref)
    table = page if isinstance(page, Table) else shown
    return list(_rows(table, len(shown.rows), width, palette, looks.columns.get(shown.ref, 0)))


def _rows(table: Table, limit: int, width: int, palette: Palette, first: int) -> Iterator[OutputRow]:
    if table.title:
        title = inked(one_line(table.title), palette.strong)
        title.truncate(width, overflow="ellipsis")
        yield text_row(title)
    if table.columns:
        columns = _shown(table, limit, width, first)
        yield _headings(table, columns, palette)
        yield _rule(columns, palette)
        for index, row in enumerate(table.rows):
            yield _cells(table, columns, table.offset + index + 1, row, palette)
        yield from _footer(table, columns, limit, width, palette)
    else:
        yield text_row(inked(rows_said(table), palette.muted))


def _shown(table: Table, limit: int, width: int, first: int) -> _Columns:
    first = max(0, min(first, len(table.columns) - 1))
    paged = pages_beside(table, limit) != (None, None)
    digits = len(str(table.offset + len(table.rows))) if paged and width >= 40 else 0
    wanted = [
        max(heading_width(column, table), *(cell_width(row[index]) for row in table.rows), 1)
        for index, column in enumerate(table.columns)
        if index >= first
    ]
    room = width - (digits + len(_GAP) if digits else 0)
    return _Columns(first, tuple(column_widths(wanted, room, len(_GAP))), digits)


def _headings(table: Table, columns: _Columns, palette: Palette) -> OutputRow:
    text = Text(" " * (columns.digits + len(_GAP)) if columns.digits else "", end="")
    spots: list[Spot] = []
    for index, width in enumerate(columns.widths, columns.first):
        column = table.columns[index]
        if index > columns.first:
            text.append(_GAP)
        sorted_by = table.sort is not None and table.sort.column == column.name
        mark = (" ▼" if table.sort is not None and table.sort.descending else " ▲") if sorted_by else ""
        name = inked(one_line(column.name), palette.strong)
        name.truncate(max(1, width - len(mark)), overflow="ellipsis")
        name.append(mark, palette.focus)
        cell = aligned(name, width, column)
        start = text.cell_len
        text.append_text(cell)
        if table.sortable and name:
            # The name alone, without the blanks beside it.
            left = start + (width - name.cell_len if column.kind == "number" else 0)
            spots.append(Spot(left, left + name.cell_len, SortBy(table.ref, column.name)))
    return text_row(text, spots)


def _rule(columns: _Columns, palette: Palette) -> OutputRow:
    parts = ["─" * width for width in columns.widths]
    numbers = [" " * columns.digits] if columns.digits else []
    return text_row(inked(_GAP.join([*numbers, *parts]), palette.faint))


def _cells(table: Table, columns: _Columns, number: int, row: Sequence[str], palette: Palette) -> OutputRow:
    text = Text(end="")
    if columns.digits:
        text.append(f"{number:>{columns.digits}}{_GAP}", palette.muted)
    for index, width in enumerate(columns.widths, columns.first):
        if index > columns.first:
            text.append(_GAP)
        cell = Text(one_line(row[index]), end="")
        cell.truncate(width, overflow="ellipsis")
        text.append_text(aligned(cell, width, table.columns[index]))
    return text_row(text)


def _footer(table: Table, columns: _Columns, limit: int, width: int, palette: Palette) -> Iterator[OutputRow]:
    """What of how much, and the ways to the rest; in a second row where one is too narrow for all."""
    text, spots = inked(rows_said(table), palette.muted), list[Spot]()
    for label, touch in _ways(table, columns, limit):
        room = width - text.cell_len
        if touch is None and len(label) + 3 <= room:
            text.append(f" · {label}", palette.muted)
            continue
        if len(label) + 2 > room:
            yield text_row(text, spots)
            text, spots = Text(end=""), []
        gap = "  " if text else ""
        start = text.cell_len + len(gap)
        text.append(gap)
        text.append(label, palette.muted if touch is None else palette.focus)
        if touch is not None:
            spots.append(Spot(start, start + len(label), touch))
    yield text_row(text, spots)


def _ways(table: Table, columns: _Columns, limit: int) -> Iterator[tuple[str, Touch | None]]:
    before, after = pages_beside(table, limit)
    if before is not None:
        yield "‹ previous", TurnPage(table.ref, before)
    if after is not None:
        yield "next ›", TurnPage(table.ref, after)
    count = len(table.columns)
    hidden = count - len(columns.widths)
    if hidden:
        yield f"{hidden} of {count} columns hidden", None
    if columns.first:
        yield "‹ columns", Shift(table.ref, max(0, columns.first - max(1, len(columns.widths))))
    if columns.end < count:
        yield "columns ›", Shift(table.ref, columns.end)


def aligned(text: Text, width: int, column: Column) -> Text:
    """Numbers to the right."""
    blank = " " * (width - text.cell_len)
    return Text(blank, end="").append_text(text) if column.kind == "number" else text.append(blank)


def heading_width(column: Column, table: Table) -> int:
    """What a heading takes, with its mark if the table is sorted by it."""
    return cell_width(column.name) + (2 if table.sort is not None and table.sort.column == column.name else 0)


def cell_width(text: str) -> int:
    return len(text) if text.isascii() and text.isprintable() else Text(one_line(text)).cell_len


def one_line(text: str) -> str:
    """The text of a cell in one line.

    >>> one_line("a\\nb")
    'a b'
    """
    return printable(" ".join(text.split("\n")).replace("\t", " "))
