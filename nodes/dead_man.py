"""A timer of the kernel that kills this process unless it is set anew in time.

It needs no thread and no interpreter lock, so it also ends a process that is stopped (SIGSTOP), or in C code that holds
the lock. It runs by the monotonic clock, which stands still while the machine is suspended. Linux has such timers;
elsewhere the threads that watch must do. A forked process does not inherit it.
"""

from __future__ import annotations

import ctypes
import signal
import sys
import time
from contextlib import suppress
from threading import Lock


class _Event(ctypes.Structure):
    """`struct sigevent`: sends a signal to the process."""

    _fields_ = [
        ("value", ctypes.c_void_p),
        ("signal", ctypes.c_int),
        ("notify", ctypes.c_int),
        ("rest", ctypes.c_int * 12),
    ]


class _Time(ctypes.Structure):
    _fields_ = [("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long)]


class _Times(ctypes.Structure):
    _fields_ = [("interval", _Time), ("value", _Time)]


def _library() -> ctypes.CDLL | None:
    """What has the timers: the C library, or beside it, where that is old."""
    for name in (None, "librt.so.1") if sys.platform == "linux" else ():
        with suppress(OSError, AttributeError):
            library = ctypes.CDLL(name)
            if library.timer_create and library.timer_settime:
                return library
    return None


class DeadMan:
    """Does nothing until it is set, and where the system has no such timers."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._timer = ctypes.c_void_p()
        self._libc = _library()
        if self._libc is not None:
            event = _Event(None, signal.SIGKILL, 0)
            if self._libc.timer_create(time.CLOCK_MONOTONIC, ctypes.byref(event), ctypes.byref(self._timer)):
                self._libc = None

    @property
    def works(self) -> bool:
        return self._libc is not None

    def kill_in(self, seconds: float) -> None:
        """Kills this process after so many seconds, instead of what was set before. For any thread."""
        self._set(max(seconds, 0.001))

    def call_off(self) -> None:
        self._set(0.0)

    def _set(self, seconds: float) -> None:
        if self._libc is None:
            return
        whole = int(seconds)
        times = _Times(_Time(0, 0), _Time(whole, int((seconds - whole) * 1e9)))
        with self._lock:
            self._libc.timer_settime(self._timer, 0, ctypes.byref(times), None)
