"""Many nodes, each a sans-IO core, on a network that loses, delays and reorders whatever a real one may.

    event ──► node.apply(event) ──► effects          a node is anything that does this, with a state of its own

    Up(peer) Down(peer)         news of connections    Tell(peer, message)    sends
    Heard(peer, message)        a message came         Wake(key, at)          sets a timer, NoWake(key) takes it back
    Woken(key)                  a timer is due         Dial(peer) HangUp(peer)
    anything else               from the test, `tell`  anything else          to the test, which finds it in `said`

Every event carries the virtual time. What holds of a real connection holds here: messages of one connection arrive in
the order sent, between Up and Down; a cut loses what was still on its way, from some message on; the two ends hear of
Up and Down each in its own time; a node that restarts is another incarnation and has lost its state. All else is
chosen at random: which connection delivers next, whether a timer overtakes a message, how much a cut loses.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from random import Random
from typing import Any, Protocol, TypeAlias


@dataclass(frozen=True, slots=True)
class Up:
    peer: str
    at: float


@dataclass(frozen=True, slots=True)
class Down:
    peer: str
    at: float


@dataclass(frozen=True, slots=True)
class Heard:
    peer: str
    message: Any
    at: float


@dataclass(frozen=True, slots=True)
class Woken:
    key: Hashable
    at: float


@dataclass(frozen=True, slots=True)
class Tell:
    peer: str
    message: Any


@dataclass(frozen=True, slots=True)
class Wake:
    """A timer; another of the same key takes its place."""

    key: Hashable
    at: float


@dataclass(frozen=True, slots=True)
class NoWake:
    key: Hashable


@dataclass(frozen=True, slots=True)
class Dial:
    peer: str


@dataclass(frozen=True, slots=True)
class HangUp:
    peer: str


class SimulatedNode(Protocol):
    def apply(self, event: Any, /) -> Iterable[Any]: ...


@dataclass(frozen=True, slots=True)
class _News:
    """Up or Down, on its way to one end of the connection number `connection`."""

    is_up: bool
    connection: int


@dataclass(frozen=True, slots=True)
class _Letter:
    connection: int
    message: Any


@dataclass(eq=False, slots=True)
class _Machine:
    """A node that runs, with its timers and the connections that it knows of."""

    node: SimulatedNode
    timers: dict[Hashable, float] = field(default_factory=dict)
    peers: dict[str, int] = field(default_factory=dict)


_Channel: TypeAlias = deque[_News | _Letter]


class SimulatedCluster:
    """`make(name, incarnation)` gives the core of a node that starts.

    `said` collects (node, effect) for the effects that are not of the network.
    """

    def __init__(self, random: Random, make: Callable[[str, int], SimulatedNode]) -> None:
        self.now = 0.0
        self.said: list[tuple[str, Any]] = []
        self.reachable: Callable[[str, str], bool] = lambda _a, _b: True
        """Whether a node may dial another: a test that keeps a partition replaces it."""
        self._random = random
        self._make = make
        self._numbers = itertools.count(1)
        self._machines: dict[str, _Machine] = {}
        # What is on its way to the first from the second.
        self._channels: dict[tuple[str, str], _Channel] = {}
        self._connections: dict[frozenset[str], int] = {}

    # What a test does to the nodes.

    def start(self, name: str) -> SimulatedNode:
        assert name not in self._machines, f"{name} runs already"
        machine = self._machines[name] = _Machine(self._make(name, next(self._numbers)))
        return machine.node

    def crash(self, name: str) -> None:
        """The node is gone, with its timers and what was on its way to it; its peers hear of closed connections."""
        for peer in self.connected_to(name):
            self.cut(name, peer)
        del self._machines[name]
        for to, source in [ends for ends in self._channels if ends[0] == name]:
            del self._channels[to, source]

    def tell(self, name: str, event: Any) -> None:
        """Has the node apply an event of its own kind, now."""
        machine = self._machines[name]
        for effect in machine.node.apply(event):
            self._perform(name, machine, effect)

    @property
    def names(self) -> list[str]:
        """The nodes that run."""
        return list(self._machines)

    def node(self, name: str) -> SimulatedNode:
        return self._machines[name].node

    # What a test does to the network.

    def connect(self, a: str, b: str) -> None:
        """Connects two nodes that run, unless they are."""
        ends = frozenset((a, b))
        if ends not in self._connections and a != b and a in self._machines and b in self._machines:
            number = self._connections[ends] = next(self._numbers)
            self._channel(a, b).append(_News(True, number))
            self._channel(b, a).append(_News(True, number))

    def cut(self, a: str, b: str) -> None:
        """Ends a connection, if there is one. Of what is on its way in either direction, a random beginning arrives."""
        number = self._connections.pop(frozenset((a, b)), None)
        if number is not None:
            for to, source in ((a, b), (b, a)):
                channel = self._channel(to, source)
                self._lose_an_end(channel, number)
                channel.append(_News(False, number))

    def mesh(self) -> None:
        """Connects every node to every other."""
        for a, b in itertools.combinations(self._machines, 2):
            self.connect(a, b)

    def are_connected(self, a: str, b: str) -> bool:
        return self.connection(a, b) is not None

    def connection(self, a: str, b: str) -> int | None:
        """The number of the connection between two nodes, whatever they have heard of it."""
        return self._connections.get(frozenset((a, b)))

    def connected_to(self, name: str) -> list[str]:
        return [peer for ends in self._connections if name in ends for peer in ends if peer != name]

    def known_connections(self, name: str) -> dict[str, int]:
        """The number of each connection that the node has heard of and not heard the end of."""
        return dict(self._machines[name].peers)

    # Time.

    def step(self) -> bool:
        """One thing happens: something arrives, or the next timer is due. False if nothing is left to happen."""
        busy = [ends for ends, channel in self._channels.items() if channel]
        next_timer = min(
            ((at, name, key) for name, machine in self._machines.items() for key, at in machine.timers.items()),
            key=lambda timer: timer[0],
            default=None,
        )
        if next_timer is not None and self._random.randrange(4 * len(busy) + 1) == 0:
            self._fire(*next_timer)
        elif busy:
            self._deliver(*busy[self._random.randrange(len(busy))])
        else:
            return False
        return True

    def run(self, steps: int) -> None:
        for _ in range(steps):
            if not self.step():
                return

    def settle(self, limit: int = 20_000) -> None:
        """Runs until nothing is on its way and no timer is set; a cluster that never comes to rest fails."""
        for _ in range(limit):
            if not self.step():
                return
        raise AssertionError(f"the cluster did not come to rest within {limit} steps")

    # Inside.

    def _channel(self, to: str, source: str) -> _Channel:
        return self._channels.setdefault((to, source), deque())

    def _lose_an_end(self, channel: _Channel, number: int) -> None:
        """Takes some of the last letters of a connection out of a channel."""
        letters = sum(isinstance(item, _Letter) and item.connection == number for item in channel)
        for _ in range(self._random.randint(0, letters)):
            channel.pop()

    def _deliver(self, to: str, source: str) -> None:
        machine, item = self._machines[to], self._channels[to, source].popleft()
        match item:
            case _News(True, number):
                machine.peers[source] = number
                event: Any = Up(source, self.now)
            case _News(False, _):
                del machine.peers[source]
                event = Down(source, self.now)
            case _Letter(_, message):
                event = Heard(source, message, self.now)
        self.tell(to, event)

    def _fire(self, at: float, name: str, key: Hashable) -> None:
        self.now = max(self.now, at)
        del self._machines[name].timers[key]
        self.tell(name, Woken(key, self.now))

    def _perform(self, name: str, machine: _Machine, effect: Any) -> None:
        match effect:
            case Tell(peer, message):
                self._post(name, machine, peer, message)
            case Wake(key, at):
                machine.timers[key] = at
            case NoWake(key):
                machine.timers.pop(key, None)
            case Dial(peer):
                if self.reachable(name, peer):
                    self.connect(name, peer)
            case HangUp(peer):
                self.cut(name, peer)
            case _:
                self.said.append((name, effect))

    def _post(self, name: str, machine: _Machine, peer: str, message: Any) -> None:
        """Over the connection that the sender knows of; if that is no more, the message is lost."""
        number = machine.peers.get(peer)
        if number is not None and self._connections.get(frozenset((name, peer))) == number:
            self._channel(peer, name).append(_Letter(number, message))
