"""Stops jobs of worker threads: interrupts each as soon as that can do no harm, and reports those that go on.

It does so in a thread of its own, which lives as long as there are any, and so needs no loop: a call that is given up
because its loop ends is stopped all the same. What it has to say goes to the log "beamlike.blocking".
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import field
from typing import Any, Protocol

from beamlike.kernel.record import slotted
from beamlike.kernel.threads.interruptible import Interruptible
from beamlike.kernel.threads.thread_stack import frame_of, whereabouts
from beamlike.kernel.threads.worker_threads import Job, WorkerThreads

logger = logging.getLogger("beamlike.blocking")

GRACE_SECONDS = 1.0
"""After which a thread that was told to stop counts as stuck."""

LOOK_AGAIN_SECONDS = 0.01
LOOK_AT_STUCK_SECONDS = 0.25


class Call(Job, Protocol):
    name: str
    interruptible: Interruptible[Any]
    thread_id: int | None


@slotted
class _Stopping:
    call: Call
    since: float = field(default_factory=time.monotonic)
    struck: bool = False
    stuck: bool = False

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.since


class Stopper:
    def __init__(self, threads: WorkerThreads, grace_seconds: float = GRACE_SECONDS) -> None:
        self._threads = threads
        self._grace_seconds = grace_seconds
        self._changed = threading.Condition()
        self._stopping: list[_Stopping] = []
        self._thread: threading.Thread | None = None

    def stop(self, call: Call) -> None:
        """Has a call end that nobody waits for any more. Any thread may call it."""
        with self._changed:
            self._stopping.append(_Stopping(call))
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="beamlike stopper", daemon=True)
                self._thread.start()
            self._changed.notify()

    def _run(self) -> None:
        while stopping := self._unfinished():
            for each in stopping:
                self._look_after(each)
            self._pause()

    def _unfinished(self) -> tuple[_Stopping, ...]:
        with self._changed:
            self._stopping = [each for each in self._stopping if not self._is_over(each)]
            if not self._stopping:
                self._thread = None
            return tuple(self._stopping)

    def _pause(self) -> None:
        with self._changed:
            all_stuck = all(each.stuck for each in self._stopping)
            self._changed.wait(LOOK_AT_STUCK_SECONDS if all_stuck else LOOK_AGAIN_SECONDS)

    def _is_over(self, each: _Stopping) -> bool:
        over = not self._threads.is_running(each.call)
        if over and each.stuck:
            logger.warning("%s has stopped after all, %.1f s after it was told to", each.call.name, each.seconds)
        return over

    def _look_after(self, each: _Stopping) -> None:
        if not each.struck:
            each.struck = each.call.interruptible.interrupt()
        if not each.stuck and each.seconds >= self._grace_seconds:
            where = whereabouts(frame_of(each.call.thread_id or 0), callers=(Interruptible.__call__.__code__,))
            each.stuck = self._threads.give_up(each.call)
            if each.stuck:
                logger.warning(
                    "%s was told to stop %.1f s ago and goes on: it swallowed the exception, or waits in C code. "
                    "It keeps its thread, one of %d that are stuck, and another takes its place. It is at %s%s",
                    each.call.name,
                    each.seconds,
                    self._threads.statistics().stuck,
                    where.place,
                    "".join(f"\n  {place}" for place in where.stack),
                )
