"""A call in a thread that another thread may interrupt: an exception is raised in it, and never beside it.

The exception strikes at the thread's next bytecode. It must not cut in half what the call does inside the kernel,
asyncio or a lock: whoever interrupts looks where the thread is and, if it is there, has to try again. And it must not
strike the thread when the call is over: the call closes itself under a lock.

C code that waits or computes is not reached; the exception strikes when it returns.

Code of the standard library works for whoever has called it. So it is not enough to look at the innermost frame: where
this package describes how a process has ended it is in `traceback`, and an exception there would end the loop instead.
"""

from __future__ import annotations

import ctypes
import os
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Any, Final, Generic, TypeVar

from beamlike.kernel.callers import CALLERS, calls_users
from beamlike.kernel.threads.forked import end_if_forked
from beamlike.kernel.threads.thread_stack import frame_of

T = TypeVar("T")

_NOT_THERE: Final = frozenset({"asyncio", "beamlike", "flame", "importlib", "logging", "nodes", "queue", "threading"})

_MADE: Final = "(made)"
"""In place of the package of code that was made while the program ran, as that of records and named tuples is."""

_FOR_OTHERS: Final = sys.stdlib_module_names | {"cloudpickle", "isal", "msgpack", _MADE}
"""Packages that this one calls as well as anybody else."""

raise_in_thread = ctypes.pythonapi.PyThreadState_SetAsyncExc
raise_in_thread.argtypes = (ctypes.c_ulong, ctypes.py_object)


class Interrupted(BaseException):
    """Raised in a call that nobody waits for any more."""


class Interruptible(Generic[T]):
    """`function(*args)`, to be called once, in any thread.

    >>> call = Interruptible(divmod, (7, 2))
    >>> call()
    (3, 1)
    >>> call.interrupt()
    True
    """

    def __init__(self, function: Callable[..., T], args: tuple[Any, ...]) -> None:
        self._function = function
        self._args = args
        self._lock = threading.Lock()
        self._thread_id: int | None = None
        self._closed = False

    @calls_users
    def __call__(self) -> T:
        """What the function returns or raises; `Interrupted`, which may come at any point in here, instead."""
        caller = os.getpid()
        try:
            self._open()
            return self._function(*self._args)
        finally:
            end_if_forked(caller)
            self._close()

    def _open(self) -> None:
        with self._lock:
            if self._closed:
                raise Interrupted
            self._thread_id = threading.get_ident()

    def _close(self) -> None:
        # What has struck already is raised at the latest by the call of this very method. To take it back here would
        # leave a flag in the interpreter that is never cleared: all threads would look for signals at every call, and
        # on Python 3.11 a thread that is traced would do nothing else.
        with self._lock:
            self._closed = True

    def interrupt(self) -> bool:
        """Has the call raise `Interrupted`. False if that has to wait until the thread is somewhere else; True if there
        is nothing left to do: it will be raised, once, or the call is over, or will not begin."""
        # Whoever takes the interpreter lock keeps it for some milliseconds: thus nothing moves between look and strike.
        time.sleep(0)
        with self._lock:
            if self._closed:
                return True
            if self._thread_id is not None:
                if not may_be_struck(frame_of(self._thread_id)):
                    return False
                raise_in_thread(self._thread_id, Interrupted)
            self._closed = True
            return True


def may_be_struck(frame: FrameType | None) -> bool:
    """Whether an exception may be raised in the thread whose innermost frame this is."""
    is_innermost = True
    while frame is not None:
        package = _package_of(frame)
        if package in _NOT_THERE:
            return not is_innermost and frame.f_code in CALLERS
        if package not in _FOR_OTHERS:
            return True
        frame, is_innermost = frame.f_back, False
    return False


def _package_of(frame: FrameType) -> str:
    """Code that was made while the program ran has no name, or one of its own: it works for whoever has called it."""
    name = str(frame.f_globals.get("__name__", _MADE))
    return _MADE if name.startswith("namedtuple_") else name.partition(".")[0]
