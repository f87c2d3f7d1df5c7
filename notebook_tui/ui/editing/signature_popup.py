"""What the function takes in whose brackets the caret stands, the argument that is being written marked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final

from rich.style import Style
from rich.text import Text
from textual.geometry import Offset, Size
from textual.strip import Strip
from textual.widget import Widget

from notebook_tui.runtime.answers import SignatureHelp
from notebook_tui.ui.drawing.palette import Palette, palette_of
from notebook_tui.ui.drawing.printable import printable
from notebook_tui.ui.drawing.rows import strip_of, wrap_words
from notebook_tui.ui.editing.placing import by_caret
from notebook_tui.ui.editing.reading_popup import EDGE

_ACTIVE: Final = Style(bold=True, underline=True)
_MOST: Final = 4
_WIDEST: Final = 76


class SignaturePopup(Widget, can_focus=False):
    ALLOW_SELECT: ClassVar[bool] = False
    DEFAULT_CSS = """
    SignaturePopup {
        layer: popup;
        position: absolute;
        background: $panel;
        color: $foreground;
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self.display = False
        self._found: tuple[SignatureHelp, ...] = ()
        self._rows: list[Text] = []

    @property
    def is_open(self) -> bool:
        return self.display

    def open(self, found: Sequence[SignatureHelp]) -> None:
        """Show these; `place` must follow."""
        self._found = tuple(found)
        self.display = bool(found)

    def close(self) -> None:
        self.display = False

    def place(self, caret: Offset, room: Size) -> None:
        """Above the caret: what is typed goes on below."""
        palette = palette_of(self.app.theme_variables)
        self._rows = signature_rows(self._found, min(_WIDEST, room.width), palette)
        width = max(row.cell_len for row in self._rows)
        region = by_caret(caret, Size(width, len(self._rows)), room, above=True)
        self.styles.offset = region.offset
        self.styles.width, self.styles.height = region.size
        self.refresh()

    def render_line(self, y: int) -> Strip:
        text = self._rows[y] if y < len(self._rows) else Text(end="")
        return strip_of(text).adjust_cell_length(self.size.width).apply_style(self.rich_style)


def signature_rows(found: Sequence[SignatureHelp], width: int, palette: Palette) -> list[Text]:
    """Each signature in as many rows as it takes, as far as there is room; where there are several they are counted.

    >>> [row.plain for row in signature_rows([SignatureHelp("f", ("a", "b=1"), 0)], 40, Palette())]
    ['│ f(a, b=1) ']
    """
    rows: list[Text] = []
    edge = (EDGE, palette.focus)
    for number, each in enumerate(found, 1):
        count = f"{number}/{len(found)} " if len(found) > 1 else ""
        text = Text.assemble((count, palette.muted), _signature(each, palette), end="")
        rows.extend(Text.assemble(edge, row, " ", end="") for row in wrap_words(text, width - len(EDGE) - 1))
    if len(rows) <= _MOST:
        return rows
    active = next((index for index, row in enumerate(rows) if any(span.style == _ACTIVE for span in row.spans)), 0)
    first = max(0, min(active - 1, len(rows) - _MOST))
    return rows[first : first + _MOST]


def _signature(help: SignatureHelp, palette: Palette) -> Text:
    text = Text.assemble((printable(help.function), palette.function), "(")
    for index, parameter in enumerate(help.parameters):
        text.append(", " if index else "")
        text.append(printable(parameter), _ACTIVE if index == help.active else None)
    return text.append(")")
