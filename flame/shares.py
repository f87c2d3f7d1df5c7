"""How several pools share one number of runners: what each has, what is set aside for it, and who waits.

A pool says again and again how many runners it has and how many more it wants; nothing adds up, so a word that is
repeated does no harm. What it no longer has is free, and free places go to the pools that wait, one at a time and in
turn: a pool that got one goes to the end of the line with what it still wants. So whoever waits is served after at most
one place for each of those before it, and a pool that always wants more cannot keep another from its turn.

A place for a pool that does not ask just now is set aside, and that pool is told. It has to ask then, and to leave when
it ends, or the place stays its own; a place that it no longer wants when it asks falls to the next.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol, runtime_checkable

from beamlike.kernel.record import frozen


class Member(Protocol):
    """A pool's part in what is shared; see `flame.shared_caps`, whose pool shares are such."""

    def ask(self, runners: int, more: int) -> int: ...

    def wanted_by_others(self) -> int: ...

    def leave(self) -> None: ...


@runtime_checkable
class Shared(Protocol):
    """What pools share, as far as they know it: the lock and the telling are elsewhere."""

    def join(self, pool: str, told: Callable[[], None], wanted: Callable[[], None]) -> Member: ...

    def explain(self) -> str: ...


@frozen
class Share:
    pool: str
    runners: int = 0
    """That the pool has, or was told to boot."""
    aside: int = 0
    """Places that wait for the pool to ask."""
    more: int = 0
    """Runners that it wants beyond all these."""


@frozen
class Shares:
    """The pools in the order in which they are served.

    >>> shares = Shares(4)
    >>> shares, granted, told = shares.ask("a", runners=0, more=6)
    >>> shares, none, told = shares.ask("b", runners=0, more=1)
    >>> granted, none, told
    (4, 0, ())
    >>> shares, granted, told = shares.ask("a", runners=2, more=2)
    >>> granted, told
    (1, ('b',))
    """

    most: int
    pools: tuple[Share, ...] = ()

    @property
    def taken(self) -> int:
        return sum(share.runners + share.aside for share in self.pools)

    @property
    def waiting(self) -> tuple[str, ...]:
        """The pools that want more than they have, the first in line first."""
        return tuple(share.pool for share in self.pools if share.more)

    def of(self, pool: str) -> Share:
        return next((share for share in self.pools if share.pool == pool), Share(pool))

    def ask(self, pool: str, runners: int, more: int) -> tuple[Shares, int, tuple[str, ...]]:
        """Notes what a pool has and wants: how many it may boot now, and the other pools that have places set aside.

        ValueError if it has more than it was granted: then what is shared is no cap.
        """
        before = self.of(pool)
        if not 0 <= runners <= before.runners or more < 0:
            raise ValueError(
                f"pool {pool!r} may have 0 to {before.runners} runners, as it was granted, and want 0 or more, "
                f"got {runners} and {more}: a runner is booted only after its place was granted"
            )
        used = min(before.aside, more)
        wish = Share(pool, runners + used, 0, more - used)
        noted = self._in_place(wish) if before.more else self._at_end(wish)
        shares, told = noted._hand_out()
        mine = shares.of(pool)
        shares = shares._in_place(replace(mine, runners=mine.runners + mine.aside, aside=0))
        return shares, used + mine.aside, tuple(other for other in told if other != pool)

    def leave(self, pool: str) -> tuple[Shares, tuple[str, ...]]:
        """Without a pool; and the pools that have places set aside."""
        return replace(self, pools=self._without(pool))._hand_out()

    def _hand_out(self) -> tuple[Shares, tuple[str, ...]]:
        shares, told = self, list[str]()
        while shares.taken < shares.most and (waiting := shares.waiting):
            first = shares.of(waiting[0])
            shares = shares._at_end(replace(first, aside=first.aside + 1, more=first.more - 1))
            told.append(first.pool)
        return shares, tuple(dict.fromkeys(told))

    def _in_place(self, changed: Share) -> Shares:
        return replace(self, pools=tuple(changed if share.pool == changed.pool else share for share in self.pools))

    def _at_end(self, changed: Share) -> Shares:
        return replace(self, pools=(*self._without(changed.pool), changed))

    def _without(self, pool: str) -> tuple[Share, ...]:
        return tuple(share for share in self.pools if share.pool != pool)
