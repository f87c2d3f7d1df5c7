"""The two lines at the bottom of home: where one is, and what to press now."""

from __future__ import annotations

from typing import ClassVar, Final

from rich.style import Style
from rich.text import Text
from textual.strip import Strip
from textual.widget import Widget

from beamlike.kernel.record import frozen
from notebook_tui.ui.drawing.palette import Palette, palette_of
from notebook_tui.ui.drawing.printable import printable
from notebook_tui.ui.drawing.rows import strip_of
from notebook_tui.ui.keys.home import hinted
from notebook_tui.ui.keys.key import pretty

_CHIP: Final = Style(reverse=True, bold=True)


@frozen
class HomeStatus:
    where: str = ""
    typed: str = ""
    is_typing: bool = False
    busy: str = ""
    makes: bool = True
    """Whether whoever looks may make notebooks."""


class HomeBar(Widget, can_focus=False):
    ALLOW_SELECT: ClassVar[bool] = False
    DEFAULT_CSS = """
    HomeBar { height: 2; background: $panel; color: $foreground; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._status = HomeStatus()

    def show(self, status: HomeStatus) -> None:
        if status != self._status:
            self._status = status
            self.refresh()

    def render_line(self, y: int) -> Strip:
        palette = palette_of(self.app.theme_variables)
        line = (status_line, hint_line)[min(y, 1)](self._status, palette)
        line.truncate(self.size.width, overflow="ellipsis")
        return strip_of(line).adjust_cell_length(self.size.width).apply_style(self.rich_style)


def status_line(status: HomeStatus, palette: Palette) -> Text:
    line = Text.assemble((" FIND " if status.is_typing else " HOME ", _CHIP), "  ", printable(status.where))
    if status.busy:
        line.append(f"   ◌ {status.busy}", palette.running)
    return line


def hint_line(status: HomeStatus, palette: Palette) -> Text:
    """What is being typed, else the keys that are worth the room."""
    if status.is_typing or status.typed:
        caret = "▏" if status.is_typing else ""
        rest = "   Enter keeps it · Esc shows all" if status.is_typing else "   Esc shows all"
        return Text.assemble((f" /{printable(status.typed)}{caret}", palette.strong), (rest, palette.muted))
    line = Text(" ")
    for number, key in enumerate(hinted(makes=status.makes)):
        line.append("   " if number else "").append(pretty(key.keys[0]), palette.strong)
        line.append(f" {key.hint}", palette.muted)
    return line
