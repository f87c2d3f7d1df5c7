"""The size of an object, in bytes, without what it refers to, and without a line of the user's code being run: a class
may bring a `__sizeof__` of its own."""

from __future__ import annotations

from functools import lru_cache
from types import MethodDescriptorType, WrapperDescriptorType
from typing import Any

_BASIC = object.__sizeof__


def size_of(value: Any) -> int:
    """
    >>> size_of([]) > 0, size_of(7) > 0
    (True, True)
    >>> class Liar(dict):
    ...     def __sizeof__(self): raise SystemExit
    >>> size_of(Liar()) >= size_of({})
    True
    """
    kind: Any = type(value)
    return int(_sizer(kind)(value))


@lru_cache(maxsize=2048)
def _sizer(kind: Any) -> Any:
    """That of the nearest class that is written in C."""
    for base in type.__dict__["__mro__"].__get__(kind):
        found = type.__dict__["__dict__"].__get__(base).get("__sizeof__")
        if type(found) in (MethodDescriptorType, WrapperDescriptorType):
            return found
    return _BASIC


def type_name(kind: type) -> str:
    """Past whatever a metaclass says about it."""
    name = type.__dict__["__qualname__"].__get__(kind)
    module = type.__dict__["__dict__"].__get__(kind).get("__module__")
    return f"{module}.{name}" if type(module) is str and module != "builtins" else str.__str__(name)
