"""The pipe by which a child sees the end of its owner, however that comes: only the owner can write to it.

On Linux the kernel kills the child's process group by itself, in the instant in which the owner's end is closed, also a
child that is stopped or in C code that holds the interpreter lock. Whoever starts a child tells the kernel so before
the child's program has come that far. A thread of the child reads the pipe as well, for other systems (`nodes.child`).
"""

from __future__ import annotations

import fcntl
import os
import select
import signal
from contextlib import suppress

from beamlike.distribution.forks import closed_in_forks


class Lifeline:
    """The owner's end. Closing it ends the child."""

    def __init__(self, write_end: int) -> None:
        # Popped by whoever closes it first: no lock, for a process that is forked meanwhile closes its copy, too.
        self._open = [write_end]
        closed_in_forks(self)

    def close(self) -> None:
        with suppress(IndexError):
            os.close(self._open.pop())


def kill_at_end_of(read_end: int, group: int, number: signal.Signals = signal.SIGKILL) -> None:
    """Has the system kill the process group, or send it another signal, when the pipe ends. That stays with the open
    file, whoever has it."""
    if not hasattr(fcntl, "F_SETSIG"):
        return
    with suppress(OSError):  # it has ended already; or a sandbox refuses it, and the child's thread is there
        # The news of a pipe is a signal to its owner, and may be any.
        fcntl.fcntl(read_end, fcntl.F_SETOWN, -group)
        fcntl.fcntl(read_end, fcntl.F_SETSIG, number)
        fcntl.fcntl(read_end, fcntl.F_SETFL, fcntl.fcntl(read_end, fcntl.F_GETFL) | os.O_ASYNC)
        if _has_ended(read_end):  # before anybody listened
            os.killpg(group, number)


def reopened(read_end: int) -> int:
    """The same pipe as an open file of its own, so that another group can be killed at its end."""
    return os.open(f"/proc/self/fd/{read_end}", os.O_RDONLY | os.O_NONBLOCK)


def _has_ended(read_end: int) -> bool:
    poll = select.poll()
    poll.register(read_end, 0)
    return bool(poll.poll(0))
