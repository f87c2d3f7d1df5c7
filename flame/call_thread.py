"""A thread for one call of a plain function, so that its node stays responsive meanwhile.

Each call has a thread of its own, not one of a pool: no executor's size bounds `max_concurrency`, and an interrupt
never reaches another call. An interrupt is an exception that the thread meets at its next bytecode. It is put off
while the thread is inside the kernel or asyncio, whose state must not be cut in half, and does not reach C code that
waits: such a thread ends when it ends, or with its node.
"""

from __future__ import annotations

import asyncio
import ctypes
import sys
import threading
from collections.abc import Callable
from contextvars import copy_context
from types import FrameType
from typing import Any

import beamlike as bl
from flame.outcome import Ended, Outcome, Returned, outcome_of

LOOK_AGAIN_SECONDS = 0.01
_NOT_HERE = frozenset({"asyncio", "beamlike", "flame", "threading"})
INTERRUPTED = Ended("interrupted")


class Interrupted(BaseException):
    """Raised in the thread of a call that nobody waits for any more."""


class CallThread:
    """Starts the thread. Once `ended` is set its code has ended, and `outcome` says how."""

    def __init__(self, function: Callable[..., Any], args: tuple[Any, ...]) -> None:
        self.ended = asyncio.Event()
        self.outcome: Outcome = INTERRUPTED
        self._loop = asyncio.get_running_loop()
        self._pid = bl.self()
        self._lock = threading.Lock()
        self._interruptible = True
        self._thread = threading.Thread(
            target=copy_context().run, args=(self._run, function, args), name=f"call in {self._pid}", daemon=True
        )
        self._thread.start()

    def _run(self, function: Callable[..., Any], args: tuple[Any, ...]) -> None:
        try:
            self.outcome = self._outcome(function, args)
            with self._lock:
                self._interruptible = False
        except Interrupted:
            pass
        finally:
            self._tell()

    def _outcome(self, function: Callable[..., Any], args: tuple[Any, ...]) -> Outcome:
        try:
            return Returned(function(*args))
        except Interrupted:
            raise
        except BaseException as error:
            return outcome_of(error, self._pid)

    def _tell(self) -> None:
        try:
            self._loop.call_soon_threadsafe(self.ended.set)
        except RuntimeError:
            if not self._loop.is_closed():  # the node is gone, and nobody is left to be told
                raise

    def interrupt(self) -> None:
        """Has the function see `Interrupted` as soon as that can do no harm."""
        with self._lock:
            if not self._interruptible:
                return
            ident = self._thread.ident
            if ident is not None and _is_in_user_code(sys._current_frames().get(ident)):
                self._interruptible = False
                ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(ident), ctypes.py_object(Interrupted))
                return
        self._loop.call_later(LOOK_AGAIN_SECONDS, self.interrupt)


def _is_in_user_code(frame: FrameType | None) -> bool:
    """Whether the innermost frame is of the called function, or of what it called outside the kernel."""
    return frame is not None and str(frame.f_globals.get("__name__")).partition(".")[0] not in _NOT_HERE
