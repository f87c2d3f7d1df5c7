"""Counts steps and messages of processes, while somebody looks at their rates; else nobody pays for it.

A scheduler keeps its ready processes in a queue: while steps are counted, one that counts whom it gives out stands in
its place. A message that is handed to a waiting process is seen there as well; the others go into its mailbox, and are
counted for those processes that were looked at last. A process that waits and is counted works as before.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Iterable
from typing import Any, Final
from weakref import WeakKeyDictionary

from beamlike.kernel.guest import GuestProcess
from beamlike.kernel.node import LocalNode
from beamlike.kernel.process import Process
from beamlike.kernel.scheduler import Scheduler
from beamlike.kernel.states import READY

LEASE: Final = 10.0
"""Seconds after the last look at rates when the counting ends."""
SHORTEST: Final = 0.5
"""Seconds that a window lasts at least: two who look get the figures of the same one."""
MOST: Final = 1000
"""Processes whose mailboxes are counted."""


class Rates:
    """Of one process, since the window began; None for what was not counted."""

    __slots__ = ("messages", "steps")

    def __init__(self, messages: float | None, steps: float | None) -> None:
        self.messages = messages
        self.steps = steps


class Counting:
    """The counting on one node. To be used in one thread, that of the inspector."""

    def __init__(self, node: LocalNode) -> None:
        self._node = node
        self._queues: dict[Scheduler, CountingQueue] = {}
        self._arrivals: dict[Process, Arrivals] = {}
        self._began = time.monotonic()
        self._ends = 0.0
        self._last: tuple[float, dict[int, list[int]], dict[Process, int]] | None = None
        self._timer: asyncio.TimerHandle | None = None

    @property
    def goes_on(self) -> bool:
        return self._timer is not None

    def look(self) -> None:
        """Somebody wants rates: closes the window that is open, unless it has just begun, and goes on for LEASE."""
        now = time.monotonic()
        if self._timer is None:
            self._begin(now)
        elif now - self._began >= SHORTEST:
            self._turn_over(now)
        self._ends = now + LEASE

    def of(self, process: Process) -> Rates:
        """In the last window."""
        if self._last is None:
            return Rates(None, None)
        seconds, steps, arrived = self._last
        taken, handed = steps.get(process.pid.id, (0, 0))
        came = arrived.get(process)
        messages = (came + handed) / seconds if came is not None else None
        return Rates(messages, None if isinstance(process, GuestProcess) else taken / seconds)

    @property
    def busiest(self) -> dict[int, list[int]]:
        """By the ids of processes, how often each was resumed in the last window, and handed a message."""
        return self._last[1] if self._last is not None else {}

    def follow(self, processes: Iterable[Process]) -> None:
        """Counts from now on what comes into the mailboxes of these, and of no others."""
        wanted = dict.fromkeys(processes)
        for process in [it for it in self._arrivals if it not in wanted or it.ended]:
            _uncount(process, self._arrivals.pop(process))
        for process in wanted:
            if len(self._arrivals) >= MOST:
                break
            if process not in self._arrivals:
                self._arrivals[process] = counter = Arrivals()
                process.scheduler.call(_count, process, counter)

    def end(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self.follow(())
        self._last = None
        for scheduler, queue in self._queues.items():
            scheduler.call(scheduler.loop.call_soon, _replace, scheduler, queue, deque)
        self._queues.clear()

    def _begin(self, now: float) -> None:
        self._began = now
        self._arm()
        for scheduler in {process.scheduler for process in self._node.live()} | {self._node.scheduler}:
            self._take_up(scheduler)

    def _take_up(self, scheduler: Scheduler) -> None:
        queue = self._queues[scheduler] = CountingQueue()
        # Not by whoever the scheduler steps just now: it holds its queue meanwhile.
        scheduler.call(scheduler.loop.call_soon, _replace, scheduler, None, queue.filled)

    def _turn_over(self, now: float) -> None:
        steps: dict[int, list[int]] = {}
        for queue in self._queues.values():
            steps |= queue.read()
        arrived = {process: counter.read() for process, counter in self._arrivals.items()}
        self._last = (now - self._began, steps, arrived)
        self._began = now

    def _arm(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(LEASE, self._expire, context=self._node.scheduler.context)

    def _expire(self) -> None:
        if time.monotonic() < self._ends:
            self._arm()
        else:
            self.end()


class CountingQueue(deque[Any]):
    """A run queue that counts whom it gives out, and what message with it."""

    def __init__(self) -> None:
        super().__init__()
        self._counts: dict[int, list[int]] = {}

    def filled(self, processes: Iterable[Any]) -> CountingQueue:
        self.extend(processes)
        return self

    def popleft(self) -> Any:
        process = super().popleft()
        id = process.pid.id
        counts = self._counts.get(id)
        if counts is None:
            counts = self._counts[id] = [0, 0]
        counts[0] += 1
        if process.state is READY and process.slot is not None and process.awaited is None:
            counts[1] += 1
        return process

    def read(self) -> dict[int, list[int]]:
        """What was counted since the last time."""
        counts, self._counts = self._counts, {}
        return counts


def _replace(scheduler: Scheduler, expected: CountingQueue | None, make: Any) -> None:
    """Puts another queue in the place of the scheduler's, with the same processes in it."""
    if expected is None or scheduler.queue is expected:
        scheduler.queue = make(scheduler.queue)


class Arrivals:
    """Counts what comes into one mailbox."""

    __slots__ = ("_count",)

    def __init__(self) -> None:
        self._count = 0

    def arrived(self, _message: Any) -> None:
        self._count += 1

    def read(self) -> int:
        count, self._count = self._count, 0
        return count


def _count(process: Process, counter: Arrivals) -> None:
    if not process.ended:
        process.own_inspected().counter = counter
        process.watch_arrivals()


def _uncount(process: Process, counter: Arrivals) -> None:
    process.scheduler.call(_end_count, process, counter)


def _end_count(process: Process, counter: Arrivals) -> None:
    inspected = process.inspected
    if inspected is not None and inspected.counter is counter:
        inspected.counter = None
        if not process.ended:
            process.watch_arrivals()


_countings: WeakKeyDictionary[LocalNode, Counting] = WeakKeyDictionary()


def counting_of(node: LocalNode) -> Counting:
    counting = _countings.get(node)
    if counting is None:
        counting = _countings[node] = Counting(node)
    return counting


def counts(node: LocalNode) -> bool:
    """Whether anything is being counted there."""
    counting = _countings.get(node)
    return counting is not None and counting.goes_on
