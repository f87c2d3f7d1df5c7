"""What waits to be evaluated together: entries in, batches out. Times come in from outside.

A batch is due when it is full, or when its oldest entry has waited long enough. Only entries of one key share a batch;
of several that are due, the one comes first whose oldest entry has waited longest.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Hashable, Iterable, Sequence
from itertools import islice
from typing import Any

from beamlike.kernel.record import frozen


@frozen
class Entry:
    """One input. Times are seconds of some clock; `deadline` may be `math.inf`."""

    id: int
    value: Any
    key: Hashable
    since: float
    deadline: float = math.inf


class Batches:
    """
    >>> batches = Batches(size=2, wait=0.5)
    >>> batches.add(Entry(1, "a", None, since=10.0))
    >>> batches.due_at(10.0), batches.take(10.0)
    (10.5, [])
    >>> batches.add(Entry(2, "b", None, since=10.1))
    >>> [entry.value for entry in batches.take(10.1)], len(batches)
    (['a', 'b'], 0)
    """

    def __init__(self, size: int, wait: float) -> None:
        self.size = size
        self.wait = wait
        self._waiting: dict[Hashable, dict[int, Entry]] = {}
        self._keys: dict[int, Hashable] = {}
        self._deadlines: list[tuple[float, int]] = []

    def __len__(self) -> int:
        return len(self._keys)

    def add(self, entry: Entry) -> None:
        self._waiting.setdefault(entry.key, {})[entry.id] = entry
        self._keys[entry.id] = entry.key
        if entry.deadline < math.inf:
            heapq.heappush(self._deadlines, (entry.deadline, entry.id))

    def put_back(self, entries: Sequence[Entry]) -> None:
        """A batch that was taken and has not begun waits again, before those of its key that came later."""
        if entries:
            queue = self._waiting.pop(entries[0].key, {})
            self._waiting[entries[0].key] = {}
            for entry in entries:
                self.add(entry)
            self._waiting[entries[0].key] |= queue

    def drop(self, ids: Iterable[int]) -> None:
        """They are not wanted any more; who has been taken already is not here."""
        for id in ids:
            if id in self._keys:
                self._remove(id)

    def late(self, now: float) -> list[Entry]:
        """Those whose deadline has passed; they are gone from here."""
        found = []
        while self._deadlines and self._deadlines[0][0] <= now:
            _, id = heapq.heappop(self._deadlines)
            if id in self._keys:
                found.append(self._remove(id))
        return found

    def due_at(self, now: float) -> float | None:
        """When the next batch is due, which may be now; None while nothing waits."""
        return min((self._due(queue, now) for queue in self._waiting.values()), default=None)

    def next_deadline(self) -> float | None:
        while self._deadlines and self._deadlines[0][1] not in self._keys:
            heapq.heappop(self._deadlines)
        return self._deadlines[0][0] if self._deadlines else None

    def take(self, now: float) -> list[Entry]:
        """The batch that is due, in the order in which its entries came; empty if none is."""
        return self._take([queue for queue in self._waiting.values() if self._due(queue, now) <= now])

    def take_full(self) -> list[Entry]:
        """A batch to which nothing can be added any more; empty if none is there."""
        return self._take([queue for queue in self._waiting.values() if len(queue) >= self.size])

    @property
    def has_full(self) -> bool:
        return any(len(queue) >= self.size for queue in self._waiting.values())

    def _take(self, due: list[dict[int, Entry]]) -> list[Entry]:
        if not due:
            return []
        queue = min(due, key=lambda queue: _oldest(queue).since)
        return [self._remove(id) for id in list(islice(queue, self.size))]

    def _due(self, queue: dict[int, Entry], now: float) -> float:
        return now if len(queue) >= self.size else _oldest(queue).since + self.wait

    def _remove(self, id: int) -> Entry:
        key = self._keys.pop(id)
        queue = self._waiting[key]
        entry = queue.pop(id)
        if not queue:
            del self._waiting[key]
        return entry


def _oldest(queue: dict[int, Entry]) -> Entry:
    return next(iter(queue.values()))
