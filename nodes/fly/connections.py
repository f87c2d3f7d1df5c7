"""Connections to Fly's API: one set for each event loop, closed when nobody has needed them for a while.

A backend has no end of its own at which they could be closed, and a loop may end any time.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from contextvars import Context
from functools import cache
from typing import TYPE_CHECKING, Final
from weakref import WeakKeyDictionary

from beamlike.kernel.record import slotted
from nodes.own_thread import in_own_thread

if TYPE_CHECKING:
    import ssl

    import httpx

IDLE_SECONDS: Final = 5.0
LAST_SECONDS: Final = 2.0
"""How long the requests that are under way when the loop ends may take."""
AT_ONCE: Final = 512
"""Each machine that boots is waited for on a connection of its own."""


@slotted
class _Kept:
    """Of one loop. `client` is None while nobody needs one, and from when the loop is `ending`, that is once its tasks
    are being cancelled: who has to ask something even then does it on a connection that is closed at once."""

    opened: asyncio.Event
    client: httpx.AsyncClient | None
    users: int
    used_at: float
    ending: bool

    async def close(self) -> None:
        client, self.client = self.client, None
        self.opened.clear()
        if client is not None:
            await client.aclose()


@cache
def _tls() -> ssl.SSLContext:
    """The authorities that are trusted."""
    try:
        import httpx
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError("Fly needs httpx: pip install 'beamlike[fly]'") from error
    return httpx.create_ssl_context()


class Connections:
    def __init__(self, transport: Callable[[], httpx.AsyncBaseTransport] | None = None) -> None:
        self._transport = transport
        self._kept: WeakKeyDictionary[asyncio.AbstractEventLoop, _Kept] = WeakKeyDictionary()
        self._tending: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def client(self) -> AsyncIterator[httpx.AsyncClient]:
        loop = asyncio.get_running_loop()
        tls = None
        if self._transport is None and (loop not in self._kept or self._kept[loop].client is None):
            # That takes a fifth of a second, once: not here, where others wait for their turn.
            tls = await in_own_thread(_tls)
        kept = self._kept.get(loop) or self._begin(loop)
        if kept.ending:
            async with self._connect(tls) as client:
                yield client
            return
        if kept.client is None:
            kept.client = self._connect(tls)
            kept.opened.set()
        kept.users += 1
        try:
            yield kept.client
        finally:
            kept.users -= 1
            kept.used_at = loop.time()

    def _begin(self, loop: asyncio.AbstractEventLoop) -> _Kept:
        kept = self._kept[loop] = _Kept(asyncio.Event(), None, 0, loop.time(), False)
        tending = loop.create_task(_tend(kept), context=Context(), name="Fly's connections")
        self._tending.add(tending)
        tending.add_done_callback(self._tending.discard)
        return kept

    def _connect(self, tls: ssl.SSLContext | None) -> httpx.AsyncClient:
        import httpx

        limits = httpx.Limits(max_connections=AT_ONCE, max_keepalive_connections=32, keepalive_expiry=IDLE_SECONDS)
        timeout = httpx.Timeout(connect=10.0, read=30.0, write=10.0, pool=30.0)
        if tls is None:
            return httpx.AsyncClient(timeout=timeout, transport=self._transport and self._transport())
        return httpx.AsyncClient(limits=limits, timeout=timeout, verify=tls)


async def _tend(kept: _Kept) -> None:
    """Closes what has not been needed for a while, and everything when the loop ends, which cancels this."""
    loop = asyncio.get_running_loop()
    try:
        while True:
            await kept.opened.wait()
            while kept.users or loop.time() < kept.used_at + IDLE_SECONDS:  # noqa: ASYNC110 - nobody is waiting
                await asyncio.sleep(IDLE_SECONDS)
            await kept.close()
    finally:
        kept.ending = True
        deadline = loop.time() + LAST_SECONDS
        while kept.users and loop.time() < deadline:  # noqa: ASYNC110 - they are about to end, too
            await asyncio.sleep(0.02)
        await kept.close()
