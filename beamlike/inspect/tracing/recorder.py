"""Where events of a trace are put down until the tracer fetches them. Any thread may come with one, at any moment.

Nobody waits here: while one thread writes, the event of another is left out and counted, as one is that comes from
within (the garbage collector may call what is traced). When the budget says no, the recorder closes, so that those who
watch can let go of what they watch until it opens again.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from threading import Lock
from typing import Any

from beamlike.inspect.tracing.budget import Budget, Verdict
from beamlike.kernel.terms import Pid


class Recorder:
    def __init__(self, budget: Budget, tracer: Pid, closed: Callable[[], None]) -> None:
        self._budget = budget
        self._tracer = tracer
        self._closed = closed
        self._lock = Lock()
        self._rows: deque[tuple[Any, ...]] = deque()
        self.is_open = True
        self.left_out = 0

    @property
    def is_over(self) -> bool:
        return self._tracer.process is None or self._budget.is_over(time.monotonic())

    @property
    def taken(self) -> int:
        return self._budget.taken

    def add(self, row: Callable[[], tuple[Any, ...]]) -> bool:
        """Puts down what `row` makes, if it may; whether it did."""
        if not self.is_open:
            return False
        if not self._lock.acquire(blocking=False):
            self.left_out += 1
            return False
        try:
            verdict = Verdict.OVER if self._tracer.process is None else self._budget.take(time.monotonic())
            if verdict is Verdict.TAKE:
                self._rows.append(row())
                return True
            self.is_open = False
        finally:
            self._lock.release()
        self._closed()
        return False

    def opens_in(self) -> float:
        """Seconds until it may be opened again; 0 now."""
        return max(0.0, self._budget.opens_at - time.monotonic())

    def open(self) -> None:
        if not self.is_over:
            self.is_open = True

    def fetch(self) -> list[tuple[Any, ...]]:
        rows = []
        while self._rows:
            rows.append(self._rows.popleft())
        return rows
