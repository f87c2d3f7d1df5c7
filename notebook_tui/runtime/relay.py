"""Between a runtime and its owner, who may be on another node, out of reach for a while.

What the runtime says is numbered and kept until the owner says that it has it. Once the owner is reached again, all
that it has not seen comes, in order, and what it saw already is known by its number. What waits is little: cells hold
back what they print until the owner has taken what they printed before (see `cell_output`).

An owner's answer may be lost with it, and what it was asked is in no journal: the next one is asked again all that is
still open.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace

import beamlike as bl
from beamlike.kernel.record import frozen
from notebook_tui.runtime.messages import InputSettled, InputWanted


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
    questions: dict[str, InputWanted] = {}
    """Open ones."""
    number = 0
    away = False
    while True:
        match await bl.receive():
            case Got(seen):
                _drop(waiting, seen)
            case Away():
                away = True
            case Adopt(adopter, seen):
                is_another, owner, away = adopter != owner, adopter, False
                _drop(waiting, seen)
                if is_another:
                    waiting = deque(map(_asked_again, waiting))
                    for question in questions.values():
                        number += 1
                        waiting.append(_asked_again(Relayed(number, question, bl.self(), server)))
                for message in waiting:
                    bl.send(owner, message)
            case message:
                match message:
                    case InputWanted():
                        questions[message.question] = message
                    case InputSettled(question=settled):
                        questions.pop(settled, None)
                number += 1
                waiting.append(Relayed(number, message, bl.self(), server))
                if not away:
                    bl.send(owner, waiting[-1])


def _asked_again(relayed: Relayed) -> Relayed:
    """The one whom it was for did not take it."""
    message = relayed.message
    return replace(relayed, message=replace(message, again=True)) if isinstance(message, InputWanted) else relayed


def _drop(waiting: deque[Relayed], seen: int) -> None:
    while waiting and waiting[0].number <= seen:
        waiting.popleft()
