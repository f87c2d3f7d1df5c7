"""Items that wait for something that a term in them needs: code that is on its way, or an environment being made.

Whatever the same process sends afterwards waits behind, so that its signals stay in order; others go on. What is for a
process whose spawn waits, waits with that spawn, whoever sends it.

When much is held back, no more should be read, so that the other side's senders wait instead. Not, of course, while
something is awaited that comes by this very connection.

Whoever makes ready what is awaited may do so long after the connection is over: it holds only a weak reference.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from dataclasses import field, replace
from typing import Any, Final
from weakref import ref

from beamlike.distribution.packing import Packing, Pending, Undecodable
from beamlike.distribution.parcels import NEWS
from beamlike.distribution.wire import APPLY, SPAWN, Item, receiver_of, sender_of
from beamlike.kernel.record import slotted
from beamlike.kernel.terms import ExceptionInfo, Reply

BOUND: Final = 1 << 26
"""Bytes of what is held back, as they came."""


@slotted
class _Queue:
    """What waits of one sender: items and their sizes; the first has a term that is pending, until `ready` is done."""

    ready: Future[Any]
    items: deque[tuple[Item, int]] = field(default_factory=deque)


class HeldBack:
    """`something_is_ready` is called, in whatever thread, when there is sense in `go_on`."""

    def __init__(self, packing: Packing, something_is_ready: Callable[[], None]) -> None:
        self._packing = packing
        self._something_is_ready = something_is_ready
        self._queues: dict[object, _Queue] = {}
        """By sender."""
        self._unborn: dict[object, object] = {}
        """Who is spawned by an item in a queue, to the sender whose queue that is."""
        self._size = 0

    def __len__(self) -> int:
        return sum(len(queue.items) for queue in self._queues.values())

    @property
    def is_full(self) -> bool:
        """Whether no more should be read until something is ready."""
        return self._size > BOUND and not any(
            pending.by_this_way for queue in self._queues.values() for pending in _pending_in(queue.items[0][0])
        )

    def pass_on(self, items: list[Item], sizes: Iterable[int]) -> list[Item]:
        """Those that may be delivered; the others are kept. Each has come in so many bytes."""
        self._packing.has_pending = False
        return [item for item, size in zip(items, sizes, strict=False) if not self._keeps(item, size)]

    def go_on(self) -> list[Item]:
        """Those that may be delivered by now, in their order."""
        delivered = [item for sender in tuple(self._queues) for item in self._ready_of(sender)]
        self._packing.has_pending = False
        return delivered

    def _keeps(self, item: Item, size: int) -> bool:
        if item[0] in NEWS:
            return False
        sender = sender_of(item)
        sender = self._unborn.get(receiver_of(item), sender)
        queue = self._queues.get(sender)
        if queue is None:
            first = next(_pending_in(item), None)
            if first is None:
                return False
            queue = self._queues[sender] = _Queue(first.ready)
            self._await(first.ready)
        queue.items.append((item, size))
        self._size += size
        if item[0] in (SPAWN, APPLY):
            self._unborn[receiver_of(item)] = sender
        return True

    def _await(self, ready: Future[Any]) -> None:
        here = ref(self)

        def wake(_ready: Future[Any]) -> None:
            held = here()
            if held is not None:
                held._something_is_ready()

        ready.add_done_callback(wake)

    def _ready_of(self, sender: object) -> Iterator[Item]:
        queue = self._queues[sender]
        while queue.items:
            item, size = queue.items[0]
            item = self._decoded(item)
            queue.items[0] = item, size
            still = next(_pending_in(item), None)
            if still is not None:
                if still.ready is not queue.ready or still.ready.done():
                    queue.ready = still.ready
                    self._await(still.ready)
                return
            del queue.items[0]
            self._size -= size
            yield item
        del self._queues[sender]
        self._unborn = {child: parent for child, parent in self._unborn.items() if parent != sender}

    def _decoded(self, part: Any) -> Any:
        match part:
            case Pending(data, buffers, ready, _):
                return self._packing.decoded(data, buffers) if ready.done() else part
            case ExceptionInfo(exception=Pending() as pending):
                exception = self._decoded(pending)
                return replace(part, exception=None if isinstance(exception, Undecodable) else exception)
            case Reply(ref, value):
                return Reply(ref, self._decoded(value))
            case list():
                return [self._decoded(one) for one in part]
            case tuple() if type(part) is tuple:
                return tuple(self._decoded(one) for one in part)
            case dict():
                return {key: self._decoded(value) for key, value in part.items()}
            case _:
                return part


def _pending_in(part: Any) -> Iterator[Pending]:
    kind = type(part)
    if kind is Pending:
        yield part
    elif kind is Reply:
        yield from _pending_in(part.value)
    elif kind is ExceptionInfo:
        yield from _pending_in(part.exception)
    elif kind is list or kind is tuple:
        for one in part:
            yield from _pending_in(one)
    elif kind is dict:
        yield from _pending_in(list(part.values()))
