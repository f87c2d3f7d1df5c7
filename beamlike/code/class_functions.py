"""The functions that stand in a class, as methods and in descriptors."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from types import FunctionType
from typing import Any


def functions_in(kind: type) -> Iterator[FunctionType]:
    """What stands in the class itself, as a method or in a descriptor."""
    for value in vars(kind).values():
        functions = functions_of(value)
        yield from (one for one in (functions if functions is not value else [value]) if type(one) is FunctionType)


def functions_of(value: Any) -> Any:
    """A descriptor as its kind and the functions that it stands for; any other value is its own."""
    kind = type(value)
    if kind is property:
        return kind, value.fget, value.fset, value.fdel
    if kind is classmethod or kind is staticmethod:
        return kind, value.__func__
    if kind is functools.cached_property:
        return kind, value.func
    return value
