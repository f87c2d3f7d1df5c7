"""A plain function in a thread of its own: those of the loop's executor may all be taken by the user's code."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
from typing import TypeVar

T = TypeVar("T")


async def in_own_thread(function: Callable[..., T], *args: object) -> T:
    """What the function returns. Who is cancelled waits no more; the function goes on.

    >>> asyncio.run(in_own_thread(divmod, 7, 2))
    (3, 1)
    """
    future: Future[T] = Future()
    future.set_running_or_notify_cancel()

    def run() -> None:
        try:
            future.set_result(function(*args))
        except BaseException as error:
            future.set_exception(error)

    Thread(target=run, name=getattr(function, "__name__", "own thread"), daemon=True).start()
    return await asyncio.wrap_future(future)
