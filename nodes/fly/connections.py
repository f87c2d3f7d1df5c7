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
AT_ONCE: Final = 512
"""Each machine that boots is waited for on a connection of its own."""


@slotted
class _Kept:
    client: httpx.AsyncClient
    users: int
    used_at: float


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
        self._closers: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def client(self) -> AsyncIterator[httpx.AsyncClient]:
        loop = asyncio.get_running_loop()
        # What it needs takes a fifth of a second to be loaded, once: not here, where others wait for their turn.
        tls = None if self._transport is not None or loop in self._kept else await in_own_thread(_tls)
        kept = self._kept.get(loop)
        if kept is None:
            kept = self._kept[loop] = _Kept(self._connect(tls), 0, loop.time())
            closer = loop.create_task(self._close_when_idle(kept), context=Context(), name="Fly's connections")
            self._closers.add(closer)
            closer.add_done_callback(self._closers.discard)
        kept.users += 1
        try:
            yield kept.client
        finally:
            kept.users -= 1
            kept.used_at = loop.time()

    def _connect(self, tls: ssl.SSLContext | None) -> httpx.AsyncClient:
        import httpx

        limits = httpx.Limits(max_connections=AT_ONCE, max_keepalive_connections=32, keepalive_expiry=IDLE_SECONDS)
        timeout = httpx.Timeout(connect=10.0, read=30.0, write=10.0, pool=30.0)
        if tls is None:
            return httpx.AsyncClient(timeout=timeout, transport=self._transport and self._transport())
        return httpx.AsyncClient(limits=limits, timeout=timeout, verify=tls)

    async def _close_when_idle(self, kept: _Kept) -> None:
        loop = asyncio.get_running_loop()
        try:
            while kept.users or loop.time() < kept.used_at + IDLE_SECONDS:  # noqa: ASYNC110 - nobody is waiting
                await asyncio.sleep(IDLE_SECONDS)
        finally:
            if self._kept.get(loop) is kept:
                del self._kept[loop]
            await kept.client.aclose()
