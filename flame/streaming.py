"""A generator on a runner, item by item, while it runs and at the pace of who consumes it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import beamlike as bl
from beamlike.distribution.rpc.feeding import items_of
from flame.calls import Request, name_of
from flame.errors import ExecTimeout
from flame.leasing import Lease, leased
from flame.output import hear
from flame.traced import current_span, within


async def stream(name: str, pool: bl.Pid, request: Request, window: int) -> AsyncGenerator[Any, None]:
    """The items; see Pool.stream.

    From another node they come by way of the pool's: children are connected to their parent, and not to each other.
    """
    if pool.node != bl.self().node:
        told = current_span(), name, pool, request, window
        async with aclosing(bl.rpc.stream(pool.node, _for_another, *told, window=window)) as items:
            async for item in items:
                yield item
        return
    async with (
        leased(name, pool, request) as lease,
        aclosing(bl.rpc.stream(lease.node, _heard, request, lease.span, window=window)) as items,
    ):
        async for item in _in_time(items, lease, name, request):
            yield item


async def _for_another(span: str, name: str, pool: bl.Pid, request: Request, window: int) -> AsyncGenerator[Any, None]:
    """The items, on the pool's node, for a consumer on another one, who is in that span."""
    with within(span):
        async with aclosing(stream(name, pool, request, window)) as items:
            async for item in items:
                yield item


async def _heard(request: Request, span: str) -> AsyncGenerator[Any, None]:
    """The items, on the runner, in a process of their own; what the generator says meanwhile goes to the consumer."""
    output = hear(request.sink)
    try:
        with within(span):
            async for item in items_of(request.function, request.args):
                yield item
    finally:
        if output is not None:
            output.end()


async def _in_time(
    items: AsyncGenerator[Any, None], lease: Lease, name: str, request: Request
) -> AsyncGenerator[Any, None]:
    """The time that the consumer takes between two items does not count."""
    loop = asyncio.get_running_loop()
    left = lease.seconds
    while True:
        began = loop.time()
        try:
            async with asyncio.timeout(left) as limit:
                item = await anext(items)
        except StopAsyncIteration:
            return
        except TimeoutError:
            if not limit.expired():  # it is the generator's own
                raise
            raise ExecTimeout(
                f"{name_of(request.function)} did not end in time on {lease.node}, a runner of pool {name!r}, and is "
                "being stopped. Raise the stream's timeout, which covers the wait for a slot and for all items"
            ) from None
        left = None if left is None else left - (loop.time() - began)
        yield item
