"""Which rows of a page the lines of an output take: one each, or as many as they need where they wrap."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import Final

from rich.cells import cell_len
from rich.text import Text

from notebook_tui.ui.drawing.rows import fold
from notebook_tui.ui.outputs.page_lines import PageLines
from notebook_tui.widgets.terminal.widths import is_narrow

_NARROWEST: Final = 8


class PageLayout:
    """`room` is the width that a line may take; None lets it take any.

    >>> layout = PageLayout(PageLines(("short", "a line that wraps", "end")), 8)
    >>> layout.height, layout.top(2), layout.line_at(2)
    (5, 4, 1)
    """

    def __init__(self, lines: PageLines, room: int | None = None) -> None:
        self._lines = lines
        self._room = None if room is None else max(_NARROWEST, room)
        self._tops: Sequence[int] = range(len(lines.lines) + 1)
        if self._room is not None:
            self._tops = list(accumulate(map(self._rows, range(len(lines.lines))), initial=0))

    @property
    def height(self) -> int:
        return self._tops[-1]

    @property
    def width(self) -> int:
        """Of the longest line; 0 where they wrap."""
        if self._room is not None:
            return 0
        return max((cell_len(self._lines.plain(line)) for line in range(len(self._lines.lines))), default=0)

    def top(self, line: int) -> int:
        """The row that it begins at."""
        return self._tops[max(0, min(line, len(self._tops) - 1))]

    def line_at(self, row: int) -> int:
        """The line that the row belongs to; the first above all, the last below all."""
        line = row if self._room is None else bisect_right(self._tops, row) - 1
        return max(0, min(line, len(self._lines.lines) - 1))

    def pieces(self, text: Text) -> list[Text]:
        """The rows of that text."""
        return [text] if self._room is None else list(fold(text, self._room))

    def _rows(self, line: int) -> int:
        assert self._room is not None
        plain = self._lines.plain(line)
        if is_narrow(plain):
            return max(1, -(-len(plain) // self._room))
        # What is wide may leave the last column of a row empty.
        return len(self.pieces(Text(plain)))
