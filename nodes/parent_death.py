"""What the system sends to a process when its parent ends: an extra, where it has such a thing (Linux).

It follows the thread that started the process, so it is for who was started by a thread that lives on.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def signalled_with_parent(number: signal.Signals) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, number)


def die_with_parent(parent: int) -> bool:
    """False if that one has ended before it could be asked for."""
    signalled_with_parent(signal.SIGKILL)
    return os.getppid() == parent
