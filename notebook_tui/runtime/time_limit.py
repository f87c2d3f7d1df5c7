"""An end for code that takes too long, in whatever thread it runs: how the `repr` of a value is kept from holding up a
cell.

The exception strikes between two bytecodes. A call into C that waits is woken in the main thread, where signals arrive;
in any other the exception comes when the call returns.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Any, Final, TypeVar

from beamlike.kernel.threads.interruptible import may_be_struck
from notebook_tui.runtime.strikable import Strikable

T = TypeVar("T")

AGAIN_SECONDS: Final = 0.01
PATIENCE_SECONDS: Final = 1.0
"""So long it waits for the code to leave the library's own locks and queues before it strikes there too."""


class Overdue(BaseException):
    """Raised in code that has had its time."""


def within(seconds: float, function: Callable[..., T], *args: Any) -> T:
    """What `function(*args)` returns, or Overdue.

    >>> within(5, divmod, 7, 2)
    (3, 1)
    """
    stretch, done = Strikable(), threading.Event()
    thread = threading.current_thread()
    watch = threading.Thread(target=_watch, args=(seconds, stretch, done, thread), name="time limit", daemon=True)
    watch.start()
    try:
        stretch.open()
        return function(*args)
    finally:
        done.set()
        while stretch.is_open:
            stretch.close()


def _watch(seconds: float, stretch: Strikable, done: threading.Event, thread: threading.Thread) -> None:
    if done.wait(seconds):
        return
    began = time.monotonic()

    def may_be(frame: FrameType | None) -> bool:
        return may_be_struck(frame) or time.monotonic() - began > PATIENCE_SECONDS

    while not done.is_set() and not stretch.strike(may_be, Overdue):
        done.wait(AGAIN_SECONDS)
    pause = AGAIN_SECONDS
    while thread is threading.main_thread() and not done.is_set():
        _wake(thread)  # again, for it wakes nobody who is just about to wait
        done.wait(pause)
        pause = min(2 * pause, PATIENCE_SECONDS)


def let_main_thread_be_woken() -> None:
    """To be called in the main thread: a signal that does nothing wakes it from now on."""
    signal.signal(signal.SIGURG, lambda _number, _frame: None)


def _wake(thread: threading.Thread) -> None:
    # Without a handler of Python's the signal would be ignored, and wake nobody.
    if callable(signal.getsignal(signal.SIGURG)) and thread.ident is not None:
        signal.pthread_kill(thread.ident, signal.SIGURG)
