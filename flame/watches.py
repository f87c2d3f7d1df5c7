"""Monitors of a process, with what to do when the other one ends."""

from __future__ import annotations

from collections.abc import Callable

import beamlike as bl
from beamlike.kernel.terms import Pid, Reason


class Watches:
    """To be used in one process, which hands its Downs to `heard`."""

    def __init__(self) -> None:
        self.by_ref: dict[bl.Ref, Callable[[Reason], None]] = {}

    def begin(self, pid: Pid, then: Callable[[Reason], None]) -> bl.Ref:
        """Has `then` called with the reason for which `pid` ends."""
        return self.add(bl.monitor(pid), then)

    def add(self, ref: bl.Ref, then: Callable[[Reason], None]) -> bl.Ref:
        """For a monitor that is there already."""
        self.by_ref[ref] = then
        return ref

    def end(self, ref: bl.Ref) -> None:
        if self.by_ref.pop(ref, None) is not None:
            bl.demonitor(ref, flush=True)

    def heard(self, down: bl.Down) -> bool:
        """Whether it was one of these."""
        then = self.by_ref.pop(down.ref, None)
        if then is None:
            return False
        then(down.reason)
        return True
