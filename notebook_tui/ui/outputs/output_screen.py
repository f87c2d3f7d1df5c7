"""The whole output of a cell: every line, uncut, scrolled in both directions; it follows what still arrives.

Lines are split once and coloured only when they are seen, so a million of them open at once. What colour a line begins
with is remembered, for a program may set a colour in one line and reset it many lines later.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import ClassVar, Final

from rich.cells import cell_len
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widgets import Static

from notebook_tui.document.outputs import Output
from notebook_tui.ui.dialogs.closes_once import ClosesOnce
from notebook_tui.ui.drawing.rows import strip_of
from notebook_tui.ui.outputs.output_strips import output_lines
from notebook_tui.ui.outputs.terminal_text import decoded

Outputs = tuple[Output, ...]
_COLOR: Final = re.compile(r"\x1b\[[0-9;]*m")
_RESETS: Final = ("\x1b[m", "\x1b[0m")
_REFRESH: Final = 0.25
_STEP: Final = 8


class OutputPages(ScrollView, can_focus=True):
    ALLOW_SELECT: ClassVar[bool] = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "scroll_down", show=False),
        Binding("k", "scroll_up", show=False),
        Binding("h,left", "sideways(-1)", show=False),
        Binding("l,right", "sideways(1)", show=False),
        Binding("space", "page_down", show=False),
        Binding("g,home", "go(0)", show=False),
        Binding("G,end", "go(1)", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._lines: list[str] = []

    def show(self, outputs: Sequence[Output]) -> int:
        """Show these outputs and return the number of lines; a reader at the end stays at the end."""
        at_end = bool(self._lines) and self.is_vertical_scroll_end
        self._lines = list(with_colors(line for output in outputs for line in output_lines(output)))
        width = max((cell_len(line) for line in self._lines), default=0)
        self.virtual_size = Size(width, len(self._lines))
        self.refresh()
        if at_end:
            self.scroll_to(y=self.max_scroll_y, animate=False)
        return len(self._lines)

    def action_sideways(self, direction: int) -> None:
        self.scroll_relative(x=direction * _STEP, animate=False)

    def action_go(self, end: int) -> None:
        """To the first line, or to the last."""
        self.scroll_to(x=0, y=end * self.max_scroll_y, animate=False)

    def render_line(self, y: int) -> Strip:
        x, top = self.scroll_offset
        row = y + top
        strip = _strip(self._lines[row]) if row < len(self._lines) else Strip([])
        return strip.crop_extend(x, x + self.size.width, None).apply_style(self.rich_style)


class OutputScreen(ClosesOnce[None]):
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,o", "dismiss", "Close", show=False)]

    def __init__(self, outputs: Callable[[], Outputs]) -> None:
        super().__init__()
        self._outputs = outputs
        self._shown: Outputs = ()

    def compose(self) -> ComposeResult:
        yield OutputPages()
        yield Static(id="output-note")

    def on_mount(self) -> None:
        self._show_newest()
        self.set_interval(_REFRESH, self._show_newest)

    def _show_newest(self) -> None:
        outputs = self._outputs()
        if outputs is not self._shown:
            self._shown = outputs
            count = self.query_one(OutputPages).show(outputs)
            noun = "line" if count == 1 else "lines"
            note = f" {count:,} {noun}   ↑↓←→ scroll   g top   G end   Esc back"
            self.query_one("#output-note", Static).update(Text(note))


def with_colors(lines: Iterator[str]) -> Iterator[str]:
    """Each line led by the colours that are on where it begins.

    >>> list(with_colors(iter(["a\\x1b[31m", "b", "\\x1b[0mc", "d"])))
    ['a\\x1b[31m', '\\x1b[31mb', '\\x1b[31m\\x1b[0mc', 'd']
    """
    on = ""
    for line in lines:
        yield on + line
        if "\x1b[" in line:
            for code in _COLOR.findall(line):
                on = "" if code in _RESETS else on + code


@lru_cache(maxsize=512)
def _strip(line: str) -> Strip:
    return strip_of(next(decoded(line), Text()))
