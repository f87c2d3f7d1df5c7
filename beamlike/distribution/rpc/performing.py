"""What runs on the other node: the function of a call, in a process of its own, and the answer to the caller.

The value goes as it is, so that a plain one takes the short way through the wire; an exception goes as `Raised`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from beamlike.behaviours.handed_function import value_of
from beamlike.behaviours.tasks.task_outcome import name_of
from beamlike.distribution.errors import UnencodableTerm
from beamlike.distribution.rpc.call_errors import ResultTooLarge
from beamlike.distribution.rpc.result_size import size_of
from beamlike.kernel import functions as kernel
from beamlike.kernel import group_leader
from beamlike.kernel.current import current_node
from beamlike.kernel.errors import ProcessExit
from beamlike.kernel.exceptions import describe_exception
from beamlike.kernel.record import record
from beamlike.kernel.terms import Alias, ExceptionInfo
from beamlike.kernel.watched_life import last_word, live_for


@record
class Raised:
    """In place of a value: what the function raised."""

    info: ExceptionInfo


async def perform(
    answer_to: Alias, function: Callable[..., Any], args: tuple[Any, ...], max_result: int | None
) -> None:
    """Runs `function(*args)` for as long as the caller waits, and answers; what it printed is on its way before."""
    live_for(answer_to.ref)
    try:
        value = await value_of(function(*args))
        if max_result is not None:
            check_size(value, max_result, function)
    except SystemExit as error:
        raise as_exit(error) from None
    except Exception as error:
        value = raised(error)
    finally:
        group_leader.flush()
    await room_towards(answer_to.pid.node)
    try:
        last_word(answer_to, value)
    except UnencodableTerm as error:
        last_word(answer_to, raised(cannot_travel(function, error)))


async def room_towards(node: str) -> None:
    """Waits while more waits to leave for that node than may: so large values wait here, and not as bytes."""
    outlet = current_node().outlets.get(node)
    if outlet is not None:
        await outlet.room()


def raised(error: Exception) -> Raised:
    return Raised(describe_exception(error, kernel.self()))


def as_exit(error: SystemExit) -> ProcessExit:
    """Who wants to exit ends this process; the node has other guests."""
    return ProcessExit(f"SystemExit: {error.code}")


def check_size(value: Any, limit: int, function: Callable[..., Any]) -> None:
    size = size_of(value)
    if size > limit:
        raise ResultTooLarge(name_of(function), kernel.self().node, limit, size)


def cannot_travel(function: Callable[..., Any], error: UnencodableTerm) -> UnencodableTerm:
    problem = UnencodableTerm(
        f"the result of {name_of(function)} on {kernel.self().node} cannot be sent: {error.__cause__ or error}; "
        "have it return what the value is made of, stream it, or keep it there in a process and return its pid"
    )
    problem.__cause__ = error
    return problem
