"""The time limits of a pool's calls, most of which are taken back before they pass.

Those of one length pass in the order in which they began, so each length has a lane, a dict in that order: a limit
costs one entry in it, and a lane one timer, which is set anew only when it fires.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Generic, TypeVar

from flame.clock import Clock, Timer

T = TypeVar("T")
MANY_LENGTHS: Final = 16


class _Lane(Generic[T]):
    __slots__ = ("ends", "timer")

    def __init__(self) -> None:
        self.ends: dict[T, float] = {}
        self.timer: Timer | None = None


class Deadlines(Generic[T]):
    """`expire(thing)` is called once its time has passed, unless it is discarded before."""

    def __init__(self, clock: Clock, expire: Callable[[T], None]) -> None:
        self._clock = clock
        self._expire = expire
        self._lanes: dict[float, _Lane[T]] = {}

    def add(self, thing: T, seconds: float) -> None:
        lane = self._lanes.get(seconds)
        if lane is None:
            lane = self._lanes[seconds] = _Lane()
        lane.ends[thing] = end = self._clock.now() + seconds
        if lane.timer is None:
            lane.timer = self._clock.call_at(end, lambda: self._pass(seconds))

    def discard(self, thing: T, seconds: float) -> None:
        lane = self._lanes.get(seconds)
        if lane is None:
            return
        lane.ends.pop(thing, None)
        # Where each call has a length of its own, as with what is left of one, lanes must not wait for their time.
        if not lane.ends and len(self._lanes) > MANY_LENGTHS:
            self._cancel(lane)
            del self._lanes[seconds]

    def close(self) -> None:
        for lane in self._lanes.values():
            self._cancel(lane)
        self._lanes.clear()

    @staticmethod
    def _cancel(lane: _Lane[T]) -> None:
        if lane.timer is not None:
            lane.timer.cancel()
            lane.timer = None

    def _pass(self, seconds: float) -> None:
        lane = self._lanes.get(seconds)
        if lane is None:
            return
        lane.timer = None
        now = self._clock.now()
        over = []
        for thing, end in lane.ends.items():
            if end > now:
                break
            over.append(thing)
        for thing in over:
            del lane.ends[thing]
        if lane.ends:
            end = next(iter(lane.ends.values()))
            lane.timer = self._clock.call_at(end, lambda: self._pass(seconds))
        else:
            del self._lanes[seconds]
        for thing in over:
            self._expire(thing)
