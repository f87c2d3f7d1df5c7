"""An async function in a process of its own that another process has run, may call off, and sees the end of.

A killed process is dead at once, while its code is still being unwound. An errand is cancelled instead, as an asyncio
task: its Down comes when its code has ended, so whoever is told of it may count on what was held being free.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import beamlike as bl
from beamlike.kernel.callers import calls_users
from flame.outcome import Ended, Outcome, Returned, outcome_of

CALLED_OFF = Ended("called off")


class Errand:
    """Starts `function(*args)`. The current process gets a message when it has ended, which `outcome` understands."""

    def __init__(self, function: Callable[..., Awaitable[Any]], *args: Any) -> None:
        self._task: asyncio.Task[Any] | None = None
        self._called_off = False
        self._outcome: Outcome = CALLED_OFF
        self._pid, self.ref = bl.spawn_monitor(self._run, function, args)

    def call_off(self) -> None:
        """Cancels the function. That it has ended is told as ever."""
        self._called_off = True
        if self._task is not None:
            self._task.cancel()

    def outcome(self, message: object) -> Outcome | None:
        """How it ended, if `message` says that it has; else None."""
        if not isinstance(message, bl.Down) or message.ref != self.ref:
            return None
        return self._outcome if message.reason == "normal" else Ended(message.reason)

    @calls_users
    async def _run(self, function: Callable[..., Awaitable[Any]], args: tuple[Any, ...]) -> None:
        if self._called_off:
            return
        self._task = asyncio.current_task()
        try:
            self._outcome = Returned(await function(*args))
        except asyncio.CancelledError as error:
            self._outcome = CALLED_OFF if self._called_off else outcome_of(error, bl.self())
        except BaseException as error:
            self._outcome = outcome_of(error, bl.self())
