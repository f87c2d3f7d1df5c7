"""Locks that span nodes: this node's share of them, and the locks that this node's processes ask for.

Nodes are asked one after the other in the order of their names, the same everywhere: whoever waits for a share holds
only shares of nodes before it, so no two wait for each other. The share of one's own node is among them, unless other
nodes were named; so two who ask while their nodes are connected meet at two nodes at least, and one comes first.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import field
from functools import partial

from beamlike.distribution.global_names.desk import Desk
from beamlike.distribution.global_names.events import Send
from beamlike.distribution.global_names.lock_table import Claim, LockTable
from beamlike.distribution.global_names.messages import Ack, Ask, Granted, Refused, Release
from beamlike.distribution.global_names.peers import Peers
from beamlike.distribution.global_names.rounds import Rounds
from beamlike.kernel.record import slotted
from beamlike.kernel.terms import Pid


@slotted
class Lock:
    """One that is being asked for, and is held once `then(lock, True)` was called; False says that it was refused."""

    claim: Claim
    resource: Hashable
    wait: bool
    nodes: frozenset[str] | None
    then: Callable[[Lock, bool], None]
    granted: dict[str, Pid] = field(default_factory=dict)
    position: str = ""
    """The node that was asked last; "" stands before all."""
    asks: bool = False
    """Whether that node has yet to answer, or even to say who it is."""
    taken: bool = False
    """Whether a node knows a holder of the name, if it is the lock on a name."""


class Locks:
    """`is_taken(resource)` says whether that is a name which has a holder, as far as this node knows."""

    def __init__(self, desk: Desk, peers: Peers, rounds: Rounds, is_taken: Callable[[Hashable], bool]) -> None:
        self._desk = desk
        self._peers = peers
        self._rounds = rounds
        self._is_taken = is_taken
        self._table = LockTable()
        self._locks: dict[int, Lock] = {}

    # For those who want a lock.

    def new(
        self,
        resource: Hashable,
        requester: Hashable,
        then: Callable[[Lock, bool], None],
        *,
        wait: bool = True,
        nodes: frozenset[str] | None = None,
    ) -> Lock:
        """A lock on `resource`, not asked for yet: on all nodes, or those of `nodes` that are connected. Where another
        requester has it, it is waited for or, unless `wait`, refused."""
        claim = Claim(self._desk.me, self._desk.next_number(), requester)
        return Lock(claim, resource, wait, nodes, then)

    def ask(self, lock: Lock) -> None:
        self._locks[lock.claim.number] = lock
        self._advance(lock)

    def release(self, lock: Lock, then: Callable[[], None] | None = None) -> None:
        """Gives it back, or no longer asks for it; `then` every node has it back."""
        number, asked = lock.claim.number, dict(lock.granted)
        if self._locks.pop(number, None) is None:
            return
        if lock.asks and (member := self._peers.member(lock.position)) is not None:
            asked[lock.position] = member
        asked.pop(self._desk.me.node, None)
        for server in asked.values():
            self._desk.do(Send(server, Release(number, then is not None)))
        self._released(lock.claim)
        if then is not None:
            self._rounds.begin(number, asked, then)

    @property
    def is_idle(self) -> bool:
        """Whether nobody has, or waits for, a share of this node or a lock."""
        return not self._locks and self._table.is_empty

    # What happens to other nodes.

    def server_known(self, node: str) -> None:
        """It has become a member."""
        for lock in self._asking(node):
            self._ask_position(lock)

    def server_gone(self, node: str, server: Pid | None) -> None:
        """It is a member no longer, or will be none; its shares are nobody's, and it has none of ours."""
        for lock in tuple(self._locks.values()):
            lock.granted.pop(node, None)
        if server is not None:
            self._announce(self._table.release_all_of(server))
        for lock in self._asking(node):
            lock.asks = False
            self._advance(lock)

    def restarted(self, kept: Iterable[Lock]) -> None:
        """This node's share of some locks that are held is left, and nothing else."""
        me = self._desk.me
        self._table = LockTable()
        self._locks = {}
        for lock in kept:
            lock.claim = Claim(me, lock.claim.number, lock.claim.requester)
            lock.granted = {me.node: me}
            self._locks[lock.claim.number] = lock
            self._table.ask(lock.resource, lock.claim, wait=False)

    # What other nodes say.

    def heard(self, source: Pid, message: Ask | Granted | Refused | Release) -> None:
        match message:
            case Ask(number, resource, requester, wait):
                claim = Claim(source, number, requester)
                if self._table.ask(resource, claim, wait=wait):
                    self._announce([claim])
                elif not wait:
                    self._desk.do(Send(source, Refused(number)))
            case Release(number, ack):
                self._released(Claim(source, number, None))
                if ack:
                    self._desk.do(Send(source, Ack(number)))
            case Granted(number, taken):
                if (lock := self._locks.get(number)) is not None:
                    self._have_share(lock, source, taken)
            case Refused(number):
                if (lock := self._locks.get(number)) is not None:
                    self._fail(lock)

    # Inside.

    def _asking(self, node: str) -> list[Lock]:
        return [lock for lock in self._locks.values() if lock.asks and lock.position == node]

    def _advance(self, lock: Lock) -> None:
        nodes = {self._desk.me.node, *self._peers.nodes()}
        if lock.nodes is not None:
            nodes &= lock.nodes
        later = [node for node in nodes if node > lock.position]
        if not later:
            lock.then(lock, True)
            return
        lock.position, lock.asks = min(later), True
        self._ask_position(lock)

    def _ask_position(self, lock: Lock) -> None:
        """If it is not known yet whether the node has a name server, that is waited for."""
        if lock.position == self._desk.me.node:
            if self._table.ask(lock.resource, lock.claim, wait=lock.wait):
                self._have_share(lock, self._desk.me, self._is_taken(lock.resource))
            elif not lock.wait:
                self._fail(lock)
        elif (server := self._peers.member(lock.position)) is not None:
            claim = lock.claim
            self._desk.do(Send(server, Ask(claim.number, lock.resource, claim.requester, lock.wait)))

    def _have_share(self, lock: Lock, source: Pid, taken: bool) -> None:
        lock.granted[source.node] = source
        lock.taken = lock.taken or taken
        lock.asks = False
        self._advance(lock)

    def _fail(self, lock: Lock) -> None:
        lock.asks = False
        self.release(lock)
        lock.then(lock, False)

    def _released(self, claim: Claim) -> None:
        self._announce(self._table.release(claim))

    def _announce(self, granted: list[Claim]) -> None:
        for claim in granted:
            taken = self._is_taken(self._table.resource_of(claim))
            if claim.asker != self._desk.me:
                self._desk.do(Send(claim.asker, Granted(claim.number, taken)))
            elif (lock := self._locks.get(claim.number)) is not None:
                # Later: who gets it may give it back at once, and so on along the whole line.
                self._desk.later(partial(self._have_own_share, lock, taken))

    def _have_own_share(self, lock: Lock, taken: bool) -> None:
        if lock.claim.number in self._locks:
            self._have_share(lock, self._desk.me, taken)
