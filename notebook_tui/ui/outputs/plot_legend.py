"""The names of a plot's series, each with its sign and its newest value; a press shows one alone, or all again.

Few series have a line each, with their least and their greatest value; more stand side by side, and of very many only
the first are named until the last entry is pressed.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Final, TypeAlias

from rich.cells import cell_len, set_cell_size
from rich.style import Style
from rich.text import Text

from notebook_tui.ui.drawing.palette import Palette
from notebook_tui.ui.drawing.printable import printable_row
from notebook_tui.ui.outputs.row import OutputRow
from notebook_tui.ui.outputs.spots import ShowSeries, Spot
from notebook_tui.ui.plots.marks import glyph_of, inks_of
from notebook_tui.ui.plots.track import track_of
from notebook_tui.widgets.plot_text import number
from notebook_tui.widgets.views import Plot, Series

WHOLE_LEGEND: Final = "\n"
"""In the place of a series that is shown alone: no name has a line feed, and this one says that all are named."""
_FEW: Final = 4
_NAME: Final = 20
_ROWS: Final = 4
_GAP: Final = "  "


def legend_rows(plot: Plot, alone: str | None, width: int, palette: Palette) -> list[OutputRow]:
    """`alone` is the series that is shown alone."""
    inks = inks_of(len(plot.series), palette)
    entries = [_Entry(index, series, inks[index]) for index, series in enumerate(plot.series)]
    if not any(entry.name for entry in entries):
        return []
    lines = _listed(entries, width, palette) if len(entries) <= _FEW else _tiled(plot, entries, alone, width, palette)
    return [_row(plot.ref, line, alone, palette) for line in lines]


class _Entry:
    def __init__(self, index: int, series: Series, ink: Style) -> None:
        self.name = series.name
        self.glyph = glyph_of(index)
        self.ink = ink
        self.shown = _cut(printable_row(series.name) or f"series {index + 1}", _NAME)
        self.series = series
        self.said = _said(series)

    def text(self, names: int, lasts: int, palette: Palette) -> Text:
        name = set_cell_size(self.shown, names)
        return Text.assemble((self.glyph, self.ink), " ", name, (f" {self.said:>{lasts}}", palette.muted), end="")


def _said(series: Series) -> str:
    """The newest value; of a histogram, how many there are."""
    if series.kind == "histogram":
        return f"{len(series.y):,} values"
    return next((number(value) for value in reversed(series.y) if math.isfinite(value)), "")


_Line: TypeAlias = list[tuple[str, Text]]


def _listed(entries: Sequence[_Entry], width: int, palette: Palette) -> Iterator[_Line]:
    names, lasts = _widths(entries)
    for entry in entries:
        text = entry.text(names, lasts, palette)
        track = track_of(entry.series, False)
        if track.y_low < track.y_high:
            range_of = f"   {number(track.y_low)} … {number(track.y_high)}"
            if text.cell_len + len(range_of) <= width:
                text.append(range_of, palette.muted)
        yield [(entry.name, text)]


def _tiled(plot: Plot, entries: Sequence[_Entry], alone: str | None, width: int, palette: Palette) -> Iterator[_Line]:
    names, lasts = _widths(entries)
    tile = 2 + names + 1 + lasts
    across = max(1, (width + len(_GAP)) // (tile + len(_GAP)))
    room = len(entries) if alone == WHOLE_LEGEND else across * _ROWS
    chosen = next((entry for entry in entries if entry.name == alone), None)
    if len(entries) > room:
        # The last place says how many there are besides; the one that is shown alone is always named.
        named = list(entries[: room - 1])
        if chosen is not None and chosen not in named:
            named[-1] = chosen
        tiles = [(entry.name, entry.text(names, lasts, palette)) for entry in named]
        tiles.append((WHOLE_LEGEND, Text(f"… {len(entries) - len(named)} more", palette.link, end="")))
    else:
        tiles = [(entry.name, entry.text(names, lasts, palette)) for entry in entries]
        if alone == WHOLE_LEGEND:
            tiles.append((WHOLE_LEGEND, Text("… fewer names", palette.link, end="")))
    for start in range(0, len(tiles), across):
        yield tiles[start : start + across]


def _widths(entries: Sequence[_Entry]) -> tuple[int, int]:
    names = max(cell_len(entry.shown) for entry in entries)
    return names, max(len(entry.said) for entry in entries)


def _row(ref: str, line: _Line, alone: str | None, palette: Palette) -> OutputRow:
    text = Text(end="")
    spots = []
    for name, tile in line:
        if text.plain:
            text.append(_GAP)
        start = text.cell_len
        if name == alone and name != WHOLE_LEGEND:
            tile = Text.assemble(tile, (" ◂ alone", palette.strong), end="")
        elif alone not in (None, WHOLE_LEGEND) and name != WHOLE_LEGEND:
            tile = Text(tile.plain, palette.muted, end="")
        text.append_text(tile)
        spots.append(Spot(start, text.cell_len, ShowSeries(ref, name)))
    return OutputRow(" ", palette.muted, text, tuple(spots))


def _cut(name: str, width: int) -> str:
    return name if cell_len(name) <= width else set_cell_size(name, width - 1) + "…"
