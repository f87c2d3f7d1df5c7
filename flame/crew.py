"""Threads for the plain functions of a runner's calls, so that its node stays responsive meanwhile.

No call waits for another: there are as many threads as calls at work. But to wake a thread costs more than a short
function does, so while calls are short, one thread goes from one to the next, and another is woken only when that one
stays in a call (`LOOK_SECONDS`).

What an interrupt can do and cannot, `beamlike.kernel.threads.interruptible` says: a thread that it does not reach ends
when it ends, or with its node.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Callable
from time import perf_counter
from typing import Final, Protocol

logger = logging.getLogger("flame")

SHORT_SECONDS: Final = 100e-6
"""Calls that take less than this are done before another thread would have woken."""
LOOK_SECONDS: Final = 1e-3
"""After so long in one call a thread is no longer counted on for the next one."""
REMEDY: Final = "lower the pool's max_concurrency, or raise the machine's limit of threads"
KEPT_THREADS: Final = 64
"""So many threads wait for work at most; one more ends when its call has."""


class Job(Protocol):
    count: int
    """How many calls it is."""

    def run(self) -> None:
        """The work itself, in a thread; raises nothing."""
        ...

    def fail(self, error: Exception) -> None:
        """Called in place of `run`: no thread can be had for it."""
        ...

    def ended(self) -> None:
        """Called in the loop's thread once `run` has returned, or it has failed."""
        ...


class Crew:
    """Runs jobs in threads, at most `most` at a time, for the loop whose thread makes it. `told` is called each time
    ends have been told."""

    def __init__(self, name: str, most: int, told: Callable[[], None]) -> None:
        self._name = name
        self._most = most
        self._after = told
        self._loop = asyncio.get_running_loop()
        self._jobs: deque[Job] = deque()
        self._ended: deque[Job] = deque()
        self._resting: list[threading.Lock] = []
        """The latches of the threads that wait to be woken, the last to rest at the end."""
        self._lock = threading.Lock()
        self._seeking = 0
        """Threads that are awake and will look for a job before they rest."""
        self._told = False
        self._looks = False
        self._seconds = 1.0
        """How long calls take lately."""
        self._busy = 0
        """Threads that are in a call."""
        self._is_closed = False

    def submit(self, job: Job) -> None:
        """Has `job` run as soon as may be, and its end told to the loop."""
        self._jobs.append(job)
        with self._lock:
            if self._may_begin and not self._seeking and not (self._busy and self._are_short):
                self._wake_or_fail()
        if not self._looks:
            self._looks = True
            self._loop.call_later(LOOK_SECONDS, self._look)

    def withdraw(self, job: Job) -> bool:
        """Whether `job` had not begun; it will not, then, and nothing is told of it."""
        with self._lock:
            if job not in self._jobs:
                return False
            self._jobs.remove(job)
            return True

    def allow(self, most: int) -> None:
        """So many jobs may run at a time from now on; those that run go on."""
        with self._lock:
            self._most = most
            if self._jobs and self._may_begin and not self._seeking:
                self._wake_or_fail()

    def close(self) -> None:
        """Threads that wait for work end; those that are in a call end when it has."""
        with self._lock:
            self._is_closed = True
            while self._resting:
                self._wake()

    @property
    def _may_begin(self) -> bool:
        return self._busy < self._most

    @property
    def _are_short(self) -> bool:
        return self._seconds < SHORT_SECONDS

    def _look(self) -> None:
        """Jobs that wait for a thread that stays in a call get one of their own."""
        with self._lock:
            if self._jobs and self._may_begin:
                self._wake_or_fail()
            self._looks = bool(self._jobs)
        if self._looks:
            self._loop.call_later(LOOK_SECONDS, self._look)

    def _wake(self) -> str:
        """Why no thread could be had; empty: one seeks a job now."""
        self._seeking += 1
        if self._resting:
            self._resting.pop().release()
            return ""
        try:
            threading.Thread(target=self._live, name=self._name, daemon=True).start()
        except (RuntimeError, MemoryError) as error:  # the machine has no more
            self._seeking -= 1
            return f"{type(error).__name__}: {error}"
        return ""

    def _wake_or_fail(self) -> None:
        """Jobs that nobody is about to look for do not wait for threads which may stay at their calls for ever."""
        problem = self._wake()
        if not problem or self._seeking:
            return
        while self._jobs:
            job = self._jobs.popleft()
            job.fail(RuntimeError(f"no thread could be started on the runner to run this in ({problem}): {REMEDY}"))
            self._ended.append(job)
        self._tell_soon()

    def _live(self) -> None:
        """A thread's life: it has just been woken, and so counts as seeking."""
        latch = threading.Lock()
        latch.acquire()
        while True:
            self._work()
            with self._lock:
                if self._jobs and self._may_begin:  # one came after it had looked
                    self._seeking += 1
                    continue
                if self._is_closed or len(self._resting) >= KEPT_THREADS:
                    return
                self._resting.append(latch)
            latch.acquire()

    def _work(self) -> None:
        while True:
            with self._lock:
                self._seeking -= 1
                if not self._jobs or not self._may_begin:
                    return
                job = self._jobs.popleft()
                self._busy += 1
                if self._jobs and self._may_begin and not self._are_short and not self._seeking:
                    self._wake()
            began = perf_counter()
            job.run()
            self._seconds += 0.2 * ((perf_counter() - began) / job.count - self._seconds)
            self._ended.append(job)
            self._tell_soon()
            with self._lock:
                self._busy -= 1
                self._seeking += 1

    def _tell_soon(self) -> None:
        if not self._told:
            self._told = True
            self._tell()

    def _tell(self) -> None:
        try:
            self._loop.call_soon_threadsafe(self._hear)
        except RuntimeError:
            if not self._loop.is_closed():  # the node is gone, and nobody is left to be told
                raise

    def _hear(self) -> None:
        self._told = False
        while self._ended:
            job = self._ended.popleft()
            try:
                job.ended()
            except Exception:  # others are still to be told
                logger.exception("the end of %r could not be told", job)
        self._after()
