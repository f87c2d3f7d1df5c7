"""Which results of a stream of tasks may be given out, and whether another task may start: pure.

At most `limit` tasks run. In order, a result waits for those before it; at most `limit` results wait so, and then no
further task starts: behind one slow task a stream holds a bounded number of results, however many items there are.
"""

from __future__ import annotations

from typing import Any

from beamlike.behaviours.tasks.task_outcome import Outcome


class Window:
    """
    >>> window = Window(limit=2, ordered=True)
    >>> window.start(), window.start(), window.may_start()
    (0, 1, False)
    >>> window.finish(1, "second"), window.finish(0, "first")
    ([], ['first', 'second'])
    """

    def __init__(self, limit: int, ordered: bool) -> None:
        self._limit = limit
        self._ordered = ordered
        self._running = 0
        self._started = 0
        self._given_out = 0
        self._held: dict[int, Any] = {}

    @property
    def idle(self) -> bool:
        """Nothing runs, so nothing is held either."""
        return self._running == 0

    def room(self) -> int:
        """How many tasks may start now."""
        return self._limit - self._running if len(self._held) < self._limit else 0

    def may_start(self) -> bool:
        return self.room() > 0

    def start(self) -> int:
        """Counts a task; its position in the stream."""
        self._running += 1
        self._started += 1
        return self._started - 1

    def finish(self, position: int, outcome: Outcome[Any]) -> list[Outcome[Any]]:
        """What may be given out now that the task at `position` has ended."""
        self._running -= 1
        if not self._ordered:
            return [outcome]
        self._held[position] = outcome
        ready = []
        while self._given_out in self._held:
            ready.append(self._held.pop(self._given_out))
            self._given_out += 1
        return ready
