"""What a child node sees of groups beyond its own connections: they as its parent sees them, once they are looked for.

A child is connected to few others, so most members of a group are on nodes that it has never met. The node that
introduces it is connected to them; and what is asked there is told from then on, as to any monitor of the group. So a
group costs messages only where somebody looks for it, and a member that comes or goes is news and no question.
"""

from __future__ import annotations

from collections.abc import Hashable
from contextlib import suppress
from typing import Any, Final

from beamlike.behaviours.child_spec import ChildSpec
from beamlike.behaviours.owned_tables import OwnedTables
from beamlike.behaviours.servers.gen_server import GenServer
from beamlike.behaviours.supervision.supervisor import Supervisor
from beamlike.distribution.process_groups.roster import Group, Members, Roster
from beamlike.distribution.process_groups.scope import Unwatch
from beamlike.distribution.process_groups.watchers import Watch
from beamlike.kernel import functions as kernel
from beamlike.kernel.call_errors import CallFailed, CallTimeout
from beamlike.kernel.question import Client
from beamlike.kernel.record import record
from beamlike.kernel.terms import Down, Pid, Ref

NAME: Final = "pg sight"
LOOK_SECONDS: Final = 5.0

Key = tuple[str, Hashable]
"""A scope, and a group of it."""


@record
class Look:
    """Called: the members of that group, anew, as the other node sees them."""

    scope: str
    group: Group


class View:
    """What readers read: the groups that somebody has looked for."""

    def __init__(self) -> None:
        self.looked_for: dict[Key, Ref] = {}
        self.roster = Roster()


class Sight(GenServer):
    def init(self, other: str) -> None:
        self._other = other
        self._keys: dict[Ref, Key] = {}
        self._view = View()
        sights.publish(self._view)

    async def handle_call(self, request: Any, client: Client) -> Any:
        match request:
            case Look(scope, group):
                return await self._look(scope, group)
            case _:
                raise TypeError(f"{NAME} does not know the call {request!r}; use bl.pg.find_members")

    async def _look(self, scope: str, group: Group) -> list[Pid]:
        """Who has looked in vain looks anew: news may be on its way."""
        key, server = (scope, group), (scope, self._other)
        known = self._view.looked_for.get(key)
        if known is not None:
            self._forget(known)
            await GenServer.call(server, Unwatch(known), timeout=LOOK_SECONDS)
        ref = kernel.monitor(server)
        try:
            watch = Watch(ref, kernel.self(), one=True, group=group)
            found: Members = await GenServer.call(server, watch, timeout=LOOK_SECONDS)
        except BaseException:
            kernel.demonitor(ref, flush=True)
            raise
        self._keys[ref] = key
        self._joined(key, found.get(group, []))
        self._view.looked_for[key] = ref
        return self._view.roster.members(key)

    def handle_info(self, message: Any) -> None:
        match message:
            case (Ref() as ref, "join", _, list(pids)) if ref in self._keys:
                self._joined(self._keys[ref], pids)
            case (Ref() as ref, "leave", _, list(pids)) if ref in self._keys:
                for pid in pids:
                    self._view.roster.remove(self._keys[ref], pid)
            case Down(ref) if ref in self._keys:  # that scope was restarted, or its node is lost
                self._forget(ref)
            case (Ref(), "join" | "leave", _, _) | Down():
                pass  # of a watch that has ended
            case _:
                super().handle_info(message)

    def _joined(self, key: Key, pids: list[Pid]) -> None:
        for pid in pids:
            self._view.roster.add(key, pid)

    def _forget(self, ref: Ref) -> None:
        kernel.demonitor(ref, flush=True)
        key = self._keys.pop(ref)
        del self._view.looked_for[key]
        for pid in self._view.roster.members(key):
            self._view.roster.remove(key, pid)


async def start_sight(other: str) -> None:
    """On the current node, under a supervisor of its own: it sees what the node `other` sees."""

    async def start_link() -> Pid:
        pid: Pid = await Sight.start_link(other, name=NAME)
        return pid

    await Supervisor.start([ChildSpec(NAME, start_link)])


def has_looked(scope: str, group: Group) -> bool:
    """Whether news of this group comes by itself."""
    return (scope, group) in sights.find(NAME)[1].looked_for


def seen(scope: str, group: Group) -> list[Pid]:
    """The members that were told of so far, each as often as it joined."""
    return sights.find(NAME)[1].roster.members((scope, group))


async def look(scope: str, group: Group) -> list[Pid]:
    """The members as the other node sees them now; those that were told of, if it does not answer."""
    with suppress(CallFailed, CallTimeout):
        found: list[Pid] = await GenServer.call(NAME, Look(scope, group), timeout=2 * LOOK_SECONDS)
        return found
    return seen(scope, group)


sights: OwnedTables[View] = OwnedTables("sight of process groups", "node.introduced_by")
"""Of the child nodes of this interpreter."""
