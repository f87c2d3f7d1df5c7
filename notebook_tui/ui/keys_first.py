"""Many views in one event loop: what all others have to show waits for a key that somebody has just pressed.

From a key to its frame is half a dozen steps, and before each step the loop lets everybody else have a turn: where
fifty views draw what one of them typed, the next key would wait for as many frames half a dozen times.
"""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Final

_LONGEST_KEY: Final = 0.1
"""Seconds after which a key is no reason to wait any more: most likely there is nothing to paint for it."""
_LONGEST_WAIT: Final = 0.3
"""Seconds that a view lets others go first."""


class KeysFirst:
    """One for all views of an event loop, which are told apart by what they pass.

    >>> now = 0.0
    >>> first = KeysFirst(lambda: now)
    >>> first.pressed("ann")
    >>> first.goes_before("bob", waiting_since=0.0), first.goes_before("ann", waiting_since=0.0)
    (True, False)
    >>> first.painted("ann")
    >>> first.goes_before("bob", waiting_since=0.0)
    False
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._pressed: dict[object, float] = {}
        """Whose keys wait for their frames, since when; the oldest first."""

    def pressed(self, view: object) -> None:
        self._pressed.setdefault(view, self._clock())

    def painted(self, view: object) -> None:
        """A frame of it has left; or the view has."""
        self._pressed.pop(view, None)

    def goes_before(self, view: object, waiting_since: float) -> bool:
        """Whether that view had better wait with what it wants to show since then: another's key is on its way, and
        none of its own."""
        now = self._clock()
        while self._pressed and now - (oldest := next(iter(self._pressed.items())))[1] > _LONGEST_KEY:
            del self._pressed[oldest[0]]
        return now - waiting_since < _LONGEST_WAIT and bool(self._pressed) and view not in self._pressed
