"""A row that the keyboard is in: the spot is turned to the back of its colours and stands between two marks."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from rich.cells import cell_len
from rich.style import Style
from rich.text import Text

from notebook_tui.ui.drawing.palette import Palette
from notebook_tui.ui.outputs.inked import inked
from notebook_tui.ui.outputs.row import OutputRow
from notebook_tui.ui.outputs.spots import Reply, Spot, Touch

_TURNED: Final = Style(reverse=True, bold=True)
_MARK: Final = "▶"
_BEFORE: Final = "▸"
_AFTER: Final = "◂"


def marked_row(row: OutputRow, at: Touch | None, palette: Palette) -> OutputRow:
    """The row with its gutter and the spot marked, if it has the spot that the keyboard is at.

    >>> from notebook_tui.ui.outputs.spots import OpenTab
    >>> here = OpenTab("t", 1)
    >>> row = OutputRow(" ", Style(), Text(" One  Two "), (Spot(1, 4, OpenTab("t", 0)), Spot(6, 9, here)))
    >>> marked_row(row, here, Palette()).text.plain
    ' One ▸Two◂'
    """
    spots = [spot for spot in row.spots if spot.touch == at] if at is not None else []
    if not spots:
        return row
    text = row.text.copy()
    for spot in spots:
        text = _turned(text, spot, palette)
    if isinstance(at, Reply):
        # A line is typed there, and its mark says what for.
        return replace(row, text=text)
    return replace(row, mark=_MARK, mark_style=palette.focus, text=text)


def _turned(text: Text, spot: Spot, palette: Palette) -> Text:
    start, end = index_at(text.plain, spot.start), index_at(text.plain, spot.end)
    before, inside, after = text[:start], text[start:end], text[end:]
    inside.stylize(_TURNED)
    if isinstance(spot.touch, Reply):
        return before.append_text(inside).append_text(after)
    if before.plain.endswith(" "):
        before = before[:-1].append(_BEFORE, palette.focus)
    if not after.plain or after.plain.startswith(" "):
        after = inked(_AFTER, palette.focus).append_text(after[1:])
    marked = Text(end="", style=text.style)
    return marked.append_text(before).append_text(inside).append_text(after)


def index_at(text: str, column: int) -> int:
    """The place in the text of a column of the screen.

    >>> index_at("漢字x", 4)
    2
    """
    if text.isascii():
        return min(column, len(text))
    width = 0
    for index, character in enumerate(text):
        if width >= column:
            return index
        width += cell_len(character)
    return len(text)
