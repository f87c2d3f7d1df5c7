"""Batches that lie ready while all partitions are busy: whichever is done first takes the next, in its own thread.

So a device does not wait for the loop between two batches. What lies here has not begun: it can be retracted, when an
input of it is withdrawn or late, or another model is to have it. Any thread may take, only the serving does the rest.
The thread of a partition that has ended may go on for a while: it gets nothing any more, for nobody would hear of it.
"""

from __future__ import annotations

from collections import deque
from threading import Lock

from beamlike.kernel.terms import Pid
from beamlike.serving.messages import Work


class Shelf:
    """
    >>> shelf, me = Shelf(), Pid("a@host", 1)
    >>> for number in (1, 2, 3):
    ...     shelf.put(Work(number, (), (), ()))
    >>> shelf.take(me).number, shelf.retract(), shelf.take(me), shelf.taken_by(me), shelf.taken_by(me)
    (1, [2, 3], None, [1], [])
    >>> shelf.put(Work(4, (), (), ()))
    >>> shelf.take(me), shelf.retract()
    (None, [4])
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._ready: deque[Work] = deque()
        self._taken: dict[int, Pid] = {}
        self._ended: set[Pid] = set()

    def __len__(self) -> int:
        return len(self._ready)

    def put(self, work: Work) -> None:
        self._ready.append(work)

    def take(self, partition: Pid) -> Work | None:
        """The next batch, if there is one: it begins."""
        with self._lock:
            if not self._ready or partition in self._ended:
                return None
            work = self._ready.popleft()
            self._taken[work.number] = partition
            return work

    def told(self, number: int) -> None:
        """The serving has heard who has taken this one."""
        with self._lock:
            self._taken.pop(number, None)

    def taken_by(self, partition: Pid) -> list[int]:
        """What one that has ended took and did not tell of; it takes nothing any more."""
        with self._lock:
            self._ended.add(partition)
            numbers = [number for number, pid in self._taken.items() if pid == partition]
            for number in numbers:
                del self._taken[number]
            return numbers

    def retract(self) -> list[int]:
        """Takes back all that has not begun."""
        with self._lock:
            numbers = [work.number for work in self._ready]
            self._ready.clear()
            return numbers
