"""Where things stand in a row: the rail of the focus, the gutter, the text. Columns are counted in cells.

▌  1 │ import math          rail, line number, bar, text
▌    ╰ ✓ 12 ms              the stamp closes the source
▌    = 3.14                 marks of outputs stand below the bar
"""

from __future__ import annotations

from typing import Final

from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.strip import Strip

from beamlike.kernel.record import frozen
from notebook_tui.ui.drawing.palette import Palette
from notebook_tui.ui.drawing.rows import strip_of

RAIL: Final = "▌"
CONTINUED: Final = "┊"
"""In the place of the bar or the mark, where a line goes on in the next row."""
LEFT: Final = 2
MARGIN: Final = 1
# Prose is hard to read in long lines; code and outputs take the whole width.
_PROSE: Final = 88


@frozen
class Frame:
    width: int
    digits: int = 2
    """The width of the line numbers."""

    @property
    def text_left(self) -> int:
        return LEFT + self.digits + 3

    @property
    def text_width(self) -> int:
        return max(8, self.width - self.text_left - MARGIN)

    @property
    def wrap_width(self) -> int:
        """Where code wraps: the editor keeps a cell for its caret."""
        return self.text_width - 1

    @property
    def prose_width(self) -> int:
        return min(_PROSE, self.text_width)


def frame_for(width: int, lines: int) -> Frame:
    """The frame of a cell with that many lines of source.

    >>> frame_for(80, 7).text_left, frame_for(80, 120).text_left
    (7, 8)
    """
    return Frame(width, max(2, len(str(lines))))


def gutter_row(frame: Frame, label: str, mark: str, text: Text, label_style: Style, mark_style: Style) -> Strip:
    """A row without its rail: `label` right-aligned where line numbers stand, `mark` where the bar stands."""
    gutter = [Segment(f"{label:>{frame.digits}} ", label_style), Segment(f"{mark} ", mark_style)]
    return Strip([*gutter, *strip_of(text)])


def on_panel(row: Strip, frame: Frame, palette: Palette) -> Strip:
    """The row filled up to the right margin and set on the panel's background."""
    return row.adjust_cell_length(frame.width - LEFT - MARGIN).apply_style(palette.panel)


def with_rail(row: Strip, focused: bool, palette: Palette) -> Strip:
    """The whole row: the focused cell has a bar at its left, all along its height."""
    rail = Segment(RAIL, palette.focus) if focused else Segment(" ")
    return Strip([rail, Segment(" " * (LEFT - 1)), *row])
