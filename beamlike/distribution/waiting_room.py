"""Who has come in and proved nothing yet: a bounded number, each for a bounded time. No sockets, no clock.

Those who have not even said what they want stand in the first line, the others in the second. When the room is full
somebody goes for each who comes: the oldest of the first line, and only where that is empty the oldest of the second.
So whoever comes gets in, and a crowd that says nothing drives out itself.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Generic, TypeVar

G = TypeVar("G", bound=Hashable)


class WaitingRoom(Generic[G]):
    """
    >>> room = WaitingRoom(capacity=2, patience=7.0)
    >>> room.enter("idle", now=0.0), room.enter("node", now=1.0), room.advance("node")
    ([], [], None)
    >>> room.enter("another", now=2.0)
    ['idle']
    >>> room.next_deadline(), room.overdue(now=8.0), len(room)
    (8.0, ['node'], 1)
    """

    def __init__(self, capacity: int, patience: float) -> None:
        self._capacity = capacity
        self._patience = patience
        # Guest to deadline, the oldest first.
        self._silent: dict[G, float] = {}
        self._speaking: dict[G, float] = {}

    def __len__(self) -> int:
        return len(self._silent) + len(self._speaking)

    def guests(self) -> list[G]:
        return [*self._silent, *self._speaking]

    def enter(self, guest: G, now: float) -> list[G]:
        """Lets the guest in; returns who has to go for it, at most one."""
        dropped = [self.drop_oldest()] if len(self) >= self._capacity else []
        self._silent[guest] = now + self._patience
        return [one for one in dropped if one is not None]

    def advance(self, guest: G) -> None:
        """The guest has said what it wants. Its deadline stays."""
        deadline = self._silent.pop(guest, None)
        if deadline is not None:
            self._speaking[guest] = deadline

    def leave(self, guest: G) -> None:
        """The guest has proved itself, or is gone. Nothing, if it was dropped before."""
        self._silent.pop(guest, None)
        self._speaking.pop(guest, None)

    def drop_oldest(self) -> G | None:
        """Takes out who must go first; None from an empty room."""
        line = self._silent or self._speaking
        oldest = next(iter(line), None)
        if oldest is not None:
            del line[oldest]
        return oldest

    def overdue(self, now: float) -> list[G]:
        """Takes out those whose time is over."""
        late = [guest for line in (self._silent, self._speaking) for guest, deadline in line.items() if deadline <= now]
        for guest in late:
            self.leave(guest)
        return late

    def next_deadline(self) -> float | None:
        """When somebody is overdue next; None if the room is empty."""
        return min((*self._silent.values(), *self._speaking.values()), default=None)
