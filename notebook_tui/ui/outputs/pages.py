"""Lines to read: scrolled in both directions or wrapped, numbered, searched, and selected to be copied."""

from __future__ import annotations

from typing import ClassVar, Final

from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from notebook_tui.ui.drawing.palette import Palette
from notebook_tui.ui.drawing.rows import strip_of
from notebook_tui.ui.outputs.page_layout import PageLayout
from notebook_tui.ui.outputs.page_lines import PageLines

_STEP: Final = 8
_KEPT: Final = 512
# Also underlined: where there are no colours, there is no reverse either.
_FOUND: Final = Style(reverse=True, underline=True)
_MARK: Final = "▌"


class OutputPages(ScrollView, can_focus=True):
    ALLOW_SELECT: ClassVar[bool] = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "step(1)", show=False),
        Binding("k,up", "step(-1)", show=False),
        Binding("h,left", "sideways(-1)", show=False),
        Binding("l,right", "sideways(1)", show=False),
        Binding("space,pagedown", "step_page(1)", show=False),
        Binding("b,pageup", "step_page(-1)", show=False),
        Binding("g,home", "go(0)", show=False),
        Binding("G,end", "go(1)", show=False),
        Binding("w", "toggle_wrap", show=False),
        Binding("number_sign", "toggle_numbers", show=False),
        Binding("n", "find(1)", show=False),
        Binding("N", "find(-1)", show=False),
        Binding("right_square_bracket", "output(1)", show=False),
        Binding("left_square_bracket", "output(-1)", show=False),
        Binding("v", "toggle_selection", show=False),
    ]
    DEFAULT_CSS = """
    OutputPages {
        height: 1fr;
        scrollbar-size-vertical: 1;
        scrollbar-size-horizontal: 1;
        padding: 0 1;
        background: $background;
    }
    """

    class Changed(Message):
        """Another part is seen, or in another way."""

    def __init__(self) -> None:
        super().__init__()
        self.lines = PageLines()
        self.wraps = False
        self.numbered = False
        self.words = ""
        """What is searched for."""
        self.found: list[int] = []
        """The lines that hold it."""
        self._palette = Palette()
        self._rows = PageLayout(self.lines)
        self._anchor: int | None = None
        self._caret = 0
        self._pieces: dict[int, list[Text]] = {}

    @property
    def first(self) -> int:
        """The first line that is seen."""
        return self._rows.line_at(self.scroll_offset.y)

    @property
    def last(self) -> int:
        """The last line that is seen."""
        return self._rows.line_at(self.scroll_offset.y + max(1, self.scrollable_content_region.height) - 1)

    @property
    def is_all_seen(self) -> bool:
        return self.max_scroll_y == 0

    @property
    def selection(self) -> range | None:
        """The lines that are selected."""
        if self._anchor is None:
            return None
        return range(min(self._anchor, self._caret), max(self._anchor, self._caret) + 1)

    def show(self, lines: PageLines, palette: Palette) -> None:
        """Show these lines; a reader at the end stays at the end, and any other where they are."""
        at_end = bool(self.lines.lines) and self.is_vertical_scroll_end
        first = self.first
        self.lines, self._palette = lines, palette
        self.found = lines.holding(self.words) if self.words else []
        self._lay_out(first)
        if at_end:
            self.scroll_to(y=self.max_scroll_y, animate=False)

    def search(self, words: str) -> None:
        """Show where these words stand, and go to the first place from here on."""
        self.words = words
        self.found = self.lines.holding(words) if words else []
        self._pieces.clear()
        self.refresh()
        if self.found and not any(self.first <= line <= self.last for line in self.found):
            self.action_find(1)
        self.post_message(self.Changed())

    def end_selection(self) -> bool:
        """Whether there was one."""
        had, self._anchor = self._anchor is not None, None
        if had:
            self._lay_out(self.first)
        return had

    def action_step(self, by: int) -> None:
        if self._anchor is None:
            self.scroll_relative(y=by, animate=False)
        else:
            self._move_caret(self._caret + by)

    def action_step_page(self, direction: int) -> None:
        page = max(1, self.scrollable_content_region.height - 1) * direction
        if self._anchor is None:
            self.scroll_relative(y=page, animate=False)
        else:
            self._move_caret(self._caret + page)

    def action_sideways(self, direction: int) -> None:
        self.scroll_relative(x=direction * _STEP, animate=False)

    def action_go(self, end: int) -> None:
        """To the first line, or to the last."""
        if self._anchor is None:
            self.scroll_to(x=0, y=end * self.max_scroll_y, animate=False)
        else:
            self._move_caret(end * len(self.lines.lines))

    def action_toggle_wrap(self) -> None:
        self.wraps = not self.wraps
        self._lay_out(self.first)
        self.scroll_to(x=0, animate=False)

    def action_toggle_numbers(self) -> None:
        self.numbered = not self.numbered
        self._lay_out(self.first)

    def action_find(self, direction: int) -> None:
        """The next line, or the one before, that holds what is searched for; from the end on from the beginning."""
        if not self.found:
            return
        here = self._caret if self._anchor is not None else self.first
        if direction > 0:
            line = next((each for each in self.found if each > here), self.found[0])
        else:
            line = next((each for each in reversed(self.found) if each < here), self.found[-1])
        if self._anchor is not None:
            self._move_caret(line)
        else:
            # At the end of the text it cannot stand at the top; then the next one must still be found.
            self.scroll_to(y=self._rows.top(line), animate=False)
            self._caret = line

    def action_output(self, direction: int) -> None:
        """To the first line of the next output, or of the one before."""
        starts = self.lines.starts
        here = self.first
        others = [each for each in starts if each > here] if direction > 0 else [each for each in starts if each < here]
        if others:
            self.scroll_to(y=self._rows.top(others[0 if direction > 0 else -1]), animate=False)

    def action_toggle_selection(self) -> None:
        if not self.end_selection():
            found = [line for line in self.found if self.first <= line <= self.last]
            self._anchor = self._caret = found[0] if found else self.first
            self._lay_out(self.first)

    def render_line(self, y: int) -> Strip:
        x, top = self.scroll_offset
        row, width = y + top, self.size.width
        line = self._rows.line_at(row)
        if row >= self._rows.height:
            return Strip.blank(width, self.rich_style)
        pieces = self._pieces_of(line)
        place = row - self._rows.top(line)
        strip = strip_of(pieces[place]) if place < len(pieces) else Strip([])
        gutter = self._gutter(line if place == 0 else None, line)
        room = max(0, width - gutter.cell_length)
        shown = strip.crop_extend(x, x + room, None)
        return Strip.join([gutter, shown]).apply_style(self.rich_style)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        self.post_message(self.Changed())

    def on_resize(self, event: events.Resize) -> None:
        self._lay_out(self.first)

    def _lay_out(self, first: int) -> None:
        """Every line gets its rows; that one stays the first to be seen."""
        self._pieces.clear()
        room = max(1, self.scrollable_content_region.width - self._gutter_width)
        self._rows = PageLayout(self.lines, room if self.wraps else None)
        width = self._rows.width
        self.virtual_size = Size(width and width + self._gutter_width, self._rows.height)
        self.refresh()
        self.scroll_to(y=self._rows.top(first), animate=False)
        self.post_message(self.Changed())

    def _pieces_of(self, line: int) -> list[Text]:
        pieces = self._pieces.get(line)
        if pieces is None:
            if len(self._pieces) >= _KEPT:
                self._pieces.clear()
            pieces = self._pieces[line] = self._rows.pieces(self._highlighted(line))
        return pieces

    def _highlighted(self, line: int) -> Text:
        text = self.lines.text(line)
        if self.words:
            plain = text.plain if self.words != self.words.lower() else text.plain.lower()
            start = plain.find(self.words)
            while start >= 0:
                text.stylize(_FOUND, start, start + len(self.words))
                start = plain.find(self.words, start + len(self.words))
        return text

    @property
    def _gutter_width(self) -> int:
        numbers = len(str(len(self.lines.lines))) + 1 if self.numbered else 0
        return numbers + 2 * (self._anchor is not None)

    def _gutter(self, number: int | None, line: int) -> Strip:
        """Beside the row: a mark if its line is selected, and the number of the line that begins there."""
        segments = []
        if (selection := self.selection) is not None:
            segments.append(Segment(f"{_MARK if line in selection else ' '} ", self._palette.focus))
        if self.numbered:
            digits = len(str(len(self.lines.lines)))
            shown = "" if number is None else str(number + 1)
            segments.append(Segment(f"{shown:>{digits}} ", self._palette.muted))
        return Strip(segments)

    def _move_caret(self, line: int) -> None:
        self._caret = max(0, min(line, len(self.lines.lines) - 1))
        row, height = self._rows.top(self._caret), self.scrollable_content_region.height
        if row < self.scroll_offset.y:
            self.scroll_to(y=row, animate=False)
        elif row >= self.scroll_offset.y + height:
            self.scroll_to(y=row - height + 1, animate=False)
        self.refresh()
        self.post_message(self.Changed())
