"""Why a term cannot travel: which value it is, by which variable it got in, and what to do.

Pickle says "cannot pickle '_thread.lock' object" and not where that lock was. Here the parts of the term are tried
one by one, breadth first, until one fails none of whose own parts does. That costs time, after a failure only, and
when `PATIENCE` is used up the best answer so far must do.

A class whose instances stand for something on this machine may say in `send_instead` what to send in their place; of
such a one no parts are tried.
"""

from __future__ import annotations

import asyncio
import contextvars
import functools
import inspect
import io
import queue
import re
import socket
import subprocess
import threading
import time
import types
import weakref
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from reprlib import repr as brief
from types import FunctionType

from beamlike.code.by_value import goes_by_value
from beamlike.code.captures import captured_by
from beamlike.code.shared import Shared
from beamlike.kernel.errors import BeamlikeError
from beamlike.kernel.record import frozen

PATIENCE = 2.0
"""In seconds: the caller waits, and its event loop with it."""


class CannotTravel(BeamlikeError, TypeError):
    """A term, or something that a function in it uses, has no meaning in another interpreter."""


@frozen
class _Found:
    """A value, and how one gets to it from the term or from the last function on the way."""

    value: object
    function: str = ""
    how: str = ""
    path: str = ""


def explain(term: object, fails: Callable[[object], bool], error: Exception) -> CannotTravel:
    """What to raise for `term`, which failed with `error`; `fails` says whether a value by itself does."""
    too_deep = isinstance(error.__cause__, RecursionError)
    found = _culprit(term, fails, _shallow_parts if too_deep else _parts)
    kind = _kind(found.value)
    if not found.function:
        return CannotTravel(f"{_where(term, found.path)} is {kind}, which cannot travel: {_remedy(found.value, error)}")
    what = f"whose `{found.path}` is {kind}," if found.path else f"{kind},"
    return CannotTravel(
        f"the function `{found.function}` uses {found.how}, {what} which cannot travel: {_remedy(found.value, error)}"
    )


_ARGUMENT = re.compile(r"(?:\[1\]|(?:\[0\])?\.args)\[(\d+)\]|(?:\[0\])?\.keywords\['(\w+)'\]")
"""Of a call, (function, args), or of a partial, which may be the function of one."""
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth")


def _where(term: object, path: str) -> str:
    """What stands there in `term`."""
    if not path:
        return "what was sent"
    function = term[0] if isinstance(term, tuple) and len(term) == 2 and isinstance(term[1], tuple) else term
    argument = _ARGUMENT.match(path)
    if argument is None or not callable(function):
        return f"`{path.lstrip('.')}` of what was sent"
    number, keyword = argument.groups()
    which = f"argument `{keyword}`" if keyword else f"{_ordinal(int(number))} argument"
    where = f"the {which} of `{_name(function)}`"
    rest = path[argument.end() :].lstrip(".")
    return f"`{rest}` of {where}" if rest else where


def _ordinal(index: int) -> str:
    return _ORDINALS[index] if index < len(_ORDINALS) else f"{index + 1}th"


def _name(function: object) -> str:
    while isinstance(function, functools.partial):
        function = function.func
    name: str = getattr(function, "__qualname__", None) or type(function).__qualname__
    return name


def _culprit(term: object, fails: Callable[[object], bool], parts: Callable[[_Found], Iterator[_Found]]) -> _Found:
    deadline = time.monotonic() + PATIENCE
    waiting = deque([_Found(term)])
    seen = {id(term)}
    found = waiting[0]
    while waiting and time.monotonic() < deadline:
        found = waiting.popleft()
        failing = [part for part in parts(found) if time.monotonic() < deadline and fails(part.value)]
        if not failing:
            return found
        waiting.extend(part for part in failing if id(part.value) not in seen)
        seen.update(id(part.value) for part in failing)
    return found


def _shallow_parts(found: _Found) -> Iterator[_Found]:
    """Of a call and its functions: what is nested too deeply is no part of that, but the whole."""
    if isinstance(found.value, tuple | FunctionType):
        yield from _parts(found)


def _parts(found: _Found) -> Iterator[_Found]:
    value = found.value
    if isinstance(value, _KNOWN) or _said_of(value):  # it is not because of its parts
        return
    if isinstance(value, FunctionType):
        if goes_by_value(value):
            for captured in captured_by(value):
                yield _Found(captured.value, value.__qualname__, captured.how)
        return
    for step, part in _steps(value):
        yield _Found(part, found.function, found.how, found.path + step)


def _steps(value: object) -> Iterator[tuple[str, object]]:
    match value:
        case dict():
            yield from ((f"[{brief(key)}]", part) for key, part in value.items())
            yield from ((f"[the key {brief(key)}]", key) for key in value)
        case tuple() | list() | deque():
            yield from ((f"[{index}]", part) for index, part in enumerate(value))
        case set() | frozenset():
            yield from ((f"[{brief(part)}]", part) for part in value)
        case functools.partial():
            yield from ((".func", value.func), (".args", value.args), (".keywords", value.keywords))
        case types.MethodType():
            yield from ((".__self__", value.__self__), (".__func__", value.__func__))
        case classmethod() | staticmethod():
            yield ".__func__", value.__func__
        case property():
            yield from ((".fget", value.fget), (".fset", value.fset), (".fdel", value.fdel))
        case Shared():
            return  # its value was given to it as a whole
        case type():
            if goes_by_value(value):
                yield from ((f".{name}", part) for name, part in vars(value).items() if name not in _NOT_PARTS)
        case _:
            yield from ((f".{name}", part) for name, part in _attributes(value).items())
            if goes_by_value(type(value)):
                yield ".__class__", type(value)


_NOT_PARTS = {"__dict__", "__weakref__", "__module__", "__doc__", "_abc_impl"}


def _attributes(value: object) -> dict[str, object]:
    slots = [name for kind in type(value).__mro__ for name in _slots(kind)]
    filled = {name: getattr(value, name) for name in slots if hasattr(value, name)}
    return {**filled, **getattr(value, "__dict__", {})}


def _slots(kind: type) -> tuple[str, ...]:
    slots = kind.__dict__.get("__slots__", ())
    return (slots,) if isinstance(slots, str) else tuple(slots)


def _kind(value: object) -> str:
    if isinstance(value, FunctionType):
        return f"the function `{value.__qualname__}`"
    kind = type(value)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


_LOCK_KINDS = (
    type(threading.Lock()),
    type(threading.RLock()),
    threading.Condition,
    threading.Event,
    threading.Semaphore,
)
_REMEDIES: tuple[tuple[tuple[type, ...], str], ...] = (
    (_LOCK_KINDS, "make it inside the function"),
    ((types.GeneratorType, types.AsyncGeneratorType), "send the function that makes it, or a list of its items"),
    ((queue.Queue, queue.SimpleQueue), "make it inside the function, or send its items"),
    ((threading.local, Executor), "make it inside the function"),
    ((types.CoroutineType,), "send the async function and its arguments, and await it over there"),
    ((io.IOBase,), "send its path or its contents, and open it over there"),
    ((socket.socket,), "send the address, and connect over there"),
    ((contextvars.ContextVar, contextvars.Context), "send its value"),
    ((asyncio.Future, asyncio.AbstractEventLoop), "await it here and send the result"),
    ((threading.Thread, subprocess.Popen), "start it inside the function"),
    ((weakref.ReferenceType,), "send what it refers to"),
    ((types.TracebackType, types.FrameType), "send the exception, or its text"),
)


_KNOWN = tuple(kind for kinds, _ in _REMEDIES for kind in kinds)


def _said_of(value: object) -> str | None:
    said = inspect.getattr_static(type(value), "send_instead", None)
    return said if isinstance(said, str) else None


def _remedy(value: object, error: Exception) -> str:
    if isinstance(error.__cause__, RecursionError):
        return "it is nested too deeply; send it flat, as a list of its parts"
    if said := _said_of(value):
        return f"send {said}"
    for kinds, remedy in _REMEDIES:
        if isinstance(value, kinds):
            return remedy
    return f"make it inside the function, or send what it is made of ({type(error).__name__}: {error})"
