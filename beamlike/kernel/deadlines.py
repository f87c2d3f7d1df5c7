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


class Caller(Waiter, Protocol):
    def refuse(self, error: Exception) -> None:
        """The limit could not begin: `error` says why."""


class Deadlines:
    """The limits of one event loop; to be used in its thread."""

    __slots__ = ("_context", "_lanes", "_loop", "fresh")

    def __init__(self, loop: asyncio.AbstractEventLoop, context: Context) -> None:
        """The loop's timers run in `context`, so that none keeps alive the context of who was the first to wait."""
        self._loop = loop
        self._context = context
        self._lanes: dict[float, _Lane] = {}
        self.fresh: dict[Caller, float | None] = {}
        """Who began to wait in this turn, and for how many seconds; None is no limit."""

    def add(self, seconds: float, waiter: Waiter) -> None:
        """Has `waiter` expire that much later, unless it is discarded before."""
        lane = self._lanes.get(seconds)
        if lane is None:
            _check(seconds)
            lane = self._lanes[seconds] = _Lane(self._loop, self._context)
        lane.add(self._loop.time() + seconds, waiter)

    def discard(self, seconds: float, waiter: Waiter) -> None:
        lane = self._lanes.get(seconds)
        if lane is not None and lane.discard(waiter) and len(self._lanes) > KEPT_LANES:
            lane.close()
            del self._lanes[seconds]

    def begin_fresh(self) -> None:
        """Has the limits begin of those who still wait at the end of the turn."""
        begun = tuple(self.fresh.items())
        self.fresh.clear()
        for caller, seconds in begun:
            if seconds is not None:
                try:
                    self.add(seconds, caller)
                except Exception as error:  # who gave "5" is told; the scheduler, who called this, must not be
                    caller.refuse(error)


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
        try:
            while self._waiters:
                waiter, at = next(iter(self._waiters.items()))
                if at > now:
                    break
                del self._waiters[waiter]
                waiter.expire()
        finally:  # whatever one of them did, the others are to expire
            self._timer = None
            if self._waiters:
                self._wake_at(next(iter(self._waiters.values())))


def _check(seconds: float) -> None:
    if not isinstance(seconds, int | float):
        raise TypeError(f"expected a number of seconds to wait, or None, got {seconds!r}")
    if seconds != seconds:  # which would put the timers of the loop out of order
        raise ValueError("expected a number of seconds to wait, got nan")
