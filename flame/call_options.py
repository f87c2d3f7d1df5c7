"""What may be asked of a call, checked where it is made: in the pool's process a mistake would be everybody's."""

from __future__ import annotations

from collections.abc import AsyncIterable, Callable, Hashable, Iterable
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any

from flame.calling import Retry
from flame.calls import Timeout
from flame.checks import check_time_limit


def check_call(call: str, function: object, timeout: object, unknown: dict[str, Any]) -> None:
    """TypeError for what can be no call."""
    if unknown:
        raise TypeError(
            f"{call} has no keyword {', '.join(repr(name) for name in unknown)}; "
            "keywords of the function itself go through functools.partial"
        )
    if not callable(function):
        raise TypeError(f"expected a function to run on the pool, got {function!r}; pass its arguments after it")
    if not isinstance(timeout, Timeout):
        check_time_limit("a timeout", timeout, "no limit")


def checked_init(key: Hashable, init: Callable[..., Any] | None) -> Callable[..., Any] | None:
    """What makes the value that the calls of `key` share, if there is to be one."""
    if key is None:
        if init is not None:
            raise TypeError(f"expected a key for what {init!r} makes, got none: pass key=")
        return None
    hash(key)
    if not key == key:
        raise ValueError(f"expected a key that equals itself, got {key!r}: no two calls would have the same")
    if init is None:
        return None
    if not callable(init):
        raise TypeError(f"expected a function that makes what the calls of a key share, got init={init!r}")
    if _equals_no_copy(key):
        raise TypeError(
            f"expected a key that equals its copy on the runner, got {key!r}, which equals only itself, so init would "
            f"run for each call: give {type(key).__name__} an __eq__ and a __hash__, or take as the key what tells it "
            "apart"
        )
    return init


def _equals_no_copy(key: object) -> bool:
    """Whether that is seen at once. What arrives as the very object that is there already, as a class, is no copy."""
    kind = type(key)
    is_compared_by_identity = kind.__eq__ is object.__eq__
    is_copied = kind.__reduce_ex__ is object.__reduce_ex__ and kind.__reduce__ is object.__reduce__
    by_name = isinstance(key, type | FunctionType | BuiltinFunctionType | ModuleType)
    return is_compared_by_identity and is_copied and kind.__new__ is object.__new__ and not by_name


def as_retry(retry: int | Retry) -> Retry | None:
    """None: there is nothing to do after an error."""
    if isinstance(retry, Retry):
        return retry if retry.times else None
    return Retry(retry) if retry else None


def check_items(items: object) -> None:
    """What can only be iterated by its numbers, as of a class with __getitem__ alone, is none of these, but works."""
    if not isinstance(items, Iterable | AsyncIterable) and not hasattr(type(items), "__getitem__"):
        raise TypeError(f"expected items that can be iterated over, with `for` or `async for`, got {items!r}")
