"""An event loop whose clock stands still while anybody runs and jumps to the next timer when all wait.

So what is to happen in an hour happens now, in the order of the deadlines, and every run is the same. Not for tests
with threads or other programs: the loop does not wait for them.
"""

from __future__ import annotations

import asyncio
import functools
import selectors
from collections.abc import Awaitable, Callable
from typing import ParamSpec

from tests.support.local_nodes import run_in_node

P = ParamSpec("P")


class JumpingSelector(selectors.SelectSelector):
    """Instead of waiting it moves the clock on."""

    now = 1000.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        events = super().select(timeout if timeout is None else 0)
        if not events and timeout is not None:
            self.now += max(0.0, timeout)
        return events


class JumpingLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self.clock = JumpingSelector()
        super().__init__(self.clock)

    def time(self) -> float:
        return self.clock.now

    def block(self, seconds: float) -> None:
        """What code does that keeps the loop busy for so long."""
        self.clock.now += seconds

    def timers(self) -> int:
        """How many timers wait in this loop."""
        return sum(not handle.cancelled() for handle in self._scheduled)  # type: ignore[attr-defined]


def jumping_loop() -> JumpingLoop:
    """The running loop, in a test that `in_jumping_node` runs."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, JumpingLoop)
    return loop


def in_jumping_node(test: Callable[P, Awaitable[None]]) -> Callable[P, None]:
    """As `in_node`, in such a loop."""

    @functools.wraps(test)
    def run(*args: P.args, **keywords: P.kwargs) -> None:
        run_in_node(functools.partial(test, *args, **keywords), JumpingLoop)

    return run
