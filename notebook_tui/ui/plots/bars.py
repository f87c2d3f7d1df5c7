"""Bars beside their labels, in eighths of a character; those of several series one below the other."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Final

from rich.cells import cell_len, set_cell_size
from rich.style import Style
from rich.text import Text

from notebook_tui.ui.drawing.palette import Palette
from notebook_tui.ui.drawing.printable import printable_row
from notebook_tui.ui.plots.marks import glyph_of, inks_of
from notebook_tui.widgets.plot_text import number
from notebook_tui.widgets.views import Plot, Series

_EIGHTHS: Final = " ▏▎▍▌▋▊▉█"
_LABEL: Final = 24
_MOST: Final = 200


def bar_rows(plot: Plot, shown: Sequence[tuple[int, Series]], width: int, palette: Palette) -> list[Text]:
    """
    >>> plot = Plot("p", (Series("n", "bar", (0.0, 1.0), (2.0, 4.0), ("a", "bb")),))
    >>> [row.plain for row in bar_rows(plot, [(0, plot.series[0])], 16, Palette())]
    [' a █████▌ 2', 'bb ███████████ 4']
    """
    labels = list(dict.fromkeys(label for _, series in shown for label in _labels(series)))
    values = {
        (index, label): y
        for index, series in shown
        for label, y in zip(_labels(series), series.y, strict=True)
        if math.isfinite(y)
    }
    said = {at: number(y) for at, y in values.items()}
    margin = min(_LABEL, width // 3, max((cell_len(printable_row(label)) for label in labels), default=0))
    many = len(shown) > 1
    room = width - margin - 2 - 2 * many - max(map(len, said.values()), default=0)
    bars = _Bars(values.values(), max(4, room))
    inks = inks_of(len(plot.series), palette)
    rows = []
    for label in labels[: _MOST // len(shown)]:
        name = _fitted(label, margin)
        for index, _ in shown:
            if (index, label) in values:
                glyph = (f"{glyph_of(index)} ", inks[index]) if many else ""
                bar = bars.of(values[index, label], inks[index], said[index, label], palette)
                rows.append(Text.assemble((name, palette.muted), " ", glyph, bar, end=""))
                name = " " * margin
    hidden = len(labels) - _MOST // len(shown)
    if hidden > 0:
        rows.append(Text(f"… {hidden:,} more", palette.muted, end=""))
    return rows


class _Bars:
    """All of them begin at the same zero."""

    def __init__(self, values: Iterable[float], room: int) -> None:
        finite = list(values)
        low, high = min([0.0, *finite]), max([0.0, *finite])
        # Halved, for the difference may be more than there are numbers.
        self._span = (high / 2 - low / 2) or 1.0
        self._room = room
        self._before = round(self._cells(low))

    def _cells(self, value: float) -> float:
        """Divided first: how many cells there are to the smallest number is more than there are numbers."""
        return abs(value) / self._span / 2 * self._room

    def of(self, value: float, ink: Style, said: str, palette: Palette) -> Text:
        eighths = round(self._cells(value) * 8)
        if value < 0:
            length = min(self._before, round(eighths / 8))
            bar = " " * (self._before - length) + _EIGHTHS[8] * length
        else:
            eighths = min(eighths, 8 * (self._room - self._before))  # the zero, too, stands at a whole cell
            bar = " " * self._before + _EIGHTHS[8] * (eighths // 8) + _EIGHTHS[eighths % 8].strip()
        return Text.assemble((bar, ink), (f" {said}", palette.muted))


def _labels(series: Series) -> Sequence[str]:
    return series.labels or tuple(map(number, series.x))


def _fitted(label: str, width: int) -> str:
    """The label at the right of its column, cut where it is too long."""
    label = printable_row(label)
    length = cell_len(label)
    return " " * (width - length) + label if length <= width else set_cell_size(label, max(0, width - 1)) + "…"
