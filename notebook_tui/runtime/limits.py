"""How long a runtime may be there: it ends itself when nothing was asked of it for long, and says so before.

Nothing here reads a clock: seconds come in, of one that never goes back.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from beamlike.kernel.record import frozen

WARN_SECONDS = 300.0
"""So long before its end a runtime says that it comes; of a short limit, a quarter of it."""


@frozen
class Lifetime:
    """How it stands, in seconds."""

    idle_limit: float | None = None
    """How long nobody may ask anything of it while no cell runs; None: as long as may be."""
    idle: float = 0.0
    """How long that has been so."""
    limit: float | None = None
    """From its start on, whatever it does; None: none. Its machine keeps to it, so it stays as it is."""
    ends_in: float | None = None
    """What is left of that."""


@frozen
class SetIdleLimit:
    """A call to a runtime's server: the idle limit is this from now on, None for none. The answer is `Lifetime`."""

    seconds: float | None


Limit: TypeAlias = Literal["idle", "lifetime"]


@frozen
class EndsSoon:
    """To the owner: the runtime ends in so many seconds, when this limit is reached."""

    seconds: float
    limit: Limit


@frozen
class LimitOver:
    """With "shutdown" the exit reason of a runtime's server of which nobody asked anything for so many seconds."""

    seconds: float


class Idling:
    """When it was used last, and what follows from that.

    >>> idling = Idling(60.0, now=0.0)
    >>> idling.next_look(now=0.0)
    45.0
    >>> idling.looked(now=45.0), idling.looked(now=46.0), idling.looked(now=60.0)
    ('warn', 'wait', 'end')
    >>> idling.used(now=50.0)
    >>> idling.looked(now=60.0), idling.next_look(now=60.0)
    ('wait', 35.0)
    """

    def __init__(self, limit: float | None, now: float) -> None:
        self.limit = limit
        self._since = now
        self._warned = False

    def used(self, now: float) -> None:
        self._since, self._warned = now, False

    def idle(self, now: float) -> float:
        return now - self._since

    def set_limit(self, limit: float | None) -> None:
        self.limit, self._warned = limit, False

    def next_look(self, now: float) -> float | None:
        """In how many seconds there is something to say or do, if it is not used meanwhile; None: never."""
        if self.limit is None:
            return None
        at = self.limit if self._warned else self.limit - _warning(self.limit)
        return max(0.0, at - self.idle(now))

    def looked(self, now: float) -> str:
        """What is to be done: "wait", "warn", which is said once, or "end"."""
        if self.limit is None:
            return "wait"
        if self.idle(now) >= self.limit:
            return "end"
        if not self._warned and self.idle(now) >= self.limit - _warning(self.limit):
            self._warned = True
            return "warn"
        return "wait"


def _warning(limit: float) -> float:
    return min(WARN_SECONDS, limit / 4)


def warnings_before(lifetime: float) -> tuple[float, ...]:
    """How long before the end of its lifetime a runtime says that it comes, the first first.

    >>> warnings_before(7200.0), warnings_before(200.0)
    ((600.0, 60.0), (50.0,))
    """
    return tuple(each for each in (600.0, 60.0) if each <= lifetime / 4) or (lifetime / 4,)
