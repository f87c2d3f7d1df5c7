"""Records as numbers, texts, lists and dicts, and back: what travels of a look, and what `--json` prints.

A record becomes a dict by the names of its fields, a pid `[node, id]`. Back it is built field by field, by the types
that the record declares: so a newer node may tell more, an older one less, and what does not fit is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, fields
from functools import cache
from types import NoneType, UnionType
from typing import Any, Final, TypeVar, Union, get_args, get_origin, get_type_hints

from beamlike.kernel.terms import Pid

T = TypeVar("T")

_SCALARS: Final = frozenset((int, float, str, bool, NoneType))


def to_plain(value: Any) -> Any:
    """
    >>> from beamlike.inspect.facts import NameFacts
    >>> to_plain(NameFacts("clock", Pid("app@h", 7), "node"))
    {'name': 'clock', 'pid': ['app@h', 7], 'scope': 'node'}
    """
    kind: Any = type(value)
    if kind in _SCALARS:
        return value
    if kind is tuple:
        return [to_plain(each) for each in value]
    if kind is Pid:
        return [value.node, value.id]
    return {name: to_plain(getattr(value, name)) for name in _names(kind)}


def from_plain(record: type[T], plain: Any) -> T:
    """ValueError for what is no such record.

    >>> from beamlike.inspect.facts import NameFacts
    >>> from_plain(NameFacts, {"name": "clock", "pid": ["app@h", 7], "scope": "node", "of a later version": 1})
    NameFacts(name='clock', pid=Pid<app@h 0.7>, scope='node')
    >>> from_plain(NameFacts, {"name": 3})
    Traceback (most recent call last):
    ValueError: expected a str as the name of a NameFacts, got 3
    """
    kind: Any = record
    if type(plain) is not dict:
        raise ValueError(f"expected a {record.__name__} as a dict, got a {type(plain).__name__}")
    values = {}
    for name, (build, kinds) in _builders(kind).items():
        if name not in plain:
            continue
        try:
            values[name] = build(plain[name])
        except (TypeError, ValueError, IndexError) as error:
            if type(error) is ValueError and error.args and str(error).startswith("expected a"):
                raise
            raise ValueError(f"expected {kinds} as the {name} of a {record.__name__}, got {plain[name]!r}") from error
    missing = [name for name in _required(kind) if name not in values]
    if missing:
        raise ValueError(f"expected {', '.join(missing)} in a {record.__name__}, got none")
    return record(**values)


@cache
def _names(kind: Any) -> tuple[str, ...]:
    return tuple(it.name for it in fields(kind))


@cache
def _required(kind: Any) -> tuple[str, ...]:
    return tuple(it.name for it in fields(kind) if it.default is MISSING and it.default_factory is MISSING)


@cache
def _builders(record: Any) -> dict[str, tuple[Callable[[Any], Any], str]]:
    hints = get_type_hints(record)
    return {it.name: (_builder(hints[it.name]), _words(hints[it.name])) for it in fields(record)}


def _words(hint: Any) -> str:
    return f"a {getattr(hint, '__name__', hint)}"


def _builder(hint: Any) -> Callable[[Any], Any]:
    if get_origin(hint) in (Union, UnionType):
        (inner,) = [each for each in get_args(hint) if each is not NoneType]
        build = _builder(inner)
        return lambda plain: None if plain is None else build(plain)
    if get_origin(hint) is tuple:
        build = _builder(get_args(hint)[0])
        return lambda plain: tuple([build(each) for each in _list(plain)])
    if hint is Pid:
        return _pid
    if hint is float:
        return lambda plain: float(_of((int, float), plain))
    if hint in _SCALARS:
        return lambda plain: _of((hint,), plain)
    return lambda plain: from_plain(hint, plain)


def _of(kinds: tuple[type, ...], plain: Any) -> Any:
    if type(plain) not in kinds:
        raise TypeError(plain)
    return plain


def _list(plain: Any) -> Any:
    return _of((list, tuple), plain)


def _pid(plain: Any) -> Pid:
    node, id = _list(plain)
    return Pid(_of((str,), node), _of((int,), id))
