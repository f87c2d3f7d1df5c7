"""Steps processes inside an event loop: one scheduler per loop, in the loop's own thread.

A process that is ready stands in the run queue; the loop calls `run`, which steps up to BUDGET of them and then lets
the loop look at its sockets and timers. Signals to a process of this thread are handled at once, one after the other
(`dispatch` is a trampoline: a chain of a million links does not deepen the stack); those from another thread come
through the loop.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from contextvars import Context
from threading import get_ident
from typing import TYPE_CHECKING, TypeVarTuple, Unpack

from beamlike.kernel.deadlines import Deadlines

if TYPE_CHECKING:
    from beamlike.kernel.process import Process
    from beamlike.kernel.signals import Signal

Ts = TypeVarTuple("Ts")

BUDGET = 512
"""Steps between two looks at the sockets: some 300 µs of the cheapest steps, and 2% spent on looking."""


class Scheduler:
    """Steps the processes of one event loop; must be made in the loop's thread."""

    __slots__ = ("_armed", "_handling", "_signals", "context", "deadlines", "loop", "queue", "running", "thread_id")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        # What the scheduler has the loop call runs in no process's context, nor keeps one alive.
        self.context = Context()
        self.deadlines = Deadlines(loop, self.context)
        self.thread_id = get_ident()
        self.queue: deque[Process] = deque()
        self.running: Process | None = None
        self._armed = False
        self._signals: deque[tuple[Process, Signal]] = deque()
        self._handling = False

    def ready(self, process: Process) -> None:
        """Puts a process of this thread into the run queue."""
        self.queue.append(process)
        if not self._armed and not self.loop.is_closed():
            self._armed = True
            self.loop.call_soon(self.run, context=self.context)

    def run(self) -> None:
        queue = self.queue
        budget = BUDGET
        try:
            while queue and budget:
                budget -= 1
                queue.popleft().step()
        finally:
            # Also when a step raised KeyboardInterrupt or SystemExit through us: nobody else's work is lost.
            if queue:
                self.loop.call_soon(self.run, context=self.context)
            else:
                self._armed = False

    def is_current_thread(self) -> bool:
        return get_ident() == self.thread_id

    def call(self, function: Callable[[Unpack[Ts]], object], *args: *Ts) -> None:
        """Calls it in this scheduler's thread: now, if that is the current one. Not at all in a closed loop."""
        if self.thread_id == get_ident():
            function(*args)
            return
        try:
            self.loop.call_soon_threadsafe(function, *args)
        except RuntimeError:
            if not self.loop.is_closed():
                raise

    def dispatch(self, process: Process, signal: Signal) -> None:
        """Has a process of this thread handle a signal, after those that are being handled already."""
        if self._handling:
            self._signals.append((process, signal))
            return
        self._handling = True
        try:
            process.handle(signal)
            while self._signals:
                target, waiting = self._signals.popleft()
                target.handle(waiting)
        finally:
            self._handling = False


_schedulers: dict[asyncio.AbstractEventLoop, Scheduler] = {}


def scheduler_of(loop: asyncio.AbstractEventLoop) -> Scheduler:
    """The scheduler of a loop, made when first asked for; call it in the loop's thread."""
    scheduler = _schedulers.get(loop)
    if scheduler is None:
        for closed in [other for other in tuple(_schedulers) if other.is_closed()]:
            _schedulers.pop(closed, None)
        scheduler = _schedulers[loop] = Scheduler(loop)
    return scheduler
