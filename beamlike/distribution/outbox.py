"""What waits to leave for another node: small items in one queue, and parcels, of which a stride each goes in turn.

So a large message does not delay those of other processes. What one process sends to another stays in order: behind a
parcel of a pair its later items wait, in the *lane* of that pair. Whom a name means is not known here: what a process
sends to one waits for all that it has under way, and from then on all that it sends waits in one lane.

Any thread may put something in; one at a time takes out.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from itertools import accumulate
from threading import RLock
from typing import Final, TypeAlias

from beamlike.distribution.batches import BATCH, block
from beamlike.distribution.packing import Packed, batch, pack_ahead
from beamlike.distribution.parcels import Lend, Stride, is_large, strides
from beamlike.distribution.terms_codec import Buffer

SMALL: Final = 1 << 12
"""Bytes of items that are quicker copied than written in parts."""

BATCH_SIZE: Final = 1 << 18
"""Bytes of items that are joined at once, about."""

Pair: TypeAlias = tuple[int, int | str]
"""Sender and receiver: ids of pids, or the name of the latter."""

_ANYBODY: Final = ""
"""The receiver of a lane that began with a name."""


class _Lane:
    """What one process has for another, from its first parcel on.

    `before` holds the lanes that come before it, `behind` those that it comes before itself, and `mark` says how many
    items have left when it may go on. `children` are begun by spawns that are in it.
    """

    def __init__(self, pair: Pair, before: set[_Lane], mark: int) -> None:
        self.pair = pair
        self.before = before
        self.behind: list[_Lane] = []
        self.mark = mark
        self.children: list[int] = []
        # Each with the lane, if any, in which the spawn of its receiver waits.
        self.waiting: deque[tuple[Packed, _Lane | None]] = deque()
        self.has_ended = False
        self.strides: Iterator[Stride] | None = None
        # Whether its parcel is being copied, so that a stride of it has nothing to write.
        self.copies = False
        # The first stride after that, if it was made while nothing could be written.
        self.made: Stride | None = None


class Outbox:
    def __init__(self) -> None:
        # One append is one step for every thread.
        self.items: list[bytes] = []
        self.lanes: dict[int, dict[int | str, _Lane]] = {}
        """By sender, then receiver."""
        self.unborn: dict[int, _Lane] = {}
        """The lanes of children whose spawns wait: nobody's signals to them may come first."""
        self.small = 0
        """Bytes in `items`; about, if several threads send."""
        self.large = 0
        """Bytes in the lanes."""
        self.lend: Lend | None = None
        """Gives shared memory for a buffer, where the other side can map it."""
        self.lock = RLock()
        self._turns: deque[_Lane] = deque()
        self._parcels = 0
        # How many items have left, and how many will have left when all is heard that went ahead.
        self._taken = 0
        self._news = 0

    def __len__(self) -> int:
        """Bytes that wait."""
        return self.small + self.large

    def put(self, pair: Pair, packed: Packed, child: int | None = None) -> None:
        """Something of a pair; `child` is the id of the process that it spawns, if it does."""
        with self.lock:
            lane = self._lane(pair, large=is_large(packed))
            if lane is None:
                self.put_item(packed.data)
            else:
                if child is not None:
                    lane.children.append(child)
                    self.unborn[child] = lane
                lane.mark = max(lane.mark, self._news)
                lane.waiting.append((packed, self.unborn.get(pair[1]) if isinstance(pair[1], int) else None))
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

    def take_small(self) -> bytes | None:
        """The short way, if all that waits are a few small items: a block of them, in one."""
        if self.lanes or not self.items or self.small > SMALL:
            return None
        return b"".join(self._batch())

    @property
    def copies(self) -> bool:
        """Whether a parcel is being copied: take again in a moment, though there be nothing to write."""
        return bool(self.lanes) and any(lane.copies for lane in tuple(self._turns))

    def take(self, *, copying: bool = True) -> list[Buffer]:
        """What is to be written next; nothing if nothing waits. Of a parcel that is being copied the next stride is
        copied, if `copying`: then there may be nothing to write, either."""
        out = self._batch()
        if self.lanes:
            with self.lock:
                out += self._next_of_lanes(copying)
        return out

    def take_all(self) -> Iterator[list[Buffer]]:
        """All that is to be written."""
        while (parts := self.take()) or self.copies:
            if parts:
                yield parts

    def clear(self) -> None:
        with self.lock:
            self.items.clear()
            self.lanes.clear()
            self.unborn.clear()
            self._turns.clear()
            self.small = self.large = 0

    def _batch(self) -> list[Buffer]:
        items = self.items
        if not items:
            return []
        count = len(items) if self.small <= BATCH_SIZE else _how_many_fill(BATCH_SIZE, items)
        data = batch(items[:count])
        with self.lock:
            del items[:count]
            self._taken += count
        self.small = max(0, self.small - len(data)) if items else 0
        return block(BATCH, data)

    def _next_of_lanes(self, copying: bool) -> list[Buffer]:
        while lane := self._lane_in_turn(copying):
            self._turns.remove(lane)
            out = self._next_of(lane)
            if lane.strides is None and not lane.waiting:
                self._end(lane)
            elif not lane.before:
                self._turns.append(lane)
            if out or lane.copies:
                return out
        return []

    def _lane_in_turn(self, copying: bool) -> _Lane | None:
        for lane in self._turns:
            if lane.mark <= self._taken and (copying or not lane.copies):
                return lane
        return None

    def _next_of(self, lane: _Lane) -> list[Buffer]:
        out = self._begin(lane) if lane.strides is None else []
        if lane.strides is not None:
            stride, lane.made = lane.made or next(lane.strides, None), None
            if stride is None:
                lane.strides = None
            else:
                self.large -= stride.done
                lane.copies = not stride.blocks
                out += stride.blocks
        return out

    def copy_on(self) -> None:
        """Goes on with what is being copied, while nothing can be written."""
        with self.lock:
            lane = next((lane for lane in self._turns if lane.copies), None)
            if lane is None or lane.strides is None:
                return
            self._turns.remove(lane)
            self._turns.append(lane)
            stride = next(lane.strides)
            if stride.blocks:
                lane.copies, lane.made = False, stride
            else:
                self.large -= stride.done

    def _begin(self, lane: _Lane) -> list[Buffer]:
        """Items, up to the lane's next parcel, which begins."""
        items: list[bytes] = []
        size = 0
        while lane.waiting and size < BATCH_SIZE:
            packed, birth = lane.waiting[0]
            if birth is not None and self._must_wait(lane, birth):
                break
            lane.waiting.popleft()
            if is_large(packed):
                self._parcels = self._parcels + 1 & 0xFFFFFFFF
                lane.strides = strides(self._parcels, packed, self.lend)
                break
            size += len(packed.data)
            items.append(packed.data)
        self.large -= size
        return block(BATCH, batch(items)) if items else []

    def _must_wait(self, lane: _Lane, birth: _Lane) -> bool:
        """Has a lane wait for the spawn of who its next item is for, unless that one waits for this lane itself."""
        if birth is lane or birth.has_ended:
            return False
        reached, found = [birth], {birth}
        for other in reached:
            reached += other.before - found
            found |= other.before
        if lane in found:
            return False
        lane.before.add(birth)
        birth.behind.append(lane)
        return True

    def _lane(self, pair: Pair, *, large: bool) -> _Lane | None:
        """The lane that an item of the pair belongs to; None if it may leave at once."""
        source, target = pair
        lanes = self.lanes.get(source, {})
        lane = lanes.get(_ANYBODY) or lanes.get(target)
        if lane is not None:
            return lane
        if isinstance(target, str):
            return self._open((source, _ANYBODY), set(lanes.values())) if large or lanes else None
        birth = self.unborn.get(target)
        return self._open(pair, {birth} if birth is not None else set()) if large or birth is not None else None

    def _open(self, pair: Pair, before: set[_Lane]) -> _Lane:
        source, target = pair
        lane = _Lane(pair, before, self._taken + len(self.items))
        self.lanes.setdefault(source, {})[target] = lane
        for other in before:
            other.behind.append(lane)
        if not before:
            self._turns.append(lane)
        return lane

    def _end(self, lane: _Lane) -> None:
        lane.has_ended = True
        source, target = lane.pair
        lanes = self.lanes[source]
        del lanes[target]
        if not lanes:
            del self.lanes[source]
        for child in lane.children:
            self.unborn.pop(child, None)
        for other in lane.behind:
            other.before.remove(lane)
            if not other.before:
                self._turns.append(other)


def _how_many_fill(size: int, items: list[bytes]) -> int:
    filled = enumerate(accumulate(map(len, items)), 1)
    return next((count for count, bytes_of_items in filled if bytes_of_items >= size), len(items))
