"""A source file of the node, to be read: where a name is defined that no cell defines."""

from __future__ import annotations

from typing import ClassVar, Final

from rich.cells import cell_len
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widgets import Static

from notebook_tui.ui.dialogs.closes_once import ClosesOnce
from notebook_tui.ui.drawing.palette import Palette, palette_of
from notebook_tui.ui.drawing.printable import printable
from notebook_tui.ui.drawing.rows import TAB_WIDTH, strip_of
from notebook_tui.ui.drawing.syntax import code_lines

_MARK: Final = "▸"
_COLOURED: Final = 5_000
"""Lines; a longer file is plain, for it is coloured at once."""
_STEP: Final = 8


class SourcePages(ScrollView, can_focus=True):
    ALLOW_SELECT: ClassVar[bool] = False
    DEFAULT_CSS = """
    SourcePages { height: 1fr; background: $background; scrollbar-size: 1 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "scroll_down", show=False),
        Binding("k", "scroll_up", show=False),
        Binding("h,left", "sideways(-1)", show=False),
        Binding("l,right", "sideways(1)", show=False),
        Binding("space", "page_down", show=False),
        Binding("g,home", "go(0)", show=False),
        Binding("G,end", "go(1)", show=False),
    ]

    def __init__(self, text: str, line: int) -> None:
        super().__init__()
        self._text = text
        self._line = line
        self._lines: list[Text] = []
        self._digits = len(str(text.count("\n") + 1))

    def on_mount(self) -> None:
        palette = palette_of(self.app.theme_variables)
        text = printable(self._text.expandtabs(TAB_WIDTH))
        self._lines = code_lines(text, "python", palette, most=_COLOURED)
        width = max((cell_len(line.plain) for line in self._lines), default=0) + self._digits + 4
        self.virtual_size = Size(width, len(self._lines))

    def on_resize(self) -> None:
        self.scroll_to(y=max(0, self._line - 1 - self.size.height // 3), animate=False, force=True)

    def action_sideways(self, direction: int) -> None:
        self.scroll_relative(x=direction * _STEP, animate=False)

    def action_go(self, end: int) -> None:
        self.scroll_to(x=0, y=end * self.max_scroll_y, animate=False)

    def render_line(self, y: int) -> Strip:
        x, top = self.scroll_offset
        row = y + top
        strip = self._strip(row + 1) if row < len(self._lines) else Strip([])
        return strip.crop_extend(x, x + self.size.width, None).apply_style(self.rich_style)

    def _strip(self, number: int) -> Strip:
        palette = palette_of(self.app.theme_variables)
        return strip_of(_numbered(self._lines[number - 1], number, number == self._line, self._digits, palette))


def _numbered(line: Text, number: int, marked: bool, digits: int, palette: Palette) -> Text:
    mark = (f"{_MARK} ", palette.focus) if marked else ("  ", palette.muted)
    label = (f"{number:>{digits}} ", palette.strong if marked else palette.muted)
    return Text.assemble(mark, label, line, end="")


def _note(name: str, line: int, width: int) -> str:
    """The way out first; of a long path its end.

    >>> _note("/usr/lib/python3.12/json/decoder.py", 7, 57)
    ' Esc back   ↑↓←→ g G scroll   line 7 of …/json/decoder.py'
    """
    said = f" Esc back   ↑↓←→ g G scroll   line {line} of "
    room = max(12, width - cell_len(said))
    return said + (name if len(name) <= room else f"…{name[1 - room :]}")


class SourceScreen(ClosesOnce[None]):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,ctrl+t,alt+left", "dismiss", "Back", show=False),
    ]
    DEFAULT_CSS = """
    SourceScreen > #source-note { height: 1; background: $panel; }
    SourceScreen > #source-missing { height: 1fr; }
    """

    def __init__(self, name: str, text: str, line: int) -> None:
        super().__init__()
        self._file, self._text, self._line = name, text, line

    def compose(self) -> ComposeResult:
        if self._text:
            yield SourcePages(self._text, self._line)
        else:
            yield Static(Text("\n  The text of this file is not at hand.\n"), id="source-missing")
        yield Static(Text(printable(_note(self._file, self._line, self.app.size.width))), id="source-note")
