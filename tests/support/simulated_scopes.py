"""Nodes of a simulated cluster with a scope of process groups each, and of the kernel what a scope needs of it.

A node has processes, monitors, one mailbox and the process that reads it, whenever it finds time: what stands there may
be of a connection that has gone since, and what it sends goes over the one that there is by then. Every node checks
after each message that the groups are as its monitors were told, and that what it knows of a peer is a state in which
that was, never an earlier one than before.
"""

from __future__ import annotations

import itertools
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from beamlike.distribution.process_groups.roster import Members
from beamlike.distribution.process_groups.scope_state import Demonitor, Monitor, ScopeState, Send
from beamlike.distribution.process_groups.watchers import Watch
from beamlike.kernel.terms import CREATION_SHIFT, Pid, Ref
from tests.support.simulated_cluster import Down, Heard, Tell, Up, Wake, Woken

SCOPE = "pg"

Count: TypeAlias = Counter[tuple[Any, Pid]]
"""How often each process is in each group."""


def _node_of(to: Pid | tuple[str, str]) -> str:
    return to.node if isinstance(to, Pid) else to[1]


def counted(members: Members) -> Count:
    return Counter((group, pid) for group, pids in members.items() for pid in pids)


@dataclass(frozen=True, slots=True)
class Join:
    group: str
    process: int


@dataclass(frozen=True, slots=True)
class Leave:
    group: str
    process: int


@dataclass(frozen=True, slots=True)
class End:
    """A process ends, and another takes its place."""

    process: int


@dataclass(frozen=True, slots=True)
class WatchGroup:
    group: str | None
    """None stands for the whole scope."""


@dataclass(frozen=True, slots=True)
class Unwatch:
    pass


@dataclass(frozen=True, slots=True)
class RestartScope:
    pass


@dataclass(frozen=True, slots=True)
class Congest:
    """The next so many messages to other scopes are refused by connections that are full."""

    count: int


@dataclass(frozen=True, slots=True)
class Replay:
    """A message comes that may be of any time."""

    message: Any


@dataclass(slots=True)
class World:
    """What all nodes together have done."""

    histories: dict[Pid, list[Count]] = field(default_factory=dict)
    """By scope process, all states in which its own members were."""
    sent: list[tuple[Any, ...]] = field(default_factory=list)


@dataclass(slots=True)
class _Monitored:
    """A monitor of groups, and the members according to what it was told."""

    watch: Watch
    members: Count


class ScopeNode:
    """The core of a node for `SimulatedCluster`. `expected` is what the test has made the members of this node."""

    def __init__(self, world: World, name: str, incarnation: int) -> None:
        self.name = name
        self.expected: Count = Counter()
        self._world = world
        self._ids = itertools.count((incarnation << CREATION_SHIFT) + 1)
        self._processes = [self._new_pid() for _ in range(3)]
        self._up: set[str] = set()
        # By process of this node, the nodes that monitor it; and what the scope monitors, here or elsewhere.
        self._monitored_by: dict[Pid, set[str]] = {}
        self._monitors: set[Pid] = set()
        self._start_scope()

    def _new_pid(self) -> Pid:
        return Pid(self.name, next(self._ids))

    def _start_scope(self) -> None:
        self.me = self._new_pid()
        self.state = ScopeState(SCOPE, self.me)
        self._world.histories[self.me] = [Counter()]
        self._seen_of: dict[Pid, int] = {}
        self._refused = 0
        self._mailbox: deque[Any] = deque(Up(node, 0.0) for node in sorted(self._up))
        self._watches: dict[Ref, _Monitored] = {}

    # The kernel.

    def apply(self, event: Any) -> Iterator[Any]:
        match event:
            case Up(peer):
                self._up.add(peer)
                self._mailbox.append(event)
            case Down(peer):
                self._lose_node(peer)
            case Heard(peer, letter):
                yield from self._signal(peer, letter)
            case Woken():
                yield from self._turn()
            case RestartScope():
                yield from self._restart_scope()
            case End(process):
                self._end(process)
            case Replay(message):
                self._mailbox.append(message)
            case Congest(count):
                self._refused = count
            case Join(group, process) | Leave(group, process):
                self._ask(type(event), group, self._processes[process])
            case _:
                self._mailbox.append(event)
        if self._mailbox:
            yield Wake("turn", 0.0)

    def _lose_node(self, peer: str) -> None:
        self._up.discard(peer)
        for nodes in self._monitored_by.values():
            nodes.discard(peer)
        for pid in sorted((pid for pid in self._monitors if pid.node == peer), key=lambda pid: pid.id):
            self._gone(pid)

    def _signal(self, peer: str, letter: Any) -> Iterator[Any]:
        match letter:
            case ("send", to, message):
                if to in (self.me, (SCOPE, self.name)):
                    self._mailbox.append(message)
            case ("monitor", pid) if pid == self.me:
                self._monitored_by.setdefault(pid, set()).add(peer)
            case ("monitor", pid):
                yield Tell(peer, ("gone", pid))
            case ("demonitor", pid):
                self._monitored_by.get(pid, set()).discard(peer)
            case ("gone", pid) if pid in self._monitors:
                self._gone(pid)

    def _gone(self, pid: Pid) -> None:
        self._monitors.discard(pid)
        self._mailbox.append(("DOWN", pid))

    def _end(self, process: int) -> None:
        pid, self._processes[process] = self._processes[process], self._new_pid()
        self.expected = Counter({key: times for key, times in self.expected.items() if key[1] != pid})
        self._watches = {ref: monitored for ref, monitored in self._watches.items() if monitored.watch.pid != pid}
        if pid in self._monitors:
            self._gone(pid)

    def _restart_scope(self) -> Iterator[Any]:
        for pid in self._monitors:
            yield from self._to(pid.node, ("demonitor", pid))
        for node in sorted(self._monitored_by.pop(self.me, ())):
            yield from self._to(node, ("gone", self.me))
        self._monitors.clear()
        self.expected.clear()
        self._start_scope()

    def _to(self, node: str, letter: Any) -> Iterator[Any]:
        if node in self._up:
            yield Tell(node, letter)

    def _ask(self, what: type[Join | Leave], group: str, pid: Pid) -> None:
        """A process calls the scope, for the members that it is to have when it gets round to it."""
        self._mailbox.append((what, group, pid))
        if what is Join:
            self.expected[group, pid] += 1
        else:
            self.expected -= Counter([(group, pid)])

    # The scope's process, as `Scope` is.

    def _turn(self) -> Iterator[Any]:
        if self._mailbox:  # what was to be done may have been taken back
            self._handle(self._mailbox.popleft())
        history, local = self._world.histories[self.me], self._count_local()
        if history[-1] != local:
            history.append(local)
        for effect in self.state.take_effects():
            yield from self._perform(effect)
        self._check()

    def _handle(self, message: Any) -> None:
        match message:
            case Up(peer):
                self.state.node_up(peer)
            case ("DOWN", pid):
                self.state.down(pid)
            case ("discover" | "sync", peer, *_) if not self.state.knows(peer) and peer.node not in self._up:
                pass
            case ("discover", peer):
                self.state.discovered(peer)
            case ("sync", peer, version, members):
                self.state.synced(peer, version, members)
            case ("meet again", node):
                self.state.met_again(node)
            case ("join" | "leave" as change, peer, version, members):
                self.state.changed(change, peer, version, members)
            case (what, group, pid) if what is Join:
                self.state.join(group, (pid,))
            case (what, group, pid) if what is Leave:
                self.state.leave(group, (pid,))
            case WatchGroup(group):
                watch = Watch(Ref(self.name, next(self._ids)), self._processes[0], group is not None, group)
                self._watches[watch.ref] = _Monitored(watch, counted(self.state.watch(watch)))
            case Unwatch():
                if self._watches:
                    ref, _ = self._watches.popitem()
                    assert self.state.unwatch(ref)

    def _perform(self, effect: Any) -> Iterator[Any]:
        match effect:
            case Send(Pid(node=node), (Ref() as ref, change, group, pids)) if node == self.name:
                self._told(ref, change, group, pids)
            case Send(to, message) if self._refused:
                self._refused -= 1
                self._mailbox.append(("meet again", _node_of(to)))
            case Send(to, message):
                self._world.sent.append(message)
                yield from self._to(_node_of(to), ("send", to, message))
            case Monitor(pid):
                assert pid not in self._monitors
                self._monitors.add(pid)
                yield from self._monitor(pid)
            case Demonitor(pid):
                self._demonitor(pid)
                yield from self._to(pid.node, ("demonitor", pid))

    def _monitor(self, pid: Pid) -> Iterator[Any]:
        if pid.node == self.name:
            if pid not in self._processes:
                self._gone(pid)
        elif pid.node in self._up:
            yield Tell(pid.node, ("monitor", pid))
        else:
            self._gone(pid)

    def _demonitor(self, pid: Pid) -> None:
        """Takes what the monitor may have said already, too."""
        self._monitors.discard(pid)
        self._mailbox = deque(message for message in self._mailbox if message != ("DOWN", pid))

    def _told(self, ref: Ref, change: str, group: Any, pids: list[Pid]) -> None:
        if ref in self._watches:
            told, members = counted({group: pids}), self._watches[ref].members
            members.update(told) if change == "join" else members.subtract(told)

    # What must always hold.

    def _count_local(self) -> Count:
        groups = self.state.groups()
        return counted({group: self.state.local_members(group) for group in groups})

    def seen(self) -> Count:
        """The members as this node sees them."""
        return counted({group: self.state.members(group) for group in self.state.groups()})

    def _check(self) -> None:
        seen = self.seen()
        for monitored in self._watches.values():
            watch = monitored.watch
            of_it = Counter({key: times for key, times in seen.items() if not watch.one or key[0] == watch.group})
            assert monitored.members == of_it, "what a monitor was told is not what it should know"
        for pid, peer in self.state._peers.items():
            self._check_of(pid, counted(peer.roster.everything()))
        for gone in self._seen_of.keys() - self.state._peers.keys():
            del self._seen_of[gone]

    def _check_of(self, peer: Pid, members: Count) -> None:
        """A peer that was met and has not synced yet has no members, and that says nothing."""
        history, least = self._world.histories[peer], self._seen_of.get(peer, 0)
        if members or least:
            later = next((number for number in range(least, len(history)) if history[number] == members), None)
            assert later is not None, f"{self.name} sees {members} of {peer}: never so, or before what it saw last"
            self._seen_of[peer] = later
