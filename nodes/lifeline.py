"""A pipe that only the parent can write to: at its end the child is killed, and what it started.

On Linux the kernel does that by itself, in the instant in which the parent's end is closed, also to a child that is
stopped or in C code that holds the interpreter lock. A thread reads the pipe as well: for other systems, and for a
pipe that had ended before.
"""

from __future__ import annotations

import fcntl
import os
import select
import signal
import sys
import threading
from contextlib import suppress


def hold(lifeline: int) -> None:
    """Has this process and its group killed when the pipe ends."""
    os.set_inheritable(lifeline, False)
    if sys.platform == "linux":
        _kill_by_kernel(lifeline)
    threading.Thread(target=_die_at_end_of, args=(lifeline,), name="lifeline", daemon=True).start()


def _kill_by_kernel(lifeline: int) -> None:
    """The news of a pipe is a signal to its owner, and may be any."""
    with suppress(OSError):  # a sandbox may refuse it; the thread is there
        fcntl.fcntl(lifeline, fcntl.F_SETOWN, -os.getpid() if os.getpgid(0) == os.getpid() else os.getpid())
        fcntl.fcntl(lifeline, fcntl.F_SETSIG, signal.SIGKILL)
        fcntl.fcntl(lifeline, fcntl.F_SETFL, fcntl.fcntl(lifeline, fcntl.F_GETFL) | os.O_ASYNC)


def _die_at_end_of(lifeline: int) -> None:
    while os.read(lifeline, 1):
        pass
    say("its lifeline was cut")
    kill_own_group()


def kill_own_group() -> None:
    """Ends this process and what it started, at once."""
    if os.getpgid(0) == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(1)


def say(why: str) -> None:
    """The last words, in the child's log: by no lock and no stream, which may be in any state, and not into a pipe that
    is full because nobody reads it."""
    with suppress(OSError, ValueError):
        if select.select([], [2], [], 0)[1]:
            os.write(2, f"process {os.getpid()} ends: {why}\n".encode())
