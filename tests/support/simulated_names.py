"""Cores of `global_` in a simulated cluster, with processes that die, servers that are killed, and clients.

What must never be is found when it happens: a lock granted, or a name given, to two whose nodes knew each other.
"""

from __future__ import annotations

import itertools
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

from beamlike.distribution.global_names import events, messages
from beamlike.distribution.global_names.core import Core
from beamlike.distribution.global_names.name_table import NameTable
from beamlike.kernel.terms import Pid, Ref
from tests.support import simulated_cluster as simulated
from tests.support.simulated_cluster import SimulatedCluster, Tell, Wake


@dataclass(frozen=True, slots=True)
class ToServer:
    to: Pid | None
    source: Pid
    message: messages.Message


@dataclass(frozen=True, slots=True)
class Watch:
    number: int
    server: Pid | None


@dataclass(frozen=True, slots=True)
class Gone:
    number: int


class NameNode:
    """A node: its core, and what a process, a kernel and a clock do for that."""

    def __init__(self, world: NameWorld, name: str, incarnation: int) -> None:
        self.world = world
        self.name = name
        self.numbers = itertools.count(1)
        self.incarnation = incarnation
        self.server: Pid | None = self._new_pid()
        self.kills = 0
        self.core = Core(self.server, NameTable(), prevent_overlap=world.prevent_overlap)
        self.up: set[str] = set()
        self.watched: set[Pid] = set()
        self.watching: dict[str, int] = {}
        self.known: dict[str, Pid | None] = {}
        """The servers of other nodes that the core believes to run; None stands for one that it knows to be gone."""
        self.watchers: dict[Pid, list[tuple[str, int]]] = {}
        self.running: dict[int, Pid | None] = {}

    def _new_pid(self) -> Pid:
        return Pid(self.name, (self.incarnation << 32) + next(self.numbers))

    def spawn(self) -> Pid:
        pid = self._new_pid()
        self.world.alive.add(pid)
        return pid

    def apply(self, event: Any) -> Iterator[Any]:
        match event:
            case simulated.Up(peer):
                self.up.add(peer)
                yield from self._core(events.PeerUp(peer))
            case simulated.Down(peer):
                self.up.discard(peer)
                for pid in [pid for pid in self.watched if pid.node == peer]:
                    yield from self._process_down(pid)
                self.watching.pop(peer, None)
                self.known.pop(peer, None)
                yield from self._core(events.PeerDown(peer))
            case simulated.Heard(peer, message):
                yield from self._heard(peer, message)
            case simulated.Woken(("down", pid)):
                yield from self._process_down(pid)
            case simulated.Woken(("dialled", node)):
                yield from self._core(events.DialEnded(node))
            case simulated.Woken(("resolved", number)):
                if number in self.running:
                    yield from self._core(events.Resolved(number, self.running.pop(number)))
            case simulated.Woken(Ref() as request):
                yield from self._core(events.TimeUp(request))
            case "kill server":
                yield from self._kill_server()
            case "restart server":
                self.server = self._new_pid()
                yield from self._perform(self.core.restarted(self.server))
                for peer in sorted(self.up):
                    yield from self._core(events.PeerUp(peer))
            case _:
                yield from self._core(event)

    def _heard(self, peer: str, message: Any) -> Iterator[Any]:
        match message:
            case ToServer(to, source, content):
                if to is None or to == self.server:
                    yield from self._core(events.Heard(source, content))
            case Watch(number, server):
                if self.server is None or server not in (None, self.server):
                    yield Tell(peer, Gone(number))
                else:
                    self.watchers.setdefault(self.server, []).append((peer, number))
            case Gone(number):
                if self.watching.get(peer) == number:
                    self.known[peer] = None
                    yield from self._core(events.ServerGone(peer))

    def _process_down(self, pid: Pid) -> Iterator[Any]:
        if pid in self.watched:
            self.watched.discard(pid)
            yield from self._core(events.ProcessDown(pid))

    def _kill_server(self) -> Iterator[Any]:
        assert self.server is not None
        for peer, number in self.watchers.pop(self.server, ()):
            yield Tell(peer, Gone(number))
        self.server = None
        self.kills += 1
        self.watched.clear()
        self.running.clear()
        self.watching.clear()
        self.known.clear()
        self.world.server_killed(self.name)

    def _core(self, event: events.Event) -> Iterator[Any]:
        if self.server is not None:
            yield from self._perform(self.core.apply(event))

    def _perform(self, effects: list[events.Effect]) -> Iterator[Any]:
        now = self.world.cluster.now
        for effect in effects:
            match effect:
                case events.Send(to, message):
                    assert self.server is not None
                    node, server = (to, None) if isinstance(to, str) else (to.node, to)
                    yield Tell(node, ToServer(server, self.server, message))
                case events.WatchServer(node, server):
                    self.watching[node] = next(self.numbers)
                    if server is not None:
                        self.known[node] = server
                    yield Tell(node, Watch(self.watching[node], server))
                case events.WatchProcess(pid):
                    self.watched.add(pid)
                    if pid not in self.world.alive or (pid.node != self.name and pid.node not in self.up):
                        yield Wake(("down", pid), now)
                case events.UnwatchProcess(pid):
                    self.watched.discard(pid)
                case events.SetTimer(request, at):
                    yield Wake(request, at)
                case events.CancelTimer(request):
                    yield simulated.NoWake(request)
                case events.Resolve(number, _, _, pids):
                    self.running[number] = self.world.resolve(pids)
                    yield Wake(("resolved", number), now)
                case events.Dial(node, _):
                    yield simulated.Dial(node)
                    yield Wake(("dialled", node), now)
                case events.HangUp(node, _):
                    yield simulated.HangUp(node)
                case events.Reply(request, value):
                    self.world.replied(request, value)


@dataclass(frozen=True, slots=True)
class Acquaintance:
    """What the node of a client knew when the client asked: its connections, and the servers at both ends."""

    node: str
    server: Pid | None
    connections: dict[str, tuple[int, Pid | None]]


@dataclass(slots=True)
class Question:
    event: Any
    known: Acquaintance


@dataclass(frozen=True, slots=True)
class Held:
    known: Acquaintance
    wish: events.SetLock


class NameWorld:
    """The cluster, its processes, and what its clients wait for and have."""

    def __init__(self, seed: int, names: str, *, prevent_overlap: bool = True, always_a_winner: bool = False) -> None:
        self.random = Random(seed)
        self.prevent_overlap = prevent_overlap
        self.always_a_winner = always_a_winner
        self.cluster = SimulatedCluster(self.random, lambda name, incarnation: NameNode(self, name, incarnation))
        self.alive: set[Pid] = set()
        self.asked: dict[Hashable, Question] = {}
        self.held: list[Held] = []
        self.given: dict[Hashable, set[Pid]] = {}
        """Name to the processes that were told to have it."""
        self.unclear: set[Hashable] = set()
        """Names of which a server that was killed may have freed one."""
        self.resolutions = 0
        self.answers: dict[Hashable, Any] = {}
        self._numbers = itertools.count(1)
        for name in names:
            self.start(name)
        self.cluster.mesh()
        self.cluster.settle()

    def node(self, name: str) -> NameNode:
        node = self.cluster.node(name)
        assert isinstance(node, NameNode)
        return node

    def nodes(self) -> list[NameNode]:
        return [self.node(name) for name in self.cluster.names]

    # What happens.

    def start(self, name: str) -> None:
        self.cluster.start(name)
        for _ in range(2):
            self.node(name).spawn()

    def crash(self, name: str) -> None:
        self._fail_requests(name)
        for pid in [pid for pid in self.alive if pid.node == name]:
            self._forget(pid)
        self.cluster.crash(name)

    def kill(self, pid: Pid) -> None:
        self._forget(pid)
        for node in self.nodes():
            if pid in node.watched and (pid.node == node.name or pid.node in node.up):
                self.cluster.tell(node.name, simulated.Woken(("down", pid), self.cluster.now))

    def _forget(self, pid: Pid) -> None:
        self.alive.discard(pid)
        self.held = [held for held in self.held if held.wish.holder != pid]
        for request in [request for request, question in self.asked.items() if _holder(question.event) == pid]:
            del self.asked[request]
        for given in self.given.values():
            given.discard(pid)

    def server_killed(self, name: str) -> None:
        self._fail_requests(name)

    def _fail_requests(self, name: str) -> None:
        for request in [request for request, question in self.asked.items() if question.known.node == name]:
            event = self.asked.pop(request).event
            if _frees(event):
                self.unclear.add(event.name)

    # What clients do.

    def ask(self, node: str, make: Any) -> Ref | None:
        """Has a client of `node` ask for `make(request)`; None if no server runs there."""
        if self.node(node).server is None:
            return None
        request = Ref(node, next(self._numbers))
        event = make(request)
        self.asked[request] = Question(event, self._acquaintance(node))
        if _frees(event):
            self.given.pop(event.name, None)
        self.cluster.tell(node, event)
        return request

    def register(self, node: str, name: str, pid: Pid, *, replace: bool = False) -> Ref | None:
        return self.ask(node, lambda request: events.Register(request, name, pid, None, replace))

    def unregister(self, node: str, name: str) -> Ref | None:
        return self.ask(node, lambda request: events.Unregister(request, name))

    def set_lock(self, holder: Pid, resource: str, patience: float | None = None) -> Ref | None:
        now = self.cluster.now
        until = None if patience is None else now + patience
        return self.ask(
            holder.node, lambda request: events.SetLock(request, holder, resource, holder, None, now, until)
        )

    def del_lock(self, held: Held) -> None:
        """Gives back what its holder has taken last."""
        wish = held.wish
        wanted = (wish.holder, wish.resource)
        same = [other for other in self.held if (other.wish.holder, other.wish.resource) == wanted]
        if self.node(wish.holder.node).server is not None:
            self.held.remove(same[-1])
            self.ask(
                wish.holder.node, lambda request: events.DelLock(request, wish.holder, wish.resource, wish.requester)
            )

    def cancel_lock(self, number: int) -> None:
        """Whoever asked gives up, just before or just after it has the lock."""
        wishes = [question.event for question in self.asked.values() if isinstance(question.event, events.SetLock)]
        wishes += [held.wish for held in self.held]
        if wishes:
            wish = wishes[number % len(wishes)]
            if self.node(wish.holder.node).server is not None:
                self.asked.pop(wish.request, None)
                self.held = [held for held in self.held if held.wish is not wish]
                self.cluster.tell(wish.holder.node, events.CancelLock(wish.request))

    def resolve(self, pids: tuple[Pid, Pid]) -> Pid | None:
        self.resolutions += 1
        winner = self.random.choice(pids if self.always_a_winner else (*pids, None))
        for pid in pids:
            if pid != winner:
                for given in self.given.values():
                    given.discard(pid)
        return winner

    # What they are told.

    def replied(self, request: Hashable, value: Any) -> None:
        question = self.asked.pop(request, None)
        if question is None:
            return
        self.answers[request] = value
        match question.event:
            case events.SetLock() as wish if value is True and wish.holder in self.alive:
                self._granted(question.known, wish)
            case events.Register(_, name, pid) as wish if value is True and pid in self.alive:
                self._given(question.known, name, pid, wish.replace)
            case events.Unregister(_, name):
                self.given.pop(name, None)

    def _granted(self, known: Acquaintance, wish: events.SetLock) -> None:
        mine = Held(known, wish)
        for other in self.held:
            if other.wish.resource == wish.resource and other.wish.requester != wish.requester:
                earlier, later = sorted((mine, other), key=lambda held: held.wish.request.id)
                assert not self._knew(later.known, earlier.known.node), (
                    f"{wish.resource!r} is held by {other.wish.holder} and was granted to {wish.holder}"
                )
        self.held.append(mine)

    def _given(self, known: Acquaintance, name: Hashable, pid: Pid, replace: bool) -> None:
        if replace:
            self.given.pop(name, None)
        given = self.given.setdefault(name, set())
        for other in given:
            clear = name not in self.unclear and pid.node == known.node
            assert other == pid or not clear or not self._knew(known, other.node), (
                f"{name!r} is {other}'s and was given to {pid}"
            )
        if pid.node == known.node:  # else it may be another node that answers for it
            given.add(pid)
            for peer in known.connections:
                if self._knew(known, peer):
                    assert self.node(peer).core.table.whereis(name) is not None, f"{peer} does not know {name!r} yet"

    def _acquaintance(self, name: str) -> Acquaintance:
        node = self.node(name)
        connections = self.cluster.known_connections(name)
        servers = {peer: node.known[peer] if peer in node.known else self._first_server(peer) for peer in connections}
        return Acquaintance(name, node.server, {peer: (connections[peer], servers[peer]) for peer in connections})

    def _server(self, name: str) -> Pid | None:
        return self.node(name).server if name in self.cluster.names else None

    def _first_server(self, name: str) -> Pid | None:
        """Who answers one that knows it not yet; where a server was killed, the news of that may be on its way."""
        return self._server(name) if name in self.cluster.names and self.node(name).kills == 0 else None

    def _knew(self, known: Acquaintance, other: str) -> bool:
        """Whether the node has been connected to `other` all the time since the client asked, and a server, the same
        all the time, runs at either end."""
        if known.server is None or known.server != self._server(known.node):
            return False
        if other == known.node:
            return True
        server = self._server(other)
        now = (self.cluster.connection(known.node, other), server)
        return server is not None and known.connections.get(other) == now

    # The end.

    def heal(self) -> None:
        """Every server runs, every node is connected to every other, and all is quiet."""
        for node in self.nodes():
            if node.server is None:
                self.cluster.tell(node.name, "restart server")
        for _ in range(20):
            self.cluster.mesh()
            self.cluster.settle()
            if self.is_full_mesh():
                return
        raise AssertionError("the cluster does not stay connected")

    def is_full_mesh(self) -> bool:
        return all(self.cluster.are_connected(a, b) for a, b in itertools.combinations(self.cluster.names, 2))

    def release_all(self) -> None:
        """Until nobody holds or waits for a lock."""
        while self.held:
            self.del_lock(self.held[-1])
            self.cluster.settle()


def _frees(event: Any) -> bool:
    """Whether it may take a name from whoever has it."""
    return isinstance(event, events.Unregister) or (isinstance(event, events.Register) and event.replace)


def _holder(event: Any) -> Pid | None:
    return event.holder if isinstance(event, events.SetLock) else None
