"""Which refusals are worth a line in the log: the first of each peer for each reason. The others are counted.

A peer that is refused tends to come again at once, and strangers come in crowds: neither is to fill the log, or the
memory. Who has stayed away for a while is news again when it comes back. Times are arguments.
"""

from __future__ import annotations

from collections import Counter

from beamlike.kernel.record import slotted


@slotted
class _Seen:
    times: int
    last: float


class RefusalLog:
    """Keeps apart `capacity` peers and reasons at most; those beyond are one crowd, of which the first is news.

    >>> refusals = RefusalLog()
    >>> [refusals.is_news("10.0.0.7", "WRONG_SECRET", now) for now in (0.0, 1.0, 2.0)]
    [True, False, False]
    >>> refusals.is_news("10.0.0.7", "VERSION_MISMATCH", now=3.0)
    True
    >>> refusals.counts()
    {('10.0.0.7', 'WRONG_SECRET'): 3, ('10.0.0.7', 'VERSION_MISMATCH'): 1}
    """

    def __init__(self, capacity: int = 1024, forget_after: float = 3600.0) -> None:
        self._capacity = capacity
        self._forget_after = forget_after
        # Whoever was refused last stands last.
        self._seen: dict[tuple[str, str], _Seen] = {}
        self._crowd: Counter[str] = Counter()
        """Reason to number of refusals that are not kept apart."""

    def is_news(self, peer: str, reason: str, now: float) -> bool:
        """Counts a refusal, and says whether it is to be logged."""
        self._forget(now)
        key = (peer, reason)
        seen = self._seen.pop(key, None)
        if seen is None and len(self._seen) >= self._capacity:
            self._crowd[reason] += 1
            return self._crowd.total() == 1
        times = 1 if seen is None else seen.times + 1
        self._seen[key] = _Seen(times, now)
        return seen is None

    def counts(self) -> dict[tuple[str, str], int]:
        """How often each peer was refused for each reason of late; those beyond capacity as the peer "others"."""
        apart = {key: seen.times for key, seen in self._seen.items()}
        return apart | {("others", reason): times for reason, times in self._crowd.items()}

    def _forget(self, now: float) -> None:
        while self._seen:
            key = next(iter(self._seen))
            if self._seen[key].last + self._forget_after > now:
                return
            del self._seen[key]
            self._crowd.clear()
