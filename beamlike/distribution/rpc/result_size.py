"""How large a value is when it is sent, found out without a copy of it: what pickle makes of it is counted. And the
function whose value is to be no larger than its caller will take.

Functions, classes and modules count for nothing: they travel by name, or as source that was sent once.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable
from types import FunctionType, ModuleType
from typing import Any

from beamlike.behaviours.handed_function import value_of
from beamlike.distribution.rpc.call_errors import ResultTooLarge
from beamlike.kernel import functions as kernel
from beamlike.kernel.callers import calls_users
from beamlike.kernel.performing import name_of

PICKLE_PROTOCOL = 5


class _Counter:
    """A file that keeps nothing but the number of bytes."""

    def __init__(self) -> None:
        self.size = 0

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.size += len(data)

    def take(self, buffer: pickle.PickleBuffer) -> None:
        self.size += buffer.raw().nbytes


class _Measure(pickle.Pickler):
    def persistent_id(self, value: object) -> str | None:
        return "code" if isinstance(value, FunctionType | ModuleType | type) else None


def size_of(value: Any) -> int:
    """In bytes. Whatever pickle raises about a value that cannot be sent.

    >>> size_of(b"1234567890") - size_of(b""), size_of(lambda: 1) < 50
    (10, True)
    """
    counter = _Counter()
    _Measure(counter, PICKLE_PROTOCOL, buffer_callback=counter.take).dump(value)
    return counter.size


class Bounded:
    """A function that raises ResultTooLarge where it runs, if its value has more than `limit` bytes."""

    def __init__(self, function: Callable[..., Any], limit: int) -> None:
        self.function = function
        self.limit = limit
        self.__qualname__ = name_of(function)

    @calls_users
    async def __call__(self, *args: Any) -> Any:
        value = await value_of(self.function(*args))
        size = size_of(value)
        if size > self.limit:
            raise ResultTooLarge(self.__qualname__, kernel.self().node, self.limit, size)
        return value


def bounded(function: Callable[..., Any], limit: int | None) -> Callable[..., Any]:
    """The function, or with a limit one that keeps it."""
    return function if limit is None else Bounded(function, limit)
