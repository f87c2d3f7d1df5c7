"""The children of a supervisor in the order of their start: which there are, and which of them run. Pure.

A child *runs* (it has a pid), is *restarting* (its start failed, and another attempt is due), or is *stopped*. A
temporary child that does not run is none any more.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from beamlike.behaviours.child_spec import ChildId, ChildSpec
from beamlike.behaviours.supervision.child_errors import (
    ChildAlreadyPresent,
    ChildAlreadyStarted,
    ChildRestarting,
    ChildRunning,
    NoChild,
)
from beamlike.behaviours.supervision.supervisor_flags import Strategy
from beamlike.kernel.record import slotted
from beamlike.kernel.terms import Pid, Reason, Ref

KNOWN_IDS_SHOWN = 20


@slotted
class Child:
    """A child in its place. `attempt` marks the next attempt to start it, while one is due after `failure`."""

    spec: ChildSpec
    pid: Pid | None = None
    attempt: Ref | None = None
    failure: Reason = None

    @property
    def is_active(self) -> bool:
        return self.pid is not None or self.attempt is not None


class Children:
    """All children of one supervisor, found by id and by pid in constant time."""

    def __init__(self) -> None:
        self._by_id: dict[ChildId, Child] = {}
        self._by_pid: dict[Pid, Child] = {}

    def __iter__(self) -> Iterator[Child]:
        return iter(self._by_id.values())

    def get(self, id: ChildId) -> Child | None:
        return self._by_id.get(id)

    def child(self, id: ChildId) -> Child:
        """NoChild if there is none of that id."""
        child = self._by_id.get(id)
        if child is None:
            raise NoChild(id, list(islice(self._by_id, KNOWN_IDS_SHOWN)))
        return child

    def stopped_child(self, id: ChildId) -> Child:
        """NoChild, ChildRunning or ChildRestarting if there is no stopped one of that id."""
        child = self.child(id)
        if child.pid is not None:
            raise ChildRunning(id)
        if child.attempt is not None:
            raise ChildRestarting(id)
        return child

    def add(self, spec: ChildSpec) -> Child:
        """A new child, after all others, that does not run yet; ChildAlreadyStarted or ChildAlreadyPresent."""
        present = self._by_id.get(spec.id)
        if present is None:
            child = self._by_id[spec.id] = Child(spec)
            return child
        if present.pid is not None:
            raise ChildAlreadyStarted(spec.id, present.pid)
        raise ChildAlreadyPresent(spec.id)

    def specify(self, spec: ChildSpec) -> None:
        """A child that goes on in its place, by this specification; of a new id, a stopped one after all others."""
        present = self._by_id.get(spec.id)
        if present is None:
            self._by_id[spec.id] = Child(spec)
        else:
            present.spec = spec

    def forget(self, child: Child) -> None:
        del self._by_id[child.spec.id]

    def has_started(self, child: Child, pid: Pid | None) -> None:
        """The start of this stopped child returned `pid`; with None it stays stopped."""
        if pid is not None:
            child.pid = pid
            self._by_pid[pid] = child
        else:
            self._stop(child)

    def is_to_be_tried_again(self, child: Child, attempt: Ref, failure: Reason) -> None:
        """Its start failed."""
        child.attempt, child.failure = attempt, failure

    def has_ended(self, pid: Pid) -> Child | None:
        """The child whose process `pid` was; None if it was that of none, or is not any more."""
        child = self._by_pid.get(pid)
        if child is not None:
            self.release(child)
        return child

    def release(self, child: Child) -> Pid | None:
        """Stops it here; returns the process that it had, whose end is nobody's news from now on."""
        pid = child.pid
        if pid is not None:
            del self._by_pid[pid]
        child.pid = child.attempt = child.failure = None
        self._stop(child)
        return pid

    def _stop(self, child: Child) -> None:
        if child.spec.restart == "temporary":
            self.forget(child)

    def restarted_with(self, child: Child, strategy: Strategy) -> list[Child]:
        """Whom a restart of `child` restarts, itself included, in the order of their start."""
        if strategy == "one_for_one":
            return [child]
        children = list(self)
        return children if strategy == "one_for_all" else children[children.index(child) :]
