"""The keeper of a node: holds the values that stay there, knows who else holds references, and tells its neighbours.

    any thread      ──event──► `happens`: counted at once (`counting`), under a lock
    a finalizer     ──event──► `garbage`: counted soon, for it may run within anything and must not wait
    keeper process  ──Note──► keeper processes of other nodes; it frees values, and watches the others

One for each node, made when it is first needed, on the loop that user code does not hold up. A keeper is named by its
pid to others, so a node that was started anew under its old name is another one. It monitors each keeper that it has
to do with: one whose node is lost, or is taken for lost since it was silent for too long (see `tick_time` of a node),
holds nothing any more, and what was held through it is lost.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable
from contextvars import Context
from dataclasses import dataclass, field
from threading import RLock
from typing import Any

import beamlike as bl
from beamlike.kernel.current import current_node
from beamlike.kernel.node import LocalNode
from beamlike.kernel.record import frozen
from beamlike.kernel.signals import Send
from beamlike.kernel.terms import NOCONNECTION
from flame.tracking.counting import (
    Arrived,
    CameHome,
    Claim,
    Dropped,
    Event,
    Free,
    Heard,
    HolderDown,
    Holding,
    Kept,
    Lost,
    Note,
    Pinned,
    Tell,
    TimePassed,
    Token,
    apply,
)

logger = logging.getLogger("flame.tracking")

NAME = "flame.keeper"

TRANSIT_SECONDS = 60.0
"""How long a reference may be under way from one node to the next."""

NOT_KEPT = "it was released, or its keeper has ended"

_WAKE = "wake"

Id = bl.Ref


@frozen
class Noted:
    """A note about the reference `id`, between keepers."""

    id: Id
    sender: bl.Pid
    note: Note


@dataclass(slots=True)
class Value:
    """What stays here, and what is to be done when it is freed."""

    value: Any
    then: list[Callable[[], None]] = field(default_factory=list)


class Keeper:
    """For any thread. Made by `keeper_of` and `keeper_here`."""

    def __init__(self, node: LocalNode) -> None:
        self.node = node
        self._holdings: dict[Id, Holding] = {}
        self._values: dict[Id, Value] = {}
        self._events: deque[tuple[Id, Event]] = deque()
        self._tells: deque[tuple[Id, Tell]] = deque()
        self._freed: deque[Value] = deque()
        self._pins: deque[tuple[float, Id]] = deque()
        """By when they end, all that were made so far, claimed or not."""
        self._watched: dict[bl.Ref, bl.Pid] = {}
        self._next_token = 1
        # The same thread may come again: whatever allocates may collect garbage, and so run anybody's code.
        self._lock = RLock()
        self._counts = False
        self._woken = False
        self._context = Context()
        self._scheduler = node.output_scheduler
        process = node.start_process(self._run, (), scheduler=self._scheduler, context=Context())
        self.pid = process.pid
        node.register(NAME, self.pid)
        self._scheduler.call(self._scheduler.ready, process)

    @property
    def is_alive(self) -> bool:
        return self.node.process(self.pid) is not None

    # The home's part.

    def keep(self, value: Any, then: Callable[[], None] | None) -> Id:
        """Keeps a value for as long as it is needed; its first copy is counted."""
        id = self.node.make_ref()
        with self._lock:
            self._values[id] = Value(value, [then] if then is not None else [])
            self.happens(id, Kept())
        return id

    def value(self, id: Id) -> Value | None:
        """None if it does not stay here."""
        return self._values.get(id)

    def when_freed(self, id: Id, then: Callable[[], None]) -> None:
        """Has `then` called, on the keeper's loop, once the value is freed; soon, if it does not stay here."""
        with self._lock:
            known = self._values.get(id)
            if known is not None:
                known.then.append(then)
                return
            self._freed.append(Value(None, [then]))
        self._wake()

    # Everybody's part.

    def happens(self, id: Id, event: Event) -> None:
        """Counts it."""
        self._events.append((id, event))
        self._count()

    def garbage(self, id: Id) -> None:
        """A copy is gone. May be called within anything, also while this thread counts."""
        self._events.append((id, Dropped()))
        self._wake()

    def pin(self, id: Id, token: Token | None) -> Token:
        """Keeps a reference while it is under way by that token, or by a new one if that has arrived or is none."""
        with self._lock:
            known = self._holdings.get(id)
            if token is None or known is None or token not in known.pins:
                token, self._next_token = self._next_token, self._next_token + 1
            until = time.monotonic() + TRANSIT_SECONDS
            self.happens(id, Pinned(token, until))
            self._pins.append((until, id))
        self._wake()
        return token

    def arrives(self, id: Id, home: bl.Pid, sender: bl.Pid, token: Token) -> Value | None:
        """The value, if this is its home and it is still here; else a copy is counted."""
        from_elsewhere = None if sender == self.pid else sender
        with self._lock:
            if home != self.pid:
                self.happens(id, Arrived(from_elsewhere, token, self._next_token))
                return None
            known = self._values.get(id)
            self.happens(id, CameHome(from_elsewhere, token))
            return known

    def via(self, id: Id) -> bl.Pid | None:
        """The keeper of the node to ask about it."""
        known = self._holdings.get(id)
        return known.via if known is not None and isinstance(known.via, bl.Pid) else None

    def lost(self, id: Id) -> str:
        """Why its value is gone, in words; empty if that is not known to be so."""
        known = self._holdings.get(id)
        return known.lost if known is not None else NOT_KEPT

    def _count(self) -> None:
        with self._lock:
            if self._counts:
                return
            self._counts = True
            try:
                while self._events:
                    self._apply(*self._events.popleft())
            finally:
                self._counts = False
        if self._tells or self._freed:
            self._wake()

    def _apply(self, id: Id, event: Event) -> None:
        holding, effects = apply(self._holdings.get(id), event)
        if holding is None:
            self._holdings.pop(id, None)
        else:
            self._holdings[id] = holding
        for effect in effects:
            match effect:
                case Tell():
                    self._tells.append((id, effect))
                case Free():
                    self._freed.append(self._values.pop(id))

    def _wake(self) -> None:
        if self._woken:
            return
        self._woken = True
        try:
            self._scheduler.loop.call_soon_threadsafe(self._send_wake, context=self._context)
        except RuntimeError:
            if not self._scheduler.loop.is_closed():  # the node is gone, and with it all that it held
                raise

    def _send_wake(self) -> None:
        self.node.route(Send(None, self.pid, _WAKE))

    # The process.

    async def _run(self) -> None:
        try:
            while True:
                await self._hear()
                self._woken = False
                self._count()
                self._tell()
                self._free()
        finally:
            self._close()

    async def _hear(self) -> None:
        try:
            message = await bl.receive(timeout=self._seconds_until_a_pin_ends())
        except TimeoutError:
            self._end_pins()
            return
        match message:
            case Noted(id, sender, note):
                self._watch(sender)
                self.happens(id, Heard(sender, note))
            case bl.Down(ref=ref, reason=reason) if ref in self._watched:
                self._holder_down(self._watched.pop(ref), reason)

    def _seconds_until_a_pin_ends(self) -> float | None:
        return max(0.0, self._pins[0][0] - time.monotonic()) if self._pins else None

    def _end_pins(self) -> None:
        now = time.monotonic()
        while self._pins and self._pins[0][0] <= now:
            _, id = self._pins.popleft()
            self.happens(id, TimePassed(now))

    def _holder_down(self, holder: bl.Pid, reason: Any) -> None:
        how = "the connection to it was lost" if reason == NOCONNECTION else f"its keeper ended: {reason}"
        for id in tuple(self._holdings):
            self.happens(id, HolderDown(holder, f"{holder.node} is down ({how})"))

    def _tell(self) -> None:
        while self._tells:
            id, tell = self._tells.popleft()
            assert isinstance(tell.to, bl.Pid)
            self._watch(tell.to)
            if isinstance(tell.note, Claim | Lost) or tell.to.node in self.node.peers(hidden=True):
                bl.send(tell.to, Noted(id, self.pid, tell.note))

    def _watch(self, keeper: bl.Pid) -> None:
        if keeper not in self._watched.values():
            self._watched[bl.monitor(keeper)] = keeper

    def _free(self) -> None:
        while self._freed:
            for then in self._freed.popleft().then:
                try:
                    then()
                except Exception:  # of whoever waits for this one; the others are to hear of theirs
                    logger.exception("what was to be done once a value is released failed")

    def _close(self) -> None:
        with _keepers_lock:
            if _keepers.get(self.node) is self:
                del _keepers[self.node]
        with self._lock:
            values, self._values = self._values, {}
            self._holdings.clear()
        values.clear()


_keepers: dict[LocalNode, Keeper] = {}
_keepers_lock = RLock()


def keeper_of(node: LocalNode) -> Keeper:
    """The keeper of a node of this interpreter, which is made if there is none."""
    keeper = _keepers.get(node)
    if keeper is None or not keeper.is_alive:
        with _keepers_lock:
            keeper = _keepers.get(node)
            if keeper is None or not keeper.is_alive:
                for ended in [other for other, its in _keepers.items() if not its.is_alive]:
                    del _keepers[ended]
                keeper = _keepers[node] = Keeper(node)
    return keeper


def keeper_here() -> Keeper:
    """That of the current node. NoNode if there is none."""
    return keeper_of(current_node())
