"""A runtime's server looks whether the runtime has reached a limit: idle for long, or old."""

from __future__ import annotations

import time

import beamlike as bl
from beamlike.kernel.record import frozen
from notebook_tui.runtime.limits import EndsSoon, Idling, Lifetime, LimitOver, warnings_before

LEAVE_SECONDS = 15.0
"""How long a runtime that has ended waits for its owner to end its machine, before the machine ends itself."""


@frozen
class LimitsLook:
    """To the server, from itself."""

    number: int
    """Of this kind the newest counts; those before were set for a limit or a use that is not the last."""


@frozen
class MachineLife:
    """So many seconds this machine may be there in all, and until when, by the clock that never goes back."""

    seconds: float
    until: float

    def left(self) -> float:
        return max(0.0, self.until - time.monotonic())


def life_of_machine() -> MachineLife | None:
    """Of this one, which was booted as a child; None if it has no limit."""
    # Here, and not above: a service that a notebook only visits is to have nothing of `nodes`, if it has not already.
    from nodes import current_parent

    parent = current_parent()
    if parent is None or parent.expires_at is None:
        return None
    return MachineLife(parent.expires_at - parent.booted_at, time.monotonic() + parent.expires_at - time.time())


class LimitsWatch:
    """Of the server in whose process it is made; `owner` hears what comes."""

    def __init__(self, idle_limit: float | None, machine: MachineLife | None, owner: bl.Pid) -> None:
        self._owner = owner
        self._idling = Idling(idle_limit, time.monotonic())
        self._looks = 0
        self._look_later()
        self._machine = machine
        if machine is not None:
            for before in warnings_before(machine.seconds):
                bl.send_after(owner, EndsSoon(before, "lifetime"), max(0.0, machine.left() - before))

    def used(self) -> None:
        self._idling.used(time.monotonic())

    def set_idle(self, seconds: float | None) -> None:
        self._idling.set_limit(seconds)
        self._look_later()

    def lifetime(self, *, busy: bool) -> Lifetime:
        now = time.monotonic()
        if busy:
            self._idling.used(now)
        machine = self._machine
        limit, ends_in = (None, None) if machine is None else (machine.seconds, machine.left())
        return Lifetime(self._idling.limit, self._idling.idle(now), limit, ends_in)

    def look(self, look: LimitsLook, *, busy: bool) -> LimitOver | None:
        """What it has reached, if that is so: then the node ends a little later, if nobody has ended it by then."""
        if look.number != self._looks:
            return None
        now = time.monotonic()
        if busy:
            self._idling.used(now)
        limit = self._idling.limit
        match self._idling.looked(now):
            case "end" if limit is not None:
                from nodes import leave

                leave(f"nothing was asked of it for {limit:g} s, which is its limit", after=LEAVE_SECONDS)
                return LimitOver(limit)
            case "warn" if limit is not None:
                bl.send(self._owner, EndsSoon(max(0.0, limit - self._idling.idle(now)), "idle"))
        self._look_later()
        return None

    def _look_later(self) -> None:
        self._looks += 1
        seconds = self._idling.next_look(time.monotonic())
        if seconds is not None:
            bl.send_after(bl.self(), LimitsLook(self._looks), seconds)
