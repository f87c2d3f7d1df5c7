"""Pools on real child processes, for one test each; at the end nothing may be left of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import beamlike as bl
import flame
import nodes
from flame.clock import Clock, LoopClock
from flame.pool import start
from tests.support.processes import child_nodes
from tests.support.virtual_clock import VirtualClock

SECONDS = 20.0
"""After which something that should have happened did not."""


@asynccontextmanager
async def pool(
    *, backend: nodes.Backend | None = None, clock: Clock | None = None, **options: Any
) -> AsyncIterator[flame.Pool]:
    """A pool named "test" on a node of its own."""
    async with asyncio.timeout(3 * SECONDS), bl.Node("pools@127.0.0.1", secret=b"a secret of the test"):
        made = await start(flame.PoolOptions(name="test", **options), backend or nodes.Local(), clock or LoopClock())
        try:
            yield made
        finally:
            await made.stop()
        assert child_nodes() == []
        if isinstance(clock, VirtualClock):
            assert clock.next_at() is None, "a timer outlived its pool"


async def until_explained(pool: flame.Pool, words: str) -> None:
    """Returns as soon as the pool explains itself with `words`."""
    deadline = asyncio.get_running_loop().time() + SECONDS
    while words not in (explained := await pool.explain()):
        assert asyncio.get_running_loop().time() < deadline, f"expected {words!r}, got {explained!r}"
        await asyncio.sleep(0.01)


async def word_from_work() -> Any:
    """What a function that runs on the pool sent here; `receive()` alone could take the answer of a call beside it."""
    word = await bl.receive(lambda message: message[0] == "word", timeout=SECONDS)
    return word[1]


async def wait_for_word(home: bl.Pid) -> Any:
    """To be called on a pool: tells `home` who it is, and returns what it is sent."""
    bl.send(home, ("word", bl.self()))
    return await bl.receive()
