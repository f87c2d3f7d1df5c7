"""Daemon threads that run jobs: a bounded number, made as needed, gone when idle for a while.

They are not asyncio's default executor, since its threads are the program's own. A job that does not stop when told to
keeps its thread; that one is counted as stuck, another takes its place within the bound, and it ends with the job.
"""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from typing import Protocol

from beamlike.kernel.record import frozen

LIMIT = min(32, (os.cpu_count() or 1) + 4)
"""As many as asyncio's own executor has."""

IDLE_SECONDS = 30.0


class Job(Protocol):
    """Neither may raise."""

    def run(self) -> None:
        """Does the work."""

    def tell(self) -> None:
        """Says that it is done. Its thread is free by then: whoever is told may have the next job at once."""


@frozen
class Statistics:
    """`threads` are those that count against the bound, `idle` ones among them; `stuck` ones run a job that was told to
    stop and did not. `waiting` jobs have no thread yet."""

    threads: int
    idle: int
    stuck: int
    waiting: int


class _Worker:
    """A thread as others see it: `gate` opens when an idle one has been given a job."""

    __slots__ = ("gate", "job")

    def __init__(self, job: Job) -> None:
        self.job: Job | None = job
        self.gate = threading.Lock()
        self.gate.acquire()


class WorkerThreads:
    """Any thread may call it."""

    def __init__(self, limit: int, idle_seconds: float = IDLE_SECONDS, name: str = "beamlike blocking") -> None:
        self._limit = limit
        self._idle_seconds = idle_seconds
        self._name = name
        self._keeps_idle = True
        self._lock = threading.Lock()
        self._waiting: OrderedDict[Job, None] = OrderedDict()
        self._running: set[Job] = set()
        self._stuck: set[Job] = set()
        self._threads = 0
        # The last to become idle is the first to get a job, so that what is not needed for a while goes away.
        self._idle: list[_Worker] = []

    def submit(self, job: Job) -> None:
        """Runs the job as soon as a thread is free. RuntimeError if there is none and none can be started."""
        with self._lock:
            if self._idle:
                self._give(self._idle.pop(), job)
            elif not self._has_started_one_for(job):
                self._waiting[job] = None

    def withdraw(self, job: Job) -> bool:
        """Takes back a job that has not begun; whether it was one."""
        with self._lock:
            return self._waiting.pop(job, self) is None

    def give_up(self, job: Job) -> bool:
        """No longer counts on the thread of this job, which is stuck; whether it still ran."""
        with self._lock:
            if job not in self._running or job in self._stuck:
                return False
            self._stuck.add(job)
            self._threads -= 1
            if self._waiting and self._has_started_one_for(first := next(iter(self._waiting))):
                del self._waiting[first]
            return True

    def keep_none(self) -> None:
        """From now on no thread is idle: each ends as soon as nothing waits for it."""
        with self._lock:
            self._keeps_idle = False
            self._threads -= len(self._idle)
            while self._idle:
                self._idle.pop().gate.release()

    def is_running(self, job: Job) -> bool:
        with self._lock:
            return job in self._running

    def statistics(self) -> Statistics:
        with self._lock:
            return Statistics(self._threads, len(self._idle), len(self._stuck), len(self._waiting))

    # Under the lock.

    def _give(self, worker: _Worker, job: Job) -> None:
        self._running.add(job)
        worker.job = job
        worker.gate.release()

    def _has_started_one_for(self, job: Job) -> bool:
        if self._threads >= self._limit:
            return False
        thread = threading.Thread(target=self._work, args=(_Worker(job),), name=self._name, daemon=True)
        try:
            thread.start()
        except RuntimeError:
            if self._threads == 0:
                raise
            return False
        self._threads += 1
        self._running.add(job)
        return True

    # In its thread.

    def _work(self, worker: _Worker) -> None:
        while (job := worker.job) is not None:
            job.run()
            counts = self._note_end(job, worker)
            job.tell()
            del job  # an idle thread keeps nothing alive
            if not counts or not self._is_given_another(worker):
                return

    def _note_end(self, job: Job, worker: _Worker) -> bool:
        """Has the thread stand by, or take up what waits. False if it does not count any more, and is to end."""
        with self._lock:
            worker.job = None
            self._running.remove(job)
            if job in self._stuck:
                self._stuck.remove(job)
                return False
            if self._waiting:
                self._give(worker, self._waiting.popitem(last=False)[0])
            elif self._keeps_idle:
                self._idle.append(worker)
            else:
                self._threads -= 1
                return False
            return True

    def _is_given_another(self, worker: _Worker) -> bool:
        """Waits for that; False if nothing came for long, and the thread is to end. If it has no job then, none is kept
        any more."""
        if worker.gate.acquire(timeout=self._idle_seconds):
            return True
        with self._lock:
            if worker in self._idle:
                self._idle.remove(worker)
                self._threads -= 1
                return False
        return worker.gate.acquire()  # something came just now
