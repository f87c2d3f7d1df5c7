"""An exception raised in another thread, which also wakes code that sleeps in C if that is the main thread of a child.

Only a signal does that. It is SIGURG, as in Go's runtime: it is ignored unless somebody asks for it, and hardly anybody
does. SIGINT is the user's, and uvloop does not let it strike a callback. The signal itself does nothing: the system
call comes back, and there the exception waits.
"""

from __future__ import annotations

import signal
from threading import main_thread

from beamlike.kernel.threads.interruptible import Interrupted, raise_in_thread


def install_waking() -> None:
    """To be called in the main thread of a program that has no use of its own for SIGURG."""
    signal.signal(signal.SIGURG, _wake)


def strike(ident: int) -> None:
    """Raises Interrupted in the thread, at its next bytecode, and wakes it if it is the main thread of such a program.

    To be called while it is where it `may_be_struck`.
    """
    raise_in_thread(ident, Interrupted)
    if ident == main_thread().ident and signal.getsignal(signal.SIGURG) is _wake:
        signal.pthread_kill(ident, signal.SIGURG)


def _wake(_number: int, _frame: object) -> None: ...
