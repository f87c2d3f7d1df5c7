"""Sees the children end that were started as programs, and kills what they left behind: one thread for all of them.

A child is looked at before it is reaped where the system can do so: until then no other process has its id.
"""

from __future__ import annotations

import os
import select
import subprocess
import sys
from contextlib import suppress
from threading import Lock, Thread

from nodes.child_process import ChildProcess, kill_group


class Reaper:
    """Waits for all of them on one thread, which is started with the first."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._epoll: select.epoll | None = None
        self._watched: dict[int, tuple[subprocess.Popen[bytes], ChildProcess]] = {}

    def watch(self, process: subprocess.Popen[bytes], child: ChildProcess) -> None:
        try:
            descriptor = os.pidfd_open(process.pid)
        except (AttributeError, OSError):  # not on this system: a thread for each then
            Thread(target=_bury, args=(process, child), name=f"reaper of {process.pid}", daemon=True).start()
            return
        with self._lock:
            self._watched[descriptor] = process, child
            if self._epoll is None:
                self._epoll = select.epoll()
                Thread(target=self._run, args=(self._epoll,), name="reaper", daemon=True).start()
            self._epoll.register(descriptor, select.EPOLLIN)

    def _run(self, epoll: select.epoll) -> None:
        while True:
            for descriptor, _ in epoll.poll():
                process, child = self._watched.pop(descriptor)
                epoll.unregister(descriptor)  # as long as a process that was forked has a copy, closing it does not
                os.close(descriptor)
                _bury(process, child)

    def forget(self) -> None:
        """In a forked process, which has neither the thread nor these children."""
        for descriptor in self._watched:
            os.close(descriptor)
        if self._epoll is not None:
            self._epoll.close()
        self.__init__()  # type: ignore[misc]


def _bury(process: subprocess.Popen[bytes], child: ChildProcess) -> None:
    _await_end(process)
    kill_group(process.pid)
    child.over(process.wait())


def _await_end(process: subprocess.Popen[bytes]) -> None:
    if sys.platform == "darwin":
        process.wait()
        return
    with suppress(ChildProcessError):  # somebody else has reaped it
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)


REAPER = Reaper()
os.register_at_fork(after_in_child=REAPER.forget)
