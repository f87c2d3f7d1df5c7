"""The progress of a call, as a callback of its caller gets it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import TypeAlias

import beamlike as bl
from beamlike.kernel.callers import calls_users
from flame.output_progress import Progress

OnProgress: TypeAlias = Callable[[Progress], object]


@contextlib.asynccontextmanager
async def listening(on_progress: OnProgress) -> AsyncIterator[bl.Alias]:
    """An address for progress; what has come there by the end of the block has been handed to `on_progress`. An
    exception of that ends the listening, and is raised at the end of the block."""
    address = bl.alias(bl.make_ref())
    listener = asyncio.create_task(_listen(address, on_progress))
    try:
        yield address
    finally:
        bl.unalias(address)
        if not listener.done():
            listener.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await listener
    listener.cancelled() or listener.result()
    with contextlib.suppress(TimeoutError):
        while True:
            _tell(on_progress, (await bl.receive(ref=address.ref, timeout=0)).value)


async def _listen(address: bl.Alias, on_progress: OnProgress) -> None:
    while True:
        _tell(on_progress, (await bl.receive(ref=address.ref)).value)


@calls_users
def _tell(on_progress: OnProgress, progress: Progress) -> None:
    on_progress(progress)
