"""Between a runtime and its owner, who may be on another node, out of reach for a while.

What the runtime says is numbered and kept until the owner says that it has it. Once the owner is reached again, all
that it has not seen comes, in order, and what it saw already is known by its number. What waits is little: cells hold
back what they print until the owner has taken what they printed before (see `cell_output`).
"""

from __future__ import annotations

from collections import deque

import beamlike as bl
from beamlike.kernel.record import frozen


@frozen
class Relayed:
    """To the owner, who answers with `Got`."""

    number: int
    message: object
    relay: bl.Pid
    server: bl.Pid
    """Whose words these are: an owner that has turned to another runtime has no ear for those of the one before."""


@frozen
class Got:
    """All up to this number."""

    number: int


@frozen
class Away:
    """The owner cannot be reached."""


@frozen
class Adopt:
    """A call to a runtime's server: this process is its owner, and has all messages up to `seen`. The answer is whether
    it is; where another owner is in reach, it is not."""

    owner: bl.Pid
    seen: int


@frozen
class LeaseOver:
    """To the server: its owner, as it monitored it, has been out of reach for too long."""

    monitor: bl.Ref


async def relay(owner: bl.Pid, server: bl.Pid) -> None:
    """Serves until its server, to which it is linked, ends."""
    waiting: deque[Relayed] = deque()
    number = 0
    away = False
    while True:
        match await bl.receive():
            case Got(seen):
                _drop(waiting, seen)
            case Away():
                away = True
            case Adopt(adopter, seen):
                owner, away = adopter, False
                _drop(waiting, seen)
                for message in waiting:
                    bl.send(owner, message)
            case message:
                number += 1
                waiting.append(Relayed(number, message, bl.self(), server))
                if not away:
                    bl.send(owner, waiting[-1])


def _drop(waiting: deque[Relayed], seen: int) -> None:
    while waiting and waiting[0].number <= seen:
        waiting.popleft()
