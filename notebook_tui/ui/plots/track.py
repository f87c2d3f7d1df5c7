"""A series as it can be drawn: its points in runs without gaps, and between which values they lie."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from operator import le
from typing import Final, TypeAlias

from notebook_tui.ui.plots.kept import Kept
from notebook_tui.widgets.views import Series

Run: TypeAlias = tuple[Sequence[float], Sequence[float]]
"""Finite points that follow each other: their x and their y."""


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    runs: tuple[Run, ...]
    rising: bool = True
    """Whether x never falls within a run."""
    x_low: float = math.inf
    x_high: float = -math.inf
    y_low: float = math.inf
    y_high: float = -math.inf
    """With a logarithmic axis, all y are logarithms."""


def _track(series: Series, log_y: bool) -> Track:
    """
    >>> _track(Series("a", "line", (0.0, 1.0, 2.0), (1.0, math.nan, 3.0)), False).runs
    (((0.0,), (1.0,)), ((2.0,), (3.0,)))
    """
    if not log_y and series.y and math.isfinite(sum(series.x)) and math.isfinite(sum(series.y)):
        runs: tuple[Run, ...] = ((series.x, series.y),)
    else:
        runs = tuple(_runs(series, log_y))
    if not runs:
        return Track(())
    rising = all(all(map(le, xs, islice(xs, 1, None))) for xs, _ in runs)
    return Track(
        runs,
        rising,
        min(xs[0] if rising else min(xs) for xs, _ in runs),
        max(xs[-1] if rising else max(xs) for xs, _ in runs),
        min(min(ys) for _, ys in runs),
        max(max(ys) for _, ys in runs),
    )


def _runs(series: Series, log_y: bool) -> Iterator[Run]:
    xs: list[float] = []
    ys: list[float] = []
    for x, y in zip(series.x, series.y, strict=True):
        drawable = math.isfinite(x) and math.isfinite(y) and (y > 0 or not log_y)
        if drawable:
            xs.append(x)
            ys.append(math.log10(y) if log_y else y)
        elif xs:
            yield tuple(xs), tuple(ys)
            xs, ys = [], []
    if xs:
        yield tuple(xs), tuple(ys)


track_of: Final[Kept[Series, Track]] = Kept(_track, room=256)
"""The track of a series; the second argument says whether the axis is logarithmic."""
