"""Work in a thread of its own, for a coroutine that waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from threading import Thread
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

    Thread(target=run, name="intellisense", daemon=True).start()
    return await asyncio.wrap_future(done)
