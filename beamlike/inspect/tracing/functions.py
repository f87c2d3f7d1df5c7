"""Finds the function that a text names, among what is loaded: nothing is imported, and nothing of the user's is run."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import partial
from types import FunctionType, ModuleType
from typing import Any, Final

_UNWRAPPED: Final = (staticmethod, classmethod)


class NoFunction(ValueError):
    """There is no such function, or none that can be traced; the message says what there is."""


def function_named(name: str) -> FunctionType:
    """The function that "module:function" names, or "module:Class.method".

    >>> import json
    >>> function_named("json:dumps").__name__
    'dumps'
    >>> function_named("json:bumps")
    Traceback (most recent call last):
    beamlike.inspect.tracing.functions.NoFunction: expected a function of json to trace, got 'bumps'; it has ...
    """
    module_name, colon, path = name.partition(":")
    if not (module_name and colon and path):
        raise NoFunction(f"expected 'module:function' or 'module:Class.method' to trace, got {name!r}")
    module = sys.modules.get(module_name)
    if type(module) is not ModuleType:
        raise NoFunction(f"expected a module that is loaded there, got {module_name!r}{_like(module_name)}")
    names, holder, found = vars(module), module_name, None
    for part in path.split("."):
        if part not in names:
            raise NoFunction(f"expected a function of {holder} to trace, got {part!r}; it has {_traceable(names)}")
        found, holder = names[part], f"{holder}.{part}"
        names = _names_of(found)
    return _plain(found, name)


def _plain(found: Any, name: str) -> FunctionType:
    if type(found) in _UNWRAPPED:
        found = found.__func__
    elif type(found) is property:
        found = found.fget
    elif type(found) is partial:
        found = found.func
    if type(found) is not FunctionType:
        raise NoFunction(
            f"expected a function written in Python to trace, got {name}, a {type(found).__qualname__}: "
            "code in C and instances that are called cannot be traced"
        )
    return found


def _names_of(found: Any) -> dict[str, Any]:
    """Of a class those of its bases, too."""
    if not issubclass(type(found), type):
        return {}
    names: dict[str, Any] = {}
    for each in reversed(type.__dict__["__mro__"].__get__(found)):
        names |= type.__dict__["__dict__"].__get__(each)
    return names


def _traceable(names: dict[str, Any]) -> str:
    return ", ".join(sorted(_public(names))[:10]) or "none"


def _public(names: dict[str, Any]) -> Iterator[str]:
    return (
        name for name, value in names.items() if type(value) in (FunctionType, *_UNWRAPPED) and not name.startswith("_")
    )


def _like(name: str) -> str:
    last = name.rpartition(".")[2]
    near = sorted(each for each in tuple(sys.modules) if each.rpartition(".")[2] == last)[:3]
    return f"; there is {', '.join(near)}" if near else ""
