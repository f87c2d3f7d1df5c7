"""What `bl.sys` shows of a server: events as they happen, its counters, its status. Values that travel."""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import Any, Final, Literal, TypeAlias

from beamlike.behaviours.servers.server_messages import Cast, TypedCall, TypedCast
from beamlike.kernel.question import Call
from beamlike.kernel.record import frozen
from beamlike.kernel.server_names import Name
from beamlike.kernel.terms import Pid


@frozen
class Received:
    """A message came in; `sender` is known for a call."""

    kind: Literal["call", "cast", "info"]
    request: Any
    sender: Pid | None = None

    def __str__(self) -> str:
        return f"got {self.kind} {self.request!r}" + (f" from {self.sender}" if self.sender else "")


@frozen
class Replied:
    """What a callback returned went out as the reply to `to`."""

    value: Any
    to: Pid

    def __str__(self) -> str:
        return f"sent {self.value!r} to {self.to}"


@frozen
class NoReply:
    """A message was handled, and no reply went out."""

    def __str__(self) -> str:
        return "sent no reply"


Event: TypeAlias = Received | Replied | NoReply


def received(message: Any) -> Received:
    """The event of a message that came in."""
    match message:
        case Call() | TypedCall():
            return Received("call", message.request, message.client.pid)
        case Cast() | TypedCast():
            return Received("cast", message.request)
        case _:
            return Received("info", message)


class _Done(enum.Enum):
    DONE = "DONE"

    def __repr__(self) -> str:
        return self.value


DONE: Final = _Done.DONE
"""What an installed function returns to be taken out."""

Installed: TypeAlias = Callable[[Any, Event, Pid], Any]
"""function(state, event, server): its value is the next state, or DONE."""


@frozen
class Statistics:
    """Messages since `since` (a time as of time.time())."""

    since: float
    messages_in: int = 0
    messages_out: int = 0


@frozen
class Status:
    """`behaviour` is the class of the server; `on` names what is switched on: "log", "statistics", "trace" and the
    ids of installed functions; `code` is the file that the class is from, which tells the version of a cell."""

    pid: Pid
    name: Name | None
    behaviour: str
    activity: Literal["running", "suspended"]
    parent: Pid | None
    state: Any
    on: tuple[str, ...]
    code: str | None
