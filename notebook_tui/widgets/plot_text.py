"""A plot as text: lines and points in Braille dots, two by four to a character, bars in eighths of a block."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final

from beamlike.kernel.record import frozen
from notebook_tui.widgets.views import Plot, Series

HEIGHT: Final = 12
_BRAILLE: Final = 0x2800
_DOTS: Final = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
_EIGHTHS: Final = " ▏▎▍▌▋▊▉█"
_BINS: Final = 12
_LABELS: Final = 24


def plot_text(plot: Plot, width: int, height: int = HEIGHT) -> str:
    """
    >>> plot = Plot("p", (Series("loss", "line", (0.0, 1.0, 2.0, 3.0), (4.0, 2.0, 1.0, 0.0)),))
    >>> print(plot_text(plot, 24, 4))
    4 ┤⠑⠢⢄⡀
      │   ⠈⠑⠢⢄⡀
      │       ⠈⠉⠒⠒⠤⢄⣀
    0 ┤              ⠉⠑⠒⠢⠤⣀
       0                  3
       loss
    """
    dotted = [
        series
        for series in plot.series
        if series.kind in ("line", "scatter") and any(map(_drawn, _points(plot, series)))
    ]
    lines = [plot.title] if plot.title else []
    if dotted:
        lines += _chart(plot, dotted, width, height)
    for series in plot.series:
        if series.kind == "bar":
            lines += _bars(series, series.labels or tuple(map(number, series.x)), series.y, width)
        elif series.kind == "histogram":
            labels, counts = _histogram(series.y)
            lines += _bars(series, labels, counts, width)
    if not lines or (len(lines) == 1 and plot.title):
        lines.append("(no points yet)")
    return "\n".join(line.rstrip() for line in lines)


def number(value: float) -> str:
    """
    >>> [number(value) for value in (3.0, 0.12345, 1234567.0, float("nan"))]
    ['3', '0.1235', '1.235e+06', 'nan']
    """
    return f"{value:.4g}"


@frozen
class _Scale:
    low: float
    high: float
    steps: int

    def at(self, value: float) -> int:
        """Which of the steps the value falls on."""
        if self.high == self.low:
            return self.steps // 2
        return round(_share(value, self.low, self.high) * (self.steps - 1))


def _share(value: float, low: float, high: float) -> float:
    """How far the value is from the one to the other, from 0 to 1; halved, for the difference may be more than there
    are numbers."""
    across = high / 2 - low / 2
    return (value / 2 - low / 2) / across if across else 0.0


def _chart(plot: Plot, dotted: Sequence[Series], width: int, height: int) -> list[str]:
    points = {series.name: [point for point in _points(plot, series) if _drawn(point)] for series in dotted}
    every = [point for each in points.values() for point in each]
    ys = [y for _, y in every]
    shown = [_unscaled(plot, y) for y in (min(ys), max(ys))]
    margin = max(map(len, shown))
    columns = max(8, width - margin - 3)
    across = _Scale(min(x for x, _ in every), max(x for x, _ in every), columns * 2)
    up = _Scale(min(ys), max(ys), height * 4)
    canvas = [[0] * columns for _ in range(height)]
    for series in dotted:
        at = [(across.at(x), height * 4 - 1 - up.at(y)) for x, y in points[series.name]]
        for x, y in _joined(at) if series.kind == "line" else at:
            canvas[y // 4][x // 2] |= _DOTS[y % 4][x % 2]
    lines = []
    for row, cells in enumerate(canvas):
        label = shown[1] if row == 0 else shown[0] if row == height - 1 else ""
        dots = "".join(chr(_BRAILLE + cell) if cell else " " for cell in cells)
        lines.append(f"{label:>{margin}} {'┤' if label else '│'}{dots}")
    left, right = number(across.low), number(across.high)
    lines.append(" " * (margin + 2) + left + right.rjust(max(len(right) + 1, columns - len(left))))
    names = ", ".join(series.name for series in dotted if series.name)
    axes = " against ".join(filter(None, (plot.y_label, plot.x_label)))
    lines += [" " * margin + f"  {text}" for text in (names, axes) if text]
    return lines


def _unscaled(plot: Plot, y: float) -> str:
    try:
        return number(10**y if plot.log_y else y)
    except OverflowError:  # by a rounding, at the end of what a float holds
        return number(sys.float_info.max)


def _points(plot: Plot, series: Series) -> Iterable[tuple[float, float]]:
    for x, y in zip(series.x, series.y, strict=True):
        if not plot.log_y:
            yield x, y
        elif y > 0:
            yield x, math.log10(y)


def _drawn(point: tuple[float, float]) -> bool:
    return math.isfinite(point[0]) and math.isfinite(point[1])


def _joined(points: Sequence[tuple[int, int]]) -> Iterable[tuple[int, int]]:
    """The dots of the straight lines between the points."""
    yield from points[:1]
    for (x, y), (to_x, to_y) in pairwise(points):
        steps = max(abs(to_x - x), abs(to_y - y), 1)
        for step in range(1, steps + 1):
            yield x + round((to_x - x) * step / steps), y + round((to_y - y) * step / steps)


def _bars(series: Series, labels: Sequence[str], values: Sequence[float], width: int) -> list[str]:
    lines = [series.name] if series.name else []
    margin = max((min(len(label), _LABELS) for label in labels), default=0)
    room = max(8, width - margin - 14)
    finite = [value for value in values if math.isfinite(value)]
    most = max((abs(value) for value in finite), default=0) or 1
    for label, value in zip(labels, values, strict=False):
        eighths = round(abs(value) / most * room * 8) if math.isfinite(value) else 0
        bar = _EIGHTHS[8] * (eighths // 8) + _EIGHTHS[eighths % 8].strip()
        lines.append(f"{label[:_LABELS]:>{margin}} {bar} {number(value)}")
    return lines


def _histogram(values: Sequence[float]) -> tuple[list[str], list[float]]:
    finite = [value for value in values if math.isfinite(value)]
    if not finite:
        return [], []
    low, high = min(finite), max(finite)
    bins = 1 if low == high else _BINS
    counts = [0.0] * bins
    for value in finite:
        counts[min(bins - 1, int(_share(value, low, high) * bins)) if bins > 1 else 0] += 1
    edges = [low * (1 - index / bins) + high * (index / bins) for index in range(bins + 1)]
    return [f"{number(edges[index])} … {number(edges[index + 1])}" for index in range(bins)], counts
