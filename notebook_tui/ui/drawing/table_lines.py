"""Rows in columns, as wide as they must be and the room allows: what does not fit is cut, the widest column first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rich.cells import cell_len, set_cell_size
from rich.style import Style
from rich.text import Text

from notebook_tui.ui.drawing.palette import PLAIN

GAP: Final = 2
_LEAST: Final = 5


def columns_of(rows: Sequence[Sequence[str]], width: int) -> list[int]:
    """How wide each column is.

    >>> columns_of([("a", "long words"), ("bbb", "x")], 80), columns_of([("a", "long words")], 9)
    ([3, 10], [1, 6])
    """
    if not rows:
        return []
    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    over = sum(widths) + GAP * (len(widths) - 1) - width
    while over > 0 and max(widths) > _LEAST:
        widest = widths.index(max(widths))
        widths[widest] -= 1
        over -= 1
    return widths


def row_text(row: Sequence[str], widths: Sequence[int], styles: Sequence[Style] = (), right: int = -1) -> Text:
    """One row; `right` is the column, if one, whose cells stand at their right."""
    text = Text(end="", no_wrap=True)
    for number, (cell, width) in enumerate(zip(row, widths, strict=True)):
        shown = _cut(cell, width)
        shown = " " * max(0, width - cell_len(shown)) + shown if number == right else set_cell_size(shown, width)
        text.append(shown, styles[number] if number < len(styles) else PLAIN)
        text.append(" " * GAP if number + 1 < len(widths) else "")
    return text


def _cut(cell: str, width: int) -> str:
    return cell if cell_len(cell) <= width else set_cell_size(cell, max(0, width - 1)) + "…"
