"""Work in a thread of its own, for a coroutine that waits for it."""

from __future__ import annotations

import _thread
import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import TypeVar

T = TypeVar("T")


async def in_thread(work: Callable[[], T]) -> T:
    """A thread of its own: one that is stuck delays no other, and not the end of the interpreter."""
    done: Future[T] = Future()

    def run() -> None:
        try:
            result = work()
        except BaseException as error:
            with suppress(Exception):  # nobody waits any more
                done.set_exception(error)
        else:
            with suppress(Exception):
                done.set_result(result)

    # `Thread.start` waits until the thread runs, which may be after others have had their turns, and the loop with it.
    _thread.start_new_thread(run, ())
    return await asyncio.wrap_future(done)
