"""How often a supervisor may restart children, and when it did. Pure: times are arguments.

The window slides: it holds the restarts of the last `period` seconds, and more than `intensity` of them are too many.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace

from beamlike.behaviours.child_spec import ChildId
from beamlike.kernel.record import frozen
from beamlike.kernel.terms import ExceptionInfo, Pid, Reason

REMEMBERED = 100
"""How many restarts the history holds."""


@frozen
class RestartIntensity:
    """At most `intensity` restarts within `period` seconds."""

    intensity: int
    period: float

    def __post_init__(self) -> None:
        if not isinstance(self.intensity, int) or self.intensity < 0:
            raise ValueError(f"expected intensity as a number of restarts, 0 or more, got {self.intensity!r}")
        if not isinstance(self.period, int | float) or not self.period > 0:
            raise ValueError(f"expected period in seconds, more than 0, got {self.period!r}")


@frozen
class PastRestart:
    """A restart: of the child `id`, whose process `pid` ended with `reason` (or did not start: then `pid` is None),
    `at` seconds since the epoch."""

    id: ChildId
    pid: Pid | None
    reason: Reason
    at: float


class Restarts:
    """The restarts of one supervisor.

    >>> restarts = Restarts(RestartIntensity(1, 5.0))
    >>> [restarts.admit(now, PastRestart("a", None, "boom", now)) for now in (0.0, 6.0, 7.0)]
    [True, True, False]
    """

    def __init__(self, limit: RestartIntensity) -> None:
        self.limit = limit
        self._within: deque[float] = deque()
        self._past: deque[PastRestart] = deque(maxlen=REMEMBERED)

    def admit(self, now: float, restart: PastRestart) -> bool:
        """Counts a restart, at `now` on a clock that never goes back; whether it is within the limit."""
        self._past.append(_lasting(restart))
        self._within.append(now)
        while self._within[0] < now - self.limit.period:
            self._within.popleft()
        return len(self._within) <= self.limit.intensity

    def history(self) -> list[PastRestart]:
        """The latest, oldest first."""
        return list(self._past)


def _lasting(restart: PastRestart) -> PastRestart:
    """Without the exception itself, whose traceback would keep alive whatever the child had in hand."""
    if isinstance(restart.reason, ExceptionInfo):
        return replace(restart, reason=replace(restart.reason, exception=None))
    return restart
