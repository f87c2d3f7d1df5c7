"""How a long look gives way to the service: a slice of work, then a pause several times as long.

A look runs on the loop of what it looks at, for only there does nothing change meanwhile. So it may take no more than a
fifth of that loop, in slices that a request hardly notices.
"""

from __future__ import annotations

import asyncio
import time
from typing import Final

SLICE: Final = 0.001
PAUSE: Final = 0.004
_LOOKS: Final = 16
"""Things that are looked at between two looks at the clock."""


class Patience:
    """`spent` are the seconds of the loop that the look has taken so far."""

    def __init__(self) -> None:
        self._since = time.perf_counter()
        self._spent = 0.0
        self._left = _LOOKS

    @property
    def spent(self) -> float:
        return self._spent + time.perf_counter() - self._since

    def is_due(self) -> bool:
        """Whether to `pause` now; to be asked for each thing that is looked at."""
        self._left -= 1
        if self._left:
            return False
        self._left = _LOOKS
        return time.perf_counter() - self._since >= SLICE

    async def pause(self) -> None:
        self._spent += time.perf_counter() - self._since
        await asyncio.sleep(PAUSE)
        self._since = time.perf_counter()

    async def wait(self, seconds: float) -> None:
        """Waits, at no cost."""
        self._spent += time.perf_counter() - self._since
        await asyncio.sleep(seconds)
        self._since = time.perf_counter()

    async def pause_if_due(self) -> None:
        """After something that takes long by itself, the clock is looked at each time."""
        if time.perf_counter() - self._since >= SLICE:
            await self.pause()
