"""Process groups of one node: the local half of OTP's pg.

A group has members, an empty group is none, and a process is a member as often as it joined. Groups live in a scope,
a process that keeps them; scopes know nothing of each other. Who reads does not ask it; who joins or leaves does, so
that there is one order of events: what a monitor is told continues the members that it was given at first.

    (ref, "join", group, pids)   ┐ what a monitor receives, as in OTP: also `receive(ref=ref)` finds it. A process that
    (ref, "leave", group, pids)  ┘ ended leaves all its groups, and is among the pids as often as it was a member

A scope that spans nodes builds on this one: it overrides `Scope.announce` to tell its peers, and adds their members.
"""

from __future__ import annotations

from collections.abc import Hashable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal

from beamlike.behaviours.owned_tables import OwnedTables
from beamlike.behaviours.registry_tables import DuplicateTable, Entry
from beamlike.behaviours.servers.gen_server import GenServer
from beamlike.kernel import functions as kernel
from beamlike.kernel.call import Client
from beamlike.kernel.current import current_node
from beamlike.kernel.record import record
from beamlike.kernel.terms import Down, Pid, Ref

Group = Hashable
Event = Literal["join", "leave"]


@dataclass(frozen=True, slots=True)
class Groups:
    """The groups of a scope of the current node; a handle that may be made before the scope is started.

    >>> import asyncio, beamlike as bl
    >>> async def main():
    ...     async with bl.Node("doc@127.0.0.1"):
    ...         await Groups.start_link("chat")
    ...         chat = Groups("chat")
    ...         await chat.join("room 1")
    ...         return chat.get_members("room 1") == [bl.self()], chat.which_groups()
    >>> asyncio.run(main())
    (True, ['room 1'])
    """

    scope: str = "pg"

    @staticmethod
    async def start(scope: str = "pg") -> Pid:
        """Starts a scope, without groups. NameTaken if a process of this node has its name."""
        return await Scope.start(name=scope)

    @staticmethod
    async def start_link(scope: str = "pg") -> Pid:
        """As `start`, linked to the current process: as a child of a supervisor, say."""
        return await Scope.start_link(name=scope)

    async def join(self, group: Group, *pids: Pid) -> None:
        """Makes processes of this node members, the current one if none is given; ValueError for others."""
        await GenServer.call(self._server(), Join(group, _local(pids)))

    async def leave(self, group: Group, *pids: Pid) -> bool:
        """Takes back one join of each; False if none of them was a member."""
        was_member: bool = await GenServer.call(self._server(), Leave(group, _local(pids)))
        return was_member

    def get_members(self, group: Group) -> list[Pid]:
        """The live members, in the order in which they joined."""
        return [entry.pid for entry in self._table().at(group) if kernel.is_alive(entry.pid)]

    def which_groups(self) -> list[Group]:
        """The groups that have members."""
        return [group for group in self._table().all_keys() if self.get_members(group)]

    async def monitor(self, group: Group) -> tuple[Ref, list[Pid]]:
        """The members now and, as messages under the ref, who joins and leaves from now on, until `demonitor`."""
        ref, members = await GenServer.call(self._server(), Watch(kernel.self(), one=True, group=group))
        return ref, members.get(group, [])

    async def monitor_scope(self) -> tuple[Ref, dict[Group, list[Pid]]]:
        """As `monitor`, for all groups of the scope."""
        watched: tuple[Ref, dict[Group, list[Pid]]] = await GenServer.call(self._server(), Watch(kernel.self()))
        return watched

    async def demonitor(self, ref: Ref) -> bool:
        """Ends a monitor, and takes its messages out of the mailbox; False if the ref is of none."""
        was_on: bool = await GenServer.call(self._server(), Unwatch(ref))
        with suppress(TimeoutError):
            while True:
                await kernel.receive(ref=ref, timeout=0)
        return was_on

    def _server(self) -> Pid:
        return _tables.find(self.scope)[0]

    def _table(self) -> DuplicateTable:
        return _tables.find(self.scope)[1]


@record
class Join:
    group: Group
    pids: tuple[Pid, ...]


@record
class Leave:
    group: Group
    pids: tuple[Pid, ...]


@record
class Watch:
    """Tell `pid` of one group, or of all."""

    pid: Pid
    one: bool = False
    group: Group = None


@record
class Unwatch:
    ref: Ref


class Scope(GenServer):
    """The process of a scope."""

    def init(self) -> None:
        self._members = DuplicateTable()
        self._watchers: dict[Ref, Watch] = {}
        # One monitor of each process that is a member or watches.
        self._monitors: dict[Pid, Ref] = {}
        _tables.publish(self._members)

    def announce(self, event: Event, group: Group, pids: list[Pid]) -> None:
        """Called after each change, with each pid as often as it joined or left."""
        for ref, watch in self._watchers.items():
            if not watch.one or watch.group == group:
                kernel.send(watch.pid, (ref, event, group, list(pids)))

    def handle_call(self, request: Any, client: Client) -> Any:
        match request:
            case Join(group, pids):
                return self._join(group, pids)
            case Leave(group, pids):
                return self._leave(group, pids)
            case Watch():
                return self._watch(request)
            case Unwatch(ref):
                return self._unwatch(ref)
            case _:
                raise TypeError(f"a scope of process groups does not know the call {request!r}; use bl.Groups(scope)")

    def handle_info(self, message: Any) -> None:
        match message:
            case Down(_, Pid() as pid, _):
                self._ended(pid)

    def _join(self, group: Group, pids: tuple[Pid, ...]) -> None:
        for pid in pids:
            self._members.add(group, Entry(pid, None))
            self._see(pid)
        if pids:
            self.announce("join", group, list(pids))

    def _leave(self, group: Group, pids: tuple[Pid, ...]) -> bool:
        left = [pid for pid in pids if self._members.remove_one(group, pid)]
        for pid in set(left):
            self._overlook(pid)
        if left:
            self.announce("leave", group, left)
        return bool(left)

    def _ended(self, pid: Pid) -> None:
        del self._monitors[pid]
        self._watchers = {ref: watch for ref, watch in self._watchers.items() if watch.pid != pid}
        for group, times in self._members.drop(pid).items():
            self.announce("leave", group, [pid] * times)

    def _watch(self, watch: Watch) -> tuple[Ref, dict[Group, list[Pid]]]:
        ref = kernel.make_ref()
        self._watchers[ref] = watch
        self._see(watch.pid)
        groups = [watch.group] if watch.one else self._members.all_keys()
        return ref, {group: [entry.pid for entry in self._members.at(group)] for group in groups}

    def _unwatch(self, ref: Ref) -> bool:
        watch = self._watchers.pop(ref, None)
        if watch is not None:
            self._overlook(watch.pid)
        return watch is not None

    def _see(self, pid: Pid) -> None:
        if pid not in self._monitors:
            self._monitors[pid] = kernel.monitor(pid)

    def _overlook(self, pid: Pid) -> None:
        """Stops monitoring a process that is no member and watches nothing."""
        if not self._members.has(pid) and all(watch.pid != pid for watch in self._watchers.values()):
            kernel.demonitor(self._monitors.pop(pid), flush=True)


_tables: OwnedTables[DuplicateTable] = OwnedTables("scope of process groups", "bl.Groups.start_link")


def _local(pids: tuple[Pid, ...]) -> tuple[Pid, ...]:
    """The given ones, else the current process."""
    here = current_node().name
    for pid in pids:
        if not isinstance(pid, Pid):
            raise TypeError(f"expected a pid to join or leave a group, got {pid!r}")
        if pid.node != here:
            raise ValueError(
                f"expected a process of {here} to join or leave a group, got {pid}: its own node does that"
            )
    return pids or (kernel.self(),)
