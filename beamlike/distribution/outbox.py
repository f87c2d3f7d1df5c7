"""What waits to leave for another node: small items in one queue, and parcels, of which a fragment each goes in turn.

So a large message does not delay those of other processes. What one process sends to another stays in order: behind a
parcel of a pair its later items wait, in the *lane* of that pair. Whom a name means is not known here, so that between
a process and a name waits for all that the process has under way, and the other way round.

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


class _Lane:
    """What one process has for another, from its first parcel on.

    `after` holds the lanes that come before it, and `mark` says how many items have left when it may go on.
    """

    def __init__(self, pair: Pair, after: set[_Lane], mark: int) -> None:
        self.pair = pair
        self.after = after
        self.mark = mark
        self.waiting: deque[Packed] = deque()
        self.fragments: Iterator[list[Buffer]] | None = None


class Outbox:
    def __init__(self) -> None:
        # One append is one step for every thread.
        self.items: list[bytes] = []
        self.lanes: dict[Pair, _Lane] = {}
        self.small = 0
        """Bytes in `items`; about, if several threads send."""
        self.large = 0
        """Bytes in the lanes."""
        self.lock = RLock()
        self._turns: deque[_Lane] = deque()
        self._parcels = 0
        self._taken = 0

    def __len__(self) -> int:
        """Bytes that wait."""
        return self.small + self.large

    def put(self, pair: Pair, packed: Packed) -> None:
        with self.lock:
            is_large = _is_large(packed)
            if not is_large and not self.lanes:
                self.put_item(packed.data)
                return
            lane = self.lanes.get(pair)
            if lane is None:
                before = self._before(pair)
                if not is_large and not before:
                    self.put_item(packed.data)
                    return
                lane = self.lanes[pair] = _Lane(pair, before, self._taken + len(self.items))
                if not before:
                    self._turns.append(lane)
            elif packed.ahead:
                lane.mark = self._taken + len(self.items)
            lane.waiting.append(packed)
            self.large += packed.size

    def put_ahead(self, news: Sequence[bytes]) -> None:
        """What the other side's codec is to hear before anything that is put in from now on."""
        for ahead in news:
            self.put_item(pack_ahead(ahead))

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
        del items[:count]
        self._taken += count
        self.small = max(0, self.small - len(data)) if items else 0
        return block(BATCH, data)

    def _next_of_lanes(self) -> list[Buffer]:
        lane = next((lane for lane in self._turns if lane.mark <= self._taken), None)
        if lane is None:
            return []
        self._turns.remove(lane)
        out: list[Buffer] = []
        if lane.fragments is None:
            out += self._begin(lane)
        if lane.fragments is not None:
            part = next(lane.fragments, None)
            if part is not None:
                self.large -= len(part[-1])
                out += part
                self._turns.append(lane)
                return out
            lane.fragments = None
        if lane.waiting:
            self._turns.appendleft(lane)
        else:
            self._end(lane)
        return out or self._next_of_lanes()

    def _begin(self, lane: _Lane) -> list[Buffer]:
        """The items up to the lane's next parcel, and the news that this comes."""
        items: list[bytes] = []
        while lane.waiting:
            packed = lane.waiting.popleft()
            if not _is_large(packed):
                self.large -= len(packed.data)
                items.append(packed.data)
                continue
            self._parcels = self._parcels + 1 & 0xFFFFFFFF
            parts: Sequence[Buffer] = (packed.data, *packed.buffers)
            sizes = [-len(part) if type(part) is bytes else _length(part) for part in packed.buffers]
            items.append(msgpack.packb([PARCEL, self._parcels, [len(packed.data), *sizes]]))
            lane.fragments = _fragments(self._parcels, parts)
            break
        return block(BATCH, batch(items)) if items else []

    def _end(self, lane: _Lane) -> None:
        del self.lanes[lane.pair]
        for other in self.lanes.values():
            if lane in other.after:
                other.after.remove(lane)
                if not other.after:
                    self._turns.append(other)

    def _before(self, pair: Pair) -> set[_Lane]:
        """The lanes that may lead to the same process."""
        source, target = pair
        by_name = isinstance(target, str)
        return {
            lane
            for (other_source, other_target), lane in self.lanes.items()
            if other_source == source and (by_name or isinstance(other_target, str))
        }


def _fragments(number: int, parts: Sequence[Buffer]) -> Iterator[list[Buffer]]:
    for part in parts:
        view = memoryview(part).cast("B") if _length(part) else memoryview(b"")
        for start in range(0, view.nbytes, FRAGMENT_SIZE):
            yield fragment(number, view[start : start + FRAGMENT_SIZE])


def _length(part: Buffer) -> int:
    return memoryview(part).nbytes


def _is_large(packed: Packed) -> bool:
    return bool(packed.buffers) or len(packed.data) > LARGE
