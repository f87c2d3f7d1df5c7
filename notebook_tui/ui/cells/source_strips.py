"""A code cell's source and its stamp as rows without their rail, and the room that the editor lies over."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Final

from rich.style import Style
from rich.text import Text
from textual.strip import Strip

from notebook_tui.document.notebook import Cell
from notebook_tui.ui.cells.items import CellItem
from notebook_tui.ui.cells.shared_rows import SharedRows
from notebook_tui.ui.cells.stamp import GLYPHS, StampKind, glyph, words
from notebook_tui.ui.drawing.frame import CONTINUED, Frame, gutter_row, on_panel
from notebook_tui.ui.drawing.others import ink_of
from notebook_tui.ui.drawing.palette import Palette
from notebook_tui.ui.drawing.rows import wrap_code
from notebook_tui.ui.drawing.syntax import code_lines

_BAR: Final = "│"
STAMP: Final = "╰"
"""In the place of the bar, where the source ends."""
_FAILED: Final = "✗"
SHARED: Final = SharedRows()


def source_rows(
    cell: Cell, frame: Frame, palette: Palette, failed_line: int | None, *, numbered: bool = True
) -> Iterator[Strip]:
    """Numbered lines; a line that wraps has a broken bar, the line that raised a cross."""
    drawn = cell.source, cell.language, frame, palette, failed_line, numbered
    return iter(SHARED.rows_of(drawn, partial(_drawn, *drawn)))


def _drawn(
    source: str, language: str, frame: Frame, palette: Palette, failed_line: int | None, numbered: bool
) -> tuple[Strip, ...]:
    rows: list[Strip] = []
    lines = code_lines(source, language, palette)
    for number, starts, text in wrap_code(lines, frame.wrap_width):
        failed = starts and number == failed_line
        mark = _FAILED if failed else _BAR if starts else CONTINUED
        mark_style = palette.error if failed else palette.faint
        row = gutter_row(frame, str(number) if starts and numbered else "", mark, text, palette.muted, mark_style)
        rows.append(on_panel(row, frame, palette))
    return tuple(rows)


def editing_rows(
    numbers: Sequence[int | None], frame: Frame, palette: Palette, wrong: int | None = None, *, numbered: bool = True
) -> Iterator[Strip]:
    """The gutter beside the editor: the number of the line that each row begins, None within a line; a cross beside
    the line that is no Python."""
    for number in numbers:
        is_wrong = wrong is not None and number == wrong
        mark = _FAILED if is_wrong else CONTINUED if number is None else _BAR
        label = "" if number is None or not numbered else str(number)
        row = gutter_row(frame, label, mark, Text(end=""), palette.muted, palette.error if is_wrong else palette.focus)
        yield on_panel(row, frame, palette)


def folded_row(item: CellItem, frame: Frame, palette: Palette) -> Strip:
    """All that is shown of a setup cell without text."""
    text = Text(f"{item.role} · empty", palette.muted, end="")
    return gutter_row(frame, "", GLYPHS["fresh"], text, palette.muted, palette.muted)


def stamp_row(item: CellItem, frame: Frame, palette: Palette, now: float, *, waits: bool = False) -> Strip:
    """The line that closes the source and says what became of the cell; `waits`: for a line that is to be typed."""
    if item.cell.kind == "markdown":
        text = Text("Markdown", palette.muted, end="")
    else:
        role = f"{item.role} · " if item.role else ""
        asks = " · waits for input, i answers" if waits else ""
        said = f" {role}{words(item.stamp, item.cell, now)}{asks}"
        text = Text.assemble((glyph(item.stamp, now), _ink(item.stamp.kind, palette)), (said, palette.muted), end="")
    for number, name in item.people:
        text.append(f"  {name}", ink_of(number, palette))
    if item.label:
        text = _with_label(text, f"cell {item.label}", frame.text_width, palette)
    return gutter_row(frame, "", STAMP, text, palette.muted, palette.faint)


def _with_label(text: Text, label: str, width: int, palette: Palette) -> Text:
    """The name that messages call the cell by at the right, where there is room for it."""
    room = width - text.cell_len - len(label)
    return text.append(" " * room + label, palette.muted) if room > 1 else text


def _ink(kind: StampKind, palette: Palette) -> Style:
    match kind:
        case "ok":
            return palette.ok
        case "running" | "queued":
            return palette.running
        case "failed":
            return palette.error
        case "stale" | "interrupted" | "aborted":
            return palette.warning
        case "fresh" | "foreign":
            return palette.muted
