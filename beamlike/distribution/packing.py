"""Plain terms in msgpack, exactly: what comes out has the types and values of what went in.

Plain are None, bool, int, float, str, bytes, pids and references, and of these any list, tuple, dict or record of the
kernel (Alias, Down, Reply, ExceptionInfo ...), but no subclass of any. Msgpack knows of lists only; every other
compound is a list that opens with a *mark*, an empty ext value whose code says what the rest of the list becomes:

    (1, "a")  ->  [ext 1, 1, "a"]            Pid  ->  [ext 3, node, id]

A term that is not plain travels inside `Coded`: bytes of the connection's codec. So does one of very many parts: the
codec is no slower there, keeps shared parts shared, and the check for plainness stays short.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import msgpack

from beamlike.distribution.errors import UndecodableTerm
from beamlike.distribution.terms_codec import TermCodec
from beamlike.kernel.terms import Alias, Down, ExceptionInfo, Exit, NodeDown, NodeUp, Pid, Ref, Reply

MOST_COMPOUNDS: Final = 64
"""A term of more lists, tuples, dicts and records than this is left to the codec."""


@dataclass(frozen=True, slots=True)
class Coded:
    """Bytes of the codec, standing for a term."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Undecodable:
    """Stands for a term that the codec could not decode."""

    error: UndecodableTerm


TakeApart: TypeAlias = Callable[[Any], list[object]]
Build: TypeAlias = Callable[[list[Any]], object]


class _Mark:
    """What an ext code becomes on arrival; `build` gets the whole list, the mark itself first."""

    __slots__ = ("build",)

    def __init__(self, build: Build) -> None:
        self.build = build


# The codes are the protocol: whoever changes one makes a new protocol version.
_TUPLE: Final = msgpack.ExtType(1, b"")
_LONG: Final = msgpack.ExtType(2, b"")  # an integer beyond 64 bits, the only ones that msgpack hands back
_PID: Final = msgpack.ExtType(3, b"")
_REF: Final = msgpack.ExtType(4, b"")
_INFO: Final = msgpack.ExtType(11, b"")
_CODED: Final = msgpack.ExtType(12, b"")

_RECORDS: Final[tuple[tuple[int, type, Callable[[Any], tuple[object, ...]]], ...]] = (
    (5, Alias, lambda alias: (alias.pid, alias.id)),
    (6, Down, lambda down: (down.ref, down.pid, down.reason)),
    (7, Exit, lambda exit: (exit.pid, exit.reason)),
    (8, NodeUp, lambda up: (up.node,)),
    (9, NodeDown, lambda down: (down.node, down.reason)),
    (10, Reply, lambda reply: (reply.ref, reply.value)),
)

_ATOMS: Final = frozenset({type(None), bool, int, float, str, bytes, Pid, Ref})

_PARTS: Final[dict[type, Callable[[Any], tuple[object, ...]]]] = {
    list: tuple,
    tuple: tuple,
    dict: lambda mapping: (*mapping, *mapping.values()),
    ExceptionInfo: lambda info: (info.type, info.message, info.traceback, info.node, info.pid),
    **{kind: parts for _, kind, parts in _RECORDS},
}


def is_plain(term: object) -> bool:
    """Whether msgpack can hold `term` exactly, and is the better choice for it.

    >>> is_plain({"a": (1, [None, b""])}), is_plain({1, 2}), is_plain(bytearray())
    (True, False, False)
    """
    if type(term) in _ATOMS:
        return True
    compounds = [term]
    for compound in compounds:
        if len(compounds) > MOST_COMPOUNDS or type(compound) not in _PARTS:
            return False
        parts = _PARTS[type(compound)](compound)
        if not _ATOMS.issuperset(map(type, parts)):
            compounds += [part for part in parts if type(part) not in _ATOMS]
    return True


def _record_apart(code: int, parts: Callable[[Any], tuple[object, ...]]) -> TakeApart:
    mark = msgpack.ExtType(code, b"")
    return lambda record: [mark, *parts(record)]


def _record_again(kind: type) -> Build:
    return lambda items: kind(*items[1:])


_TAKE_APART: Final[dict[type, TakeApart]] = {
    tuple: lambda term: [_TUPLE, *term],
    int: lambda term: [_LONG, term.to_bytes(term.bit_length() // 8 + 1, "big", signed=True)],
    Pid: lambda pid: [_PID, pid.node, pid.id],
    Ref: lambda ref: [_REF, ref.node, ref.id],
    Coded: lambda coded: [_CODED, coded.data],
    **{kind: _record_apart(code, parts) for code, kind, parts in _RECORDS},
}

_MARKS: Final[dict[int, _Mark]] = {
    _TUPLE.code: _Mark(lambda items: tuple(items[1:])),
    _LONG.code: _Mark(lambda items: int.from_bytes(items[1], "big", signed=True)),
    _PID.code: _Mark(lambda items: Pid(items[1], items[2])),
    _REF.code: _Mark(lambda items: Ref(items[1], items[2])),
    **{code: _Mark(_record_again(kind)) for code, kind, _ in _RECORDS},
}


def _put_together(items: list[Any]) -> object:
    if items and type(items[0]) is _Mark:
        return items[0].build(items)
    return items


class Packing:
    """Lists of plain terms and `Coded` to bytes and back, for one connection."""

    def __init__(self, codec: TermCodec) -> None:
        self._codec = codec
        take_apart = {**_TAKE_APART, ExceptionInfo: self._info_apart}
        self._default: TakeApart = lambda term: take_apart[type(term)](term)
        self._marks = {**_MARKS, _CODED.code: _Mark(self._decoded), _INFO.code: _Mark(_info_again)}
        # A packer must not be entered twice, and a finalizer that sends may do so: each takes one from here.
        self._packers: list[msgpack.Packer] = []

    def code(self, term: object) -> Coded:
        return Coded(self._codec.encode(term))

    def pack(self, items: list[object]) -> bytes:
        packer = self._packers.pop() if self._packers else self._new_packer()
        packed: bytes = packer.pack(items)
        self._packers.append(packer)
        return packed

    def unpack(self, data: bytes) -> Any:
        """What was packed. A term that the codec cannot decode is there as `Undecodable`."""
        # `dict.get` with the two arguments of an ext hook turns a code into its mark at the least cost.
        return msgpack.unpackb(
            data,
            ext_hook=self._marks.get,
            list_hook=_put_together,
            strict_map_key=False,
            unicode_errors="surrogatepass",
        )

    def _new_packer(self) -> msgpack.Packer:
        return msgpack.Packer(default=self._default, strict_types=True, unicode_errors="surrogatepass")

    def _decoded(self, items: list[Any]) -> object:
        try:
            return self._codec.decode(items[1])
        except Exception as error:
            problem = UndecodableTerm(f"a term cannot be decoded here: {type(error).__name__}: {error}")
            problem.__cause__ = error
            return Undecodable(problem)

    def _info_apart(self, info: ExceptionInfo) -> list[object]:
        return [_INFO, *_PARTS[ExceptionInfo](info), self._code_or_none(info.exception)]

    def _code_or_none(self, exception: BaseException | None) -> Coded | None:
        """An exception that cannot travel stays behind; the texts beside it tell what it was."""
        if exception is None:
            return None
        try:
            return self.code(exception)
        except Exception:
            return None


def _info_again(items: list[Any]) -> ExceptionInfo:
    type, message, traceback, node, pid, exception = items[1:]
    if isinstance(exception, Undecodable):
        exception = None
    return ExceptionInfo(type, message, traceback, node, pid, exception)
