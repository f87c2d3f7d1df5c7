"""When a time limit that spans several waits has passed."""

from __future__ import annotations

import asyncio


def check_seconds(timeout: object) -> None:
    """TypeError for what is no time limit."""
    if timeout is not None and not isinstance(timeout, int | float):
        raise TypeError(f"expected timeout as a number of seconds, or None for no limit, got {timeout!r}")


def deadline(timeout: float | None) -> float | None:
    """The time of the loop's clock `timeout` seconds from now; None for no limit."""
    check_seconds(timeout)
    return None if timeout is None else asyncio.get_running_loop().time() + timeout
