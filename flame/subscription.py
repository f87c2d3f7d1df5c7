"""Who listens to a pool: a bounded queue of its events, which a loop or a function empties at its own pace.

The pool only puts into it. A listener that is too slow loses the oldest events, and is told how many.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any, TypeAlias

from beamlike.kernel.callers import calls_users
from flame.events import Event, Missed

logger = logging.getLogger("flame")

EVENTS_THAT_WAIT = 10_000
"""So many events a listener may be behind."""

OnEvent: TypeAlias = Callable[[Event], Awaitable[Any] | None]


class Subscription:
    """One listener's queue; to be used on one loop.

    >>> subscription = Subscription(limit=2)
    >>> for number in range(3):
    ...     subscription.put(Missed("cpu", float(number), 0.0, 0))
    >>> [type(event).__name__ for event in subscription.take()], subscription.take()
    (['Missed', 'Missed', 'Missed'], [])
    """

    def __init__(self, limit: int = EVENTS_THAT_WAIT) -> None:
        self._events: deque[Event] = deque(maxlen=limit)
        self._missed = 0
        self._closed = False
        self._wake: asyncio.Future[None] | None = None

    def put(self, event: Event) -> None:
        self._missed += len(self._events) == self._events.maxlen
        self._events.append(event)
        self._awake()

    def close(self) -> None:
        """No more events come; those that are there may still be taken."""
        self._closed = True
        self._awake()

    def take(self) -> list[Event]:
        """All events that wait; before them the word that others are lost."""
        events = list(self._events)
        self._events.clear()
        if self._missed:
            events.insert(0, Missed(events[0].pool, events[0].at, events[0].wall, self._missed))
            self._missed = 0
        return events

    async def batches(self) -> AsyncGenerator[list[Event], None]:
        """What `take` gives, whenever there is something, until it is closed and empty."""
        while True:
            while self._events:
                yield self.take()
            if self._closed:
                return
            self._wake = asyncio.get_running_loop().create_future()
            await self._wake

    def _awake(self) -> None:
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)


@calls_users
async def call_back(on_event: OnEvent, subscription: Subscription) -> None:
    """Has `on_event` hear all events, one after the other. What it raises is logged, the first time."""
    told = False
    async for events in subscription.batches():
        for event in events:
            try:
                answer = on_event(event)
                if inspect.isawaitable(answer):
                    await answer
            except Exception:
                if not told:
                    logger.exception(
                        "%r, which listens to pool %r, raised for %s; it is called for what follows, and what else it "
                        "raises is not logged",
                        on_event,
                        event.pool,
                        type(event).__name__,
                    )
                told = True
