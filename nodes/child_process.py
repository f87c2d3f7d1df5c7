"""A child process as its owner has it: its lifeline, its log, and how it ended."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from contextlib import suppress
from threading import Event, Lock
from typing import IO

from nodes.backend import Description
from nodes.lifeline import Lifeline

STOP_SECONDS = 1.0
"""How long a child may take to go in each of the ways in which it can be ended."""
LOG_TAIL = 4000


class ChildProcess:
    """Whoever reaps it tells it `over`. `kills` are ways to kill its process group, should the lifeline not do it."""

    def __init__(self, pid: int, lifeline: Lifeline, log: IO[bytes], *kills: Callable[[int], None]) -> None:
        self.pid = pid
        self._lifeline = lifeline
        self._log = log
        self._kills = kills
        self._ended = Event()
        self._exit_code: int | None = None
        self._last_words = ""
        self._lock = Lock()

    def over(self, exit_code: int | None) -> None:
        """It has ended, and nothing of its group is left. Its files are closed; a second call does nothing."""
        self._lifeline.close()
        with self._lock:
            if self._log.closed:
                return
            self._last_words = tail(self._log)
            self._log.close()
            self._exit_code = exit_code
        self._ended.set()

    def end(self) -> None:
        """Cuts the lifeline, which ends the child at once; else it is killed. Returns when it is gone."""
        self._lifeline.close()
        for kill in self._kills:
            if self._ended.wait(STOP_SECONDS):
                return
            kill(self.pid)
        self._ended.wait()

    def describe(self) -> Description:
        ended = self._ended.is_set()
        return Description("ended" if ended else "running", self._exit_code if ended else None, self._words())

    def _words(self) -> str:
        with self._lock:
            return self._last_words if self._log.closed else tail(self._log)


def kill_group(pid: int) -> None:
    with suppress(ProcessLookupError, PermissionError):  # nothing of it is left, or nothing that is ours
        os.killpg(pid, signal.SIGKILL)


def tail(log: IO[bytes]) -> str:
    """The last that was printed to it."""
    size = os.fstat(log.fileno()).st_size
    return os.pread(log.fileno(), LOG_TAIL, max(0, size - LOG_TAIL)).decode("utf-8", "replace")
