"""The syntax trees that jedi loads are looked through for garbage bit by bit.

A tree of a stub is a quarter of a million objects, which parso unpickles while the garbage collector is off. Turned on
again it would look at all of them at once, and hold every thread up meanwhile, cells included.
"""

from __future__ import annotations

import gc
from typing import Any

AT_ONCE = 2_000
"""Objects."""


class Collector:
    """Stands for `gc` in the module of parso that loads trees, one at a time.

    >>> collector, usual = Collector(), gc.get_threshold()
    >>> collector.disable()
    >>> gc.get_threshold() == usual
    False
    >>> collector.enable()
    >>> gc.isenabled(), gc.get_threshold() == usual
    (True, True)
    """

    def __init__(self) -> None:
        self._usual = gc.get_threshold()

    def disable(self) -> None:
        """What is new goes into the oldest generation soon, which is not looked through meanwhile."""
        self._usual = gc.get_threshold()
        gc.set_threshold(AT_ONCE, 1, 1_000_000)

    def enable(self) -> None:
        gc.set_threshold(*self._usual)


_COLLECTOR = Collector()


def collect_bit_by_bit() -> None:
    import parso.cache

    cache: Any = parso.cache
    cache.gc = _COLLECTOR
