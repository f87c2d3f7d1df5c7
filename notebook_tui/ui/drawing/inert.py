"""The last that every row of the screen passes, whichever widget drew it: no text in it commands the terminal.

What is drawn here has passed `strip_of`; Textual's own widgets (lines to type in, lists, messages) let an escape
through, and names of files and of sections stand in those as well.
"""

from __future__ import annotations

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from notebook_tui.ui.drawing.printable import printable_row


class Inert(LineFilter):
    """
    >>> Inert().apply([Segment("a\\x1b[2J")], Color(0, 0, 0))
    [Segment('a␛[2J')]
    """

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        if all(text.isprintable() for text, _, _ in segments):
            return segments
        return [Segment(printable_row(text), style, control) for text, style, control in segments]
