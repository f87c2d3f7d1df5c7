"""A coroutine function whose body may `yield` to whoever drives it.

Python lets only a generator yield. Through `types.coroutine` one can be awaited, but `create_task` refuses it since
Python 3.12, and nobody is warned who forgets the `await`; an `async def` around it costs each wait a second frame, a
sixth of a message. What makes a function's calls one or the other is a flag of its code, and nothing else.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Coroutine, Generator
from inspect import CO_COROUTINE, CO_GENERATOR
from types import FunctionType
from typing import Any, ParamSpec, TypeVar, cast

P = ParamSpec("P")
T = TypeVar("T")


def bare_coroutine(function: Callable[P, Generator[Any, Any, T]]) -> Callable[P, Coroutine[Any, Any, T]]:
    """The coroutine function of the same body as this generator function: what it yields reaches the task's driver."""
    assert isinstance(function, FunctionType)
    code = function.__code__
    coroutine = FunctionType(
        code.replace(co_flags=code.co_flags & ~CO_GENERATOR | CO_COROUTINE),
        function.__globals__,
        function.__name__,
        function.__defaults__,
        function.__closure__,
    )
    functools.update_wrapper(coroutine, function)
    del coroutine.__dict__["__wrapped__"]  # which is a generator function, and would tell so whoever asks
    return cast("Callable[P, Coroutine[Any, Any, T]]", coroutine)
