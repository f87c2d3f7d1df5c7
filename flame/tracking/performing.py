"""What is asked of a value, and how it is done on the value's own node: plain methods and properties in a thread."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeAlias

import beamlike as bl
from beamlike.kernel.callers import calls_users
from beamlike.kernel.record import frozen
from flame.tracking.measured import TooLarge, measured
from flame.tracking.sizes import estimated_size


@frozen
class Fetch:
    max_result: int | None


@frozen
class Call:
    method: str
    args: tuple[Any, ...]
    keywords: dict[str, Any]


@frozen
class Get:
    attribute: str


Request: TypeAlias = Fetch | Call | Get


class TooMuch(Exception):
    """Of a Fetch: how large the value is, in words, and what the limit was."""


@calls_users
async def performed(value: Any, request: Request) -> Any:
    """What the value answers. TooMuch, or whatever its method raises."""
    match request:
        case Fetch(None):
            return value
        case Fetch(int(max_result)):
            return await _in_thread(_if_small, value, max_result)
        case Get(attribute):
            return await _in_thread(getattr, value, attribute)
        case Call(method, args, keywords):
            function = await _in_thread(getattr, value, method)
            if inspect.iscoroutinefunction(function):
                return await function(*args, **keywords)
            result = await _in_thread(functools.partial(function, *args, **keywords))
            return await result if inspect.isawaitable(result) else result


async def _in_thread(function: Callable[..., Any], *args: Any) -> Any:
    """In a list, for a coroutine may well come out, which is to be awaited here."""
    [result] = await bl.blocking(_listed, function, args)
    return result


@calls_users
def _listed(function: Callable[..., Any], args: tuple[Any, ...]) -> list[Any]:
    return [function(*args)]


def _if_small(value: Any, max_result: int) -> Any:
    size = estimated_size(value)
    if size is not None and size > max_result:
        raise TooMuch(f"about {size}", max_result)
    try:
        measured(value, max_result)
    except TooLarge:
        raise TooMuch("more", max_result) from None
    return value
