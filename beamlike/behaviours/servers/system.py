"""`bl.sys`: looks into a running server and steers it, without the cooperation of its callbacks.

It works on every process that is a GenServer (a Supervisor, an Agent, ...), also on another node, also while it is
suspended. A process that is none never answers, so each function raises CallTimeout after `timeout` seconds, and
CallFailed if there is no such process.

>>> import asyncio, beamlike as bl
>>> class Counter(bl.GenServer):
...     def init(self):
...         self.value = 7
>>> async def main():
...     async with bl.Node("doc@127.0.0.1"):
...         counter = await Counter.start_link()
...         return await replace_state(counter, lambda state: {**state, "value": state["value"] * 6})
>>> asyncio.run(main())
{'value': 42}
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from beamlike.behaviours.servers.gen_server import GenServer
from beamlike.behaviours.servers.server_messages import Operation, SystemRequest
from beamlike.behaviours.servers.system_events import (
    DONE,
    Event,
    Installed,
    NoReply,
    Received,
    Replied,
    Statistics,
    Status,
)
from beamlike.kernel.call import call
from beamlike.kernel.call_errors import CallFailed
from beamlike.kernel.exceptions import reraisable
from beamlike.kernel.server_names import Server
from beamlike.kernel.terms import ExceptionInfo

__all__ = [
    "DONE",
    "Event",
    "NoReply",
    "Received",
    "Replied",
    "Statistics",
    "Status",
    "change_code",
    "get_log",
    "get_state",
    "get_statistics",
    "get_status",
    "install",
    "log",
    "remove",
    "replace_state",
    "resume",
    "statistics",
    "suspend",
    "trace",
]

TIMEOUT = 5.0


async def get_state(server: Server, *, timeout: float | None = TIMEOUT) -> Any:
    """The server's state: its attributes, as a dict that is a copy, unless its class says otherwise
    (`GenServer.system_get_state`)."""
    return await _ask(server, timeout, "get_state")


async def replace_state(server: Server, function: Callable[[Any], Any], *, timeout: float | None = TIMEOUT) -> Any:
    """Replaces the state, as get_state shows it, by function(state), and returns that. Raises what the function
    raises, and then the state stays as it was."""
    return await _ask(server, timeout, "replace_state", function)


async def suspend(server: Server, *, timeout: float | None = TIMEOUT) -> None:
    """Has the server handle nothing until `resume`: messages queue, calls wait. It answers this module, stops when
    told to, and ends with its parent."""
    await _ask(server, timeout, "suspend")


async def resume(server: Server, *, timeout: float | None = TIMEOUT) -> None:
    """Goes on after `suspend`: what has queued is handled in order."""
    await _ask(server, timeout, "resume")


async def change_code(
    server: Server, new: type[GenServer], extra: Any = None, *, timeout: float | None = TIMEOUT
) -> None:
    """Makes the server one of class `new`, as an edited cell defines it, between two messages: with the attributes that
    it has, which `new` may convert in `code_change`. Pid, name, links, monitors, mailbox and the calls that it has not
    answered stay.

    Raises what code_change raises, TypeError for a class that it cannot become, and then the server is what it was.
    Suspend it first where several servers are to change together. Who starts it anew starts what it knows: a
    supervisor, the class in its ChildSpec (see Supervisor.code_change).

    >>> import asyncio, beamlike as bl
    >>> class Celsius(bl.GenServer):
    ...     def init(self, degrees):
    ...         self.degrees = degrees
    >>> class Kelvin(Celsius):
    ...     def code_change(self, old, extra):
    ...         self.degrees += extra
    >>> async def main():
    ...     async with bl.Node("doc@127.0.0.1"):
    ...         thermometer = await Celsius.start_link(20)
    ...         await change_code(thermometer, Kelvin, 273)
    ...         return await get_state(thermometer)
    >>> asyncio.run(main())
    {'degrees': 293}
    """
    await _ask(server, timeout, "change_code", new, extra)


async def get_status(server: Server, *, timeout: float | None = TIMEOUT) -> Status:
    """Who it is, whether it is suspended, its parent, its state, and what is switched on."""
    status: Status = await _ask(server, timeout, "get_status")
    return status


async def log(server: Server, keep: int = 10, *, timeout: float | None = TIMEOUT) -> None:
    """Has the server keep its last `keep` events, which its crash report shows too; 0 switches the log off."""
    await _ask(server, timeout, "log", keep)


async def get_log(server: Server, *, timeout: float | None = TIMEOUT) -> list[Event]:
    """The events that `log` keeps, oldest first."""
    events: list[Event] = await _ask(server, timeout, "get_log")
    return events


async def statistics(server: Server, on: bool = True, *, timeout: float | None = TIMEOUT) -> None:
    """Starts to count messages, from 0, or stops."""
    await _ask(server, timeout, "statistics", on)


async def get_statistics(server: Server, *, timeout: float | None = TIMEOUT) -> Statistics | None:
    """What was counted since `statistics`; None if it is off."""
    counted: Statistics | None = await _ask(server, timeout, "get_statistics")
    return counted


async def trace(server: Server, on: bool = True, *, timeout: float | None = TIMEOUT) -> None:
    """Has the server print its events, or stops it; the lines go to its group leader."""
    await _ask(server, timeout, "trace", on)


async def install(
    server: Server,
    function: Installed,
    state: Any = None,
    *,
    id: str | None = None,
    timeout: float | None = TIMEOUT,
) -> None:
    """Has the server call `function(state, event, pid)` at each event; the value is the next state, and DONE takes the
    function out again. So does an exception, which is logged. `id` is the function's name unless given; ValueError if
    there is one of that id already."""
    await _ask(server, timeout, "install", id or function.__qualname__, function, state)


async def remove(server: Server, id: str, *, timeout: float | None = TIMEOUT) -> bool:
    """Takes an installed function out; False if there is none of that id."""
    was_there: bool = await _ask(server, timeout, "remove", id)
    return was_there


async def _ask(server: Server, timeout: float | None, *request: Any) -> Any:
    try:
        return await call(server, Operation(request), timeout, SystemRequest)
    except CallFailed as failed:
        if failed.server_lives and isinstance(failed.reason, ExceptionInfo):
            raise reraisable(failed.reason) from None
        raise
