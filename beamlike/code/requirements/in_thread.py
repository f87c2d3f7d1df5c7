"""Work that nobody's thread waits for."""

from __future__ import annotations

import contextvars
from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
from typing import TypeVar

T = TypeVar("T")


def in_thread(function: Callable[..., T], *args: object) -> Future[T]:
    """Calls it in a thread of its own, in the context of whoever asks: what it prints goes to its group leader."""
    future: Future[T] = Future()
    # From now on it cannot be cancelled: nobody could take back what it does.
    future.set_running_or_notify_cancel()

    def work() -> None:
        try:
            future.set_result(function(*args))
        except BaseException as error:
            future.set_exception(error)

    Thread(target=contextvars.copy_context().run, args=(work,), name="beamlike requirements", daemon=True).start()
    return future


def over(error: Exception | None = None) -> Future[None]:
    """A future that is done."""
    future: Future[None] = Future()
    if error is None:
        future.set_result(None)
    else:
        future.set_exception(error)
    return future
