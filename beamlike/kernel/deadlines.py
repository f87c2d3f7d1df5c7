"""Time limits of waits, of which nearly all are taken back before they pass.

Those of one length pass in the order in which they began, so each length has a lane: a dict in that order, and to come
and go costs a limit one entry in it. The loop's own timer is set for the first of each lane only.

Most limits are those of calls, and most calls are over within the turn of the loop in which they began. Those need not
even ask for the time: they stand in `fresh`, and what is left there at the end of the turn begins then, a little late.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from contextvars import Context
from typing import Protocol

KEPT_LANES = 16
"""So many lengths are kept ready for their next use; a program that computes its limits may use any number."""


class Waiter(Protocol):
    def expire(self) -> None:
        """The limit has passed."""


class Deadlines:
    """The limits of one event loop; to be used in its thread."""

    __slots__ = ("_context", "_lanes", "_loop", "fresh")

    def __init__(self, loop: asyncio.AbstractEventLoop, context: Context) -> None:
        """The loop's timers run in `context`, so that none keeps alive the context of who was the first to wait."""
        self._loop = loop
        self._context = context
        self._lanes: dict[float, _Lane] = {}
        self.fresh: dict[Waiter, float | None] = {}
        """Who began to wait in this turn, and for how many seconds; None is no limit."""

    def add(self, seconds: float, waiter: Waiter) -> None:
        """Has `waiter` expire that much later, unless it is discarded before."""
        lane = self._lanes.get(seconds)
        if lane is None:
            lane = self._lanes[seconds] = _Lane(self._loop, self._context)
        lane.add(self._loop.time() + seconds, waiter)

    def discard(self, seconds: float, waiter: Waiter) -> None:
        lane = self._lanes.get(seconds)
        if lane is not None and lane.discard(waiter) and len(self._lanes) > KEPT_LANES:
            lane.close()
            del self._lanes[seconds]

    def begin_fresh(self) -> None:
        """Has the limits begin of those who still wait at the end of the turn."""
        for waiter, seconds in self.fresh.items():
            if seconds is not None:
                self.add(seconds, waiter)
        self.fresh.clear()


class _Lane:
    __slots__ = ("_context", "_loop", "_timer", "_waiters")

    def __init__(self, loop: asyncio.AbstractEventLoop, context: Context) -> None:
        self._loop = loop
        self._context = context
        # An OrderedDict, since only that gives its first entry in constant time after many were deleted.
        self._waiters: OrderedDict[Waiter, float] = OrderedDict()
        self._timer: asyncio.TimerHandle | None = None

    def add(self, at: float, waiter: Waiter) -> None:
        self._waiters[waiter] = at
        if self._timer is None:
            self._wake_at(at)

    def discard(self, waiter: Waiter) -> bool:
        """Whether nobody waits any more."""
        self._waiters.pop(waiter, None)
        return not self._waiters

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _wake_at(self, at: float) -> None:
        self._timer = self._loop.call_at(at, self._expire, at, context=self._context)

    def _expire(self, due: float) -> None:
        now = max(due, self._loop.time())
        while self._waiters:
            waiter, at = next(iter(self._waiters.items()))
            if at > now:
                self._wake_at(at)
                return
            del self._waiters[waiter]
            waiter.expire()
        self._timer = None
