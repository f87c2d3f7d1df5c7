"""The stretch of a run in which another thread may raise an exception in it: its own code, and nothing after."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock, get_ident
from types import FrameType

from beamlike.kernel.threads.interruptible import raise_in_thread
from beamlike.kernel.threads.thread_stack import frame_of


class Strikable:
    """Opened and closed by the thread that runs the cell.

    >>> stretch = Strikable()
    >>> stretch.strike(lambda frame: True)
    False
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._thread: int | None = None

    def open(self) -> None:
        with self._lock:
            self._thread = get_ident()

    def close(self) -> None:
        """What has struck by now is raised here at the latest; call it until it returns, then nothing strikes."""
        with self._lock:
            self._thread = None

    @property
    def is_open(self) -> bool:
        return self._thread is not None

    def strike(
        self, may_be_struck: Callable[[FrameType | None], bool], error: type[BaseException] = KeyboardInterrupt
    ) -> bool:
        """Has the error raised at the thread's next bytecode, if it is where it may be. From any thread."""
        # Whoever takes the interpreter lock keeps it for some milliseconds: thus nothing moves between look and strike.
        time.sleep(0)
        with self._lock:
            if self._thread is None or not may_be_struck(frame_of(self._thread)):
                return False
            raise_in_thread(self._thread, error)
            return True
