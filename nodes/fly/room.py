"""Where there was no room lately: who comes after the one that was refused does not ask there again at once.

Each request counts against the rate, so that 64 boots would take twice as long if each had to find out for itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from typing import Final

from nodes.fly.options import Placement

FULL_SECONDS: Final = 30.0


class Room:
    """Of one backend, in the order of its placements."""

    def __init__(self, placements: Sequence[Placement]) -> None:
        self._placements = placements
        self._full_until: dict[Placement, float] = {}

    def first(self, tried: Collection[Placement]) -> Placement | None:
        """The next to be tried: one that was not found full lately, if there is such a one."""
        now = asyncio.get_running_loop().time()
        left = [it for it in self._placements if it not in tried]
        return next((it for it in left if self._full_until.get(it, now) <= now), left[0] if left else None)

    def is_full(self, placement: Placement) -> None:
        self._full_until[placement] = asyncio.get_running_loop().time() + FULL_SECONDS
