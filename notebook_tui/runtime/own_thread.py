"""Work in a thread of its own, for a coroutine that waits for it: one that is stuck delays no other, and not the end of
the interpreter."""

from __future__ import annotations

import _thread
import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from threading import Thread
from typing import TypeVar

T = TypeVar("T")


async def in_thread(work: Callable[[], T]) -> T:
    """In one that `threading` knows by its name, as users' code and who looks into a service expect it."""
    done: Future[T] = Future()
    Thread(target=_running(work, done), name="intellisense", daemon=True).start()
    return await asyncio.wrap_future(done)


async def in_bare_thread(work: Callable[[], T]) -> T:
    """In one that nobody knows, for work that runs no code of users. `Thread.start` waits until the thread runs, and
    with it waits all that turns in the loop: on a busy machine all who type feel it."""
    done: Future[T] = Future()
    _thread.start_new_thread(_running(work, done), ())
    return await asyncio.wrap_future(done)


def _running(work: Callable[[], T], done: Future[T]) -> Callable[[], None]:
    def run() -> None:
        try:
            result = work()
        except BaseException as error:
            with suppress(Exception):  # nobody waits any more
                done.set_exception(error)
        else:
            with suppress(Exception):
                done.set_result(result)

    return run
