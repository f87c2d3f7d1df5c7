"""A runtime's server looks whether the runtime has reached a limit: idle for long, or old."""

from __future__ import annotations

import time

import beamlike as bl
import nodes
from beamlike.kernel.record import frozen
from notebook_tui.runtime.limits import EndsSoon, Idling, Lifetime, LimitOver, warnings_before

LEAVE_SECONDS = 15.0
"""How long a runtime that has ended waits for its owner to end its machine, before the machine ends itself."""


@frozen
class LimitsLook:
    """To the server, from itself."""

    number: int
    """Of this kind the newest counts; those before were set for a limit or a use that is not the last."""


class LimitsWatch:
    """Of the server in whose process it is made; `owner` hears what comes."""

    def __init__(self, idle_limit: float | None, owner: bl.Pid) -> None:
        self._owner = owner
        self._idling = Idling(idle_limit, time.monotonic())
        self._looks = 0
        self._look_later()
        parent = nodes.current_parent()
        self._limit: float | None = None
        self._ends_at = 0.0
        if parent is not None and parent.expires_at is not None:
            self._limit, left = parent.expires_at - parent.booted_at, max(0.0, parent.expires_at - time.time())
            self._ends_at = time.monotonic() + left
            for before in warnings_before(self._limit):
                bl.send_after(owner, EndsSoon(before, "lifetime"), max(0.0, left - before))

    def used(self) -> None:
        self._idling.used(time.monotonic())

    def set_idle(self, seconds: float | None) -> None:
        self._idling.set_limit(seconds)
        self._look_later()

    def lifetime(self, *, busy: bool) -> Lifetime:
        now = time.monotonic()
        if busy:
            self._idling.used(now)
        ends_in = None if self._limit is None else max(0.0, self._ends_at - now)
        return Lifetime(self._idling.limit, self._idling.idle(now), self._limit, ends_in)

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
                nodes.leave(f"nothing was asked of it for {limit:g} s, which is its limit", after=LEAVE_SECONDS)
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
