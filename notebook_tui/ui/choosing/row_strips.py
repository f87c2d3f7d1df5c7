"""Rows of a list as strips of the screen.

▌ ★ A report of cats         ~/notebooks/cats.livemd     2 h ago
"""

from __future__ import annotations

from typing import Final

from rich.text import Text
from textual.strip import Strip

from notebook_tui.ui.choosing.rows import Entry, Heading, Row
from notebook_tui.ui.drawing.frame import RAIL
from notebook_tui.ui.drawing.palette import Palette
from notebook_tui.ui.drawing.rows import strip_of

_LEFT: Final = 4
"""Rail, gap, mark, gap."""
_NARROW: Final = 60
_LONGEST_NAME: Final = 48


def row_strip(row: Row, width: int, palette: Palette, *, marked: bool) -> Strip:
    match row:
        case Heading(text, detail):
            line = Text.assemble(("  ", palette.muted), (text, palette.heading), (f"  {detail}", palette.muted))
        case Entry():
            return _entry(row, width, palette, marked=marked)
        case _:
            line = Text(f"    {row.text}", palette.muted)
    line.truncate(width, overflow="ellipsis")
    return strip_of(line)


def _entry(entry: Entry, width: int, palette: Palette, *, marked: bool) -> Strip:
    room = max(10, width - _LEFT - 1)
    when = Text(entry.when, palette.warning if entry.missing else palette.muted)
    when.truncate(max(0, room // 2), overflow="ellipsis")
    name_room = room - when.cell_len - 2
    where = Text()
    if entry.where and width >= _NARROW:
        share = 3 if entry.kind == "command" else 2  # of five: a command says all it has to say by its name
        column = min(_LONGEST_NAME, max(24, room * share // 5))
        where = Text(_from_left(entry.where, max(0, name_room - column - 2)), palette.muted)
        name_room = column
    ink = palette.muted if entry.missing else palette.strong if marked else ""
    name = Text(entry.name, ink)
    name.truncate(max(1, name_room), overflow="ellipsis", pad=bool(where))
    rail = (RAIL if marked else " ", palette.focus)
    line = Text.assemble(rail, " ", (entry.mark, palette.focus), " ", name, "  " if where else "", where)
    line.append(" " * max(2, width - 1 - line.cell_len - when.cell_len)).append_text(when)
    line.truncate(width)
    strip = strip_of(line).adjust_cell_length(width)
    return strip.apply_style(palette.panel) if marked else strip


def _from_left(text: str, width: int) -> str:
    """The end of a path says more than its beginning."""
    return text if len(text) <= width else f"…{text[len(text) - width + 1 :]}" if width > 1 else ""
