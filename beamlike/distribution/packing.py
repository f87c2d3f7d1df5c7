"""Plain terms in msgpack, exactly: what comes out has the types and values of what went in.

Plain are None, bool, int, float, str, bytes, pids and references, and of these any list, tuple, dict or record of the
kernel (Alias, Down, Reply, ExceptionInfo ...), but no subclass of any. Msgpack knows of lists only; every other
compound is a list that opens with a *mark*, an empty ext value whose code says what the rest of the list becomes:

    (1, "a")  ->  [ext 1, 1, "a"]            Pid of the sender's node  ->  ext 3 (8 bytes of its id)

A term that is not plain travels as bytes of the connection's codec. So does one of very many parts: the
codec is no slower there, keeps shared parts shared, and the check for plainness stays short. Large bytes, wherever they
stand, are left out of the packed bytes and go beside them, as the codec's large buffers do.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, TypeAlias

import msgpack

from beamlike.distribution.errors import UndecodableTerm
from beamlike.distribution.forgotten_locals import forget_locals
from beamlike.distribution.terms_codec import LARGE, Buffer, Content, NotYet, TermCodec
from beamlike.kernel.record import frozen, record
from beamlike.kernel.terms import (
    UNDECODABLE,
    Alias,
    Down,
    ExceptionInfo,
    Exit,
    NodeDown,
    NodeUp,
    Pid,
    Ref,
    Reply,
    text_of,
)

MOST_COMPOUNDS: Final = 64
"""A term of more lists, tuples, dicts and records than this is left to the codec."""

MANY_COMPOUNDS: Final = 1 << 18
"""The same, where there is no codec."""


@frozen
class Drafted:
    """Stands for a term that the codec has written and will finish when the item is packed."""

    content: Any
    draft: Draft


@frozen
class Beside:
    """Stands for large bytes: the buffer of this number."""

    number: int


@frozen
class Undecodable:
    """Stands for a term that the codec could not decode."""

    error: UndecodableTerm


@dataclass(frozen=True, slots=True, eq=False)
class Pending:
    """Stands for a term that the codec cannot decode yet: when `ready` is done it may."""

    data: bytes
    buffers: Sequence[Buffer]
    ready: Future[Any]
    by_this_way: bool


@record
class Packed:
    """An item in bytes, and the large buffers beside it. For `ahead` and `contents` see `terms_codec`."""

    data: bytes
    buffers: Sequence[Buffer] = ()
    ahead: Sequence[bytes] = ()
    contents: Sequence[Content] = ()

    @property
    def size(self) -> int:
        """In bytes, without what goes ahead."""
        return len(self.data) + sum(map(len, self.buffers))


_ext = partial(tuple.__new__, msgpack.ExtType)
"""An ExtType without its constructor's checks, which would be half the cost of a pid."""


TakeApart: TypeAlias = Callable[[Any], object]
Build: TypeAlias = Callable[[list[Any]], object]


_SMALL_LISTS: Final = tuple(bytes([0x90 | count]) for count in range(16))
_LIST: Final = struct.Struct(">BI")
"""How msgpack says that so many items follow."""


def batch(items: Sequence[bytes]) -> bytes:
    """Packed items as one that is the list of them."""
    count = len(items)
    if count < 16:
        return _SMALL_LISTS[count] + b"".join(items)
    return _LIST.pack(0xDD, count) + b"".join(items)


def sizes_in(data: Buffer) -> Iterator[int]:
    """Of the items of a `batch`, in bytes.

    >>> list(sizes_in(batch([msgpack.packb("abc"), msgpack.packb(None)])))
    [4, 1]
    """
    unpacker = msgpack.Unpacker()
    unpacker.feed(data)
    count, start = unpacker.read_array_header(), unpacker.tell()
    for _ in range(count):
        unpacker.skip()
        end = unpacker.tell()
        yield end - start
        start = end


def pack_ahead(data: bytes) -> bytes:
    """An item for the other side's codec."""
    packed: bytes = msgpack.packb([_AHEAD, data])
    return packed


def pack_content(content: Content) -> Packed:
    """An item for it, too, with the parts of the content beside."""
    beside = [[_BESIDE, number] for number in range(len(content.parts))]
    return Packed(msgpack.packb([_CONTENT, content.key, *beside]), content.parts)


class _Mark:
    """What an ext code becomes on arrival; `build` gets the whole list, the mark itself first."""

    __slots__ = ("build",)

    def __init__(self, build: Build) -> None:
        self.build = build


# The codes are the protocol: whoever changes one makes a new protocol version.
_TUPLE: Final = msgpack.ExtType(1, b"")
_LONG: Final = msgpack.ExtType(2, b"")  # an integer beyond 64 bits, the only ones that msgpack hands back
_MY_PID: Final = 3
_YOUR_PID: Final = 4
_MY_REF: Final = 5
_YOUR_REF: Final = 6
_PID: Final = msgpack.ExtType(7, b"")  # of a third node
_REF: Final = msgpack.ExtType(8, b"")
_INFO: Final = msgpack.ExtType(15, b"")
_CODED: Final = msgpack.ExtType(16, b"")
_BESIDE: Final = msgpack.ExtType(17, b"")
_AHEAD: Final = msgpack.ExtType(18, b"")
_CONTENT: Final = msgpack.ExtType(19, b"")
_ALONE: Final = 20
"""Bytes of the codec that refer to no buffer, as most do."""

HEARD: Final = -1
"""The kind of an item that was for the codec, which has heard it."""

_RECORDS: Final[tuple[tuple[int, type, Callable[[Any], tuple[object, ...]]], ...]] = (
    (9, Alias, lambda alias: (alias.pid, alias.id)),
    (10, Down, lambda down: (down.ref, down.pid, down.reason)),
    (11, Exit, lambda exit: (exit.pid, exit.reason)),
    (12, NodeUp, lambda up: (up.node,)),
    (13, NodeDown, lambda down: (down.node, down.reason)),
    (14, Reply, lambda reply: (reply.ref, reply.value)),
)

_ATOMS: Final = frozenset({type(None), bool, int, float, str, bytes, Pid, Ref})

_SMALL_ATOMS: Final = _ATOMS - {bytes}

_PARTS: Final[dict[type, Callable[[Any], tuple[object, ...]]]] = {
    list: tuple,
    tuple: tuple,
    dict: lambda mapping: (*mapping, *mapping.values()),
    ExceptionInfo: lambda info: (info.type, info.message, info.traceback, info.node, info.pid),
    **{kind: parts for _, kind, parts in _RECORDS},
}


def is_plain(term: object, most: int = MOST_COMPOUNDS) -> bool:
    """Whether msgpack can hold `term` exactly, and is the better choice for it: it has at most so many compounds.

    >>> is_plain({"a": (1, [None, b""])}), is_plain({1, 2}), is_plain(bytearray())
    (True, False, False)
    """
    if type(term) in _ATOMS:
        return True
    compounds = [term]
    for compound in compounds:
        if len(compounds) > most or type(compound) not in _PARTS:
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
    Beside: lambda beside: [_BESIDE, beside.number],
    **{kind: _record_apart(code, parts) for code, kind, parts in _RECORDS},
}

_MARKS: Final[dict[int, _Mark]] = {
    _TUPLE.code: _Mark(lambda items: tuple(items[1:])),
    _LONG.code: _Mark(lambda items: int.from_bytes(items[1], "big", signed=True)),
    _PID.code: _Mark(lambda items: Pid(items[1], items[2])),
    _REF.code: _Mark(lambda items: Ref(items[1], items[2])),
    _INFO.code: _Mark(lambda items: _info_again(items)),
    **{code: _Mark(_record_again(kind)) for code, kind, _ in _RECORDS},
}


def _put_together(items: list[Any]) -> object:
    if items and type(items[0]) is _Mark:
        return items[0].build(items)
    return items


_UNPACKING: Final[dict[str, Any]] = {
    "list_hook": _put_together,
    "strict_map_key": False,
    "unicode_errors": "surrogatepass",
}


class Draft:
    """What goes beside one packed item."""

    __slots__ = ("ahead", "alone", "buffers", "contents")

    def __init__(self, *, alone: bool = False) -> None:
        self.alone = alone
        self.buffers: list[Buffer] = []
        self.ahead: list[bytes] = []
        self.contents: list[Content] = []


class Packing:
    """Lists of plain terms and `Drafted` to bytes and back, for one connection between the nodes `here` and `there`.

    What names one of the two nodes is packed without its name.
    """

    def __init__(self, codec: TermCodec, here: str, there: str, most: int = MOST_COMPOUNDS) -> None:
        self._codec = codec
        self._most = most
        self.here = here
        self.there = there
        self.has_pending = False
        """Whether something that was unpacked is `Pending`. Whoever sees to that takes it back."""
        self._take_apart: dict[type, TakeApart] = {
            **_TAKE_APART,
            Pid: self._pid_apart,
            Ref: self._ref_apart,
            Drafted: self._finished,
        }
        self._marks = {
            **_MARKS,
            _CODED.code: _Mark(self._decoded),
            _BESIDE.code: _Mark(lambda items: self._buffers[items[1]]),
            _AHEAD.code: _Mark(self._hear),
            _CONTENT.code: _Mark(self._take_in),
        }
        # A packer must not be entered twice, and a finalizer that sends may do so: each takes one from here.
        self._packers: list[msgpack.Packer] = []
        self._buffers: Sequence[Buffer] = ()

    def term(self, term: object, draft: Draft) -> object:
        """What to pack in place of a term. Raises whatever the codec does if it cannot travel."""
        if type(term) in (tuple, list) and _SMALL_ATOMS.issuperset(map(type, term)):  # type: ignore[call-overload]
            return term
        if is_plain(term, self._most):
            return self._plain(term, draft)
        if type(term) is Reply:  # so that who waits for it can be told, should its value not be decoded
            return Reply(term.ref, self.term(term.value, draft))
        return self.code(term, draft)

    def _plain(self, term: Any, draft: Draft) -> object:
        kind = type(term)
        if kind is bytes:
            if len(term) <= LARGE:
                return term
            draft.buffers.append(term)
            return Beside(len(draft.buffers) - 1)
        if kind is tuple or kind is list:
            return kind([self._plain(part, draft) for part in term])
        if kind is dict:
            return {key: self._plain(value, draft) for key, value in term.items()}
        if kind is ExceptionInfo:
            return self._info_apart(term, draft)
        if kind in _PARTS:
            return kind(*(self._plain(part, draft) for part in _PARTS[kind](term)))
        return term

    def code(self, term: object, draft: Draft) -> Drafted:
        """What to pack in place of a term that is for the codec, whatever it is."""
        return Drafted(self._codec.draft(term, alone=draft.alone), draft)

    def _finished(self, drafted: Drafted) -> object:
        encoded, draft = self._codec.finish(drafted.content), drafted.draft
        if encoded.ahead is not None:
            draft.ahead.append(encoded.ahead)
        draft.contents += encoded.contents
        if not encoded.buffers:
            return _ext((_ALONE, encoded.data))
        first = len(draft.buffers)
        draft.buffers += encoded.buffers
        return [_CODED, encoded.data, first, len(encoded.buffers)]

    def pack(self, items: list[Any]) -> bytes:
        packer = self._packers.pop() if self._packers else self._new_packer()
        packed: bytes = packer.pack(items)
        self._packers.append(packer)
        return packed

    def unpack(self, data: Buffer, buffers: Sequence[Buffer] = ()) -> Any:
        """One item, and what went beside it, or all items of a `batch`.

        A term that the codec cannot decode is there as `Undecodable`, one that it cannot decode yet as `Pending`.
        """
        self._buffers = buffers
        try:
            return msgpack.unpackb(data, ext_hook=self._ext, **_UNPACKING)
        finally:
            self._buffers = ()

    def _new_packer(self) -> msgpack.Packer:
        return msgpack.Packer(default=self._default, strict_types=True, unicode_errors="surrogatepass")

    def _default(self, term: Any) -> object:
        return self._take_apart[type(term)](term)

    def _ext(self, code: int, data: bytes) -> object:
        if code == _YOUR_PID:
            return Pid(self.here, int.from_bytes(data, "big"))
        if code == _MY_PID:
            return Pid(self.there, int.from_bytes(data, "big"))
        if code == _YOUR_REF:
            return Ref(self.here, int.from_bytes(data, "big"))
        if code == _MY_REF:
            return Ref(self.there, int.from_bytes(data, "big"))
        if code == _ALONE:
            return self.decoded(data, ())
        return self._marks[code]

    def _pid_apart(self, pid: Pid) -> object:
        if pid.node == self.here:
            return _ext((_MY_PID, pid.id.to_bytes(8, "big")))
        if pid.node == self.there:
            return _ext((_YOUR_PID, pid.id.to_bytes(8, "big")))
        return [_PID, pid.node, pid.id]

    def _ref_apart(self, ref: Ref) -> object:
        if ref.node == self.here:
            return _ext((_MY_REF, ref.id.to_bytes(8, "big")))
        if ref.node == self.there:
            return _ext((_YOUR_REF, ref.id.to_bytes(8, "big")))
        return [_REF, ref.node, ref.id]

    def _hear(self, items: list[Any]) -> object:
        self._codec.hear(items[1])
        return [HEARD]

    def _take_in(self, items: list[Any]) -> object:
        self._codec.take_in(Content(items[1], items[2:]))
        return [HEARD]

    def _decoded(self, items: list[Any]) -> object:
        _, data, first, count = items
        return self.decoded(data, self._buffers[first : first + count])

    def decoded(self, data: bytes, buffers: Sequence[Buffer]) -> object:
        """A term, `Undecodable` or `Pending`."""
        try:
            return self._codec.decode(data, buffers)
        except NotYet as not_yet:
            self.has_pending = True
            return Pending(data, buffers, not_yet.ready, not_yet.by_this_way)
        except BaseException as error:  # a script that exits as it is imported must not end this node
            # What is left of the error has this frame and all that called it, and they have what was made of the term:
            # a ring. So that it weighs nothing, no frame keeps a buffer.
            buffers = ()
            forget_locals(error)
            problem = UndecodableTerm(f"{UNDECODABLE} on {self.here}: {type(error).__name__}: {text_of(error)}")
            problem.__cause__ = error
            return Undecodable(problem)

    def _info_apart(self, info: ExceptionInfo, draft: Draft) -> object:
        return [_INFO, *_PARTS[ExceptionInfo](info), self._code_or_none(info.exception, draft)]

    def _code_or_none(self, exception: BaseException | None, draft: Draft) -> object:
        """An exception that cannot travel stays behind; the texts beside it tell what it was."""
        if exception is None:
            return None
        try:
            return self.code(exception, draft)
        except Exception:
            return None


def _info_again(items: list[Any]) -> ExceptionInfo:
    type, message, traceback, node, pid, exception = items[1:]
    if isinstance(exception, Undecodable):  # the texts beside it tell what it was
        exception = None
    return ExceptionInfo(type, message, traceback, node, pid, exception)
