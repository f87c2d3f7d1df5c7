"""How large a value is when it is sent, found out without a copy of it: what pickle makes of it is counted.

Functions, classes and modules count for nothing: they travel by name, or as source that was sent once.
"""

from __future__ import annotations

import pickle
from types import FunctionType, ModuleType
from typing import Any

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
