"""The time that a pool lives in: the event loop's, or in tests one that is moved by hand."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol


class Timer(Protocol):
    def cancel(self) -> None: ...


class Clock(Protocol):
    def now(self) -> float:
        """Seconds since some moment; never goes back."""
        ...

    def call_at(self, at: float, function: Callable[[], None]) -> Timer:
        """Calls `function` once `now()` is `at` or later, unless the timer is cancelled before."""
        ...


class LoopClock:
    """The running event loop's clock."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.now = self._loop.time

    def call_at(self, at: float, function: Callable[[], None]) -> Timer:
        return self._loop.call_at(at, function)
