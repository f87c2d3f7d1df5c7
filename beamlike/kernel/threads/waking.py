"""An exception raised in another thread, which also wakes code that sleeps in C if that is the main thread of a child.

Only a signal does that. It is SIGURG, as in Go's runtime: it is ignored unless somebody asks for it, and hardly anybody
does. SIGINT is the user's, and uvloop does not let it strike a callback.
"""

from __future__ import annotations

import signal
from threading import main_thread
from types import FrameType

from beamlike.kernel.threads.interruptible import Interrupted, may_be_struck, raise_in_thread

_expected = False


def install_waking() -> None:
    """To be called in the main thread of a program that has no use of its own for SIGURG."""
    signal.signal(signal.SIGURG, _on_signal)


def strike(ident: int) -> None:
    """Raises Interrupted in the thread: at its next bytecode, or now if it is the main thread and that can be woken.

    To be called while it is where it `may_be_struck`.
    """
    global _expected
    if ident == main_thread().ident and signal.getsignal(signal.SIGURG) is _on_signal:
        _expected = True
        signal.pthread_kill(ident, signal.SIGURG)
    else:
        raise_in_thread(ident, Interrupted)


def _on_signal(_number: int, frame: FrameType | None) -> None:
    global _expected
    struck, _expected = _expected, False
    if struck and may_be_struck(frame):
        raise Interrupted
