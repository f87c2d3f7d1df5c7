"""A flame graph that keys walk through: the marked function is named below, Enter makes it as wide as the screen."""

from __future__ import annotations

from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual import events
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from beamlike.inspect.profiling.flame import Bar, at, bars
from beamlike.inspect.profiling.profile import Block, Profile, tree
from beamlike.inspect.profiling.svg import hash_of
from notebook_tui.ui.drawing.palette import Palette, palette_of
from notebook_tui.ui.drawing.printable import printable_row
from notebook_tui.ui.drawing.rows import strip_of


class FlameView(Widget, can_focus=True):
    ALLOW_SELECT: ClassVar[bool] = False
    DEFAULT_CSS = """
    FlameView { width: 1fr; height: 1fr; background: $background; }
    """

    class Moved(Message):
        """Another function is marked."""

    def __init__(self) -> None:
        super().__init__()
        self.profile: Profile | None = None
        self._root: Block | None = None
        self._zoom: tuple[int, ...] = ()
        self._marked: tuple[int, ...] = ()
        self._bars: dict[tuple[int, ...], Bar] = {}
        self._rows: list[list[Bar]] = []
        self._top = 0

    def show(self, profile: Profile) -> None:
        self.profile, self._root = profile, tree(profile)
        self._zoom = self._marked = ()
        # What has only one child says nothing: the mark begins where the ways part.
        block = self._root
        while len(block.children) == 1 and not block.own:
            block, self._marked = block.children[0], (*self._marked, 0)
        self._lay_out()

    @property
    def about(self) -> str:
        """The marked function, in words."""
        if self.profile is None or self._root is None:
            return ""
        block = at(self._root, self._marked)
        seconds, own = block.total * self.profile.interval, block.own * self.profile.interval
        share = block.total / max(1, self._root.total)
        where = f"{block.frame.file}:{block.frame.line}" if block.frame.file else ""
        return f"{block.frame.name}  {share:.1%}  {seconds:.2f} s, itself {own:.2f} s  {where}"

    def go(self, direction: str) -> None:
        """Up to the caller, down to the largest it calls, left and right to what stands beside it."""
        if self._root is None or self._marked not in self._bars:
            return
        here = self._bars[self._marked]
        if direction == "up" and self._marked:
            self._mark(self._marked[:-1])
        elif direction == "down":
            below = [bar for path, bar in self._bars.items() if path[:-1] == self._marked and path]
            if below:
                self._mark(max(below, key=lambda bar: bar.width).path)
        elif direction in ("left", "right") and here.row < len(self._rows):
            row = self._rows[here.row]
            place = row.index(here) + (1 if direction == "right" else -1)
            if 0 <= place < len(row):
                self._mark(row[place].path)

    def zoom(self) -> None:
        self._zoom = self._marked
        self._lay_out()

    def out(self) -> bool:
        """One step wider; False if all is seen already."""
        if not self._zoom:
            return False
        self._zoom = self._zoom[:-1]
        self._lay_out()
        return True

    def _mark(self, path: tuple[int, ...]) -> None:
        self._marked = path
        self._reveal()
        self.refresh()
        self.post_message(self.Moved())

    def _lay_out(self) -> None:
        if self._root is None or not self.size.width:
            return
        laid = bars(self._root, self.size.width, self._zoom)
        self._bars = {bar.path: bar for bar in laid}
        self._rows = [[] for _ in range(max((bar.row for bar in laid), default=-1) + 1)]
        for bar in sorted(laid, key=lambda bar: bar.left):
            self._rows[bar.row].append(bar)
        while self._marked not in self._bars:  # too narrow to be seen now
            self._marked = self._marked[:-1]
        self._reveal()
        self.refresh()
        self.post_message(self.Moved())

    def _reveal(self) -> None:
        row, height = len(self._marked), max(1, self.size.height)
        self._top = max(0, min(self._top, row), row - height + 1)

    def on_resize(self) -> None:
        self._lay_out()

    def on_mouse_down(self, event: events.MouseDown) -> None:
        row = self._top + event.y
        if row < len(self._rows):
            for bar in self._rows[row]:
                if bar.left <= event.x < bar.left + bar.width:
                    self._mark(bar.path)

    def on_click(self, event: events.Click) -> None:
        if event.chain == 2:
            self.zoom()

    def on_mouse_scroll_down(self) -> None:
        self._top = max(0, min(self._top + 3, len(self._rows) - self.size.height))
        self.refresh()

    def on_mouse_scroll_up(self) -> None:
        self._top = max(0, self._top - 3)
        self.refresh()

    def render_line(self, y: int) -> Strip:
        palette = palette_of(self.app.theme_variables)
        width = self.size.width
        row = self._top + y
        if row >= len(self._rows):
            return Strip.blank(width, self.rich_style)
        line = flame_line(
            self._rows[row], palette, self._marked, colourless=self.app.native_ansi_color or self.app.no_color
        )
        return strip_of(line).adjust_cell_length(width).apply_style(self.rich_style)


def flame_line(row: list[Bar], palette: Palette, marked: tuple[int, ...], *, colourless: bool = False) -> Text:
    """The bars of one row, each in the ink of its file; without colours each has its bounds drawn."""
    line = Text(no_wrap=True)
    for bar in row:
        line.append(" " * (bar.left - line.cell_len))
        line.append(_label(bar), _ink(bar, palette, is_marked=bar.path == marked, colourless=colourless))
    return line


def _label(bar: Bar) -> str:
    if bar.width < 2:
        return "▏" * bar.width
    label = f"{printable_row(bar.block.frame.name)} {bar.share:.0%}"
    room = bar.width - 1
    return f"▏{label if len(label) <= room else label[: room - 1] + '…' if room > 2 else '':<{room}}"


def _ink(bar: Bar, palette: Palette, *, is_marked: bool, colourless: bool) -> Style:
    if is_marked:
        return Style(reverse=True, bold=True)
    if colourless or not bar.block.frame.file or not palette.series:
        return palette.strong if not bar.block.frame.file else Style(underline=colourless)
    color = palette.series[hash_of(bar.block.frame.file) % len(palette.series)].color
    return (
        Style(bgcolor=color, color="#15171c") if color is not None and color.triplet is not None else Style(color=color)
    )
