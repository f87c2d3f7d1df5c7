"""Rows of views inside of others: moved to the right, cut, put beside each other. Their spots go with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import zip_longest

from rich.style import Style
from rich.text import Text

from notebook_tui.ui.outputs.row import OutputRow
from notebook_tui.ui.outputs.spots import Spot

_NO_STYLE = Style()


def text_row(text: Text, spots: Sequence[Spot] = ()) -> OutputRow:
    """A row without a mark."""
    return OutputRow(" ", _NO_STYLE, text, tuple(spots))


def moved(row: OutputRow, before: Text) -> OutputRow:
    """The row behind this text.

    >>> moved(text_row(Text("ab"), [Spot(0, 2, None)]), Text("│ ")).spots[0].start
    2
    """
    by = before.cell_len
    spots = tuple(replace(spot, start=spot.start + by, end=spot.end + by) for spot in row.spots)
    return replace(row, text=before.copy().append_text(row.text), spots=spots)


def cut(row: OutputRow, width: int) -> OutputRow:
    """The row, no wider than this.

    >>> cut(text_row(Text("abcdef")), 4).text.plain
    'abc…'
    """
    if row.text.cell_len <= width:
        return row
    text = row.text.copy()
    text.truncate(width, overflow="ellipsis")
    spots = tuple(replace(spot, end=min(spot.end, text.cell_len)) for spot in row.spots if spot.start < text.cell_len)
    return replace(row, text=text, spots=spots)


def padded(row: OutputRow, width: int) -> OutputRow:
    """The row as wide as this: cut, or filled up with blanks."""
    row = cut(row, width)
    return replace(row, text=row.text.copy().append(" " * (width - row.text.cell_len)))


def beside(columns: Sequence[Sequence[OutputRow]], widths: Sequence[int], gap: str) -> list[OutputRow]:
    """The columns, each of its width, side by side; the lower ones are filled up with blanks.

    >>> left, right = [text_row(Text("a")), text_row(Text("b"))], [text_row(Text("c"))]
    >>> [row.text.plain for row in beside([left, right], [3, 1], "|")]
    ['a  |c', 'b  | ']
    """
    return [_joined(rows, widths, gap) for rows in zip_longest(*columns, fillvalue=text_row(Text(end="")))]


def _joined(rows: Sequence[OutputRow], widths: Sequence[int], gap: str) -> OutputRow:
    whole = Text(end="")
    spots: list[Spot] = []
    for row, width in zip(rows, widths, strict=True):
        part = moved(padded(row, width), Text(gap if whole else "", end=""))
        left = whole.cell_len
        spots += (replace(spot, start=spot.start + left, end=spot.end + left) for spot in part.spots)
        whole.append_text(part.text)
    return text_row(whole, spots)
