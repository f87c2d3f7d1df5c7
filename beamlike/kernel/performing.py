"""What the process of an Apply does: it performs a function for one who waits for the outcome, and says what that is.

The value goes as it is, so that a plain one takes the short way through the wire; an exception goes as `Raised`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import CoroutineType
from typing import Any

from beamlike.kernel import current, group_leader
from beamlike.kernel.callers import calls_users
from beamlike.kernel.errors import ProcessExit, UnencodableTerm
from beamlike.kernel.exceptions import describe_exception
from beamlike.kernel.record import record
from beamlike.kernel.terms import Alias, ExceptionInfo
from beamlike.kernel.watched_life import last_word, live_for


@record
class Raised:
    """In place of a value: what the function raised."""

    info: ExceptionInfo


@calls_users
async def perform(client: Alias, function: Callable[..., Any], args: tuple[Any, ...]) -> None:
    """Runs `function(*args)` for as long as `client` waits, and answers; what it printed is on its way before."""
    live_for(client.ref)
    try:
        value = function(*args)
        if type(value) is CoroutineType or inspect.isawaitable(value):
            value = await value
    except SystemExit as error:
        raise as_exit(error) from None
    except Exception as error:
        value = raised(error)
    finally:
        group_leader.flush()
    await room_towards(client.pid.node)
    try:
        last_word(client, value)
    except UnencodableTerm as error:
        last_word(client, raised(cannot_travel(function, error)))


async def room_towards(node: str) -> None:
    """Waits while more waits to leave for that node than may: so large values wait here, and not as bytes."""
    outlet = current.process_here().node.outlets.get(node)
    if outlet is not None:
        await outlet.room()


def raised(error: Exception) -> Raised:
    return Raised(describe_exception(error, current.process_here().pid))


def as_exit(error: SystemExit) -> ProcessExit:
    """Who wants to exit ends this process; the node has other guests."""
    return ProcessExit(f"SystemExit: {error.code}")


def cannot_travel(function: Callable[..., Any], error: UnencodableTerm) -> UnencodableTerm:
    problem = UnencodableTerm(
        f"the result of {name_of(function)} on {current.current_node().name} cannot be sent: "
        f"{error.__cause__ or error}; "
        "have it return what the value is made of, stream it, or keep it there in a process and return its pid"
    )
    problem.__cause__ = error
    return problem


def name_of(function: Callable[..., Any]) -> str:
    """What to call a process that runs `function`.

    >>> name_of(print)
    'print'
    """
    return getattr(function, "__qualname__", None) or repr(function)
