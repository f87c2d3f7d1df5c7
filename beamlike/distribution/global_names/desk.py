"""What the parts of one name server share: who it is, numbers, what is to be done, and whom it watches."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable

from beamlike.distribution.global_names.events import Effect, UnwatchProcess, WatchProcess
from beamlike.kernel.record import slotted
from beamlike.kernel.terms import Pid


@slotted
class Watch:
    """One interest in a process; there may be several in the same."""

    pid: Pid
    ended: bool = False
    """Whether it has ended since."""


class Desk:
    def __init__(self, me: Pid) -> None:
        self.me = me
        self.next_number: Callable[[], int] = itertools.count(1).__next__
        self._effects: list[Effect] = []
        self._agenda: deque[Callable[[], None]] = deque()
        self._watched: dict[Pid, set[Watch]] = {}

    def do(self, effect: Effect) -> None:
        self._effects.append(effect)

    def later(self, step: Callable[[], None]) -> None:
        """Before anything else is heard, and not within what is being done now."""
        self._agenda.append(step)

    def effects(self) -> list[Effect]:
        """All that is to be done, in order; the desk is clear then."""
        while self._agenda:
            self._agenda.popleft()()
        effects, self._effects = self._effects, []
        return effects

    # Each process is watched once, for as long as somebody wants it.

    def watch(self, pid: Pid) -> Watch:
        if pid not in self._watched:
            self._watched[pid] = set()
            self.do(WatchProcess(pid))
        watch = Watch(pid)
        self._watched[pid].add(watch)
        return watch

    def unwatch(self, watch: Watch) -> None:
        watches = self._watched.get(watch.pid, set())
        if watch in watches:
            watches.discard(watch)
            if not watches:
                del self._watched[watch.pid]
                self.do(UnwatchProcess(watch.pid))

    def ended(self, pid: Pid) -> None:
        for watch in self._watched.pop(pid, ()):
            watch.ended = True

    def restarted(self, me: Pid) -> None:
        """Whoever is still of interest must be watched anew."""
        self.me = me
        self._agenda.clear()
        self._effects.clear()
        self._watched.clear()
