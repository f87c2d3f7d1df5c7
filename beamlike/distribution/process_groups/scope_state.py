"""What a scope of process groups knows and decides: events in, effects out. It does no I/O.

The members are the union of what each scope process says of its own node: `local`, and one roster for each peer, which
is a scope process of the same name elsewhere, known by its pid. A scope that was restarted, or whose node was, has
another pid, and what the former one said went with it.

    connected     A ── ("discover", A) ──► (scope, B's node)    both sides do; nobody hears it where no such scope runs
    discovered    B ── ("sync", B, version, members) ──► A      all of B's node; whoever is new to the other is met:
    met           A ── monitors B, and syncs ──► B
    from then on  A ── ("join" | "leave", A, version, members) ──► B     one for each event, whatever it changes

Nothing is agreed upon, no lock is taken and no clock is read: where the network is whole and quiet, all nodes see the
same, as with OTP's pg. A peer that ends, or whose connection is lost, is forgotten with its members; the next
"discover" makes it known again.

A scope may be behind the news: it may tell a change to a peer that it has met on a former connection, and whose sync
was lost with that. So each change of a node makes another version of it, and one that is not the next after what is
known is not applied but answered by "discover". What is known of a peer is therefore always a state in which its node
was, and never one before that which was known: a join that was undone does not come back. (OTP's pg numbers nothing,
and may see a state that never was until the next sync.)
"""

from __future__ import annotations

from collections import Counter
from dataclasses import field
from typing import Any, Literal, TypeAlias

from beamlike.distribution.process_groups.roster import Group, Members, Roster, surplus
from beamlike.distribution.process_groups.watchers import Watch, Watchers
from beamlike.kernel.record import record, slotted
from beamlike.kernel.terms import Pid, Ref, RemoteName

Change: TypeAlias = Literal["join", "leave"]


@record
class Send:
    """Send it if the node is connected: nobody is dialled for the sake of groups."""

    to: Pid | RemoteName
    message: tuple[Any, ...]


@record
class Monitor:
    """Tell `down` when the process ends or its node is lost."""

    pid: Pid


@record
class Demonitor:
    """And do not tell `down` any more."""

    pid: Pid


Effect: TypeAlias = Send | Monitor | Demonitor


@slotted
class Peer:
    """Another scope process; `version` is that of its members, None while a sync is to come."""

    roster: Roster = field(default_factory=Roster)
    version: int | None = None


class ScopeState:
    """The state of the scope process `me`, registered as `scope`. What is to be done after an event stands in
    `take_effects()`.

    >>> state, p = ScopeState("pg", Pid("a@host", 1)), Pid("a@host", 2)
    >>> state.join("g", (p,))
    >>> state.members("g"), state.take_effects()
    ([Pid<a@host 0.2>], [Monitor(pid=Pid<a@host 0.2>)])
    >>> state.node_up("b@host")
    >>> state.take_effects()
    [Send(to=('pg', 'b@host'), message=('discover', Pid<a@host 0.1>))]
    """

    def __init__(self, scope: str, me: Pid) -> None:
        self._scope = scope
        self._me = me
        self._local = Roster()
        self._version = 0
        self._peers: dict[Pid, Peer] = {}
        self._watchers = Watchers()
        # For how many memberships, watches and the like each process is monitored.
        self._ties: Counter[Pid] = Counter()
        self._effects: list[Effect] = []

    def take_effects(self) -> list[Effect]:
        """What is to be done now, in this order."""
        effects, self._effects = self._effects, []
        return effects

    # For readers, in any thread.

    def members(self, group: Group) -> list[Pid]:
        """Those of this node first, then those of one peer after the other."""
        return [pid for roster in self._rosters() for pid in roster.members(group)]

    def local_members(self, group: Group) -> list[Pid]:
        return self._local.members(group)

    def groups(self) -> list[Group]:
        """Those that have members, wherever."""
        return list(dict.fromkeys([*self.local_groups(), *self.groups_elsewhere()]))

    def local_groups(self) -> list[Group]:
        return self._local.groups()

    def groups_elsewhere(self) -> list[Group]:
        """One that has members on several other nodes comes several times."""
        return [group for peer in tuple(self._peers.values()) for group in peer.roster.groups()]

    def _rosters(self) -> tuple[Roster, ...]:
        return self._local, *[peer.roster for peer in tuple(self._peers.values())]

    def knows(self, peer: Pid) -> bool:
        """Whether it has been met, and not lost since."""
        return peer in self._peers

    # What processes of this node want.

    def join(self, group: Group, pids: tuple[Pid, ...]) -> None:
        for pid in pids:
            self._local.add(group, pid)
            self._tie(pid)
        self._changed_here("join", {group: list(pids)})

    def leave(self, group: Group, pids: tuple[Pid, ...]) -> bool:
        """Whether any of them was a member."""
        left = [pid for pid in pids if self._local.remove(group, pid)]
        for pid in left:
            self._untie(pid)
        self._changed_here("leave", {group: left})
        return bool(left)

    def watch(self, watch: Watch) -> Members:
        """The members now; every change from now on is sent to `watch.pid`."""
        self._watchers.add(watch)
        self._tie(watch.pid)
        groups = [watch.group] if watch.one else self.groups()
        return {group: members for group in groups if (members := self.members(group))}

    def unwatch(self, ref: Ref) -> bool:
        watch = self._watchers.remove(ref)
        if watch is not None:
            self._untie(watch.pid)
        return watch is not None

    # What is heard from elsewhere.

    def node_up(self, node: str) -> None:
        self._send((self._scope, node), ("discover", self._me))

    def met_again(self, node: str) -> None:
        """Something that was to be sent there was not: its scopes are told all, and asked for all."""
        for peer in [peer for peer in self._peers if peer.node == node]:
            self._sync(peer)
        self.node_up(node)

    def discovered(self, peer: Pid) -> None:
        """A peer wants to know the members here."""
        self._meet(peer)
        self._sync(peer)

    def synced(self, peer: Pid, version: int, members: Members) -> None:
        """All members of a peer's node."""
        if self._meet(peer):
            self._sync(peer)
        self._peers[peer].version = version
        before = self._peers[peer].roster.everything()
        for group in dict.fromkeys((*before, *members)):
            old, new = before.get(group, ()), members.get(group, ())
            self._left_there(peer, group, surplus(old, new))
            self._joined_there(peer, group, surplus(new, old))

    def changed(self, change: Change, peer: Pid, version: int, members: Members) -> None:
        """Some of a peer's node joined or left."""
        known = self._peers.get(peer)
        if known is None or known.version is None:
            return
        if version != known.version + 1:
            known.version = None
            self._send(peer, ("discover", self._me))
            return
        known.version = version
        note = self._joined_there if change == "join" else self._left_there
        for group, pids in members.items():
            note(peer, group, pids)

    def down(self, pid: Pid) -> None:
        """A monitored process has ended, or the connection to its node."""
        del self._ties[pid]
        if pid in self._peers:
            self._lose(pid)
        else:
            self._ended(pid)

    # Inside.

    def _meet(self, peer: Pid) -> bool:
        """Whether it is new."""
        is_new = peer not in self._peers
        if is_new:
            self._peers[peer] = Peer()
            self._tie(peer)
        return is_new

    def _lose(self, peer: Pid) -> None:
        lost = self._peers.pop(peer)
        for group, pids in lost.roster.everything().items():
            self._announce("leave", group, pids)

    def _ended(self, pid: Pid) -> None:
        self._watchers.drop(pid)
        self._changed_here("leave", self._local.drop(pid))

    def _changed_here(self, change: Change, members: Members) -> None:
        if any(members.values()):
            self._version += 1
            for group, pids in members.items():
                self._announce(change, group, pids)
            for peer in self._peers:
                self._send(peer, (change, self._me, self._version, members))

    def _joined_there(self, peer: Pid, group: Group, pids: list[Pid]) -> None:
        for pid in pids:
            self._peers[peer].roster.add(group, pid)
        self._announce("join", group, pids)

    def _left_there(self, peer: Pid, group: Group, pids: list[Pid]) -> None:
        for pid in pids:
            self._peers[peer].roster.remove(group, pid)
        self._announce("leave", group, pids)

    def _announce(self, change: Change, group: Group, pids: list[Pid]) -> None:
        """With each pid as often as it joined or left."""
        if pids:
            for watch in self._watchers.of(group):
                self._send(watch.pid, (watch.ref, change, group, list(pids)))

    def _sync(self, peer: Pid) -> None:
        self._send(peer, ("sync", self._me, self._version, self._local.everything()))

    def _send(self, to: Pid | RemoteName, message: tuple[Any, ...]) -> None:
        self._effects.append(Send(to, message))

    def _tie(self, pid: Pid) -> None:
        if self._ties[pid] == 0:
            self._effects.append(Monitor(pid))
        self._ties[pid] += 1

    def _untie(self, pid: Pid) -> None:
        self._ties[pid] -= 1
        if self._ties[pid] == 0:
            del self._ties[pid]
            self._effects.append(Demonitor(pid))
