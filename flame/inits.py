"""Whether two functions that make what the calls of a key share are the same: one that travels twice comes as two.

They are, if they have the same code and what they bring along is equal: defaults, what they close over, the arguments
of a partial, the object of a method. What cannot be compared, such as arrays, is if it is pickled as the same.
"""

from __future__ import annotations

import functools
import pickle
from collections.abc import Callable
from types import FunctionType, MethodType
from typing import Any, TypeAlias

Seen: TypeAlias = frozenset[tuple[int, int]]
"""Pairs that are being compared: a function may close over itself."""


def is_same(one: Callable[..., Any], other: Callable[..., Any]) -> bool:
    """
    >>> is_same(functools.partial(print, 1), functools.partial(print, 1))
    True
    >>> adders = [(lambda n: lambda x: x + n)(n) for n in (1, 1, 2)]
    >>> is_same(adders[0], adders[1]), is_same(adders[0], adders[2])
    (True, False)
    """
    return _alike(one, other, frozenset())


def _alike(one: Any, other: Any, seen: Seen) -> bool:
    if one is other or (id(one), id(other)) in seen:
        return True
    if type(one) is not type(other):
        return False
    seen |= {(id(one), id(other))}
    if isinstance(one, FunctionType):
        return (
            one.__code__ == other.__code__
            and one.__qualname__ == other.__qualname__
            and _all_alike(_brought(one), _brought(other), seen)
        )
    if isinstance(one, functools.partial):
        return _all_alike(_parts(one), _parts(other), seen)
    if isinstance(one, MethodType):
        return _all_alike((one.__func__, one.__self__), (other.__func__, other.__self__), seen)
    if isinstance(one, tuple | list):
        return _all_alike(one, other, seen)
    return _are_equal(one, other)


def _all_alike(one: Any, other: Any, seen: Seen) -> bool:
    return len(one) == len(other) and all(_alike(*pair, seen) for pair in zip(one, other, strict=True))


def _parts(partial: functools.partial[Any]) -> tuple[Any, ...]:
    return partial.func, partial.args, sorted(partial.keywords.items())


def _brought(function: FunctionType) -> tuple[Any, ...]:
    cells = tuple(map(_content, function.__closure__ or ()))
    return cells, function.__defaults__, sorted((function.__kwdefaults__ or {}).items())


def _content(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # nothing yet
        return None


def _are_equal(one: object, other: object) -> bool:
    try:
        if one == other:
            return True
    except Exception:  # they are the user's objects, such as arrays
        pass
    try:
        return pickle.dumps(one) == pickle.dumps(other)
    except Exception:
        return False
