"""Several short calls of one plain function, one after the other in one thread and one slot.

What is meant to be short may prove to be long: whoever looks on may take back what has not begun, at any time. Both
take from the same line, so nothing is run and given back.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable
from contextvars import Context, copy_context
from typing import Any, Final

from beamlike.kernel.callers import calls_users
from beamlike.kernel.terms import Pid
from flame.outcome import Outcome
from flame.output import CallOutput
from flame.thread_job import ThreadJob
from flame.work import is_light

NO_MORE: Final = object()


class ChunkJob(ThreadJob):
    """`function(item)` for each item, in a copy of `context`. `then` gets the outcome of the last that began: of the
    first that raises or returns what is not small, if there is one. What those before it returned is in `taken`."""

    __slots__ = ("_first", "_function", "_values", "_waiting")

    def __init__(
        self,
        function: Callable[[Any], Any],
        items: list[Any],
        context: Context,
        output: CallOutput | None,
        pid: Pid,
        then: Callable[[Outcome], None],
    ) -> None:
        super().__init__(self._run_all, (), context, output, pid, then)
        self._function = function
        self._first = items[0]
        self._waiting = deque(items[1:])
        self._values: list[Any] = []
        self.count = len(items)

    def taken(self) -> list[Any]:
        """What has been returned since the last time, but for the last value."""
        values = self._values[:]
        del self._values[: len(values)]
        return values

    def give_back(self) -> int:
        """How many have not begun; they will not. The first is not among them."""
        count = 0
        try:
            while True:
                self._waiting.pop()
                count += 1
        except IndexError:
            return count

    @calls_users
    def _run_all(self) -> Any:
        caller = os.getpid()
        value = copy_context().run(self._function, self._first)
        while os.getpid() == caller and is_light(value) and (item := self._next()) is not NO_MORE:
            self._values.append(value)
            if self._output is not None:
                self._output = self._output.next()
            value = copy_context().run(self._function, item)
        return value

    def _next(self) -> Any:
        try:
            return self._waiting.popleft()
        except IndexError:
            return NO_MORE
