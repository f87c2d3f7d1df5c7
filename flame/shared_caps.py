"""One number of runners for several pools of this process, from whatever threads their loops run on.

The decisions are those of `flame.shares`; here is the lock, and who is to be told.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable

from beamlike.kernel.record import frozen
from flame.checks import check_whole
from flame.shares import Shares


class SharedCaps:
    """What several pools may have together: give the same object to each of them.

    >>> caps = SharedCaps(runners=2)
    >>> first, second = caps.join("a", told=print), caps.join("b", told=lambda: print("b may look again"))
    >>> first.ask(runners=0, more=2), second.ask(runners=0, more=1)
    (2, 0)
    >>> first.ask(runners=1, more=0)
    b may look again
    0
    >>> second.ask(runners=0, more=1)
    1
    """

    def __init__(self, *, runners: int) -> None:
        check_whole("SharedCaps(...): runners", runners, at_least=1)
        self.runners = runners
        self._shares = Shares(runners)
        self._told: dict[str, Callable[[], None]] = {}
        self._wanted: dict[str, Callable[[], None]] = {}
        self._lock = threading.Lock()

    def join(self, pool: str, told: Callable[[], None], wanted: Callable[[], None] = lambda: None) -> PoolShare:
        """A pool's share. `told` is called when there is a place for it, after which it has to ask; `wanted` when
        another pool begins to wait for one, while this pool has runners, which it may not need.

        They are called by the thread of whichever pool caused it, so they must be quick, as a message to the pool is.
        A pool calls `leave` when it ends. ValueError if a pool of that name is here.
        """
        with self._lock:
            if pool in self._told:
                raise ValueError(
                    f"pool {pool!r} shares these caps already: it leaves when it stops, or take another name"
                )
            self._told[pool], self._wanted[pool] = told, wanted
        return PoolShare(self, pool)

    def explain(self) -> str:
        """Who has how many, and who waits.

        >>> SharedCaps(runners=4).explain()
        '0 of the 4 runners that the pools share are taken'
        """
        with self._lock:
            shares = self._shares
        has = ", ".join(f"{share.runners + share.aside} by {share.pool!r}" for share in shares.pools)
        waits = ", ".join(repr(pool) for pool in shares.waiting)
        taken = f"{shares.taken} of the {shares.most} runners that the pools share are taken"
        return taken + (f": {has}" if has else "") + (f"; in line for more: {waits}" if waits else "")

    def _ask(self, pool: str, runners: int, more: int) -> int:
        with self._lock:
            if pool not in self._told:
                raise LookupError(f"pool {pool!r} has left these shared caps: join them again to ask")
            before = self._shares.of(pool).more
            self._shares, granted, told = self._shares.ask(pool, runners, more)
            tell = [self._told[other] for other in told]
            if self._shares.of(pool).more > before:
                tell += [self._wanted[it.pool] for it in self._shares.pools if it.runners and it.pool != pool]
        _call_all(tell)
        return granted

    def _leave(self, pool: str) -> None:
        with self._lock:
            if self._told.pop(pool, None) is None:
                return
            del self._wanted[pool]
            self._shares, told = self._shares.leave(pool)
            tell = [self._told[other] for other in told]
        _call_all(tell)

    def _wanted_by_others(self, pool: str) -> int:
        with self._lock:
            return sum(share.more for share in self._shares.pools if share.pool != pool)


@frozen
class PoolShare:
    """A pool's part in shared caps."""

    caps: SharedCaps
    pool: str

    def ask(self, *, runners: int, more: int) -> int:
        """How many of `more` further runners may be booted now, by a pool that has `runners`: booting, up or leaving.

        The pool counts those it may boot as its own from now on: if it does not boot one, it asks again and says so.
        What it may not have now it waits for, in line, unless it asks again with less. To be asked also when a runner
        has gone, or others never learn of the place. ValueError if it has more than it was granted.
        """
        return self.caps._ask(self.pool, runners, more)

    def wanted_by_others(self) -> int:
        """How many places other pools wait for: a reason not to keep a runner idle."""
        return self.caps._wanted_by_others(self.pool)

    def leave(self) -> None:
        """Frees all that the pool had: its runners are gone. Once more does nothing."""
        self.caps._leave(self.pool)


def _call_all(tell: Iterable[Callable[[], None]]) -> None:
    """All of them, though one fails: the others have places too."""
    failures: list[Exception] = []
    for told in tell:
        try:
            told()
        except Exception as failure:
            failures.append(failure)
    if failures:
        raise ExceptionGroup("pools could not be told of the places they have", failures)
