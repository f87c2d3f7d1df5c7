"""What waits to leave for another node: small items in one queue, and parcels, of which a fragment each goes in turn.

So a large message does not delay those of other processes. What one process sends to another stays in order: behind a
parcel of a pair its later items wait, in the *lane* of that pair. Whom a name means is not known here: what a process
sends to one waits for all that it has under way, and from then on all that it sends waits in one lane.

Any thread may put something in; one at a time takes out.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from threading import RLock
from typing import Final, TypeAlias

import msgpack

from beamlike.distribution.batches import BATCH, FRAGMENT_SIZE, block, fragment
from beamlike.distribution.packing import Packed, batch, pack_ahead
from beamlike.distribution.terms_codec import LARGE, Buffer

PARCEL: Final = 64
"""The kind of the item that announces a parcel, beside those of `wire`."""

BATCH_SIZE: Final = 1 << 18
"""Bytes of items that are joined at once, about."""

Pair: TypeAlias = tuple[int, int | str]
"""Sender and receiver: ids of pids, or the name of the latter."""

_ANYBODY: Final = ""
"""The receiver of a lane that began with a name."""


class _Lane:
    """What one process has for another, from its first parcel on.

    `before` holds the lanes that come before it, and `mark` says how many items have left when it may go on.
    """

    def __init__(self, pair: Pair, before: set[_Lane], mark: int) -> None:
        self.pair = pair
        self.before = before
        self.mark = mark
        self.waiting: deque[Packed] = deque()
        self.fragments: Iterator[list[Buffer]] | None = None


class Outbox:
    def __init__(self) -> None:
        # One append is one step for every thread.
        self.items: list[bytes] = []
        self.lanes: dict[int, dict[int | str, _Lane]] = {}
        """By sender, then receiver."""
        self.small = 0
        """Bytes in `items`; about, if several threads send."""
        self.large = 0
        """Bytes in the lanes."""
        self.lock = RLock()
        self._turns: deque[_Lane] = deque()
        self._parcels = 0
        # How many items have left, and how many will have left when all is heard that went ahead.
        self._taken = 0
        self._news = 0

    def __len__(self) -> int:
        """Bytes that wait."""
        return self.small + self.large

    def put(self, pair: Pair, packed: Packed) -> None:
        with self.lock:
            lane = self._lane(pair, _is_large(packed))
            if lane is None:
                self.put_item(packed.data)
            else:
                lane.mark = max(lane.mark, self._news)
                lane.waiting.append(packed)
                self.large += packed.size

    def put_ahead(self, news: Sequence[bytes]) -> None:
        """What the other side's codec is to hear before anything that is put in from now on."""
        if news:
            with self.lock:
                for ahead in news:
                    self.put_item(pack_ahead(ahead))
                self._news = self._taken + len(self.items)

    def put_item(self, data: bytes) -> None:
        """An item of which no other of its pair is under way."""
        self.items.append(data)
        self.small += len(data)

    def take(self) -> list[Buffer]:
        """What is to be written next; nothing if nothing waits."""
        out = self._batch()
        if self.lanes:
            with self.lock:
                out += self._next_of_lanes()
        return out

    def clear(self) -> None:
        with self.lock:
            self.items.clear()
            self.lanes.clear()
            self._turns.clear()
            self.small = self.large = 0

    def _batch(self) -> list[Buffer]:
        items = self.items
        if not items:
            return []
        count = len(items)
        if self.small > BATCH_SIZE:
            count = max(1, count * BATCH_SIZE // self.small)
        data = batch(items[:count])
        while len(data) > 2 * BATCH_SIZE and count > 1:  # the first ones are larger than most
            count //= 2
            data = batch(items[:count])
        with self.lock:
            del items[:count]
            self._taken += count
        self.small = max(0, self.small - len(data)) if items else 0
        return block(BATCH, data)

    def _next_of_lanes(self) -> list[Buffer]:
        while lane := next((lane for lane in self._turns if lane.mark <= self._taken), None):
            self._turns.remove(lane)
            out = self._next_of(lane)
            if lane.fragments is not None or lane.waiting:
                self._turns.append(lane)
            else:
                self._end(lane)
            if out:
                return out
        return []

    def _next_of(self, lane: _Lane) -> list[Buffer]:
        out = self._begin(lane) if lane.fragments is None else []
        if lane.fragments is not None:
            part = next(lane.fragments, None)
            if part is None:
                lane.fragments = None
            else:
                self.large -= len(part[-1])
                out += part
        return out

    def _begin(self, lane: _Lane) -> list[Buffer]:
        """Items, up to the lane's next parcel and the news that this comes."""
        items: list[bytes] = []
        size = 0
        while lane.waiting and size < BATCH_SIZE:
            packed = lane.waiting.popleft()
            if not _is_large(packed):
                size += len(packed.data)
                items.append(packed.data)
                continue
            self._parcels = self._parcels + 1 & 0xFFFFFFFF
            parts: Sequence[Buffer] = (packed.data, *packed.buffers)
            sizes = [-len(part) if type(part) is bytes else _length(part) for part in packed.buffers]
            items.append(msgpack.packb([PARCEL, self._parcels, [len(packed.data), *sizes]]))
            lane.fragments = _fragments(self._parcels, parts)
            break
        self.large -= size
        return block(BATCH, batch(items)) if items else []

    def _lane(self, pair: Pair, is_large: bool) -> _Lane | None:
        """The lane that an item of the pair belongs to; None if it may leave at once."""
        source, target = pair
        lanes = self.lanes.get(source, {})
        lane = lanes.get(_ANYBODY) or lanes.get(target)
        by_name = isinstance(target, str)
        if lane is not None or not (is_large or (by_name and lanes)):
            return lane
        return self._open((source, _ANYBODY), set(lanes.values())) if by_name else self._open(pair, set())

    def _open(self, pair: Pair, before: set[_Lane]) -> _Lane:
        source, target = pair
        lane = _Lane(pair, before, self._taken + len(self.items))
        self.lanes.setdefault(source, {})[target] = lane
        if not before:
            self._turns.append(lane)
        return lane

    def _end(self, lane: _Lane) -> None:
        source, target = lane.pair
        lanes = self.lanes[source]
        del lanes[target]
        if not lanes:
            del self.lanes[source]
        behind = lanes.get(_ANYBODY)
        if behind is not None:
            behind.before.remove(lane)
            if not behind.before:
                self._turns.append(behind)


def _fragments(number: int, parts: Sequence[Buffer]) -> Iterator[list[Buffer]]:
    for part in parts:
        view = memoryview(part).cast("B") if _length(part) else memoryview(b"")
        for start in range(0, view.nbytes, FRAGMENT_SIZE):
            yield fragment(number, view[start : start + FRAGMENT_SIZE])


def _length(part: Buffer) -> int:
    return memoryview(part).nbytes


def _is_large(packed: Packed) -> bool:
    return bool(packed.buffers) or len(packed.data) > LARGE
