"""The locks of `bl.global_`."""

from __future__ import annotations

import inspect
import math
from collections.abc import AsyncIterator, Callable, Collection, Hashable
from contextlib import asynccontextmanager
from typing import Any, Final

from beamlike.behaviours.servers.gen_server import GenServer
from beamlike.distribution.global_names import requests
from beamlike.distribution.global_names.asking import ask, check
from beamlike.distribution.global_names.requests import SERVER
from beamlike.kernel import functions as kernel
from beamlike.kernel.callers import calls_users
from beamlike.kernel.errors import BeamlikeError

LONGEST_PAUSE: Final = 8.0


class Aborted(BeamlikeError):
    """The lock was not to be had within the retries that were given; what it was wanted for was not done."""

    def __init__(self, resource: Hashable, retries: int | None) -> None:
        super().__init__(f"the lock {resource!r} belongs to another, and did not become free in {retries} retries")
        self.resource = resource


async def set_lock(id: Hashable, nodes: Collection[str] | None = None, retries: int | None = None) -> bool:
    """Takes a lock on all nodes, or on those of `nodes` that are connected, for the current process; whether it was to
    be had.

    `id` is the resource, or (resource, requester), with the current process as the requester otherwise. While a
    requester holds it others wait; the same may take it again, and gives it back as often. It is freed when the
    process that took it ends or its node is lost. `retries` of None waits as long as it takes, 0 not at all; each other
    one waits twice as long as the one before: 1/8, 1/4, 1/2 ... at most 8 seconds. Who waits stands in line.
    """
    if isinstance(nodes, str):
        raise TypeError(f"expected names of nodes, or None for all, got the string {nodes!r}")
    resource, requester = _parts(id)
    ref = kernel.make_ref()
    wish = requests.SetLock(
        ref, kernel.self(), resource, requester, None if nodes is None else frozenset(nodes), _patience(retries)
    )
    try:
        return bool(await ask(wish))
    except BaseException:
        GenServer.cast(SERVER, requests.CancelLock(ref))
        raise


async def del_lock(id: Hashable) -> None:
    """Gives back what the current process has taken once; all nodes have it back when this returns. Nothing if it has
    not taken it."""
    await ask(requests.DelLock(kernel.self(), *_parts(id)))


@asynccontextmanager
async def lock(id: Hashable, nodes: Collection[str] | None = None, retries: int | None = None) -> AsyncIterator[None]:
    """The lock for a block, with the arguments of set_lock; Aborted if it was not to be had.

    >>> import asyncio, beamlike as bl
    >>> async def main():
    ...     async with bl.Node("doc@127.0.0.1"), bl.global_.lock("printer"):
    ...         other = bl.Task.async_(bl.global_.set_lock, "printer", None, 0)
    ...         return await other
    >>> asyncio.run(main())
    False
    """
    if not await set_lock(id, nodes, retries):
        raise Aborted(_parts(id)[0], retries)
    try:
        yield
    finally:
        await del_lock(id)


async def trans(
    id: Hashable, function: Callable[[], Any], nodes: Collection[str] | None = None, retries: int | None = None
) -> Any:
    """What `function()` returns, or what it raises, run while the lock is held; it may be async. Aborted if the lock
    was not to be had."""
    async with lock(id, nodes, retries):
        return await _value_of(function)


@calls_users
async def _value_of(function: Callable[[], Any]) -> Any:
    value = function()
    return await value if inspect.isawaitable(value) else value


def _parts(id: Hashable) -> tuple[Hashable, Hashable]:
    resource, requester = id if isinstance(id, tuple) and len(id) == 2 else (id, kernel.self())
    check(resource, "a resource to lock")
    check(requester, "the requester of a lock")
    return resource, requester


def _patience(retries: int | None) -> float | None:
    """For how many seconds so many retries wait."""
    if retries is None:
        return None
    if not isinstance(retries, int) or retries < 0:
        raise ValueError(f"expected a number of retries, or None to wait as long as it takes, got {retries!r}")
    return math.fsum(min(2**retry / 8, LONGEST_PAUSE) for retry in range(retries))
