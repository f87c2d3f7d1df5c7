"""What comes from code of a cell, as the records say that it is: no class of the user's travels on to the notebook.

Values of subclasses, such as numpy's texts and members of an IntEnum, become the plain values that they stand for.
Whatever is not what its field says is `Unsound`, so that nobody further on, the session above all, meets it.
"""

from __future__ import annotations

import types
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from typing import Any, Final, Literal, TypeAlias, TypeVar, Union, get_args, get_origin, get_type_hints

from beamlike import Pid

DEEPEST: Final = 32
"""So many views may stand inside each other."""

T = TypeVar("T")
_Way: TypeAlias = Callable[[Any, int], Any]
_RECORDS_AROUND: Final = 4
"""A message and a change stand around the views."""
_PLAIN: Final[dict[type, Callable[[Any], Any]]] = {
    # By the methods of these types themselves: a subclass may define others.
    str: str.__str__,
    bool: lambda value: value,
    int: int.__int__,
    float: float.__float__,
    bytes: lambda value: b"".join((value,)),
}


class Unsound(TypeError):
    """The message says in words what was expected where."""


def sound(value: T) -> T:
    """The record with plain values in all its fields; itself, if that is how it is.

    >>> from enum import IntEnum
    >>> from notebook_tui.widgets.views import Button, Progress
    >>> sound(Progress("p", IntEnum("Size", "SMALL").SMALL))
    Progress(ref='p', done=1, total=None, note='', seconds=0.0, state='going')
    >>> sound(Button("b", 5))
    Traceback (most recent call last):
    notebook_tui.runtime.sound.Unsound: expected str for Button.label, got int: 5
    """
    found: T = _record(type(value))(value, 0)
    return found


_records: dict[type, _Way] = {}


def _record(kind: type) -> _Way:
    way = _records.get(kind)
    if way is None:
        way = _records[kind] = _record_way(kind)
    return way


def _record_way(kind: type) -> _Way:
    parts: tuple[tuple[str, str, _Way], ...] | None = None

    def way(value: Any, depth: int) -> Any:
        nonlocal parts
        if depth > DEEPEST + _RECORDS_AROUND:
            raise Unsound(f"expected views no more than {DEEPEST} deep inside each other")
        if parts is None:  # not before it is met: a record may hold records of its own class
            hints = get_type_hints(kind)
            parts = tuple((each.name, f"{kind.__name__}.{each.name}", _way(hints[each.name])) for each in fields(kind))
        changed: dict[str, Any] = {}
        for name, place, check in parts:
            item = getattr(value, name, _Missing)
            try:
                plain = check(item, depth + 1)
            except _Misfit as misfit:
                raise Unsound(f"expected {misfit.expected} for {place}, got {_shown(misfit.value)}") from None
            if plain is not item:
                changed[name] = plain
        if not changed:
            return value
        return kind(**{name: changed.get(name, getattr(value, name)) for name, _, _ in parts})

    return way


class _Missing:
    """In place of a field that a record does not have."""


class _Misfit(Exception):
    def __init__(self, expected: str, value: object) -> None:
        super().__init__(expected)
        self.expected = expected
        self.value = value


def _shown(value: object) -> str:
    kind = type(value)
    return f"{kind.__name__}: {value!r}"[:120] if kind in _PLAIN or value is None else kind.__name__


def _way(kind: Any) -> _Way:
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return _union(arguments)
    if origin is Literal:
        return _literal(arguments)
    if origin is tuple and len(arguments) == 2 and arguments[1] is Ellipsis:
        return _many(tuple, arguments[0])
    if origin is tuple:
        return _few([_way(argument) for argument in arguments])
    if origin is frozenset:
        return _many(frozenset, arguments[0])
    if isinstance(kind, type) and is_dataclass(kind):
        return _union((kind,))
    if kind is Pid or kind in _PLAIN or kind is type(None):
        return _union((kind,))
    raise TypeError(f"expected a record of plain fields, tuples, frozensets and unions, got one with {kind!r}")


def _union(kinds: tuple[Any, ...]) -> _Way:
    records = frozenset(kind for kind in kinds if isinstance(kind, type) and is_dataclass(kind))
    exact = _exact(kinds)
    plain = [kind for kind in _PLAIN if kind in exact]
    expected = " or ".join("None" if kind is type(None) else getattr(kind, "__name__", "tuple") for kind in kinds)

    def way(value: Any, depth: int) -> Any:
        kind = type(value)
        if kind in exact:
            return value
        if kind in records:
            return _record(kind)(value, depth)
        for each in plain:
            if isinstance(value, each) and kind is not bool:
                return _PLAIN[each](value)
        raise _Misfit(expected, value)

    return way


def _literal(words: tuple[Any, ...]) -> _Way:
    def way(value: Any, depth: int) -> Any:
        if type(value) is str and value in words:
            return value
        raise _Misfit(" or ".join(map(repr, words)), value)

    return way


def _exact(kinds: tuple[Any, ...]) -> frozenset[type]:
    """The types of values that are as they should be, records apart."""
    exact = {kind for kind in kinds if kind in _PLAIN or kind is type(None) or kind is Pid}
    return frozenset(exact | {int} if float in exact else exact)


def _many(kind: type[tuple[Any, ...]] | type[frozenset[Any]], item: Any) -> _Way:
    item_way, exact = _way(item), _exact((item,))

    def way(value: Any, depth: int) -> Any:
        if type(value) is not kind:
            raise _Misfit(kind.__name__, value)
        if exact.issuperset(map(type, value)):  # a plot has thousands of numbers
            return value
        plain = [item_way(item, depth) for item in value]
        return value if all(map(_is, plain, value)) else kind(plain)

    return way


def _few(item_ways: list[_Way]) -> _Way:
    def way(value: Any, depth: int) -> Any:
        if type(value) is not tuple or len(value) != len(item_ways):
            raise _Misfit(f"tuple of {len(item_ways)}", value)
        plain = [each(item, depth) for each, item in zip(item_ways, value, strict=True)]
        return value if all(map(_is, plain, value)) else tuple(plain)

    return way


def _is(one: object, other: object) -> bool:
    return one is other
