"""What a server process is sent, beside the Call of the kernel. These records travel between nodes."""

from __future__ import annotations

from typing import Any

from beamlike.behaviours.servers.outcomes import Timeout
from beamlike.kernel import functions as kernel
from beamlike.kernel.question import Question
from beamlike.kernel.record import record
from beamlike.kernel.terms import Reason


@record
class Cast:
    request: Any


@record
class Invocation:
    """The request of a typed call or cast: a method by its name, and the arguments."""

    method: str
    args: tuple[Any, ...]
    keywords: dict[str, Any]

    def __repr__(self) -> str:
        parts = [repr(arg) for arg in self.args] + [f"{name}={value!r}" for name, value in self.keywords.items()]
        return f"{self.method}({', '.join(parts)})"


class Operation(tuple[Any, ...]):
    """The request for an operation of the behaviour itself: its name, and the arguments.

    >>> Operation(("restart_child", "clock"))
    restart_child('clock')
    """

    __slots__ = ()

    def __repr__(self) -> str:
        name, *args = self
        return f"{name}({', '.join(map(repr, args))})"


class TypedCall(Question):
    """Its request is an Invocation."""

    __slots__ = ()


@record
class TypedCast:
    request: Invocation


class SystemRequest(Question):
    """Of `bl.sys`: its request is an Operation. The loop answers it, not the callbacks."""

    __slots__ = ()


@record
class StopRequest:
    reason: Reason


async def message_within(seconds: float) -> Any:
    """The next message of this process, or Timeout if none comes in time."""
    try:
        return await kernel.receive(timeout=seconds)
    except TimeoutError:
        return Timeout()
