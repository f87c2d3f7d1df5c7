"""How a function that was handed over is run: in the process of a task, or in an agent."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from beamlike.kernel import functions as kernel
from beamlike.kernel import group_leader
from beamlike.kernel.callers import calls_users
from beamlike.kernel.errors import ProcessExit
from beamlike.kernel.terms import Alias, Reply


async def answer(answer_to: Alias, function: Callable[..., Any], args: tuple[Any, ...]) -> None:
    """Runs `function(*args)` and sends its value, as a Reply, to a one-shot alias of the owner."""
    value = await run(function, args)
    kernel.send(answer_to, Reply(answer_to.ref, value))


@calls_users
async def run(function: Callable[..., Any], args: tuple[Any, ...]) -> Any:
    """The value of `function(*args)`, plain or async; what it printed is on its way before it."""
    try:
        return await value_of(function(*args))
    except SystemExit as error:
        # Who wants to exit ends this task; the node has other guests.
        raise ProcessExit(f"SystemExit: {error.code}") from None
    finally:
        group_leader.flush()


@calls_users
async def value_of(result: Any) -> Any:
    """What a plain function returned, or what an async one will."""
    return await result if inspect.isawaitable(result) else result


def checked(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function; TypeError if it is none."""
    if not callable(function):
        raise TypeError(f"expected a function to run, got {function!r}; pass its arguments after it")
    return function
