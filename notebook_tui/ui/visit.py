"""A notebook that is open: the client of its session, and the way to end it.

A session is entered and left in one task of its own: what it starts does not belong to the screen that asked for it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager

from beamlike.kernel.record import frozen
from notebook_tui.ui.client import SessionClient

logger = logging.getLogger("notebook_tui.ui")


@frozen
class Visit:
    client: SessionClient
    end: Callable[[], Awaitable[None]]
    """The session is over, and all that it has started; once more is nothing."""


async def begin(opening: AbstractAsyncContextManager[SessionClient]) -> Visit:
    """Raises what opening raises, and then nothing is open; nor is there, once who is cancelled has its error."""
    opened: asyncio.Future[SessionClient] = asyncio.get_running_loop().create_future()
    over = asyncio.Event()

    async def hold() -> None:
        try:
            async with opening as client:
                opened.set_result(client)
                await over.wait()
        except Exception as error:
            if opened.done():
                raise
            opened.set_exception(error)

    holding = asyncio.create_task(hold())

    async def end() -> None:
        over.set()
        await asyncio.shield(holding)

    async def undo() -> None:
        try:
            if not opened.done():
                holding.cancel()
                await asyncio.wait({holding})
            elif not opened.exception():
                try:
                    await opened.result().close()
                finally:
                    await end()
        except Exception:  # who asked for it has left
            logger.exception("a session that was just begun could not be ended")

    try:
        return Visit(await asyncio.shield(opened), end)
    except asyncio.CancelledError:
        await asyncio.shield(asyncio.create_task(undo()))
        raise
