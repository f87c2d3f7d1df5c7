"""A coroutine function whose body may `yield` to whoever drives it.

Python lets only a generator yield. Through `types.coroutine` one can be awaited, but `create_task` refuses it since
Python 3.12, and nobody is warned who forgets the `await`; an `async def` around it costs each wait a second frame, a
sixth of a message. What makes a function's calls one or the other is a flag of its code, and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Generator
from inspect import CO_COROUTINE, CO_GENERATOR
from types import FunctionType
from typing import Any, ParamSpec, TypeVar, cast

P = ParamSpec("P")
T = TypeVar("T")


def bare_coroutine(function: Callable[P, Generator[Any, Any, T]]) -> Callable[P, Coroutine[Any, Any, T]]:
    """Turns a generator function into a coroutine function: what it yields reaches the driver of the task."""
    assert isinstance(function, FunctionType)
    code = function.__code__
    function.__code__ = code.replace(co_flags=code.co_flags & ~CO_GENERATOR | CO_COROUTINE)
    return cast("Callable[P, Coroutine[Any, Any, T]]", function)
