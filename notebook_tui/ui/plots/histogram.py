"""How often which value is there: columns of blocks on a pair of axes."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Final

from rich.style import Style
from rich.text import Text

from notebook_tui.ui.drawing.palette import Palette
from notebook_tui.ui.plots.axes import axes_for, caption
from notebook_tui.ui.plots.kept import Kept
from notebook_tui.ui.plots.scale import Scale
from notebook_tui.widgets.views import Plot, Series

_EIGHTHS: Final = " ▁▂▃▄▅▆▇█"
_FEWEST: Final = 8
_MOST: Final = 60


def histogram_rows(plot: Plot, series: Series, width: int, height: int, ink: Style, palette: Palette) -> list[Text]:
    """None if there is no value."""
    bins = _bins_for(len(series.y), width)
    low, high, counts = counts_of(series, bins)
    if not counts:
        return []
    axes = axes_for(width, height, (low, high), (0.0, float(max(counts))))
    wide = max(1, axes.columns // len(counts))
    axes = axes_for(width - (axes.columns - wide * len(counts)), height, (low, high), (0.0, float(max(counts))))
    rows = axes.around([Text(row, ink, end="") for row in _columns(counts, wide, height)], palette)
    if plot.x_label:
        rows.append(caption(plot.x_label, axes.margin, axes.columns, palette))
    return rows


def _counts(series: Series, bins: int) -> tuple[float, float, tuple[int, ...]]:
    """The lowest and the highest value, and how many fall on each part between them.

    >>> _counts(Series("h", "histogram", (0.0, 1.0, 2.0), (0.0, 0.1, 1.0)), 2)
    (0.0, 1.0, (2, 1))
    """
    finite = [value for value in series.y if math.isfinite(value)]
    if not finite:
        return 0.0, 0.0, ()
    low, high = min(finite), max(finite)
    if low == high:
        return low, high, (len(finite),)
    # A place of a scale reaches half a step to both sides of a value; a part of a histogram begins at its value.
    scale = Scale(low, high, bins + 1)
    found = Counter(min(bins - 1, int(scale.exactly(value))) for value in finite)
    return low, high, tuple(found[place] for place in range(bins))


counts_of: Final[Kept[Series, tuple[float, float, tuple[int, ...]]]] = Kept(_counts, room=32)


def _bins_for(values: int, width: int) -> int:
    return max(_FEWEST, min(_MOST, round(2 * math.pow(values, 1 / 3)), max(1, width - 12)))


def _columns(counts: Sequence[int], wide: int, height: int) -> list[str]:
    """
    >>> _columns([1, 4], 2, 1)
    ['▂▂██']
    """
    most = max(counts)
    # What is there at all is seen: a lone value is worth the thinnest block.
    eighths = [max(bool(count), round(count / most * height * 8)) for count in counts]
    levels = [[max(0, min(8, each - 8 * row)) for each in eighths] for row in reversed(range(height))]
    return ["".join(_EIGHTHS[level] * wide for level in row) for row in levels]
