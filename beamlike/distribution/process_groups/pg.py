"""Process groups: processes under a name, found from every node that is connected. OTP's pg.

    await bl.pg.join("workers")                        the current process, on any node
    bl.pg.get_members("workers")                       on every other, soon after

A group has members, an empty group is none, and a process is a member as often as it joined; one that ended, or whose
node is lost, is none any more. A node lets in its own processes only, and tells the nodes that it is connected to:
also hidden ones, as child nodes are. Nothing is passed on, so nodes that are not connected do not see each other's
members: of a parent with 64 children, the parent sees all, and each child its own, the parent's, and those of nodes
that it has a connection to. `find_members` is for them: it asks the parent, and who uses the pids that it finds gets
connected. After a split each side goes on with what it has; once it has healed, both see all.

Groups live in a scope, a process on each node that takes part; scopes of different names know nothing of each other.
The scope "pg" starts with the node, so that whoever looks, looks at everything. Another is started by `start_link` on
each node that is to take part, and named by `scope=`.

    (ref, "join", group, pids)   ┐ what a monitor receives, as in OTP: also `receive(ref=ref)` finds it. The pids are
    (ref, "leave", group, pids)  ┘ those of one node, each as often as it joined or left
    Down(ref, pid, reason)         the scope of this node itself has ended, and with it the monitor and all groups
"""

from __future__ import annotations

import pickle
from typing import Final

from beamlike.behaviours.child_spec import ChildSpec
from beamlike.behaviours.servers.gen_server import GenServer
from beamlike.behaviours.supervision.supervisor import Supervisor
from beamlike.distribution.process_groups import sight
from beamlike.distribution.process_groups.roster import Group, Members
from beamlike.distribution.process_groups.scope import Join, Leave, Scope, Unwatch, states
from beamlike.distribution.process_groups.scope_state import ScopeState
from beamlike.distribution.process_groups.watchers import Watch
from beamlike.kernel import functions as kernel
from beamlike.kernel.call_errors import CallFailed
from beamlike.kernel.current import current_node
from beamlike.kernel.errors import NoProcess
from beamlike.kernel.receive import receive
from beamlike.kernel.terms import Pid, Ref

__all__ = [
    "DEFAULT",
    "demonitor",
    "find_members",
    "get_local_members",
    "get_members",
    "join",
    "leave",
    "monitor",
    "monitor_scope",
    "seen_members",
    "start",
    "start_link",
    "which_groups",
    "which_local_groups",
]

DEFAULT: Final = "pg"
"""The scope that every `bl.Node` starts."""


async def start(scope: str = DEFAULT) -> Pid:
    """Starts the scope on this node, without members of its own. AlreadyStarted, a NameTaken, if a process has its
    name, which is that of the scope."""
    return await Scope.start(scope, name=scope)


async def start_link(scope: str = DEFAULT) -> Pid:
    """As `start`, linked to the current process: as a child of a supervisor, say.

    >>> import asyncio, functools, beamlike as bl
    >>> async def main():
    ...     async with bl.Node("doc@127.0.0.1"):
    ...         chat = bl.ChildSpec("chat", functools.partial(bl.pg.start_link, "chat"))
    ...         await bl.Supervisor.start_link([chat])
    ...         await bl.pg.join("room 1", scope="chat")
    ...         return bl.pg.get_members("room 1", scope="chat") == [bl.self()], bl.pg.which_groups()
    >>> asyncio.run(main())
    (True, [])
    """
    return await Scope.start_link(scope, name=scope)


async def start_supervised() -> None:
    """Starts the default scope under a supervisor of its own: what a node does when it starts."""
    await Supervisor.start([ChildSpec(DEFAULT, start_link)])


async def join(group: Group, *pids: Pid, scope: str = DEFAULT) -> None:
    """Makes processes of this node members, the current one if none is given.

    ValueError for processes of other nodes, and for a group that is not equal to its copy, as it would arrive there.
    """
    await GenServer.call(_server(scope), Join(_checked(group), _local(pids)))


async def leave(group: Group, *pids: Pid, scope: str = DEFAULT) -> bool:
    """Takes back one join of each, the current process if none is given; False if none of them was a member."""
    was_member: bool = await GenServer.call(_server(scope), Leave(group, _local(pids)))
    return was_member


def get_members(group: Group, *, scope: str = DEFAULT) -> list[Pid]:
    """The members as far as this node knows: its own first, then node by node. It asks nobody."""
    state = _state(scope)
    here = current_node().name
    return [pid for pid in state.members(group) if pid.node != here or kernel.is_alive(pid)]


async def find_members(group: Group, *, scope: str = DEFAULT) -> list[Pid]:
    """The members as far as this node and, if it is a child, the node that has booted it know, each once.

    On a child the first look asks that node, and every one that finds nobody asks again. The members may be on nodes
    to which this one is not connected yet: it is when it uses their pids.

    >>> import asyncio, beamlike as bl
    >>> async def main():
    ...     async with bl.Node("doc@127.0.0.1"):
    ...         await bl.pg.join("workers")
    ...         return await bl.pg.find_members("workers") == [bl.self()]
    >>> asyncio.run(main())
    True
    """
    known = seen_members(group, scope=scope)
    if current_node().introducer is None or (known and sight.has_looked(scope, group)):
        return known
    return _once(group, scope, await sight.look(scope, group))


def seen_members(group: Group, *, scope: str = DEFAULT) -> list[Pid]:
    """As `find_members`, but nobody is asked: those that this node knows of so far."""
    seen = sight.seen(scope, group) if current_node().introducer is not None else []
    return _once(group, scope, seen)


def _once(group: Group, scope: str, elsewhere: list[Pid]) -> list[Pid]:
    here = current_node().name
    return list(dict.fromkeys([*get_members(group, scope=scope), *(pid for pid in elsewhere if pid.node != here)]))


def get_local_members(group: Group, *, scope: str = DEFAULT) -> list[Pid]:
    """Those of this node, in the order in which they first joined."""
    return [pid for pid in _state(scope).local_members(group) if kernel.is_alive(pid)]


def which_groups(*, scope: str = DEFAULT) -> list[Group]:
    """The groups that have members."""
    return list(dict.fromkeys([*which_local_groups(scope=scope), *_state(scope).groups_elsewhere()]))


def which_local_groups(*, scope: str = DEFAULT) -> list[Group]:
    """The groups that have members on this node."""
    return [group for group in _state(scope).local_groups() if get_local_members(group, scope=scope)]


async def monitor(group: Group, *, scope: str = DEFAULT) -> tuple[Ref, list[Pid]]:
    """The members now and, as messages under the ref, who joins and leaves from now on, until `demonitor`.

    >>> import asyncio, beamlike as bl
    >>> async def main():
    ...     async with bl.Node("doc@127.0.0.1"):
    ...         ref, members = await bl.pg.monitor("workers")
    ...         await bl.pg.join("workers")
    ...         _, change, group, pids = await bl.receive(ref=ref)
    ...         return members, change, group, pids == [bl.self()]
    >>> asyncio.run(main())
    ([], 'join', 'workers', True)
    """
    ref, members = await _watch(scope, one=True, group=group)
    return ref, members.get(group, [])


async def monitor_scope(*, scope: str = DEFAULT) -> tuple[Ref, Members]:
    """As `monitor`, for all groups of the scope."""
    return await _watch(scope)


async def demonitor(ref: Ref, *, scope: str = DEFAULT) -> bool:
    """Ends a monitor, and takes its messages out of the mailbox; False if the ref is of none."""
    kernel.demonitor(ref, flush=True)
    try:
        was_on: bool = await GenServer.call(_server(scope), Unwatch(ref))
    except (NoProcess, CallFailed):  # its monitors have ended with it
        was_on = False
    while await _took_one(ref):
        pass
    return was_on


async def _took_one(ref: Ref) -> bool:
    try:
        await receive(ref=ref, timeout=0)
    except TimeoutError:
        return False
    return True


async def _watch(scope: str, one: bool = False, group: Group = None) -> tuple[Ref, Members]:
    """The reference is that of a monitor of the scope's process: whoever is told also hears when nobody tells."""
    server = _server(scope)
    ref = kernel.monitor(server)
    try:
        members: Members = await GenServer.call(server, Watch(ref, kernel.self(), one, group))
    except BaseException:
        kernel.demonitor(ref, flush=True)
        raise
    return ref, members


def _server(scope: str) -> Pid:
    return states.find(scope)[0]


def _state(scope: str) -> ScopeState:
    return states.find(scope)[1]


def _checked(group: Group) -> Group:
    """What cannot travel, or is not equal to its copy, would be no group, or another one, on each other node."""
    try:
        is_itself_elsewhere = pickle.loads(pickle.dumps(group)) == group
    except Exception as error:  # whatever a type raises that cannot be pickled, and types do not agree on what
        raise ValueError(f"expected a group that can be copied to another node, got {group!r}: {error}") from error
    if not is_itself_elsewhere:
        raise ValueError(f"expected a group that equals its copy on another node, as a string does, got {group!r}")
    return group


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
