"""The event loop's time for a pool, with the timers known that are still to fire."""

from __future__ import annotations

from collections.abc import Callable

from flame.clock import LoopClock, Timer


class CountedTimer:
    def __init__(self, clock: CountedClock, function: Callable[[], None]) -> None:
        self._clock = clock
        self._function = function
        self.timer: Timer

    def cancel(self) -> None:
        self._clock.pending.discard(self)
        self.timer.cancel()

    def fire(self) -> None:
        self._clock.pending.discard(self)
        self._function()


class CountedClock:
    """For the loop that runs."""

    def __init__(self) -> None:
        self._clock = LoopClock()
        self.pending: set[CountedTimer] = set()

    def now(self) -> float:
        return self._clock.now()

    def call_at(self, at: float, function: Callable[[], None]) -> CountedTimer:
        timer = CountedTimer(self, function)
        timer.timer = self._clock.call_at(at, timer.fire)
        self.pending.add(timer)
        return timer
