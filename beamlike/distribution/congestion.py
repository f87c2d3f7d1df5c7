"""Back-pressure: what happens to who sends more than a link to another node can take.

A link is full while more than BOUND bytes wait for it. Small senders go on; whoever puts more than SHARE bytes on top
of a full link waits at its next kernel await (`receive`, `call`) until half of that has left. Code that does not wait,
and so cannot be made to, gets LinkBusy: in a process when twice the bound is reached, in a thread at once. So memory
is bounded, by BOUND and a SHARE and one message for each sender, whatever they do. It is OTP's busy port, which
suspends the sender, adapted to code that can be stopped only where it awaits.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from beamlike.distribution.outbox import Outbox
from beamlike.kernel.errors import LinkBusy

if TYPE_CHECKING:
    from beamlike.kernel.process import Process

BOUND: Final = 64 << 20
SHARE: Final = 1 << 20


class Congestion:
    def __init__(self, outbox: Outbox, bound: int = BOUND, share: int = SHARE) -> None:
        self._outbox = outbox
        self.bound = bound
        self._share = share
        self._over = False
        self._shares: dict[int, int] = {}
        self._waiters: list[asyncio.Future[None]] = []

    @property
    def is_full(self) -> bool:
        return len(self._outbox) > self.bound and not self._over

    @property
    def waits(self) -> bool:
        """Whether `relieve` has something to do when there is room."""
        return bool(self._waiters or self._shares)

    def admit(self, source: int, process: Process | None, size: int, node: str, *, is_answer: bool = False) -> None:
        """Somebody puts `size` bytes on a full link: the process `source`, unless that is None. LinkBusy if it may not;
        but a server is not to fail of a client that reads too slowly."""
        share = self._shares.get(source, 0) + size
        if share > self._share and not is_answer and not self._may_wait(process):
            raise LinkBusy(
                f"{len(self._outbox)} bytes wait for {node} already, which takes them more slowly than they are sent: "
                f"`await bl.drain({node!r})`, or any receive, before sending more"
            )
        self._shares[source] = share
        if share > self._share and process is not None and process.can_be_held:
            process.hold_back(self)

    def _may_wait(self, process: Process | None) -> bool:
        return process is not None and process.can_be_held and len(self._outbox) <= 2 * self.bound

    async def room(self) -> None:
        """Returns when the link is not full any more: half of the bound has left, or the link is gone."""
        while self.is_full:
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiters.append(waiter)
            try:
                if self.is_full:  # still: in another thread room may have come before it knew of us
                    await waiter
            finally:
                self._waiters.remove(waiter)

    def relieve(self) -> None:
        """Something has left."""
        if self._over or len(self._outbox) <= self.bound // 2:
            self._shares.clear()
            for waiter in tuple(self._waiters):
                _wake(waiter)

    def end(self) -> None:
        """The link is gone: nobody waits for it."""
        self._over = True
        self.relieve()


def _wake(waiter: asyncio.Future[None]) -> None:
    loop = waiter.get_loop()
    if loop is asyncio._get_running_loop():
        _set(waiter)
    elif not loop.is_closed():
        loop.call_soon_threadsafe(_set, waiter)


def _set(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)
