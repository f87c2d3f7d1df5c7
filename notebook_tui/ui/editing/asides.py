"""Coroutines that run beside a view: of each kind the last one that was begun, which ends the one before it.

Bare tasks, and not Textual's workers: those tell their widget of each step of their lives, six messages for a question
that the next key takes back, and a key is worth no more than a few of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine


class Asides:
    """`failed` hears of one that raised, and of which kind it was; called in the event loop, as all else here."""

    def __init__(self, failed: Callable[[str, Exception], None]) -> None:
        self._failed = failed
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def begin(self, kind: str, work: Callable[[], Coroutine[None, None, None]]) -> None:
        """Run it in the caller's context, and end the last one of its kind."""
        if (last := self._tasks.get(kind)) is not None:
            last.cancel()
        task = asyncio.get_running_loop().create_task(self._told(kind, work), name=kind)
        self._tasks[kind] = task
        task.add_done_callback(self._ended)

    def end(self) -> None:
        """Of every kind: nobody waits for them any more."""
        for task in self._tasks.values():
            task.cancel()

    async def _told(self, kind: str, work: Callable[[], Coroutine[None, None, None]]) -> None:
        try:
            await work()
        except Exception as error:
            self._failed(kind, error)

    def _ended(self, task: asyncio.Task[None]) -> None:
        if self._tasks.get(task.get_name()) is task:
            del self._tasks[task.get_name()]
