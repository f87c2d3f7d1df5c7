"""An event loop in a thread of its own.

A standalone runtime keeps its distribution there, so that completion, interrupt and ticks never wait for a cell that
keeps the main thread busy (the user's code owns that one: only there does a signal interrupt a blocking call).
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Coroutine
from contextlib import suppress
from contextvars import Context
from typing import Any, TypeVar

T = TypeVar("T")

logger = logging.getLogger("beamlike.node")

STOP_SECONDS = 5.0


class LoopThread:
    """Runs an event loop until `stop`; coroutines are handed in from other loops."""

    def __init__(self, name: str) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        try:
            self.loop.run_forever()
            self.loop.run_until_complete(_end_tasks())
        finally:
            self.loop.close()

    @property
    def name(self) -> str:
        return self._thread.name

    async def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Awaits `coroutine` in this thread's loop, from another loop, in a context of its own; cancelling reaches
        it. CancelledError if the loop ends first."""
        future = Context().run(asyncio.run_coroutine_threadsafe, coroutine, self.loop)
        return await asyncio.wrap_future(future)

    def stop(self) -> None:
        """Ends the loop after what is ready to run, and cancels what still waits there. The thread is gone when this
        returns; one that is kept busy is left behind, with a word in the log."""
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(STOP_SECONDS)
        if self._thread.is_alive():
            logger.error("the thread %r is busy and did not end within %s s", self._thread.name, STOP_SECONDS)

    async def stopped(self) -> None:
        """As `stop`, for another loop, which goes on meanwhile. Its executor has no part in it: a thread of that would
        stay."""
        here = asyncio.get_running_loop()
        done = asyncio.Event()

        def stop() -> None:
            self.stop()
            with suppress(RuntimeError):  # that loop is closed
                here.call_soon_threadsafe(done.set)

        threading.Thread(target=stop, name=f"end of {self.name}", daemon=True).start()
        await done.wait()


async def _end_tasks() -> None:
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks, timeout=STOP_SECONDS / 2)
