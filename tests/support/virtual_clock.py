"""A pool's time, moved by hand."""

from __future__ import annotations

import itertools
from collections.abc import Callable


class VirtualTimer:
    def __init__(self, function: Callable[[], None]) -> None:
        self.function: Callable[[], None] | None = function

    def cancel(self) -> None:
        self.function = None


class VirtualClock:
    """Stands still except in `advance`."""

    def __init__(self) -> None:
        self._now = 1000.0
        self._order = itertools.count()
        self._timers: list[tuple[float, int, VirtualTimer]] = []

    def now(self) -> float:
        return self._now

    def call_at(self, at: float, function: Callable[[], None]) -> VirtualTimer:
        timer = VirtualTimer(function)
        self._timers.append((at, next(self._order), timer))
        return timer

    def next_at(self) -> float | None:
        """When the next timer is due."""
        return min((at for at, _, timer in self._timers if timer.function), default=None)

    def advance(self, seconds: float) -> None:
        """Moves time on, and calls what falls due on the way, in order."""
        until = self._now + seconds
        while due := [entry for entry in self._timers if entry[0] <= until]:
            first = min(due)
            self._timers.remove(first)
            self._now = max(self._now, first[0])
            if first[2].function:
                first[2].function()
        self._now = until
