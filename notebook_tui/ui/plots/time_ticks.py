"""Ticks of an axis of times: whole seconds, minutes, hours, days, months, years."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import takewhile
from typing import Final

from notebook_tui.ui.plots.scale import Tick, ticks

_EARLIEST: Final = 631_152_000.0  # 1990
_LATEST: Final = 4_102_444_800.0  # 2100
_DAY: Final = 86_400
_STEPS: Final = (
    *(1, 2, 5, 10, 15, 30),
    *(60, 120, 300, 600, 900, 1_800),
    *(3_600, 7_200, 10_800, 21_600, 43_200),
    *(_DAY, 2 * _DAY, 7 * _DAY, 14 * _DAY),
)
_MONTHS: Final = (1, 2, 3, 6, 12, 24, 60, 120, 240)


def are_times(low: float, high: float) -> bool:
    """Whether values between these look like seconds since 1970.

    >>> are_times(1.79e9, 1.7900001e9), are_times(0.0, 10_000.0)
    (True, False)
    """
    return _EARLIEST <= low < high <= _LATEST


def time_ticks(low: float, high: float, most: int, zone: tzinfo | None = None) -> tuple[Tick, ...]:
    """Round times, at most so many; without a zone in the local one, whole days in UTC, as dates are kept.

    >>> [tick.label for tick in time_ticks(1_790_000_000, 1_790_003_600, 4, UTC)]
    ['14:30', '15:00']
    """
    if most < 2 or high - low < 2:
        return ticks(low, high, most)
    whole_days = low % _DAY == 0 and high % _DAY == 0
    zone = UTC if zone is None and whole_days else zone
    start = datetime.fromtimestamp(low, zone).astimezone(zone)
    for step in _STEPS:
        if (high - low) / step <= most - 1:
            found = tuple(takewhile(lambda tick: tick.value <= high, _every(step, start)))
            return found[:most]
    for months in _MONTHS:
        if (high - low) / (months * 30 * _DAY) <= most - 1:
            return tuple(takewhile(lambda tick: tick.value <= high, _every_month(months, start)))[:most]
    return ticks(low, high, most)


def _every(step: int, start: datetime) -> Iterator[Tick]:
    """From midnight on, so that hours are whole in every zone."""
    midnight = start.replace(hour=0, minute=0, second=0, microsecond=0)
    pattern = "%H:%M:%S" if step < 60 else "%H:%M" if step < _DAY else "%d %b"
    index = 0
    while True:
        at = midnight + timedelta(seconds=step * index)
        if at >= start:
            yield Tick(at.timestamp(), at.strftime(pattern))
        index += 1


def _every_month(months: int, start: datetime) -> Iterator[Tick]:
    pattern = "%Y" if months >= 12 else "%b %Y"
    month = start.year * 12 if months < 12 else start.year // (months // 12) * months
    while True:
        at = start.replace(year=month // 12, month=month % 12 + 1, day=1, hour=0, minute=0, second=0, microsecond=0)
        if at >= start:
            yield Tick(at.timestamp(), at.strftime(pattern))
        month += months
