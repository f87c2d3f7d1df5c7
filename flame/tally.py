"""What has become of a pool's calls, and how long things took: counts, and the latest durations of each kind."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from math import ceil

from beamlike.kernel.record import frozen
from flame.events import CallStatus

LATEST = 1024
"""So many durations of each kind are kept."""


@frozen
class Durations:
    """Of the latest `count`, at most 1,024: half took no longer than `p50` seconds, and 19 of 20 no longer than `p95`.
    None if there is none."""

    count: int = 0
    p50: float | None = None
    p95: float | None = None

    @classmethod
    def of(cls, seconds: Iterable[float]) -> Durations:
        """
        >>> Durations.of([0.3, 0.1, 0.2])
        Durations(count=3, p50=0.2, p95=0.3)
        """
        known = sorted(seconds)
        return cls(len(known), _quantile(known, 0.5), _quantile(known, 0.95)) if known else cls()


def _quantile(known: list[float], share: float) -> float:
    return known[ceil(share * len(known)) - 1]


def _latest() -> deque[float]:
    return deque(maxlen=LATEST)


def _counts() -> defaultdict[CallStatus, int]:
    return defaultdict(int)


@dataclass(slots=True)
class Tally:
    finished: defaultdict[CallStatus, int] = field(default_factory=_counts)
    boot: deque[float] = field(default_factory=_latest)
    queue: deque[float] = field(default_factory=_latest)
    run: deque[float] = field(default_factory=_latest)
