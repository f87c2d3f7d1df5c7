"""A list to choose from: one scrolling widget on the Line API, however many entries it has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from notebook_tui.ui.choosing.row_strips import row_strip
from notebook_tui.ui.choosing.rows import Entry, Heading, Row
from notebook_tui.ui.drawing.palette import palette_of


class ChoiceList(ScrollView, can_focus=True, inherit_bindings=False):
    ALLOW_SELECT: ClassVar[bool] = False
    DEFAULT_CSS = """
    ChoiceList {
        width: 1fr;
        height: 1fr;
        overflow-x: hidden;
        overflow-y: auto;
        scrollbar-size-vertical: 1;
        background: $background;
        padding: 0 1;
    }
    """

    class Moved(Message):
        """Another entry is marked."""

    @dataclass
    class Pressed(Message):
        """The mouse was pressed on an entry, so many times in a row."""

        times: int

    def __init__(self) -> None:
        super().__init__()
        self._rows: tuple[Row, ...] = ()
        self._at = -1

    @property
    def marked(self) -> Entry | None:
        row = self._rows[self._at] if 0 <= self._at < len(self._rows) else None
        return row if isinstance(row, Entry) else None

    def show(self, rows: tuple[Row, ...], prefer: Callable[[Entry], bool] | None = None) -> None:
        """The marked entry stays marked if it is still there; else the first that is preferred, or the first of all."""
        before = self.marked
        self._rows = rows
        same = self._find(lambda entry: before is not None and (entry.kind, entry.path) == (before.kind, before.path))
        place = self._find(prefer) if prefer is not None else same
        self._at = place if place >= 0 else max(same, 0) if same >= 0 else self._find(lambda _: True)
        self.virtual_size = Size(self.size.width, len(rows))
        self._reveal()
        if self.marked != before:
            self.post_message(self.Moved())
        self.refresh()

    def move(self, by: int) -> None:
        """So many entries down."""
        places = self._places()
        if places:
            here = places.index(self._at) if self._at in places else 0
            self._mark(places[max(0, min(here + by, len(places) - 1))])

    def move_page(self, direction: int) -> None:
        self.move(direction * max(1, self.size.height - 4))

    def move_group(self, direction: int) -> None:
        """To the first entry of the next group, or of the one before; round and round."""
        starts = [self._first_below(place) for place, row in enumerate(self._rows) if isinstance(row, Heading)]
        starts = [start for start in starts if start >= 0]
        if not starts:
            return
        current = max((number for number, start in enumerate(starts) if start <= self._at), default=0)
        self._mark(starts[(current + direction) % len(starts)])

    def render_line(self, y: int) -> Strip:
        place = y + self.scroll_offset.y
        width = self.scrollable_content_region.width
        if place >= len(self._rows):
            return Strip.blank(width, self.rich_style)
        palette = palette_of(self.app.theme_variables)
        strip = row_strip(self._rows[place], width, palette, marked=place == self._at)
        return strip.adjust_cell_length(width).apply_style(self.rich_style)

    def on_resize(self) -> None:
        self.virtual_size = Size(self.size.width, len(self._rows))
        self._reveal()

    def on_mouse_down(self, event: events.MouseDown) -> None:
        place = int(event.y + self.scroll_offset.y)
        if event.button == 1 and place in self._places():
            self._mark(place)

    def on_click(self, event: events.Click) -> None:
        if int(event.y + self.scroll_offset.y) == self._at:
            self.post_message(self.Pressed(event.chain))

    def _mark(self, place: int) -> None:
        if place != self._at:
            self._at = place
            self._reveal()
            self.refresh()
            self.post_message(self.Moved())

    def _reveal(self) -> None:
        """With the heading above the first entry of a group."""
        top = self._at
        while top > 0 and not isinstance(self._rows[top - 1], Entry) and self._at - top < 4:
            top -= 1
        first, height = self.scroll_offset.y, max(1, self.size.height)
        if top < first:
            self.scroll_to(y=top, animate=False, immediate=True)
        elif self._at >= first + height:
            self.scroll_to(y=self._at - height + 1, animate=False, immediate=True)

    def _places(self) -> list[int]:
        return [place for place, row in enumerate(self._rows) if isinstance(row, Entry)]

    def _find(self, wanted: Callable[[Entry], bool] | None) -> int:
        if wanted is None:
            return -1
        return next((place for place, row in enumerate(self._rows) if isinstance(row, Entry) and wanted(row)), -1)

    def _first_below(self, place: int) -> int:
        return next((at for at in range(place + 1, len(self._rows)) if isinstance(self._rows[at], Entry)), -1)
