"""The processes of the scenarios: one does what it is told, the other traps exits and passes on what it gets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import beamlike as bl
from tests.scenarios.trace import Trace


@dataclass(frozen=True, slots=True)
class Quit:
    """Told to `idle`: end with this reason."""

    reason: Any


@dataclass(frozen=True, slots=True)
class Do:
    """Told to either: call this function."""

    function: Callable[[], Any]


def idle(trace: Trace | None = None, label: str = "") -> bl.Pid:
    """A process that waits, and does what it is told."""
    pid = bl.spawn(obeying)
    return trace.label(pid, label) if trace is not None else pid


async def obeying() -> None:
    while True:
        match await bl.receive():
            case Quit(reason):
                raise bl.ProcessExit(reason)
            case Do(function):
                function()


async def watcher(trace: Trace, tag: str) -> bl.Pid:
    """A process that traps exits and sends (tag, message) to the current one for each message, (tag, did, outcome) for
    what it was told to do, and ends at the message "stop"."""
    me = bl.self()
    pid = bl.spawn(watching, me, tag, trace)
    await bl.receive(lambda message: message == (tag, "ready"))
    return trace.label(pid, tag)


async def watching(to: bl.Pid, tag: str, trace: Trace) -> None:
    bl.trap_exit(True)
    bl.send(to, (tag, "ready"))
    while True:
        match await bl.receive():
            case Do(function):
                bl.send(to, (tag, "did", trace.outcome(function)))
            case "stop":
                return
            case message:
                bl.send(to, (tag, message))


def done(function: Callable[..., Any], *args: Any) -> bool:
    """Erlang's functions say true where ours, which have nothing to say, return None."""
    function(*args)
    return True
