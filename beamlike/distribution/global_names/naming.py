"""The names of `bl.global_`."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import field
from typing import Any

from beamlike.distribution.global_names import requests
from beamlike.distribution.global_names.asking import ask, check
from beamlike.distribution.global_names.messages import Resolver
from beamlike.distribution.global_names.resolvers import random_exit_name
from beamlike.distribution.global_names.server import table_here
from beamlike.kernel import functions as kernel
from beamlike.kernel.current import current_node
from beamlike.kernel.errors import NameTaken, UnknownName
from beamlike.kernel.record import frozen
from beamlike.kernel.terms import Pid


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
    check(name, "a name")
    await ask(requests.Unregister(name))


def whereis_name(name: Hashable) -> Pid | None:
    """The process that has the name, as far as this node knows; nothing is waited for."""
    pid = table_here().whereis(name)
    if pid is not None and pid.node == current_node().name and not kernel.is_alive(pid):
        return None
    return pid


def registered_names() -> list[Hashable]:
    """All names that have a process, as far as this node knows."""
    return [name for name in table_here().names() if whereis_name(name) is not None]


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
    await ask(requests.Sync())


@frozen
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


async def _register(name: Hashable, pid: Pid, resolve: Resolver | None, *, replace: bool) -> bool:
    check(name, "a name")
    if not isinstance(pid, Pid):
        raise TypeError(f"expected a pid to register as {name!r}, got {pid!r}")
    if resolve is not None and not callable(resolve):
        raise TypeError(f"expected a function resolve(name, pid1, pid2), or None, got {resolve!r}")
    return bool(await ask(requests.Register(name, pid, resolve, replace)))
