"""Lines to read, scrolled as far as they go: what is known of one row, or what a trace has told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final

from rich.text import Text
from textual.strip import Strip
from textual.widget import Widget

from notebook_tui.ui.drawing.rows import fold, strip_of

_WHEEL: Final = 3


class Pane(Widget, can_focus=True):
    ALLOW_SELECT: ClassVar[bool] = False
    DEFAULT_CSS = """
    Pane { width: 1fr; height: 1fr; background: $background; padding: 0 1; }
    """

    def __init__(self, *, follows: bool = False, folds: bool = True) -> None:
        super().__init__()
        self._lines: Sequence[Text] = ()
        self._rows: list[Text] = []
        self._head: Text | None = None
        self._top = 0
        self._follows = follows
        self._folds = folds

    @property
    def room(self) -> int:
        """Rows below the head."""
        return max(1, self.content_size.height - (self._head is not None))

    def show(self, lines: Sequence[Text], head: Text | None = None, *, anew: bool = False) -> None:
        """The `head` stays on top. `anew`: from the first line on; else where one is, or at the end if one was."""
        was_at_end = self._top >= len(self._rows) - self.room
        self._lines, self._head = lines, head
        self._fold()
        if anew:
            self._top = 0
        elif self._follows and was_at_end:
            self._top = len(self._rows)
        self._scroll(0)

    def move(self, by: int) -> None:
        self._scroll(by)

    def to_end(self) -> None:
        self._scroll(len(self._rows))

    def _scroll(self, by: int) -> None:
        self._top = max(0, min(self._top + by, len(self._rows) - self.room))
        self.refresh()

    def _fold(self) -> None:
        width = max(10, self.content_size.width)
        self._rows = [row for line in self._lines for row in fold(line, width)] if self._folds else list(self._lines)

    def on_resize(self) -> None:
        self._fold()
        self._scroll(0)

    def render_line(self, y: int) -> Strip:
        width = self.content_size.width
        if self._head is not None:
            if y == 0:
                return strip_of(self._head).adjust_cell_length(width).apply_style(self.rich_style)
            y -= 1
        at = self._top + y
        if at >= len(self._rows):
            return Strip.blank(width, self.rich_style)
        return strip_of(self._rows[at]).adjust_cell_length(width).apply_style(self.rich_style)

    def on_mouse_scroll_down(self) -> None:
        self.move(_WHEEL)

    def on_mouse_scroll_up(self) -> None:
        self.move(-_WHEEL)
