"""Views that hold others: a frame, tabs, a grid."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final, TypeAlias

from rich.style import Style
from rich.text import Text

from notebook_tui.ui.drawing.palette import Palette
from notebook_tui.ui.drawing.printable import printable_row
from notebook_tui.ui.outputs.inked import inked
from notebook_tui.ui.outputs.looks import Looks
from notebook_tui.ui.outputs.moved_rows import beside, moved, padded, text_row
from notebook_tui.ui.outputs.row import OutputRow
from notebook_tui.ui.outputs.spots import OpenTab, Spot
from notebook_tui.widgets.views import Content, Frame, Grid, Tabs

Draw: TypeAlias = Callable[[Content, int], list[OutputRow]]
"""Draws what is inside, in so many columns."""
_GAP: Final = "  "
_LEAST_COLUMN: Final = 16
_PLAIN: Final = Style()


def frame_rows(frame: Frame, width: int, palette: Palette, draw: Draw) -> list[OutputRow]:
    if not frame.contents:
        text = inked(printable_row(frame.placeholder), palette.muted)
        text.truncate(width, overflow="ellipsis")
        return [text_row(text)] if frame.placeholder else []
    return [row for content in frame.contents for row in draw(content, width)]


def tabs_rows(tabs: Tabs, width: int, palette: Palette, looks: Looks, draw: Draw) -> list[OutputRow]:
    """The labels above a rule that is thick below the open one, and what the open one holds."""
    if not tabs.tabs:
        return []
    opened = min(looks.tabs.get(tabs.ref, 0), len(tabs.tabs) - 1)
    labels = [printable_row(label) or "·" for label, _ in tabs.tabs]
    return [*_labels(tabs.ref, labels, opened, width, palette), *draw(tabs.tabs[opened][1], width)]


def _labels(ref: str, labels: Sequence[str], opened: int, width: int, palette: Palette) -> Iterator[OutputRow]:
    text, rule, spots = Text(end=""), Text(end=""), list[Spot]()
    for index, label in enumerate(labels):
        chip = inked(f" {label} ", palette.strong if index == opened else palette.muted)
        chip.truncate(width - 1, overflow="ellipsis")
        if text and text.cell_len + chip.cell_len > width:
            yield from (text_row(text, spots), text_row(rule))
            text, rule, spots = Text(end=""), Text(end=""), []
        start = text.cell_len
        spots.append(Spot(start + 1, start + chip.cell_len - 1, OpenTab(ref, index)))
        text.append_text(chip)
        line, ink = ("━", palette.focus) if index == opened else ("─", palette.faint)
        rule.append(line * chip.cell_len, ink)
    rule.append("─" * max(0, width - rule.cell_len), palette.faint)
    yield from (text_row(text, spots), text_row(rule))


def grid_rows(grid: Grid, width: int, palette: Palette, draw: Draw) -> list[OutputRow]:
    """Side by side, as many columns as leave each enough room; the last get what the division leaves over."""
    if not grid.contents:
        return []
    border = 4 if grid.boxed else 0
    fit = max(1, (width + len(_GAP)) // (_LEAST_COLUMN + border + len(_GAP)))
    columns = max(1, min(grid.columns, len(grid.contents), fit))
    widths = _shares(width - len(_GAP) * (columns - 1), columns)
    rows: list[OutputRow] = []
    for start in range(0, len(grid.contents), columns):
        contents = grid.contents[start : start + columns]
        cells = [draw(content, room - border) for content, room in zip(contents, widths, strict=False)]
        if grid.boxed:
            height = max(map(len, cells))
            cells = [_boxed(cell, room, height, palette) for cell, room in zip(cells, widths, strict=False)]
        if rows and not grid.boxed:
            rows.append(text_row(Text(end="")))
        rows += beside(cells, widths[: len(cells)], _GAP) if columns > 1 else cells[0]
    return rows


def _shares(width: int, columns: int) -> list[int]:
    share, over = divmod(width, columns)
    return [share + (index >= columns - over) for index in range(columns)]


def _boxed(rows: Sequence[OutputRow], width: int, height: int, palette: Palette) -> list[OutputRow]:
    side = inked("│ ", palette.faint)
    filled = [*rows, *[text_row(Text(end=""))] * (height - len(rows))]
    inside = [_closed(moved(padded(row, width - 4), side), palette) for row in filled]
    line = "─" * (width - 2)
    top, bottom = (inked(f"{left}{line}{right}", palette.faint) for left, right in ("╭╮", "╰╯"))
    return [text_row(top), *inside, text_row(bottom)]


def _closed(row: OutputRow, palette: Palette) -> OutputRow:
    return OutputRow(row.mark, row.mark_style, row.text.append(" │", palette.faint), row.spots)
