"""A plot as rows: title, chart of lines and points, bars, histograms, legend."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from notebook_tui.ui.drawing.palette import Palette
from notebook_tui.ui.drawing.printable import printable_row
from notebook_tui.ui.outputs.looks import Looks
from notebook_tui.ui.outputs.plot_legend import legend_rows
from notebook_tui.ui.outputs.row import OutputRow
from notebook_tui.ui.plots.bars import bar_rows
from notebook_tui.ui.plots.chart import chart_rows
from notebook_tui.ui.plots.histogram import histogram_rows
from notebook_tui.ui.plots.kept import Kept
from notebook_tui.ui.plots.marks import inks_of
from notebook_tui.widgets.views import Plot, Series

_NARROWEST: Final = 20
_LOWEST: Final = 5
_HIGHEST: Final = 20
_TALL: Final = 24


def plot_rows(plot: Plot, width: int, palette: Palette, looks: Looks, height: int = _TALL) -> tuple[OutputRow, ...]:
    """At most `width` cells wide, a chart with what stands around it at most `height` rows high; of the series only the
    one that this viewer wants to see alone, if it is there.

    >>> plot = Plot("p", (Series("loss", "line", (0.0, 1.0, 2.0), (4.0, 2.0, 0.0)),), title="Loss")
    >>> rows = plot_rows(plot, 40, Palette(), Looks())
    >>> rows[0].text.plain, rows[-1].text.plain
    ('Loss', '● loss 0   0 … 4')
    """
    return _kept(plot, max(_NARROWEST, width), max(_LOWEST, height), palette, looks.series.get(plot.ref))


def _rows(plot: Plot, width: int, height: int, palette: Palette, alone: str | None) -> tuple[OutputRow, ...]:
    shown = list(enumerate(plot.series))
    if alone in {series.name for series in plot.series}:
        shown = [(index, series) for index, series in shown if series.name == alone]
    legend = legend_rows(plot, alone, width, palette)
    above = list(_headings(plot, width, palette))
    around = len(legend) + len(above) + 2 + bool(plot.x_label)
    drawn = _drawn(plot, shown, width, max(_LOWEST, min(_HIGHEST, width // 6, height - around)), palette)
    return (*(OutputRow(" ", palette.muted, text) for text in (*above, *drawn)), *legend)


_kept: Final[Kept[Plot, tuple[OutputRow, ...]]] = Kept(_rows, room=32)


def _headings(plot: Plot, width: int, palette: Palette) -> Iterator[Text]:
    for label, ink in ((plot.title, palette.title), (plot.y_label, palette.muted)):
        if label:
            yield Text(_cut(printable_row(label), width), ink, end="")


def _drawn(plot: Plot, shown: list[tuple[int, Series]], width: int, height: int, palette: Palette) -> list[Text]:
    dotted = [each for each in shown if each[1].kind in ("line", "scatter")]
    barred = [each for each in shown if each[1].kind == "bar"]
    rows = chart_rows(plot, dotted, width, height, palette)
    rows += bar_rows(plot, barred, width, palette) if barred else []
    inks = inks_of(len(plot.series), palette)
    for index, series in shown:
        if series.kind == "histogram":
            rows += histogram_rows(plot, series, width, height, inks[index], palette)
    return rows or [Text("(no points yet)", palette.muted, end="")]


def _cut(text: str, width: int) -> str:
    return text if cell_len(text) <= width else set_cell_size(text, width - 1) + "…"
