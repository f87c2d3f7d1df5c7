"""Looks at operating-system processes; waits by polling, with a deadline far above what is expected."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence

import psutil

DEADLINE = 40.0


def is_alive(pid: int) -> bool:
    """A zombie is not alive: it only waits to be reaped."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def wait_until_gone(*pids: int) -> None:
    """Returns when none of these processes is alive; AssertionError after the deadline names those that are."""
    wait_until_none(lambda: [pid for pid in pids if is_alive(pid)])


def wait_until_none(living: Callable[[], Sequence[int]]) -> None:
    """Returns when it finds no process; AssertionError after the deadline names those that it finds."""
    end = time.monotonic() + DEADLINE
    while left := living():
        assert time.monotonic() < end, f"expected these processes to be gone: {left}"
        time.sleep(0.02)


def child_nodes() -> list[int]:
    """The pids of child nodes below this process, at any depth."""
    return [process.pid for process in psutil.Process(os.getpid()).children(recursive=True) if _is_child_node(process)]


def _is_child_node(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE and "nodes.child" in " ".join(process.cmdline())
    except psutil.NoSuchProcess:  # it has just ended
        return False
