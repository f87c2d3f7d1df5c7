"""What waits to be evaluated together: entries in, batches out. Times come in from outside.

A batch is due when it is full, or when its oldest entry has waited long enough. Only entries of one key share a batch;
of several that are due, the one comes first whose oldest entry has waited longest.

There may be as many keys as entries, so nothing here looks at all of them: they stand in line, the full ones apart.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Hashable, Iterable, Sequence
from itertools import islice
from typing import Any

from beamlike.kernel.record import frozen, slotted


@frozen
class Entry:
    """One input. Times are seconds of some clock; `deadline` may be `math.inf`."""

    id: int
    value: Any
    key: Hashable
    since: float
    deadline: float = math.inf


@slotted
class _Queue:
    """What waits of one key, in order."""

    number: int
    entries: dict[int, Entry]

    @property
    def since(self) -> float:
        """Of its oldest entry."""
        return next(iter(self.entries.values())).since


class _Line:
    """Queues, in the order of how long their oldest entries have waited; else the one that is older comes first."""

    def __init__(self) -> None:
        self._queues: dict[int, tuple[float, _Queue]] = {}
        # Also what is not in line any more, or at another place: that is passed over when its turn comes.
        self._turns: list[tuple[float, int]] = []

    def __len__(self) -> int:
        return len(self._queues)

    def put(self, queue: _Queue) -> None:
        """At the place that is right for it now."""
        since = queue.since
        self._queues[queue.number] = since, queue
        heapq.heappush(self._turns, (since, queue.number))
        if len(self._turns) > 2 * len(self._queues) + 8:
            self._turns = [(since, number) for number, (since, _) in self._queues.items()]
            heapq.heapify(self._turns)

    def remove(self, queue: _Queue) -> None:
        self._queues.pop(queue.number, None)

    def first(self) -> tuple[float, _Queue] | None:
        """With the time since which its oldest entry has waited."""
        while self._turns:
            since, number = self._turns[0]
            found = self._queues.get(number)
            if found is not None and found[0] == since:
                return found
            heapq.heappop(self._turns)
        return None


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
        self._size = size
        self.wait = wait
        self._waiting: dict[Hashable, _Queue] = {}
        self._keys: dict[int, Hashable] = {}
        self._full = _Line()
        self._not_full = _Line()
        self._number = 0
        self._deadlines: list[tuple[float, int]] = []

    def __len__(self) -> int:
        return len(self._keys)

    @property
    def size(self) -> int:
        return self._size

    @size.setter
    def size(self, size: int) -> None:
        self._size = size
        for queue in self._waiting.values():
            self._line_up(queue)

    def add(self, entry: Entry) -> None:
        queue = self._waiting.get(entry.key)
        if queue is None:
            self._number += 1
            queue = self._waiting[entry.key] = _Queue(self._number, {})
        queue.entries[entry.id] = entry
        self._keys[entry.id] = entry.key
        if len(queue.entries) in (1, self._size):
            self._line_up(queue)
        if entry.deadline < math.inf:
            heapq.heappush(self._deadlines, (entry.deadline, entry.id))

    def put_back(self, entries: Sequence[Entry]) -> None:
        """A batch that was taken and has not begun waits again, before those of its key that came later."""
        if not entries:
            return
        key = entries[0].key
        later = self._waiting.pop(key, None)
        for entry in entries:
            self.add(entry)
        if later is not None:
            self._leave(later)
            self._waiting[key].entries |= later.entries
            self._line_up(self._waiting[key])

    def drop(self, ids: Iterable[int]) -> None:
        """They are not wanted any more; who has been taken already is not here."""
        for id in ids:
            if id in self._keys:
                self._remove([id])

    def late(self, now: float) -> list[Entry]:
        """Those whose deadline has passed; they are gone from here."""
        found = []
        while self._deadlines and self._deadlines[0][0] <= now:
            _, id = heapq.heappop(self._deadlines)
            if id in self._keys:
                found += self._remove([id])
        return found

    def due_at(self, now: float) -> float | None:
        """When the next batch is due, which may be now; None while nothing waits."""
        first = self._not_full.first()
        times = [] if first is None else [first[0] + self.wait]
        return min([*times, now] if self.has_full else times, default=None)

    def next_deadline(self) -> float | None:
        while self._deadlines and self._deadlines[0][1] not in self._keys:
            heapq.heappop(self._deadlines)
        return self._deadlines[0][0] if self._deadlines else None

    def take(self, now: float) -> list[Entry]:
        """The batch that is due, in the order in which its entries came; empty if none is."""
        full, first = self._full.first(), self._not_full.first()
        waited = first if first is not None and first[0] + self.wait <= now else None
        due = [each for each in (full, waited) if each is not None]
        return self._take(min(due, key=lambda each: (each[0], each[1].number), default=None))

    def take_full(self) -> list[Entry]:
        """A batch to which nothing can be added any more; empty if none is there."""
        return self._take(self._full.first())

    @property
    def has_full(self) -> bool:
        return bool(len(self._full))

    def _take(self, first: tuple[float, _Queue] | None) -> list[Entry]:
        return [] if first is None else self._remove(list(islice(first[1].entries, self._size)))

    def _remove(self, ids: list[int]) -> list[Entry]:
        """They are of one key."""
        keys = [self._keys.pop(id) for id in ids]
        queue = self._waiting[keys[0]]
        entries = [queue.entries.pop(id) for id in ids]
        if queue.entries:
            self._line_up(queue)
        else:
            del self._waiting[keys[0]]
            self._leave(queue)
        return entries

    def _line_up(self, queue: _Queue) -> None:
        """Where it belongs, now that it has changed."""
        self._leave(queue)
        (self._full if len(queue.entries) >= self._size else self._not_full).put(queue)

    def _leave(self, queue: _Queue) -> None:
        self._full.remove(queue)
        self._not_full.remove(queue)
