"""What the pools are given to do."""

from __future__ import annotations

import time

SHORT = 10_000
"""Trivial tasks."""
SLEEPY = 10_000
"""Tasks of a millisecond."""
MILLISECOND = 0.001


def double(item: int) -> int:
    return item * 2


async def doubled(item: int) -> int:
    return item * 2


def nap(_item: int) -> None:
    time.sleep(MILLISECOND)
