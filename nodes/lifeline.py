"""The pipe by which a child sees the end of its owner, however that comes: only the owner can write to it.

Where the system can do so (Linux), it kills the child's process group itself when the pipe ends, also a child that is
stopped or that never lets a thread run. Elsewhere a thread of the child does it (see `nodes.child`).
"""

from __future__ import annotations

import fcntl
import os
import signal
from contextlib import suppress


def kill_at_end_of(read_end: int, group: int) -> None:
    """Has the system kill the process group when the pipe ends. That stays with the open file, whoever has it."""
    if not hasattr(fcntl, "F_SETSIG"):
        return
    with suppress(OSError):  # it has ended already
        fcntl.fcntl(read_end, fcntl.F_SETOWN, -group)
        fcntl.fcntl(read_end, fcntl.F_SETSIG, signal.SIGKILL)
        fcntl.fcntl(read_end, fcntl.F_SETFL, fcntl.fcntl(read_end, fcntl.F_GETFL) | os.O_ASYNC)
