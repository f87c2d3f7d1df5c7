"""Whether a name still has an equal value after another run: a short text that is the same for equal values.

Only for what can be told at small cost and without running anybody's code: plain values and small containers of them
by their content, functions and classes of cells by their code with defaults and closures (but not the line where they
stand), modules and what they hold by name. For anything else there is none, and each run makes a value of its own.

It is for one runtime to compare with itself: it is no digest that means anything elsewhere.
"""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import fractions
import functools
import hashlib
import pathlib
import re
import sys
import uuid
from abc import ABCMeta
from collections.abc import Callable, Iterable
from types import BuiltinFunctionType, CodeType, FunctionType, MemberDescriptorType, ModuleType
from typing import Any

LIMIT = 200_000
"""Of bytes that a value may have in all."""
PARTS = 2_000
"""And of parts; also of all values that one budget is for."""
DEPTH = 20


class NoFingerprint(Exception):
    """Nobody can tell cheaply."""


def fingerprint(value: object) -> str:
    """The fingerprint of `value`, or an empty text.

    >>> fingerprint([1, 2.0]) == fingerprint([1, 2.0]), fingerprint([1, 2.0]) == fingerprint([1, 2])
    (True, False)
    >>> fingerprint(object()), fingerprint(list(range(1_000_000)))
    ('', '')
    """
    return _read(value, PARTS)[0]


def fingerprints(values: Iterable[tuple[str, object]], parts: int = 10 * PARTS) -> dict[str, str]:
    """Of each of these values by its name, as far as so many parts go for all of them together.

    >>> fingerprints([("a", [1, 2]), ("b", 3)], parts=3)["b"]
    ''
    """
    found: dict[str, str] = {}
    for name, value in values:
        found[name], used = _read(value, min(PARTS, parts))
        parts -= used
    return found


def _read(value: object, parts: int) -> tuple[str, int]:
    reader = _Reader(LIMIT, parts)
    try:
        reader.read(value)
    except (NoFingerprint, RuntimeError):  # the latter: too deep, or a thread changes the container meanwhile
        return "", parts - max(0, reader.parts)
    return reader.digest.hexdigest(), parts - reader.parts


class _Reader:
    """Its methods read values of exact types, so that no method of a class of the user's is called."""

    def __init__(self, size: int, parts: int) -> None:
        self.digest = hashlib.blake2b(digest_size=12)
        self.parts = parts
        self._size = size
        self._path: list[int] = []

    def read(self, value: Any) -> None:
        self.parts -= 1
        if self.parts < 0:
            raise NoFingerprint
        kind = type(value)
        if kind in _BY_REPR:
            self._take(kind.__name__, repr(value).encode("utf-8", "surrogatepass"), sys.getsizeof(value))
        elif kind is str:
            self._take("str", value.encode("utf-8", "surrogatepass"), len(value))
        elif kind is bytes or kind is bytearray:
            self._take(kind.__name__, value, len(value))
        else:
            self._take_apart(value, _reading(kind))

    def _take_apart(self, value: Any, read: Callable[[_Reader, Any], None]) -> None:
        if id(value) in self._path:
            self._take("again", str(len(self._path) - self._path.index(id(value))).encode())
            return
        if len(self._path) == DEPTH:
            raise NoFingerprint
        self._path.append(id(value))
        read(self, value)
        self._path.pop()

    def _take(self, kind: str, content: bytes | bytearray = b"", size: int = 0) -> None:
        self._size -= size
        if self._size < 0:
            raise NoFingerprint
        self.digest.update(f"{kind} {len(content)} ".encode())
        self.digest.update(content)

    def _begin(self, kind: str, length: int) -> None:
        self._take(kind, str(length).encode())
        if length > self.parts:
            raise NoFingerprint

    def sequence(self, value: list[object] | tuple[object, ...]) -> None:
        self._begin(type(value).__name__, len(value))
        for item in value:
            self.read(item)

    def mapping(self, value: dict[object, object]) -> None:
        self._begin("dict", len(value))
        for key, item in value.items():
            self.read(key)
            self.read(item)

    def unordered(self, value: set[object] | frozenset[object]) -> None:
        self._begin(type(value).__name__, len(value))
        digests = []
        for item in value:
            reader = _Reader(self._size, self.parts)
            reader.read(item)
            self._size, self.parts = reader._size, reader.parts
            digests.append(reader.digest.digest())
        self.digest.update(b"".join(sorted(digests)))

    def array(self, value: Any) -> None:
        """Of numpy, and not of objects."""
        if value.dtype.hasobject:
            raise NoFingerprint
        self._take("array", f"{value.dtype.str} {value.shape}".encode(), value.nbytes)
        self.digest.update(value.tobytes())

    def module(self, value: ModuleType) -> None:
        self._take("module", str(value.__dict__.get("__name__")).encode())

    def function(self, value: FunctionType) -> None:
        self._take("function", f"{value.__module__}.{value.__qualname__}".encode())
        self.code(value.__code__)
        if not _is_of_cell(value.__module__):
            return
        self.read((value.__defaults__, value.__kwdefaults__, value.__dict__))
        for cell in value.__closure__ or ():
            try:
                content = cell.cell_contents
            except ValueError:  # nothing is in it yet
                self._take("empty")
            else:
                self.read(content)

    def code(self, code: CodeType) -> None:
        """Without its lines, so that an edit above it does not count."""
        self._take("code", code.co_code, len(code.co_code))
        names = (code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars)
        counts = (code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags)
        self.read((code.co_name, names, counts))
        for constant in code.co_consts:
            if isinstance(constant, CodeType):
                self.code(constant)
            else:
                self.read(constant)

    def class_(self, value: type) -> None:
        own = type.__getattribute__(value, "__dict__")
        module = own.get("__module__")
        self._take("class", f"{module}.{type.__getattribute__(value, '__qualname__')}".encode())
        if not _is_of_cell(module):
            return
        if type(value) not in (type, ABCMeta):
            raise NoFingerprint
        for base in value.__mro__[1:]:
            self.read(base)
        self.read(tuple(own.get("__annotations__", ())))
        for key, member in own.items():
            if key not in _OF_EVERY_CLASS:
                self.read(key)
                self.read(member)

    def by_parts(self, value: Any) -> None:
        """One that the library makes of parts that can be read."""
        self._take(type(value).__name__)
        self.read(tuple(getattr(value, name) for name in _PARTS[type(value)]))

    def by_type(self, value: object) -> None:
        """The only one of its type."""
        self._take(f"the {type(value).__qualname__}")

    def builtin(self, value: BuiltinFunctionType) -> None:
        if type(value.__self__) not in (ModuleType, type(None)):
            raise NoFingerprint
        self._take("builtin", f"{value.__module__}.{value.__qualname__}".encode())


def _reading(kind: type) -> Callable[[_Reader, Any], None]:
    if kind in _READING:
        return _READING[kind]
    if type in type.__getattribute__(kind, "__mro__"):
        return _Reader.class_
    numpy = sys.modules.get("numpy")
    if numpy is not None and kind is getattr(numpy, "ndarray", None):
        return _Reader.array
    raise NoFingerprint


def _is_of_cell(module: object) -> bool:
    return type(module) is str and module.startswith("notebook_")


_OF_EVERY_CLASS = frozenset(
    {
        *("__module__", "__qualname__", "__dict__", "__weakref__", "__doc__", "__annotations__", "_abc_impl"),
        *("__firstlineno__", "__static_attributes__", "__orig_bases__", "__parameters__", "__annotate_func__"),
        *("__annotations_cache__", "__annotate__"),
    }
)
"""What tells nothing of what a class does, or is read in another way."""

_BY_REPR: frozenset[type] = frozenset(
    {
        *(type(None), bool, int, float, complex, type(Ellipsis), type(NotImplemented), range, uuid.UUID),
        *(datetime.date, datetime.timedelta, decimal.Decimal, fractions.Fraction),
        *(pathlib.PosixPath, pathlib.WindowsPath, pathlib.PurePosixPath, pathlib.PureWindowsPath),
    }
)


@dataclasses.dataclass
class _Example:
    field: list[int] = dataclasses.field(default_factory=list)


_PARTS: dict[type, tuple[str, ...]] = {
    staticmethod: ("__func__",),
    classmethod: ("__func__",),
    property: ("fget", "fset", "fdel"),
    functools.partial: ("func", "args", "keywords"),
    functools.cached_property: ("func", "attrname"),
    type(functools.lru_cache(lambda: None)): ("__wrapped__",),
    MemberDescriptorType: ("__name__",),
    re.Pattern: ("pattern", "flags"),
    dataclasses.Field: ("name", "default", "default_factory", "init", "repr", "hash", "compare", "kw_only"),
    type(_Example.__dict__["__dataclass_params__"]): ("init", "repr", "eq", "order", "frozen"),
}

_READING: dict[type, Callable[[_Reader, Any], None]] = {
    list: _Reader.sequence,
    tuple: _Reader.sequence,
    dict: _Reader.mapping,
    set: _Reader.unordered,
    frozenset: _Reader.unordered,
    FunctionType: _Reader.function,
    ModuleType: _Reader.module,
    BuiltinFunctionType: _Reader.builtin,
    type(dataclasses.MISSING): _Reader.by_type,
    type(_Example.__init__.__defaults__[0]): _Reader.by_type,  # type: ignore[index]
    **dict.fromkeys(_PARTS, _Reader.by_parts),
}
"""How to read what is exactly of that type."""
