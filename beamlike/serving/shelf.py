"""Batches that lie ready while all partitions are busy: whichever is done first takes the next, in its own thread.

So a device does not wait for the loop between two batches. What lies here has not begun: it can be retracted, when an
input of it is withdrawn or late, or another model is to have it. Any thread may take, only the serving does the rest.
The thread of a partition that has ended may go on for a while: it gets nothing any more, for nobody would hear of it.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Set
from threading import Lock

from beamlike.kernel.terms import Pid
from beamlike.serving.batches import Entry
from beamlike.serving.messages import Work


class Shelf:
    """
    >>> shelf, me = Shelf(), Pid("a@host", 1)
    >>> for number in (1, 2, 3):
    ...     shelf.put(Work(number, (), (), ()), [Entry(10 * number, None, None, since=0.0)])
    >>> shelf.take(me).number, [entry.id for [entry] in shelf.retract()], shelf.take(me)
    (1, [20, 30], None)
    >>> shelf.inputs, [entry.id for entry in shelf.taken_by(me)], shelf.taken_by(me), shelf.inputs
    (1, [10], [], 0)
    >>> shelf.put(Work(4, (), (), ()), [])
    >>> shelf.take(me), shelf.retract()
    (None, [[]])
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._ready: deque[Work] = deque()
        self._taken: dict[int, Pid] = {}
        self._ended: set[Pid] = set()
        # What lies here, or was taken and nobody has told it yet, by the number of the batch.
        self._batches: dict[int, list[Entry]] = {}
        self.until = math.inf
        """When the first input of what lies here is late."""

    def __len__(self) -> int:
        return len(self._ready)

    @property
    def inputs(self) -> int:
        """How many are not known to have begun."""
        return sum(map(len, self._batches.values()))

    def holds_any(self, ids: Set[int]) -> bool:
        return any(entry.id in ids for batch in self._batches.values() for entry in batch)

    def put(self, work: Work, batch: list[Entry]) -> None:
        self._batches[work.number] = batch
        self.until = min((self.until, *work.deadlines))
        self._ready.append(work)

    def take(self, partition: Pid) -> Work | None:
        """The next batch, if there is one: it begins."""
        with self._lock:
            if not self._ready or partition in self._ended:
                return None
            work = self._ready.popleft()
            self._taken[work.number] = partition
            return work

    def told(self, number: int) -> list[Entry]:
        """The serving has heard who has taken this batch."""
        with self._lock:
            self._taken.pop(number, None)
        return self._batches.pop(number)

    def taken_by(self, partition: Pid) -> list[Entry]:
        """What one that has ended took and did not tell of; it takes nothing any more."""
        with self._lock:
            self._ended.add(partition)
            numbers = [number for number, pid in self._taken.items() if pid == partition]
            for number in numbers:
                del self._taken[number]
        return [entry for number in numbers for entry in self._batches.pop(number)]

    def retract(self) -> list[list[Entry]]:
        """Takes back all that has not begun."""
        with self._lock:
            numbers = [work.number for work in self._ready]
            self._ready.clear()
        self.until = math.inf
        return [self._batches.pop(number) for number in numbers]
