"""Counts lags of an event loop into buckets, and keeps the worst stalls. No loops, no threads, no clock."""

from __future__ import annotations

from bisect import bisect_left
from typing import Final

from beamlike.inspect.facts import LagHistogram, StallFacts

BOUNDS: Final = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
KEPT: Final = 10
SPAN: Final = 10.0


class Lags:
    """
    >>> lags = Lags()
    >>> for seconds in (0.0005, 0.001, 0.3, 99.0):
    ...     lags.add(seconds)
    >>> found = lags.facts
    >>> found.count, found.counts[0], found.counts[-1], found.longest
    (4, 2, 1, 99.0)
    """

    def __init__(self) -> None:
        self._counts = [0] * (len(BOUNDS) + 1)
        self._total = 0.0
        self._longest = 0.0

    def add(self, seconds: float) -> None:
        self._counts[bisect_left(BOUNDS, seconds)] += 1
        self._total += seconds
        self._longest = max(self._longest, seconds)

    @property
    def facts(self) -> LagHistogram:
        return LagHistogram(BOUNDS, tuple(self._counts), self._total, self._longest)


class Lately:
    """The longest lag of the last `SPAN` seconds, or somewhat more: up to twice as many.

    >>> lately = Lately()
    >>> lately.add(0.6, now=100.0)
    >>> lately.add(0.1, now=112.0)
    >>> lately.longest(113.0), lately.longest(121.0), lately.longest(140.0)
    (0.6, 0.1, 0.0)
    """

    def __init__(self) -> None:
        self._spans: dict[int, float] = {}

    def add(self, seconds: float, now: float) -> None:
        span = int(now // SPAN)
        self._spans = {span - 1: self._spans.get(span - 1, 0.0), span: max(self._spans.get(span, 0.0), seconds)}

    def longest(self, now: float) -> float:
        span = int(now // SPAN)
        spans = self._spans
        return max(spans.get(span, 0.0), spans.get(span - 1, 0.0))


class Worst:
    """The longest stalls, each of which is told once, when it is over.

    >>> worst = Worst(keep=2)
    >>> for seconds in (1.0, 3.0, 2.0):
    ...     worst.add(StallFacts(0.0, seconds, "", None))
    >>> [stall.seconds for stall in worst.stalls]
    [3.0, 2.0]
    """

    def __init__(self, keep: int = KEPT) -> None:
        self._keep = keep
        self.stalls: tuple[StallFacts, ...] = ()

    def add(self, stall: StallFacts) -> None:
        longest_first = sorted((*self.stalls, stall), key=lambda it: -it.seconds)
        self.stalls = tuple(longest_first[: self._keep])
