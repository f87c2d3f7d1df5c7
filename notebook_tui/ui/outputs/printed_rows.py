"""Text as rows: as a terminal would leave it, folded to the width."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rich.style import Style
from rich.text import Text

from notebook_tui.ui.drawing.frame import CONTINUED
from notebook_tui.ui.drawing.rows import fold
from notebook_tui.ui.outputs.row import OutputRow
from notebook_tui.ui.outputs.terminal_text import decoded

_FOLDED = Style(dim=True)


def printed_rows(text: str, width: int, mark: str = " ", style: Style = _FOLDED) -> Iterator[OutputRow]:
    """
    >>> [row.text.plain for row in printed_rows("10 %\\r20 %\\ndone\\n", 40)]
    ['20 %', 'done']
    """
    lines = decoded(text.removesuffix("\n")) if text != "\n" else iter([Text(end="")])
    return folded_rows(lines, width, mark, style)


def folded_rows(lines: Iterable[Text], width: int, mark: str = " ", style: Style = _FOLDED) -> Iterator[OutputRow]:
    """The rows of the lines; a broken bar stands beside what was folded."""
    for line in lines:
        row, *rest = fold(line, width)
        yield OutputRow(mark, style, row)
        yield from (OutputRow(CONTINUED, _FOLDED, piece) for piece in rest)
