"""How often Fly may be asked: each action on an app or machine once a second, at first three times; reading a machine
five times a second.

The buckets are the process's, not a pool's: all pools ask the same service. Who wants to ask is given a place in line,
in seconds from now, so 64 machines are created as fast as is allowed and not one request is refused for it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

from beamlike.kernel.record import frozen, slotted

MOST_BUCKETS: Final = 1000
"""So many are kept; those that are full say nothing and go first."""


@frozen
class Rate:
    """`per_second` in the long run, and `burst` at once after a rest."""

    per_second: float
    burst: int


ACTION: Final = Rate(1.0, 3)
READING: Final = Rate(5.0, 10)
"""Of getting one machine."""


@slotted
class _Bucket:
    """By the time at which it would be full again (the "virtual scheduling" of a leaky bucket)."""

    rate: Rate
    full_at: float
    closed_until: float

    def place(self, now: float) -> float:
        """When the next request may leave."""
        step = 1.0 / self.rate.per_second
        leaves = max(now, self.full_at - (self.rate.burst - 1) * step)
        self.full_at = max(self.full_at, leaves) + step
        return leaves

    def push_back(self, until: float) -> None:
        """Nothing leaves before: the service said so."""
        step = 1.0 / self.rate.per_second
        self.closed_until = max(self.closed_until, until)
        self.full_at = max(self.full_at, until + (self.rate.burst - 1) * step)


class TokenBuckets:
    """One for each scope (an app or machine) and action. For any thread.

    >>> now = 100.0
    >>> buckets = TokenBuckets(lambda: now)
    >>> [buckets.wait_for("my-app", "create", ACTION) for _ in range(5)]
    [0.0, 0.0, 0.0, 1.0, 2.0]
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets: dict[tuple[str, str], _Bucket] = {}

    def wait_for(self, scope: str, action: str, rate: Rate) -> float:
        """Takes the next place in line, and returns the seconds until it is its turn."""
        with self._lock:
            now = self._clock()
            return self._bucket(scope, action, rate, now).place(now) - now

    def is_closed(self, scope: str, action: str) -> bool:
        """Whether the service was refusing meanwhile, so that a place that was taken before does not count."""
        with self._lock:
            bucket = self._buckets.get((scope, action))
            return bucket is not None and self._clock() < bucket.closed_until

    def refused(self, scope: str, action: str, rate: Rate, retry_after: float) -> None:
        """The service has had enough for so many seconds: somebody else asks it, too. Who waits takes another place."""
        with self._lock:
            now = self._clock()
            self._bucket(scope, action, rate, now).push_back(now + retry_after)

    def _bucket(self, scope: str, action: str, rate: Rate, now: float) -> _Bucket:
        if len(self._buckets) > MOST_BUCKETS:
            self._buckets = {key: it for key, it in self._buckets.items() if it.full_at > now}
        return self._buckets.setdefault((scope, action), _Bucket(rate, now, now))


OF_THIS_PROCESS: Final = TokenBuckets()
