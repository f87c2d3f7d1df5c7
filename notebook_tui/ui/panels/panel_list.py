"""Lines of a panel, one of them marked: headings and words are passed over, the others can be chosen.

On the Line API, as the list of cells is: a notebook of 500 cells costs no more than the lines that are seen.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import ClassVar, Final

from rich.segment import Segment
from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from beamlike.kernel.record import frozen
from notebook_tui.ui.drawing.palette import PLAIN, Palette, palette_of
from notebook_tui.ui.drawing.rows import strip_of

_MARK: Final = "▌"


@frozen
class Line:
    text: Text
    id: str = ""
    """By which it is chosen; empty: it cannot be."""


def heading(text: str, palette: Palette) -> Line:
    return Line(Text(text, palette.heading))


def said(text: str, width: int, palette: Palette) -> list[Line]:
    """Words, in as many lines as they need.

    >>> [line.text.plain for line in said("one two three", 8, Palette())]
    ['one two', 'three']
    """
    return [Line(Text(row, palette.muted)) for row in wrap(text, max(8, width))]


BLANK: Final = Line(Text(""))


class PanelList(ScrollView, can_focus=True):
    ALLOW_SELECT: ClassVar[bool] = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "move(1)", show=False),
        Binding("k,up", "move(-1)", show=False),
        Binding("pagedown,space", "page(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("g,home", "move(-1000000)", show=False),
        Binding("G,end", "move(1000000)", show=False),
        Binding("enter", "choose", show=False),
    ]
    DEFAULT_CSS = """
    PanelList {
        height: 1fr;
        background: $background;
        scrollbar-size-vertical: 1;
        overflow-x: hidden;
    }
    """

    @dataclass
    class Chosen(Message):
        id: str

    @dataclass
    class Marked(Message):
        """Another line is marked now."""

        id: str

    def __init__(self) -> None:
        super().__init__()
        self._lines: tuple[Line, ...] = ()
        self._at = 0
        """Of the marked line, if any can be."""

    @property
    def lines(self) -> Sequence[Line]:
        return self._lines

    @property
    def room(self) -> int:
        """Columns of a line: beside it are the mark and the scroll bar, whether there is one now or not."""
        return max(1, self.size.width - 2)

    @property
    def marked(self) -> str:
        """The id of the marked line; empty where none can be marked."""
        return self._lines[self._at].id if self._at < len(self._lines) else ""

    def show(self, lines: Iterable[Line]) -> None:
        """The line that was marked stays so; if it is gone, the one in its place is."""
        lines = tuple(lines)
        if lines == self._lines:
            return
        marked, self._lines = self.marked, lines
        if marked != self.marked or not marked:
            places = [place for place, line in enumerate(lines) if line.id]
            same = next((place for place in places if lines[place].id == marked), None) if marked else None
            self._at = same if same is not None else min(places, key=lambda place: abs(place - self._at), default=0)
        self.virtual_size = Size(self.size.width, len(lines))
        self.refresh()

    def mark(self, id: str) -> None:
        """Mark that line, if it is there."""
        self._mark(next((place for place, line in enumerate(self._lines) if line.id == id), self._at))
        self._show_top()

    def action_move(self, by: int) -> None:
        places = [place for place, line in enumerate(self._lines) if line.id]
        if not places:
            self.scroll_relative(y=max(-1, min(1, by)), animate=False)
            return
        now = min(range(len(places)), key=lambda number: abs(places[number] - self._at))
        self._mark(places[max(0, min(now + by, len(places) - 1))])
        self._show_top()

    def _show_top(self) -> None:
        """What stands above the first line that can be marked is seen with it."""
        if self._at == next((place for place, line in enumerate(self._lines) if line.id), None):
            self.scroll_to(y=0, animate=False)

    def action_page(self, direction: int) -> None:
        self.action_move(direction * max(1, self.size.height - 1))

    def action_choose(self) -> None:
        if self.marked:
            self.post_message(self.Chosen(self.marked))

    def on_click(self, event: events.Click) -> None:
        place = event.y + self.scroll_offset.y
        if place < len(self._lines) and self._lines[place].id:
            self._mark(place)
            if event.chain == 2:
                self.action_choose()

    def on_resize(self) -> None:
        self.virtual_size = Size(self.size.width, len(self._lines))

    def on_focus(self) -> None:
        self.refresh()

    def on_blur(self) -> None:
        self.refresh()

    def _mark(self, place: int) -> None:
        if place != self._at and place < len(self._lines):
            self._at = place
            self.refresh()
            self.post_message(self.Marked(self.marked))
        self.scroll_to_region(Region(0, place, 1, 1), animate=False, force=True)

    def render_line(self, y: int) -> Strip:
        place = y + self.scroll_offset.y
        width = self.size.width
        if place >= len(self._lines):
            return Strip.blank(width, self.rich_style)
        palette = palette_of(self.app.theme_variables)
        is_marked = place == self._at and bool(self._lines[place].id)
        line = self._lines[place].text.copy()
        line.truncate(self.room, overflow="ellipsis")
        ink = (palette.focus if self.has_focus else palette.muted) if is_marked else PLAIN
        row = strip_of(line, palette.strong if is_marked and self.has_focus else None)
        strip = Strip([Segment(_MARK if is_marked else " ", ink), *row])
        return strip.adjust_cell_length(width).apply_style(self.rich_style)
