"""Frozen records to bytes and back, driven by their types: an operation or a state that is new needs nothing here.

A record is a map of its fields, without those that have their default; where a union says which record it may be, its
class's name stands under the key "". So an older journal reads in a newer program that added fields, and what a newer
one wrote is refused in words rather than half understood.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import date, datetime, time
from typing import Any, Final, Literal, TypeAlias, Union, get_args, get_origin, get_type_hints

import msgpack

NAME: Final = ""
"""The key of a record's class; no field is called so."""
_PLAIN: Final = (str, bytes, bool, int, float, type(None), Any, object)
_TIMES: Final = (datetime, date, time)
_LARGE_INTEGER: Final = 3
_TUPLE: Final = 4
"""msgpack's extensions by number; the first three are those of `_TIMES`."""

Plain: TypeAlias = Any
_Way: TypeAlias = Callable[[Any], Any]


class Unreadable(ValueError):
    """The bytes hold no such value, or one of a newer version; the message says which."""


class Codec:
    """Of the values of one type.

    >>> from notebook_tui.document.operations import Operation, SetTitle
    >>> codec = Codec(Operation)
    >>> codec.decode(codec.encode(SetTitle("Cats")))
    SetTitle(title='Cats')
    """

    def __init__(self, kind: Any) -> None:
        ways = _Ways()
        self._to_plain, self._from_plain = ways.of(kind)

    def encode(self, value: object) -> bytes:
        return pack(self._to_plain(value))

    def decode(self, data: bytes) -> Any:
        """`Unreadable` if the bytes are no such value."""
        return self.from_plain(unpack(data))

    def to_plain(self, value: object) -> Plain:
        """As what msgpack takes."""
        return self._to_plain(value)

    def from_plain(self, plain: Plain) -> Any:
        try:
            return self._from_plain(plain)
        except (AttributeError, KeyError, TypeError, IndexError) as error:
            raise Unreadable(f"expected what this program writes, found {str(plain)[:80]!r}") from error


def pack(plain: Plain) -> bytes:
    """Also text that is no Unicode, whole numbers of any size, tuples, dates and times: what a file's metadata or an
    input's value may hold. TypeError in words for anything else."""
    data: bytes = msgpack.packb(plain, default=_extended, unicode_errors="surrogatepass", strict_types=True)
    return data


def unpack(data: bytes) -> Plain:
    try:
        return msgpack.unpackb(data, ext_hook=_extension, unicode_errors="surrogatepass", strict_map_key=False)
    except (ValueError, msgpack.UnpackException) as error:
        raise Unreadable(f"expected a record of a journal, found bytes that are none: {error}") from error


def _extended(value: object) -> msgpack.ExtType:
    match value:
        case int():
            return msgpack.ExtType(_LARGE_INTEGER, str(int(value)).encode())
        case tuple():
            return msgpack.ExtType(_TUPLE, pack(list(value)))
        case _ if type(value) in _TIMES:
            return msgpack.ExtType(_TIMES.index(type(value)), value.isoformat().encode())  # type: ignore[attr-defined]
        case _:
            raise TypeError(f"expected plain values, got {type(value).__name__}: {str(value)[:80]!r}")


def _extension(code: int, data: bytes) -> object:
    if code == _LARGE_INTEGER:
        return int(data)
    if code == _TUPLE:
        return tuple(unpack(data))
    if not 0 <= code < len(_TIMES):
        raise ValueError(f"extension {code} is unknown")
    return _TIMES[code].fromisoformat(data.decode())


class _Ways:
    """Both ways for each type that was met; a record may hold records of its own class."""

    def __init__(self) -> None:
        self._records: dict[type, tuple[_Way, _Way]] = {}

    def of(self, kind: Any) -> tuple[_Way, _Way]:
        origin, arguments = get_origin(kind), get_args(kind)
        if kind in _PLAIN or kind is types.NoneType:
            return _same, _same
        if origin is Literal:
            return _same, _one_of(arguments)
        if origin in (Union, types.UnionType):
            return self._union(arguments)
        if origin is tuple:
            return self._tuple(arguments)
        if origin is frozenset:
            to, back = self.of(arguments[0])
            return lambda value: [to(item) for item in value], lambda plain: frozenset(back(item) for item in plain)
        if isinstance(origin, type) and issubclass(origin, Mapping):
            return self._mapping(arguments)
        if isinstance(kind, type) and is_dataclass(kind):
            return self._record(kind)
        raise TypeError(f"expected a frozen dataclass of plain fields, tuples, mappings and unions, got {kind!r}")

    def _tuple(self, arguments: tuple[Any, ...]) -> tuple[_Way, _Way]:
        if len(arguments) == 2 and arguments[1] is Ellipsis:
            to, back = self.of(arguments[0])
            if to is _same and back is _same:
                return list, tuple
            return lambda value: [to(item) for item in value], lambda plain: tuple([back(item) for item in plain])
        ways = [self.of(argument) for argument in arguments]
        return (
            lambda value: [to(item) for (to, _), item in zip(ways, value, strict=True)],
            lambda plain: tuple([back(item) for (_, back), item in zip(ways, plain, strict=True)]),
        )

    def _mapping(self, arguments: tuple[Any, ...]) -> tuple[_Way, _Way]:
        (to_key, back_key), (to, back) = self.of(arguments[0]), self.of(arguments[1])
        if to is _same:
            return dict, _mapping_of
        # As pairs: a key may be anything.
        return (
            lambda value: [[to_key(key), to(item)] for key, item in value.items()],
            lambda plain: {back_key(key): back(item) for key, item in plain},
        )

    def _union(self, arguments: tuple[Any, ...]) -> tuple[_Way, _Way]:
        """Of records, plain values and one kind of tuple: the bytes tell those apart."""
        records = {kind.__name__: kind for kind in arguments if isinstance(kind, type) and is_dataclass(kind)}
        others = [kind for kind in arguments if kind not in records.values()]
        tuples = [kind for kind in others if get_origin(kind) is tuple]
        plain_ones = [kind for kind in others if kind not in tuples]
        if len(tuples) > 1 or any(not self._is_plain(kind) for kind in plain_ones):
            raise TypeError(f"expected a union of records, plain values and one kind of tuple, got {arguments!r}")
        if tuples and (Any in plain_ones or object in plain_ones):
            raise TypeError(f"expected to know a tuple from any other value by its bytes, got {arguments!r}")
        words = tuple(word for kind in plain_ones if get_origin(kind) is Literal for word in get_args(kind))
        back_word = _one_of(words) if words and str not in plain_ones else _same
        if not records and not tuples and back_word is _same:
            return _same, _same
        ways_of = {kind: self.of(kind) for kind in records.values()}
        to_list, from_list = self.of(tuples[0]) if tuples else (_same, _same)

        def to_plain(value: Any) -> Plain:
            way = ways_of.get(type(value))
            if way is not None:
                return {NAME: type(value).__name__, **way[0](value)}
            return to_list(value) if isinstance(value, tuple) else value

        def from_plain(plain: Plain) -> Any:
            if isinstance(plain, list):
                return from_list(plain)
            if isinstance(plain, str):
                return back_word(plain)
            if not records or not isinstance(plain, dict):
                return plain
            name = plain.pop(NAME)
            if name not in records:
                raise Unreadable(f"{name} is unknown to this version of the program: a newer one wrote it; use that")
            return ways_of[records[name]][1](plain)

        return to_plain, from_plain

    def _is_plain(self, kind: Any) -> bool:
        return get_origin(kind) is Literal or self.of(kind) == (_same, _same)

    def _record(self, kind: type) -> tuple[_Way, _Way]:
        if kind in self._records:
            return self._records[kind]
        # For a class whose fields lead back to it.
        self._records[kind] = (
            lambda value: self._records[kind][0](value),
            lambda plain: self._records[kind][1](plain),
        )
        self._records[kind] = found = _record_ways(kind, self)
        return found


def _record_ways(kind: type, ways: _Ways) -> tuple[_Way, _Way]:
    hints = get_type_hints(kind)
    # What is not compared is an index that follows from the rest, and is made anew.
    known = [field for field in fields(kind) if field.init and field.compare]
    parts = [(field.name, _default(field), *ways.of(hints[field.name])) for field in known]
    backs = {name: back for name, _, _, back in parts}

    def to_plain(value: Any) -> Plain:
        plain = {}
        for name, default, to, _ in parts:
            item = getattr(value, name)
            if item is not default and (default is MISSING or item != default):
                plain[name] = to(item)
        return plain

    def from_plain(plain: Plain) -> Any:
        given = {}
        for name, item in plain.items():
            if name not in backs:
                raise Unreadable(
                    f"{kind.__name__} has a field {name!r} that is unknown to this version of the program: "
                    "a newer one wrote it; use that"
                )
            given[name] = backs[name](item)
        return kind(**given)

    return to_plain, from_plain


def _default(field: Any) -> Any:
    if field.default is not MISSING:
        return field.default
    return field.default_factory() if field.default_factory is not MISSING else MISSING


def _same(value: Any) -> Any:
    return value


def _mapping_of(plain: Plain) -> dict[Any, Any]:
    if not isinstance(plain, dict):
        raise TypeError(plain)
    return plain


def _one_of(known: tuple[Any, ...]) -> _Way:
    def back(plain: Plain) -> Any:
        if plain not in known:
            raise Unreadable(
                f"expected one of {', '.join(map(repr, known))}, found {plain!r}: a newer version wrote it"
            )
        return plain

    return back
