"""Names that are unique in a whole cluster, and locks that span it: OTP's `global`.

    await bl.global_.register_name("clock", pid)      whereis_name("clock") is that pid, on every node
    await bl.GenServer.call(bl.global_.Global("clock"), "time?")
    async with bl.global_.lock("migration"): ...      one at a time in the whole cluster

Every node reads its own copy of all names: nothing waits to look one up. A name is free again as soon as its process
has ended, or its node was lost. It is registered under a lock that all nodes grant, so of two that want a name at once
one gets it. All this holds among nodes that are connected to each other. There is no quorum: parts of a cluster that
was split go on by themselves, each may register the same name and take the same lock, and when they meet, the
*resolver* of the name says whose it is; locks that both parts took are held by both until they are given back. A hidden
node is a cluster of its own.
"""

from __future__ import annotations

import inspect
import math
import pickle
from collections.abc import AsyncIterator, Callable, Collection, Hashable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from beamlike.behaviours.servers.gen_server import GenServer
from beamlike.distribution.global_names import requests
from beamlike.distribution.global_names.messages import Resolver
from beamlike.distribution.global_names.requests import SERVER
from beamlike.distribution.global_names.resolvers import notify_all_name, random_exit_name, random_notify_name
from beamlike.distribution.global_names.server import tables
from beamlike.kernel import functions as kernel
from beamlike.kernel.current import current_node
from beamlike.kernel.errors import BeamlikeError, NameTaken, UnknownName
from beamlike.kernel.terms import Pid

__all__ = [
    "Aborted",
    "Global",
    "del_lock",
    "lock",
    "notify_all_name",
    "random_exit_name",
    "random_notify_name",
    "re_register_name",
    "register_name",
    "registered_names",
    "send",
    "set_lock",
    "sync",
    "trans",
    "unregister_name",
    "whereis_name",
]

LONGEST_PAUSE = 8.0


class Aborted(BeamlikeError):
    """The lock was not to be had within the retries that were given; what it was wanted for was not done."""

    def __init__(self, resource: Hashable, retries: int | None) -> None:
        super().__init__(f"the lock {resource!r} belongs to another, and did not become free in {retries} retries")
        self.resource = resource


# Names.


async def register_name(name: Hashable, pid: Pid, resolve: Resolver | None = random_exit_name) -> bool:
    """Names a process of any node, for every node of the cluster; returns when all can look it up.

    False if the name has a holder, or the process has another name or has ended. `resolve(name, pid1, pid2)` decides
    should two processes be found to hold it, since a cluster was split; None takes it from both.

    >>> import asyncio, beamlike as bl
    >>> async def main():
    ...     async with bl.Node("doc@127.0.0.1"):
    ...         was_free = await bl.global_.register_name("clock", bl.self())
    ...         return was_free, bl.global_.whereis_name("clock") == bl.self(), bl.global_.registered_names()
    >>> asyncio.run(main())
    (True, True, ['clock'])
    """
    return await _register(name, pid, resolve, replace=False)


async def re_register_name(name: Hashable, pid: Pid, resolve: Resolver | None = random_exit_name) -> bool:
    """As register_name, whoever has the name and whatever names the process has: at no moment does nobody have it.
    False only if the process has ended."""
    return await _register(name, pid, resolve, replace=True)


async def unregister_name(name: Hashable) -> None:
    """Frees a name, everywhere when this returns; nothing if nobody has it."""
    _check(name, "a name")
    await _ask(requests.Unregister(name))


def whereis_name(name: Hashable) -> Pid | None:
    """The process that has the name, as far as this node knows; nothing is waited for."""
    pid = tables.find(SERVER)[1].whereis(name)
    if pid is not None and pid.node == current_node().name and not kernel.is_alive(pid):
        return None
    return pid


def registered_names() -> list[Hashable]:
    """All names that have a process, as far as this node knows."""
    return [name for name in tables.find(SERVER)[1].names() if whereis_name(name) is not None]


def send(name: Hashable, message: Any) -> Pid:
    """Sends to whoever has the name, and returns that pid. UnknownName if nobody has it."""
    pid = whereis_name(name)
    if pid is None:
        raise UnknownName(f"no process is registered globally as {name!r}; known here: {registered_names()}")
    kernel.send(pid, message)
    return pid


async def sync() -> None:
    """Returns when this node has the names of every node that it is connected to, and of those that these know and
    that can be reached; and when conflicts that were found by this are resolved."""
    await _ask(requests.Sync())


@dataclass(frozen=True, slots=True)
class Global:
    """A global name as the address of a server, and to start one under: Elixir's {:global, name}.

    >>> import asyncio, beamlike as bl
    >>> async def main():
    ...     async with bl.Node("doc@127.0.0.1"):
    ...         counter = await bl.Agent.start_link(lambda: 7, name=bl.global_.Global("counter"))
    ...         return await bl.Agent.get(bl.global_.Global("counter"), lambda value: value)
    >>> asyncio.run(main())
    7
    """

    name: Hashable
    resolve: Resolver | None = field(default=random_exit_name, compare=False, repr=False)

    def whereis(self) -> Pid | None:
        """Who has the name now."""
        return whereis_name(self.name)

    async def register(self) -> None:
        """Gives the name to the current process. NameTaken if another has it, or this one has another name."""
        if not await register_name(self.name, kernel.self(), self.resolve):
            holder = self.whereis()
            raise NameTaken(f"the global name {self.name!r} belongs to {holder}, or {kernel.self()} has another")


# Locks.


async def set_lock(id: Hashable, nodes: Collection[str] | None = None, retries: int | None = None) -> bool:
    """Takes a lock on all nodes, or on `nodes`, for the current process; whether it was to be had.

    `id` is the resource, or (resource, requester), with the current process as the requester otherwise. While a
    requester holds it others wait; the same may take it again, and gives it back as often. It is freed when the
    process that took it ends or its node is lost. `retries` of None waits as long as it takes, 0 not at all; each other
    one waits twice as long as the one before: 1/8, 1/4, 1/2 ... at most 8 seconds. Who waits stands in line.
    """
    resource, requester = _parts(id)
    ref = kernel.make_ref()
    wish = requests.SetLock(
        ref, kernel.self(), resource, requester, None if nodes is None else frozenset(nodes), _patience(retries)
    )
    try:
        return bool(await _ask(wish))
    except BaseException:
        GenServer.cast(SERVER, requests.CancelLock(ref))
        raise


async def del_lock(id: Hashable) -> None:
    """Gives back what the current process has taken once; all nodes have it back when this returns. Nothing if it has
    not taken it."""
    await _ask(requests.DelLock(kernel.self(), *_parts(id)))


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
        value = function()
        return await value if inspect.isawaitable(value) else value


# Inside.


async def _register(name: Hashable, pid: Pid, resolve: Resolver | None, *, replace: bool) -> bool:
    _check(name, "a name")
    if not isinstance(pid, Pid):
        raise TypeError(f"expected a pid to register as {name!r}, got {pid!r}")
    if resolve is not None and not callable(resolve):
        raise TypeError(f"expected a function resolve(name, pid1, pid2), or None, got {resolve!r}")
    return bool(await _ask(requests.Register(name, pid, resolve, replace)))


async def _ask(request: Any) -> Any:
    tables.find(SERVER)
    return await GenServer.call(SERVER, request, timeout=None)


def _parts(id: Hashable) -> tuple[Hashable, Hashable]:
    resource, requester = id if isinstance(id, tuple) and len(id) == 2 else (id, kernel.self())
    _check(resource, "a resource to lock")
    _check(requester, "the requester of a lock")
    return resource, requester


def _check(term: Hashable, purpose: str) -> None:
    """What cannot travel, or is not equal to its copy, would be nothing, or something else, on each other node."""
    hash(term)
    try:
        is_itself_elsewhere = pickle.loads(pickle.dumps(term)) == term
    except Exception as error:  # types that cannot be pickled do not agree on what to raise
        raise ValueError(f"expected {purpose} that can be copied to another node, got {term!r}: {error}") from error
    if not is_itself_elsewhere:
        raise ValueError(f"expected {purpose} that equals its copy on another node, as a string does, got {term!r}")


def _patience(retries: int | None) -> float | None:
    """For how many seconds so many retries wait."""
    if retries is None:
        return None
    if not isinstance(retries, int) or retries < 0:
        raise ValueError(f"expected a number of retries, or None to wait as long as it takes, got {retries!r}")
    return math.fsum(min(2**retry / 8, LONGEST_PAUSE) for retry in range(retries))
