"""How much a trace may take: so many events in all, so many in any one second, for so long. Pure: times are arguments.

Whoever traces asks for less, never for more, and each event asks here first, so no order of events, however wild,
gets past. What it says holds for good: a trace that is over takes nothing any more.
"""

from __future__ import annotations

from collections import deque
from enum import Enum
from typing import Final

from beamlike.kernel.record import frozen

MOST_EVENTS: Final = 10_000
MOST_PER_SECOND: Final = 1000
MOST_SECONDS: Final = 600.0


class Verdict(Enum):
    TAKE = "take"
    LATER = "later"
    """So many were taken in this second that the next has to come; see `Budget.opens_at`."""
    OVER = "over"


@frozen
class Limits:
    """What a trace was asked for. ValueError, in words, for what is more than a node gives.

    >>> Limits(limit=100, rate=50, seconds=10.0)
    Limits(limit=100, rate=50, seconds=10.0)
    >>> Limits(rate=5000)
    Traceback (most recent call last):
    ValueError: expected a rate from 1 to 1000 events a second to trace, got 5000
    """

    limit: int = 100
    rate: int = 50
    seconds: float = 10.0

    def __post_init__(self) -> None:
        _check(self.limit, MOST_EVENTS, int, "a limit", "events")
        _check(self.rate, MOST_PER_SECOND, int, "a rate", "events a second")
        _check(self.seconds, MOST_SECONDS, (int, float), "a time", "seconds")


class Budget:
    """
    >>> budget = Budget(Limits(limit=3, rate=2, seconds=10), began=0.0)
    >>> [budget.take(at).value for at in (0.0, 0.1, 0.2, 1.0, 1.1)]
    ['take', 'take', 'later', 'take', 'over']
    """

    __slots__ = ("_last", "_over", "_recent", "began", "limits", "taken")

    def __init__(self, limits: Limits, began: float) -> None:
        self.limits = limits
        self.began = began
        self.taken = 0
        self._recent: deque[float] = deque(maxlen=limits.rate)
        self._last = began
        self._over = False

    @property
    def ends_at(self) -> float:
        return self.began + self.limits.seconds

    @property
    def opens_at(self) -> float:
        """When the next event may be taken."""
        full = len(self._recent) == self.limits.rate
        return self._recent[0] + 1.0 if full else self._last

    def is_over(self, at: float) -> bool:
        self._over = self._over or at >= self.ends_at or self.taken >= self.limits.limit
        return self._over

    def take(self, at: float) -> Verdict:
        """Whether an event that happens at `at` is taken. Times of several threads may come a little out of order;
        one that lies before the last is taken for that."""
        at = self._last = max(at, self._last)
        if self.is_over(at):
            return Verdict.OVER
        if at < self.opens_at:
            return Verdict.LATER
        self._recent.append(at)
        self.taken += 1
        return Verdict.TAKE


def _check(value: object, most: float, kind: type | tuple[type, ...], what: str, unit: str) -> None:
    if isinstance(value, bool) or not isinstance(value, kind) or not 0 < value <= most:  # type: ignore[operator]
        lowest = "1" if kind is int else "above 0"
        raise ValueError(f"expected {what} from {lowest} to {most:g} {unit} to trace, got {value!r}")
