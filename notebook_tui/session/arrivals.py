"""When an operation has reached a viewer that the session has applied: whoever asked for it waits for that."""

from __future__ import annotations

import asyncio


class SessionOver(ConnectionError):
    """No more operations will come; the message says why."""


class Arrivals:
    """From one joining on, which numbers what comes: `applied` have led to the state of the viewer."""

    def __init__(self, applied: int = 0) -> None:
        self.applied = applied
        self._waiting: list[tuple[int, asyncio.Future[None]]] = []
        self._ended: str | None = None

    async def of(self, number: int) -> None:
        """Returns as soon as so many have come. `SessionOver` if no more will."""
        if self.applied >= number:
            return
        if self._ended is not None:
            raise SessionOver(self._ended)
        arrival = asyncio.get_running_loop().create_future()
        self._waiting.append((number, arrival))
        await arrival

    def told(self) -> None:
        """All that has been applied has been shown, too."""
        for each in [each for each in self._waiting if each[0] <= self.applied]:
            self._waiting.remove(each)
            if not each[1].done():  # nobody waits any more
                each[1].set_result(None)

    def end(self, why: str) -> None:
        """No more come, or nobody knows whether they do."""
        self._ended = why
        for _, arrival in self._waiting:
            if not arrival.done():
                arrival.set_exception(SessionOver(why))
        self._waiting.clear()
