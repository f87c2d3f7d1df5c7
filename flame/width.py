"""How wide a map is: how many calls are under way, and how many items go as one of them.

What a message costs is more than a short call does. So while calls are short, several items go as one, a chunk, which
goes through one slot: twice as many each time that a whole chunk was back soon, and half as many when it was late. One
that held its items up is the last for a while, and for a longer while each time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

SOON_SECONDS: Final = 0.005
LATE_SECONDS: Final = 0.02
MOST: Final = 16
"""So many items go as one at most."""
LONGEST_WHILE: Final = 1024
LEAST_LIMIT_SECONDS: Final = 1.0
"""Calls of a shorter time limit have each a slot of its own: when the time is up it must be known which of them have
ended, and a chunk tells that of a long one after some hundredths of a second."""


def never() -> bool:
    return False


def may_share_slots(limit: float | None) -> bool:
    """Whether calls with so many seconds each may be chunks."""
    return limit is None or limit >= LEAST_LIMIT_SECONDS


class Width:
    """`calls` at a time. While `ahead` says so there may be twice as many, while `chunks` does they may be chunks.

    >>> width = Width(4, chunks=lambda: True)
    >>> width.ended(1, 0.001)
    >>> width.size()
    2
    >>> width.held_up()
    >>> width.size()
    1
    """

    __slots__ = ("_ahead", "_calls", "_chunks", "_shy", "_size", "_while")

    def __init__(self, calls: int, *, ahead: Callable[[], bool] = never, chunks: Callable[[], bool] = never) -> None:
        self._calls = calls
        self._ahead = ahead
        self._chunks = chunks
        self._size = 1
        self._shy = 0
        """So many calls have to end before it tries chunks again."""
        self._while = 1

    def calls(self) -> int:
        """How many may be under way."""
        return 2 * self._calls if self._ahead() else self._calls

    def size(self) -> int:
        """How many items go as one call."""
        return self._size if self._chunks() else 1

    def ended(self, count: int, seconds: float) -> None:
        """One of so many items took so long, there and back."""
        if self._shy:
            self._shy -= 1
        elif seconds > LATE_SECONDS:
            self._size = max(1, self._size // 2)
        elif seconds < SOON_SECONDS and count == self._size:
            self._size = min(2 * self._size, MOST)

    def held_up(self) -> None:
        """One gave items back."""
        self._size = 1
        self._while = self._shy = min(2 * self._while, LONGEST_WHILE)
