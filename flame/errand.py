"""A function in a process of its own that another process has run, may call off, and sees the end of.

A killed process is dead at once, while its code is still being unwound. An errand is cancelled instead, as an asyncio
task: its Down comes when its code has ended, the thread of a plain function included, so whoever is told of it may
count on what was held being free.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from typing import Any

import beamlike as bl
from flame.call_thread import CallThread
from flame.outcome import Ended, Outcome, Returned, outcome_of

CALLED_OFF = Ended("called off")


class Errand:
    """Starts `function(*args)`: an async function in the process, a plain one in a thread of it.

    The current process gets a message when it has ended, which `outcome` understands.
    """

    def __init__(self, function: Callable[..., Any], *args: Any) -> None:
        self._task: asyncio.Task[Any] | None = None
        self._called_off = False
        self._outcome: Outcome = CALLED_OFF
        self._pid, self._ref = bl.spawn_monitor(self._run, function, args)

    def call_off(self) -> None:
        """Cancels the function, or interrupts its thread. That it has ended is told as ever."""
        self._called_off = True
        if self._task is not None:
            self._task.cancel()

    def outcome(self, message: object) -> Outcome | None:
        """How it ended, if `message` says that it has; else None."""
        if not isinstance(message, bl.Down) or message.ref != self._ref:
            return None
        return self._outcome if message.reason == "normal" else Ended(message.reason)

    async def _run(self, function: Callable[..., Any], args: tuple[Any, ...]) -> None:
        if self._called_off:
            return
        self._task = asyncio.current_task()
        try:
            self._outcome = await _performed(function, args)
        except asyncio.CancelledError as error:
            self._outcome = CALLED_OFF if self._called_off else outcome_of(error, bl.self())
        except BaseException as error:
            self._outcome = outcome_of(error, bl.self())


async def _performed(function: Callable[..., Any], args: tuple[Any, ...]) -> Outcome:
    if inspect.iscoroutinefunction(function):
        return Returned(await function(*args))
    outcome = await _in_thread(function, args)
    if isinstance(outcome, Returned) and inspect.isawaitable(outcome.value):
        return Returned(await outcome.value)
    return outcome


async def _in_thread(function: Callable[..., Any], args: tuple[Any, ...]) -> Outcome:
    thread = CallThread(function, args)
    try:
        await thread.ended.wait()
    except asyncio.CancelledError:
        thread.interrupt()
        await _surely(thread.ended)
        raise
    return thread.outcome


async def _surely(event: asyncio.Event) -> None:
    """Waits however often it is cancelled meanwhile, unless the process is dead."""
    while not event.is_set():
        try:
            await event.wait()
        except asyncio.CancelledError:
            if not bl.is_alive(bl.self()):
                raise
