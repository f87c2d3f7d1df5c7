"""Where the dots of a track are: for each column of dots a number whose bits are its rows, the lowest bit on top.

A vertical stroke is one operation on such a number however long it is, and a million points are as many strokes as
there are columns: of the points that fall on one column only the highest, the lowest, the first and the last matter.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

from notebook_tui.ui.plots.kept import Kept
from notebook_tui.ui.plots.scale import Scale
from notebook_tui.ui.plots.track import Run, Track

Masks: TypeAlias = tuple[int, ...]


def _dots(track: Track, across: Scale, up: Scale, joined: bool) -> Masks:
    """
    >>> track = Track((((0.0, 1.0), (0.0, 3.0)),))
    >>> [f"{mask:04b}" for mask in _dots(track, Scale(0.0, 1.0, 2), Scale(0.0, 3.0, 4), True)]
    ['1100', '0011']
    """
    masks = [0] * across.steps
    for run in track.runs:
        if not joined:
            _spots(run, across, up, masks)
        elif track.rising and len(run[0]) > 2 * across.steps:
            _strokes(run, across, up, masks)
        else:
            _lines(run, across, up, masks)
    return tuple(masks)


dots_of: Final[Kept[Track, Masks]] = Kept(_dots, room=256)
"""The dots of a track on these scales; joined by lines, or not."""


def _spots(run: Run, across: Scale, up: Scale, masks: list[int]) -> None:
    top = up.steps - 1
    for x, y in zip(*run, strict=True):
        masks[across.at(x)] |= 1 << (top - up.at(y))


def _lines(run: Run, across: Scale, up: Scale, masks: list[int]) -> None:
    """All straight lines from point to point."""
    top = up.steps - 1
    columns, rows = _places(run[0], across), _places(run[1], up)
    last_x, last_y = columns[0], top - rows[0]
    masks[last_x] |= 1 << last_y
    for at_x, row in zip(columns[1:], rows[1:], strict=True):
        at_y = top - row
        _join(last_x, last_y, at_x, at_y, masks)
        last_x, last_y = at_x, at_y


def _places(values: Sequence[float], scale: Scale) -> list[int]:
    """`scale.at` of values between its ends, without its care wherever that is not needed."""
    low, span = scale.low, scale.high - scale.low
    per = (scale.steps - 1) / span if span else math.inf
    if not math.isfinite(span) or not math.isfinite(per):
        return [scale.at(value) for value in values]
    return [round((value - low) * per) for value in values]


def _strokes(run: Run, across: Scale, up: Scale, masks: list[int]) -> None:
    """The same where many points fall on each column: one stroke for each, from where the last one ended."""
    xs, ys = run
    top = up.steps - 1
    row_of = _rows_on(up)
    reached: int | None = None
    column_before = start = 0
    for column, end in enumerate(_ends(xs, across)):
        if end == start:
            continue
        within = ys[start:end]
        highest, lowest = top - row_of(max(within)), top - row_of(min(within))
        if reached is not None and column > column_before + 1:
            _join(column_before, reached, column, top - row_of(within[0]), masks)
        elif reached is not None and reached < highest:
            highest = min(reached + 1, highest)
        elif reached is not None and reached > lowest:
            lowest = max(reached - 1, lowest)
        masks[column] |= ((1 << (lowest - highest + 1)) - 1) << highest
        reached, column_before, start = top - row_of(within[-1]), column, end


def _rows_on(up: Scale) -> Callable[[float], int]:
    """`up.at` of values between its ends, without its care wherever that is not needed."""
    span = up.high - up.low
    per = (up.steps - 1) / span if span else math.inf
    if not math.isfinite(span) or not math.isfinite(per):
        return up.at
    low = up.low
    return lambda value: int((value - low) * per + 0.5)


def _ends(xs: Sequence[float], across: Scale) -> list[int]:
    """For each column, how many of the rising `xs` fall on it or on one before it."""
    width = (across.high / 2 - across.low / 2) / max(1, across.steps - 1) * 2
    ends = []
    start = 0
    for column in range(across.steps - 1):
        start = bisect_left(xs, across.low + (column + 0.5) * width, start)
        ends.append(start)
    return [*ends, len(xs)]


def _join(x: int, y: int, to_x: int, to_y: int, masks: list[int]) -> None:
    """It draws most of what a plot of many curves shows, twenty times a second: so the strokes are made in place."""
    if x > to_x:
        x, y, to_x, to_y = to_x, to_y, x, y
    if y == to_y:
        dot = 1 << y
        for column in range(x, to_x + 1):
            masks[column] |= dot
        return
    if x == to_x:
        masks[x] |= _stroke(y, to_y) if y < to_y else _stroke(to_y, y)
        return
    slope = (to_y - y) / (to_x - x)
    falls = slope < 0
    reached = y
    for column in range(x, to_x):
        exactly = y + slope * (column - x + 0.5)
        # What lies halfway between two rows belongs to the one that the line comes from.
        until = math.floor(exactly + 0.5) if falls else math.ceil(exactly - 0.5)
        # It goes on beside the dot that it came to, not on it: so it is nowhere thicker than it must be.
        begin = reached if column == x or until == reached else reached - 1 if falls else reached + 1
        masks[column] |= ((1 << (abs(until - begin) + 1)) - 1) << (until if falls else begin)
        reached = until
    begin = reached if to_y == reached else reached - 1 if falls else reached + 1
    masks[to_x] |= ((1 << (abs(to_y - begin) + 1)) - 1) << (to_y if falls else begin)


def _stroke(top: int, bottom: int) -> int:
    """
    >>> f"{_stroke(1, 3):b}"
    '1110'
    """
    return ((1 << (bottom - top + 1)) - 1) << top
