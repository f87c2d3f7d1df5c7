"""When an operation has reached a viewer that the session has applied: whoever asked for it waits for that."""

from __future__ import annotations

import asyncio


class SessionOver(ConnectionError):
    """No more operations will come; the message says why."""


class Arrivals:
    def __init__(self) -> None:
        self._waiting: list[tuple[int, asyncio.Future[None]]] = []
        self._ended: str | None = None

    async def of(self, number: int, applied: int) -> None:
        """Returns as soon as so many have come, of which `applied` are here. `SessionOver` if no more will."""
        if applied >= number:
            return
        if self._ended is not None:
            raise SessionOver(self._ended)
        arrival = asyncio.get_running_loop().create_future()
        self._waiting.append((number, arrival))
        await arrival

    def come(self, number: int) -> None:
        for each in [each for each in self._waiting if each[0] <= number]:
            self._waiting.remove(each)
            if not each[1].done():  # nobody waits any more
                each[1].set_result(None)

    def end(self, why: str) -> None:
        """No more come."""
        self._ended = why
        self.lost(why)

    def lost(self, why: str) -> None:
        """Those that are waited for do not come, or nobody knows whether they do."""
        for _, arrival in self._waiting:
            if not arrival.done():
                arrival.set_exception(SessionOver(why))
        self._waiting.clear()
