"""Which locks one node has granted its share of, and who waits for it here.

A lock is held by whoever has the share of every node that was asked. A requester that has it may have it again, as
often as it likes: each `Claim` is given back by itself. Others wait in line.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import field

from beamlike.kernel.record import frozen, slotted
from beamlike.kernel.terms import Pid


@frozen
class Claim:
    """What the name server `asker` asks for, under a number of its own, on behalf of `requester`."""

    asker: Pid
    number: int
    requester: Hashable = field(compare=False)


@slotted
class _Lock:
    granted: dict[Claim, None] = field(default_factory=dict)
    waiting: dict[Claim, None] = field(default_factory=dict)

    def admits(self, claim: Claim) -> bool:
        return all(holder.requester == claim.requester for holder in self.granted)


class LockTable:
    """
    >>> table, a, b = LockTable(), Claim(Pid("a@h", 1), 1, "a"), Claim(Pid("b@h", 1), 1, "b")
    >>> table.ask("r", a, wait=True), table.ask("r", b, wait=False), table.ask("r", b, wait=True)
    (True, False, False)
    >>> table.release(a) == [b]
    True
    """

    def __init__(self) -> None:
        self._locks: dict[Hashable, _Lock] = {}
        self._resources: dict[Claim, Hashable] = {}

    def ask(self, resource: Hashable, claim: Claim, *, wait: bool) -> bool:
        """Whether the share is granted at once; if not, it may be by a later release of another, if it is to `wait`."""
        lock = self._locks.setdefault(resource, _Lock())
        granted = lock.admits(claim)
        if granted or wait:
            (lock.granted if granted else lock.waiting)[claim] = None
            self._resources[claim] = resource
        return granted

    def release(self, claim: Claim) -> list[Claim]:
        """Takes a claim back, granted or not; those that are granted by this. Nothing if it is unknown."""
        resource = self._resources.pop(claim, None)
        lock = self._locks.get(resource)
        if lock is None:
            return []
        lock.granted.pop(claim, None)
        lock.waiting.pop(claim, None)
        return self._grant(resource, lock)

    def release_all_of(self, asker: Pid) -> list[Claim]:
        """Takes back whatever a name server has asked for."""
        claims = [claim for claim in self._resources if claim.asker == asker]
        granted = [claim for mine in claims for claim in self.release(mine)]
        return [claim for claim in granted if claim.asker != asker]

    @property
    def is_empty(self) -> bool:
        return not self._resources and not self._locks

    def resource_of(self, claim: Claim) -> Hashable:
        return self._resources[claim]

    def _grant(self, resource: Hashable, lock: _Lock) -> list[Claim]:
        granted = []
        for claim in tuple(lock.waiting):
            if lock.admits(claim):
                del lock.waiting[claim]
                lock.granted[claim] = None
                granted.append(claim)
        if not lock.granted:
            del self._locks[resource]
        return granted
