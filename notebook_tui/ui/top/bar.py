"""The last two lines: what is looked at and in which order, and the keys that are worth the room."""

from __future__ import annotations

from typing import ClassVar, Final

from rich.style import Style
from rich.text import Text
from textual.strip import Strip
from textual.widget import Widget

from beamlike.kernel.record import frozen
from notebook_tui.ui.drawing.palette import Palette, palette_of
from notebook_tui.ui.drawing.printable import printable_row
from notebook_tui.ui.drawing.rows import strip_of
from notebook_tui.ui.keys.key import pretty
from notebook_tui.ui.keys.top import hinted

_CHIP: Final = Style(reverse=True, bold=True)


@frozen
class Status:
    mode: str = "TOP"
    about: str = ""
    typed: str = ""
    is_typing: bool = False
    busy: str = ""
    hints: tuple[tuple[str, str], ...] = ()
    """Keys and words instead of the usual ones."""


class TopBar(Widget, can_focus=False):
    ALLOW_SELECT: ClassVar[bool] = False
    DEFAULT_CSS = """
    TopBar { height: 2; background: $panel; color: $foreground; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._status = Status()

    def show(self, status: Status) -> None:
        if status != self._status:
            self._status = status
            self.refresh()

    def render_line(self, y: int) -> Strip:
        palette = palette_of(self.app.theme_variables)
        line = status_line(self._status, palette) if y == 0 else hint_line(self._status, self.size.width, palette)
        line.truncate(self.size.width, overflow="ellipsis")
        return strip_of(line).adjust_cell_length(self.size.width).apply_style(self.rich_style)


def status_line(status: Status, palette: Palette) -> Text:
    line = Text.assemble((f" {'FIND' if status.is_typing else status.mode} ", _CHIP), "  ")
    if status.busy:
        line.append(f"◌ {printable_row(status.busy)}   ", palette.running)
    return line.append(printable_row(status.about))


def hint_line(status: Status, width: int, palette: Palette) -> Text:
    """What is being typed, else the keys that are worth the room; the last two always have some."""
    if status.is_typing or status.typed:
        caret = "▏" if status.is_typing else ""
        rest = "   Enter keeps it · Esc shows all" if status.is_typing else "   Esc shows all"
        return Text.assemble((f" /{printable_row(status.typed)}{caret}", palette.strong), (rest, palette.muted))
    hints = status.hints or tuple((pretty(key.keys[0]), key.hint) for key in hinted())
    texts = [Text.assemble((name, palette.strong), (f" {word}", palette.muted)) for name, word in hints]
    first, last = texts[:-2], texts[-2:]
    while first and sum(each.cell_len + 2 for each in (*first, *last)) > width - 1:
        first.pop()
    return Text(" ").append_text(Text("  ").join([*first, *last]))
