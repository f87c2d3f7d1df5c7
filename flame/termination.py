"""SIGTERM, by which a platform tells a machine that it is to end soon.

It would end a runner at once, with the calls that it has. Instead its pool is told, and drains it. What the code of a
call has forked is none of this: there the signal does what it always did.
"""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Callable

_handled = False
"""Whether SIGTERM is handled here."""


def on_terminate(then: Callable[[], None]) -> Callable[[], None]:
    """Has `then` called in the running loop whenever this process gets SIGTERM; returns what undoes that.

    Where the loop is not that of the main thread, or somebody else handles the signal, it is left as it is.
    """
    global _handled
    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGTERM) != signal.SIG_DFL:
        return lambda: None
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, then)
    _handled = True

    def undo() -> None:
        global _handled
        _handled = False
        loop.remove_signal_handler(signal.SIGTERM)

    return undo


def _let_go() -> None:
    """In a forked process, where the handler would wake the loop of the process that it was forked from."""
    if _handled:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


os.register_at_fork(after_in_child=_let_go)
