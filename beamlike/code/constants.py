"""Functions and classes that are the same in every call: all that they use is constant, and they rebind none of it.

Such a one need travel only once. Whether it is still what it was is asked before each call, so that is quick: what it
uses is compared by identity. What it uses is watched weakly, where it could refer back.
"""

from __future__ import annotations

import abc
import dis
import enum
import functools
import sys
import types
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import repeat
from operator import is_
from types import BuiltinFunctionType, CodeType, FunctionType, ModuleType
from typing import Any, Final, NewType, ParamSpec, TypeAlias, TypeVarTuple
from weakref import WeakKeyDictionary, ref

from beamlike.code.by_value import goes_by_value, module_goes_by_value
from beamlike.code.captures import global_names

_ATOMS: Final = frozenset({type(None), bool, int, float, complex, str, bytes, type(...), type(NotImplemented), range})
_ATOMS_BY_NAME: Final = frozenset(
    {
        *(("datetime", name) for name in ("date", "datetime", "time", "timedelta", "timezone")),
        *(("pathlib", name) for name in ("PurePath", "PurePosixPath", "PureWindowsPath", "Path", "PosixPath")),
        ("decimal", "Decimal"),
        ("fractions", "Fraction"),
        ("logging", "Logger"),
        ("re", "Pattern"),
        ("types", "GenericAlias"),
        ("types", "UnionType"),
        ("uuid", "UUID"),
        ("zoneinfo", "ZoneInfo"),
    }
)
_OF_ONE_MESSAGE: Final = frozenset({ParamSpec, TypeVarTuple, NewType})
"""What is one object within a message only."""
_OF_A_MEMBER: Final = frozenset({"_value_", "_name_", "__objclass__", "_sort_order_", "_inverted_"})
_REBINDING: Final = frozenset({"STORE_GLOBAL", "DELETE_GLOBAL"})
_REBINDING_FREE: Final = frozenset({"STORE_DEREF", "DELETE_DEREF"})
_SEES_SCOPES: Final = frozenset({"eval", "exec", "globals", "locals", "vars"})
_SLOTS: Final = (types.MemberDescriptorType, types.GetSetDescriptorType)
_MISSING: Final = object()
_NONE_OF_THEM: Final = repeat(_MISSING)


class _Varies(Exception):
    """Something may change without being another object."""


@dataclass(frozen=True, slots=True)
class _ScopeAsItWas:
    """What names stood for: the `same` objects, and those that are watched `weakly`."""

    same_names: tuple[str, ...]
    same: tuple[Any, ...]
    weak_names: tuple[str, ...]
    weakly: tuple[ref[Any], ...]

    @classmethod
    def of(cls, kept: dict[str, Any]) -> _ScopeAsItWas:
        """By what `look_at` keeps of each."""
        weakly = {name: value for name, value in kept.items() if type(value) is ref}
        same = {name: value for name, value in kept.items() if name not in weakly}
        return cls(tuple(same), tuple(same.values()), tuple(weakly), tuple(weakly.values()))

    def holds(self, scope: Mapping[str, Any]) -> bool:
        if not all(map(is_, map(scope.get, self.same_names, _NONE_OF_THEM), self.same)):
            return False
        return all(kept() is scope.get(name) for name, kept in zip(self.weak_names, self.weakly, strict=True))


@dataclass(frozen=True, slots=True)
class _FunctionAsItWas:
    function: ref[FunctionType]
    code: CodeType
    name: str
    doc: str | None
    defaults: tuple[Any, ...] | None
    keyword_defaults: tuple[tuple[str, Any], ...]
    attributes: int
    cells: tuple[Any, ...]
    scope: _ScopeAsItWas

    def holds(self) -> bool:
        function = self.function()
        if (
            function is None
            or function.__code__ is not self.code
            or function.__name__ is not self.name
            or function.__doc__ is not self.doc
            or function.__defaults__ is not self.defaults
            or len(function.__dict__) != self.attributes
        ):
            return False
        if self.keyword_defaults or function.__kwdefaults__:
            now = tuple((function.__kwdefaults__ or {}).items())
            if len(now) != len(self.keyword_defaults) or not all(
                key == kept_key and value is kept
                for (key, value), (kept_key, kept) in zip(now, self.keyword_defaults, strict=True)
            ):
                return False
        if self.cells and not all(map(_is_still, map(_contents, function.__closure__ or ()), self.cells)):
            return False
        return self.scope.holds(function.__globals__)


@dataclass(frozen=True, slots=True)
class _ClassAsItWas:
    kind: ref[type]
    names: tuple[str, ...]
    values: tuple[Any, ...]
    attributes: int

    def holds(self) -> bool:
        kind = self.kind()
        if kind is None or len(kind.__dict__) != self.attributes:
            return False
        scope = kind.__dict__
        now = (_functions_of(scope.get(name, _MISSING)) for name in self.names)
        return all(map(_is_still, now, self.values))


@dataclass(frozen=True, slots=True)
class _MembersAsTheyWere:
    """Those of an enumeration: how many attributes they have together, and what those are that the user gave them."""

    kind: ref[Any]
    attributes: int
    given: tuple[tuple[str, _ScopeAsItWas], ...]

    def holds(self) -> bool:
        kind = self.kind()
        if kind is None:
            return False
        members = kind._member_map_
        if sum(map(len, map(vars, members.values()))) != self.attributes:
            return False
        return all(scope.holds(vars(members[name])) for name, scope in self.given)


@dataclass(frozen=True, slots=True)
class _RegistrationsAsTheyWere:
    """With abstract classes, of all of which Python keeps one count."""

    token: object

    def holds(self) -> bool:
        return abc.get_cache_token() == self.token


_Part: TypeAlias = _FunctionAsItWas | _ClassAsItWas | _MembersAsTheyWere | _RegistrationsAsTheyWere


class Constant:
    """All that a constant function or class consists of, as it was."""

    def __init__(self, parts: Iterable[_Part]) -> None:
        self._parts = tuple(parts)

    def holds(self) -> bool:
        """Whether it is so still."""
        return all(part.holds() for part in self._parts)


def as_constant(thing: FunctionType | type) -> Constant | None:
    """`thing` as it is now, if it is constant.

    >>> factor = 2
    >>> def double(n): return factor * n
    >>> was = as_constant(double)
    >>> was.holds()
    True
    >>> factor = 3
    >>> was.holds()
    False
    >>> seen = []
    >>> def note(n): seen.append(n)
    >>> as_constant(note) is None
    True
    """
    watching = _Watching()
    try:
        watching.look_at(thing)
    except _Varies:
        return None
    return Constant(watching.parts)


class _Watching:
    def __init__(self) -> None:
        self.parts: list[_Part] = []
        self._seen: set[int] = set()

    def look_at(self, value: Any) -> Any:
        """What to keep of a value, to compare with later. Raises _Varies."""
        kind = type(value)
        if kind.__module__ in ("typing", "types") and _is_of_one_message(value):
            raise _Varies
        if kind in _ATOMS or kind.__module__ == "typing" or (kind.__module__, kind.__qualname__) in _ATOMS_BY_NAME:
            return value
        if kind is FunctionType:
            return self._look_once(value, self._function)
        if isinstance(value, type):
            return self._look_once(value, self._class)
        if kind is tuple or kind is frozenset:
            for part in value:
                if isinstance(self.look_at(part), ref):
                    raise _Varies  # it could refer back, and a tuple cannot be watched weakly
            return value
        if kind is ModuleType and not module_goes_by_value(value.__name__):
            return value
        if kind is BuiltinFunctionType and (value.__self__ is None or type(value.__self__) is ModuleType):
            return value
        if isinstance(value, enum.Enum):
            self.look_at(kind)
            return value
        raise _Varies

    def _look_once(self, value: Any, look: Callable[[Any], None]) -> ref[Any]:
        if id(value) not in self._seen:
            self._seen.add(id(value))
            if goes_by_value(value):
                look(value)
        return ref(value)

    def _function(self, function: FunctionType) -> None:
        if _is_generated(function):
            return
        if _is_of_the_library(function):  # as what `contextmanager` makes: it is what stands in its cells
            for cell in function.__closure__ or ():
                self.look_at_slot(_contents(cell))
            return
        if rebinds(function.__code__) or function.__dict__.keys() - {"__wrapped__"}:
            raise _Varies
        scope = function.__globals__
        names = global_names(function.__code__)
        self.parts.append(
            _FunctionAsItWas(
                ref(function),
                function.__code__,
                function.__name__,
                function.__doc__,
                function.__defaults__,
                tuple((function.__kwdefaults__ or {}).items()),
                len(function.__dict__),
                tuple(self.look_at_slot(_contents(cell)) for cell in function.__closure__ or ()),
                _ScopeAsItWas.of({name: self.look_at_slot(scope.get(name, _MISSING)) for name in names}),
            )
        )
        for value in (*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()):
            if isinstance(self.look_at(value), ref):
                raise _Varies
        for value in (*function.__dict__.values(), *function.__annotations__.values()):
            self.look_at(value)

    def look_at_slot(self, value: Any) -> Any:
        """As `look_at`, where nothing may stand."""
        return value if value is _MISSING else self.look_at(value)

    def _class(self, kind: type) -> None:
        for part in (type(kind), *kind.__bases__, *kind.__dict__.get("__parameters__", ())):
            self.look_at(part)
        names: list[str] = []
        values: list[Any] = []
        for name, value in kind.__dict__.items():
            functions = _functions_of(value)
            if functions is not value:
                kept: Any = tuple(None if one is None else self.look_at(one) for one in functions)
            elif self._is_machinery(kind, name, value):
                continue
            else:
                kept = self.look_at(value)
            names.append(name)
            values.append(kept)
        self.parts.append(_ClassAsItWas(ref(kind), tuple(names), tuple(values), len(kind.__dict__)))
        if isinstance(kind, enum.EnumMeta):
            self._members(kind)
        elif isinstance(kind, abc.ABCMeta):
            self.parts.append(_RegistrationsAsTheyWere(abc.get_cache_token()))

    def _members(self, kind: Any) -> None:
        members = kind._member_map_
        kept = {
            name: {key: self.look_at(value) for key, value in vars(member).items() if key not in _OF_A_MEMBER}
            for name, member in members.items()
        }
        for member in members.values():
            if isinstance(self.look_at(member._value_), ref):
                raise _Varies
        given = tuple((name, _ScopeAsItWas.of(state)) for name, state in kept.items() if state)
        self.parts.append(_MembersAsTheyWere(ref(kind), sum(map(len, map(vars, members.values()))), given))

    def _is_machinery(self, kind: type, name: str, value: Any) -> bool:
        """What Python itself keeps in a class, and changes only with the class."""
        if isinstance(value, FunctionType | type) or name in ("__doc__", "__match_args__"):
            return False
        if issubclass(kind, enum.Enum):
            return name.startswith("_") or name in kind._member_map_
        return isinstance(value, _SLOTS) or name.startswith(("__", "_abc_"))


_ANSWERS: WeakKeyDictionary[CodeType, bool] = WeakKeyDictionary()
"""Of `rebinds`: code that nobody else keeps is not to be kept here."""


def rebinds(code: CodeType) -> bool:
    """Whether code may give another value to a global, or to a variable of the functions around it.

    >>> def reads(): return total
    >>> def counts():
    ...     global total
    ...     total += 1
    >>> rebinds(reads.__code__), rebinds(counts.__code__)
    (False, True)
    """
    answer = _ANSWERS.get(code)
    if answer is None:
        answer = _ANSWERS[code] = _rebinds(code, frozenset(code.co_freevars))
    return answer


def _rebinds(code: CodeType, free: frozenset[str]) -> bool:
    if not _SEES_SCOPES.isdisjoint(code.co_names):
        return True
    for instruction in dis.get_instructions(code):
        if instruction.opname in _REBINDING:
            return True
        if instruction.opname in _REBINDING_FREE and instruction.argval in free:
            return True
    return any(_rebinds(const, free) for const in code.co_consts if isinstance(const, CodeType))


def functions_in(kind: type) -> Iterator[FunctionType]:
    """What stands in the class itself, as a method or in a descriptor."""
    for value in kind.__dict__.values():
        functions = _functions_of(value)
        yield from (one for one in (functions if functions is not value else [value]) if isinstance(one, FunctionType))


def _is_of_one_message(hint: Any) -> bool:
    parts = getattr(hint, "__args__", ())
    return type(hint) in _OF_ONE_MESSAGE or any(type(part) in _OF_ONE_MESSAGE for part in parts)


_GENERATING: Final = frozenset({"abc", "collections", "dataclasses", "enum", "reprlib", "typing"})


def _is_generated(function: FunctionType) -> bool:
    """Whether the standard library has made it for a class, as for a dataclass: what it keeps is its own business."""
    if function.__code__.co_filename == "<string>":
        return function.__name__.startswith("__")
    return function.__globals__.get("__name__") in _GENERATING


def _is_of_the_library(function: FunctionType) -> bool:
    return str(function.__globals__.get("__name__", "")).partition(".")[0] in sys.stdlib_module_names


def _functions_of(value: Any) -> Any:
    """The functions that a descriptor stands for; any other value is its own."""
    if isinstance(value, property):
        return value.fget, value.fset, value.fdel
    if isinstance(value, classmethod | staticmethod):
        return (value.__func__,)
    if isinstance(value, functools.cached_property):
        return (value.func,)
    return value


def _is_still(now: Any, kept: Any) -> bool:
    if now is kept:
        return True
    if type(kept) is ref:
        return kept() is now
    if type(kept) is tuple and type(now) is tuple and len(now) == len(kept):
        return all(map(_is_still, now, kept))
    return False


def _contents(cell: types.CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # not assigned yet
        return _MISSING
