"""A pool's events as a loop over them: on the pool's own loop from its queue, from elsewhere as a stream of batches."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

import beamlike as bl
from flame.calling import here_is
from flame.errors import PoolStopped
from flame.events import Event
from flame.pool_server import PoolServer
from flame.subscription import Subscription


def events(name: str, pool: bl.Pid) -> AsyncGenerator[Event, None]:
    """The events; see Pool.events."""
    here = here_is(pool)
    if here is not None:
        return _one_by_one(_batches(here, here.witness.subscribe()))
    return _one_by_one(bl.rpc.stream(pool.node, _batches_there, name, pool, window=4))


async def _one_by_one(batches: AsyncGenerator[list[Event], None]) -> AsyncGenerator[Event, None]:
    async with aclosing(batches):
        async for batch in batches:
            for event in batch:
                yield event


async def _batches_there(name: str, pool: bl.Pid) -> AsyncGenerator[list[Event], None]:
    """On the pool's node."""
    here = here_is(pool)
    if here is None:
        raise PoolStopped(f"pool {name!r} has stopped: start it again")
    async with aclosing(_batches(here, here.witness.subscribe())) as batches:
        async for batch in batches:
            yield batch


async def _batches(pool: PoolServer, subscription: Subscription) -> AsyncGenerator[list[Event], None]:
    try:
        async with aclosing(subscription.batches()) as batches:
            async for batch in batches:
                yield batch
    finally:
        pool.witness.unsubscribe(subscription)
