"""A thread for one process alone: what it runs there waits for nobody else's work, and keeps nobody else waiting."""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

from beamlike.kernel.threads.blocking import CallThreads
from beamlike.kernel.threads.worker_threads import WorkerThreads

InThread: TypeAlias = Callable[..., Awaitable[Any]]
"""Runs a function with its arguments in a thread, as `blocking` does."""


@contextmanager
def own_thread(name: str) -> Iterator[InThread]:
    """Its calls run one after the other in one thread, which is there from the first on and ends with the context, or
    with the call that runs then. One that does not end when it is told to keeps the thread, as it does in `blocking`.
    """
    workers = WorkerThreads(1, threading.TIMEOUT_MAX, name)
    try:
        yield CallThreads(workers).call
    finally:
        workers.keep_none()
