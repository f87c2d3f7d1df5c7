"""Rows of prose that float above the cells: documentation beside proposals, and what is known of a name."""

from __future__ import annotations

from typing import ClassVar, Final

from rich.text import Text
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from notebook_tui.ui.drawing.palette import palette_of
from notebook_tui.ui.drawing.rows import strip_of
from notebook_tui.ui.markdown.blocks import markdown_rows

EDGE: Final = "│ "
_MOST_ROWS: Final = 16
_LONGEST: Final = 40_000
"""Characters of documentation; more is cut, for a page is made of all of it."""


class ReadingPopup(Widget, can_focus=False):
    """Scrolled by whoever has the keys; it says so where there is more than it shows."""

    ALLOW_SELECT: ClassVar[bool] = False
    DEFAULT_CSS = """
    ReadingPopup {
        layer: popup;
        position: absolute;
        background: $panel;
        color: $foreground;
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self.display = False
        self._markdown = ""
        self._width = 0
        self._height = 0
        self._rows: list[Text] = []
        self._top = 0

    @property
    def is_open(self) -> bool:
        return self.display

    def open(self, markdown: str) -> None:
        """Show this text; `place` must follow."""
        markdown = markdown[:_LONGEST]
        if markdown != self._markdown:
            self._markdown, self._width, self._top = markdown, 0, 0
        self.display = bool(markdown)

    def close(self) -> None:
        self.display = False
        self._markdown = ""

    def rows_at(self, width: int) -> int:
        """How many rows it would take at this width, as far as it grows."""
        self._fold(width)
        return min(_MOST_ROWS, len(self._rows))

    def place(self, region: Region) -> None:
        """Lie there, no higher than there is text."""
        self._fold(region.width)
        self._height = min(region.height, _MOST_ROWS, len(self._rows))
        self.styles.offset = region.offset
        self.styles.width, self.styles.height = region.width, self._height
        self.refresh()

    def scroll_rows(self, by: int) -> None:
        self._top = max(0, min(self._top + by, len(self._rows) - self._height))
        self.refresh()

    def scroll_page(self, direction: int) -> None:
        self.scroll_rows(direction * max(1, self._height - 2))

    def render_line(self, y: int) -> Strip:
        palette = palette_of(self.app.theme_variables)
        row = self._top + y
        left = len(self._rows) - row
        if y == self._height - 1 and left > 1:
            text = Text(f"… {left} more rows · PgDn", palette.muted, end="")
        elif row < len(self._rows):
            text = self._rows[row]
        else:
            text = Text(end="")
        line = Text.assemble((EDGE, palette.focus), text, end="")
        return strip_of(line).adjust_cell_length(self.size.width).apply_style(self.rich_style)

    def _fold(self, width: int) -> None:
        if width != self._width:
            self._width = width
            palette = palette_of(self.app.theme_variables)
            self._rows = markdown_rows(self._markdown, width - len(EDGE) - 1, palette)
