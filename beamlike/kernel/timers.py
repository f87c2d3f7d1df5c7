"""Timers: a message after some seconds, once or again and again.

The timers of an event loop stand in a heap, and the loop itself has one timer, for the first of them: so they fire in
the order of their deadlines whatever the loop's resolution, ties in the order in which they were set, and a hundred
thousand of them cost the loop nothing. A cancelled one stays in the heap until its time, or until half of the heap is
such. Any thread may set, read and cancel: whoever takes a timer out of `_pending` first decides what becomes of it.

As on the BEAM, a timer is nobody's: it outlives the process that set it, a name is looked up when it fires, and a
message to a process that has ended vanishes. There is no order between its message and those of processes.
"""

from __future__ import annotations

import asyncio
import logging
import math
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING, Any

from beamlike.kernel import current
from beamlike.kernel import functions as kernel
from beamlike.kernel.copying import COPIES, copied
from beamlike.kernel.record import frozen, slotted
from beamlike.kernel.scheduler import Scheduler, scheduler_of
from beamlike.kernel.terms import Address, Alias, Pid, Ref, RemoteName

if TYPE_CHECKING:
    from beamlike.kernel.node import LocalNode

logger = logging.getLogger("beamlike.timers")

BUDGET = 512
"""So many fire between two looks at the sockets."""

SPARE = 64
"""So many cancelled timers are never worth a sweep."""


@frozen
class Timer:
    """What `send_after` and `send_interval` return: give it to `cancel_timer` or `read_timer` on the same node."""

    ref: Ref


def send_after(to: Address, message: Any, seconds: float) -> Timer:
    """Sends `message` to `to`, a pid, a name, (name, node) or an alias, when so many seconds have passed.

    The timer lives in the running event loop; set in a plain thread, in that of the node. ValueError for a negative or
    infinite time.

    >>> import asyncio, beamlike as bl
    >>> async def main():
    ...     async with bl.Node("doc@127.0.0.1"):
    ...         timer = send_after(bl.self(), "late", 3600)
    ...         send_after(bl.self(), "soon", 0.001)
    ...         return await bl.receive(timeout=5), cancel_timer(timer) > 3590, cancel_timer(timer)
    >>> asyncio.run(main())
    ('soon', True, None)
    """
    return _set(to, message, _checked(seconds), None)


def send_interval(to: Address, message: Any, seconds: float) -> Timer:
    """Sends `message` every so many seconds, for the first time when they have passed, until it is cancelled or `to`,
    the pid of a process of this node, has ended.

    It does not drift: the messages come at whole multiples of `seconds`. A loop that was blocked for longer than that
    gets one message for all that it missed. ValueError unless `seconds` is above 0.
    """
    if _checked(seconds) == 0:
        raise ValueError("expected an interval above 0 seconds, got 0; to send at once use bl.send")
    return _set(to, message, seconds, seconds)


def cancel_timer(timer: Timer) -> float | None:
    """Takes the timer back and returns how many seconds were left, for an interval until its next message.

    None if it has fired, was cancelled, or is of another node; then its message may be in the mailbox already.
    """
    found = _find(timer)
    return found[0].cancel(found[1]) if found is not None else None


def read_timer(timer: Timer) -> float | None:
    """How many seconds are left; None as for `cancel_timer`."""
    found = _find(timer)
    return found[0].remaining(found[1].at) if found is not None else None


def cancel_all(node: LocalNode) -> None:
    """Takes back every timer of a node: for its halt."""
    for alarms in tuple(_alarms.values()):
        alarms.cancel_all(node)


@slotted
class _Alarm:
    number: int
    at: float
    interval: float | None
    node: LocalNode
    to: Pid | Alias | RemoteName
    message: Any

    def is_over(self) -> bool:
        """Whether its node has stopped, or it is an interval for a process of that node that has ended."""
        if self.node not in current.running_nodes():
            return True
        if self.interval is None or isinstance(self.to, tuple):
            return False
        pid = self.to if isinstance(self.to, Pid) else self.to.pid
        if pid.node != self.node.name:
            return False
        with current.at(self.node):
            return not kernel.is_alive(pid)


class _Alarms:
    """The timers of one event loop."""

    __slots__ = ("_handle", "_heap", "_pending", "_scheduler")

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        self._pending: dict[int, _Alarm] = {}
        # Touched in the loop's thread only.
        self._heap: list[tuple[float, int, _Alarm]] = []
        self._handle: asyncio.TimerHandle | None = None

    # In any thread.

    def add(self, alarm: _Alarm) -> None:
        self._pending[alarm.number] = alarm
        self._scheduler.call(self._push, alarm)

    def get(self, number: int) -> _Alarm | None:
        return self._pending.get(number)

    def now(self) -> float:
        return self._scheduler.loop.time()

    def remaining(self, at: float) -> float:
        return max(0.0, at - self.now())

    def cancel(self, alarm: _Alarm) -> float | None:
        if self._pending.pop(alarm.number, None) is None:
            return None
        if not self._pending or len(self._heap) > 2 * len(self._pending) + SPARE:
            self._scheduler.call(self._sweep)
        return self.remaining(alarm.at)

    def cancel_all(self, node: LocalNode) -> None:
        for alarm in tuple(self._pending.values()):
            if alarm.node is node:
                self._pending.pop(alarm.number, None)
        self._scheduler.call(self._sweep)

    # In the loop's thread.

    def _push(self, alarm: _Alarm) -> None:
        if alarm.number not in self._pending:  # another thread was quick to cancel it
            return
        heappush(self._heap, (alarm.at, alarm.number, alarm))
        if self._heap[0][2] is alarm:
            self._arm()

    def _arm(self) -> None:
        """Has the loop wake us for the first of the heap, and not at all for an empty one."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None
        while self._heap and self._heap[0][1] not in self._pending:
            heappop(self._heap)
        loop = self._scheduler.loop
        if self._heap and not loop.is_closed():
            at = self._heap[0][0]
            self._handle = loop.call_at(at, self._ring, at, context=self._scheduler.context)

    def _sweep(self) -> None:
        """Takes the cancelled ones out of the heap."""
        self._heap = [entry for entry in self._heap if entry[1] in self._pending]
        heapify(self._heap)
        self._arm()

    def _ring(self, due: float) -> None:
        now = max(due, self.now())
        budget = BUDGET
        try:
            while budget and self._heap and self._heap[0][0] <= now:
                budget -= 1
                self._fire(heappop(self._heap)[2], now)
        finally:
            self._arm()

    def _fire(self, alarm: _Alarm, now: float) -> None:
        if alarm.is_over():
            self._pending.pop(alarm.number, None)
        elif alarm.interval is None:
            if self._pending.pop(alarm.number, None) is not None:
                _send(alarm)
        elif alarm.number in self._pending:
            alarm.at = _next_multiple(alarm.at, alarm.interval, now)
            heappush(self._heap, (alarm.at, alarm.number, alarm))
            _send(alarm)


_alarms: dict[asyncio.AbstractEventLoop, _Alarms] = {}


def _alarms_here(node: LocalNode) -> _Alarms:
    """Those of the running loop; of the node's own in a thread that has none."""
    try:
        scheduler = scheduler_of(asyncio.get_running_loop())
    except RuntimeError:
        scheduler = node.scheduler
    alarms = _alarms.get(scheduler.loop)
    if alarms is None:
        for closed in [loop for loop in tuple(_alarms) if loop.is_closed()]:
            _alarms.pop(closed, None)
        alarms = _alarms.setdefault(scheduler.loop, _Alarms(scheduler))
    return alarms


def _set(to: Address, message: Any, seconds: float, interval: float | None) -> Timer:
    node = current.current_node()
    ref = kernel.make_ref()
    alarms = _alarms_here(node)
    if COPIES:
        message = copied(message)
    alarms.add(_Alarm(ref.id, alarms.now() + seconds, interval, node, _address(to, node), message))
    return Timer(ref)


def _find(timer: Timer) -> tuple[_Alarms, _Alarm] | None:
    if not isinstance(timer, Timer):
        raise TypeError(f"expected a timer, as send_after returns it, got {timer!r}")
    for alarms in tuple(_alarms.values()):
        alarm = alarms.get(timer.ref.id)
        if alarm is not None and not alarm.is_over():
            return alarms, alarm
    return None


def _send(alarm: _Alarm) -> None:
    try:
        with current.at(alarm.node):
            kernel.send(alarm.to, alarm.message)
    except Exception:  # it cannot travel, and nobody is there to be told
        logger.exception("the message of a timer to %s could not be sent", alarm.to)


def _next_multiple(at: float, interval: float, now: float) -> float:
    """The next time after `now` in the row that `at` belongs to.

    >>> _next_multiple(10.0, 2.0, 10.1), _next_multiple(10.0, 2.0, 15.0)
    (12.0, 16.0)
    """
    missed = max(0, math.floor((now - at) / interval))
    return at + interval * (missed + 1)


def _checked(seconds: float) -> float:
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise TypeError(f"expected a number of seconds, got {seconds!r}")
    if not (math.isfinite(seconds) and seconds >= 0):
        raise ValueError(f"expected a finite number of seconds, 0 or more, got {seconds!r}")
    return seconds


def _address(to: object, node: LocalNode) -> Pid | Alias | RemoteName:
    match to:
        case Pid() | Alias():
            return to
        case str(name):
            return name, node.name
        case (str(name), str(home)):
            return name, home
        case _:
            raise TypeError(f"expected a pid, a name, (name, node) or an alias, got {to!r}")
