"""Functions and classes that are the same in every call: all that they use is constant, and they rebind none of it.

Such a one need travel only once. Whether it still is what it was is asked before each call, so that is quick: what it
uses is compared by identity. Only what is understood wholly counts as constant; a list, a dict, an object of the user's
can change without becoming another one. What could refer back to what is watched is watched weakly.

A class is looked at by itself: a function that uses it only has to know that it is that class.
"""

from __future__ import annotations

import abc
import dataclasses
import dis
import enum
import functools
import sys
import types
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import repeat
from operator import is_
from types import BuiltinFunctionType, CodeType, FunctionType, ModuleType
from typing import Any, Final, NewType, ParamSpec, TypeAlias, TypeVarTuple
from weakref import ref

from beamlike.code.by_value import goes_by_value, module_goes_by_value
from beamlike.code.captures import asked_once, codes_in, global_names
from beamlike.code.far_module import annotations_of, scope_of
from beamlike.code.generated import generated_names
from beamlike.code.hints import Scope, may_hint, named_as_text

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
_SLOTS: Final = (types.MemberDescriptorType, types.GetSetDescriptorType)
_SINCE_ITS_FIRST_USE: Final = frozenset({"__slotnames__", "__msgspec_cache__"})
"""What is kept in a class when it is first pickled or decoded, and found out again by whoever lacks it."""
_LOOKED_AT_OTHERWISE: Final = _SINCE_ITS_FIRST_USE | frozenset(
    {"__annotations__", "__dataclass_fields__", "__dataclass_params__", "__orig_bases__", "_abc_impl"}
)
"""Attributes of a class that are looked at in ways of their own, or follow from others."""
_OF_A_MEMBER: Final = frozenset({"_value_", "_name_", "__objclass__", "_sort_order_", "_inverted_"})
_MISSING: Final = object()
_NONE_OF_THEM: Final = repeat(_MISSING)

Kept: TypeAlias = Any
"""What is kept of a value to compare it with later: itself, a weak reference, or a tuple of such."""


class _Varies(Exception):
    """Something may change without being another object."""


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
        watching.begin(thing)
    except (_Varies, RecursionError):
        return None
    return Constant(watching.parts)


class Constant:
    """All that a constant function or class consists of, as it was."""

    def __init__(self, parts: Iterable[_FunctionAsItWas | _ClassAsItWas]) -> None:
        self._parts = tuple(parts)

    def along_with(self, others: Iterable[Constant]) -> Constant:
        """With what others consist of."""
        return Constant([*self._parts, *(part for other in others for part in other._parts)])

    def holds(self) -> bool:
        """Whether it is so still."""
        return all(part.holds() for part in self._parts)


@dataclass(frozen=True, slots=True)
class _Scope:
    """What names stand for: the `same` objects, and those that are watched `weakly`."""

    same_names: tuple[str, ...]
    same: tuple[Kept, ...]
    weak_names: tuple[str, ...]
    weakly: tuple[Kept, ...]

    @classmethod
    def of(cls, kept: Mapping[str, Kept]) -> _Scope | None:
        """None for no names: there is nothing to ask then."""
        if not kept:
            return None
        weakly = {name: value for name, value in kept.items() if type(value) in (ref, tuple)}
        same = {name: value for name, value in kept.items() if name not in weakly}
        return cls(tuple(same), tuple(same.values()), tuple(weakly), tuple(weakly.values()))

    def holds(self, scope: Scope) -> bool:
        if not all(map(is_, map(scope.get, self.same_names, _NONE_OF_THEM), self.same)):
            return False
        return all(
            _is_still(scope.get(name, _MISSING), kept) for name, kept in zip(self.weak_names, self.weakly, strict=True)
        )


@dataclass(frozen=True, slots=True)
class _FunctionAsItWas:
    function: ref[FunctionType]
    code: CodeType
    defaults: tuple[Any, ...] | None
    names: tuple[str, str, str | None]
    keyword_defaults: _Scope | None
    attributes: _Scope | None
    cells: tuple[Kept, ...]
    scope: _Scope | None
    sizes: tuple[int, int]

    def holds(self) -> bool:
        function = self.function()
        return (
            function is not None
            and function.__code__ is self.code
            and function.__defaults__ is self.defaults
            and (function.__name__, function.__qualname__, function.__doc__) == self.names
            and _sizes(function) == self.sizes
            and (self.scope is None or self.scope.holds(function.__globals__))
            and (not self.cells or all(map(_is_still, map(_contents, function.__closure__ or ()), self.cells)))
            and (self.keyword_defaults is None or self.keyword_defaults.holds(function.__kwdefaults__ or {}))
            and (self.attributes is None or self.attributes.holds(function.__dict__))
        )


@dataclass(frozen=True, slots=True)
class _ClassAsItWas:
    kind: ref[type]
    bases: tuple[ref[type], ...]
    attributes: _Scope | None
    annotations: _Scope | None
    in_its_module: _Scope | None
    sizes: tuple[int, int]
    registered: object
    """Changes when a class is registered as one of an abstract one's."""
    members: tuple[tuple[str, int], ...]
    """Of an enumeration, and how many attributes each has."""

    def holds(self) -> bool:
        kind: Any = self.kind()
        return (
            kind is not None
            and _sizes_of_class(kind) == self.sizes
            and len(kind.__bases__) == len(self.bases)
            and all(map(_is_still, kind.__bases__, self.bases))
            and (self.annotations is None or self.annotations.holds(_annotations(kind)))
            and (self.attributes is None or self.attributes.holds(_WithFunctions(kind.__dict__)))
            and (self.in_its_module is None or self.in_its_module.holds(scope_of(kind)))
            and _registered(kind) == self.registered
            and _members(kind) == self.members
        )


class _WithFunctions:
    """A class's attributes, with the functions of descriptors in place of these."""

    __slots__ = ("_attributes",)

    def __init__(self, attributes: Mapping[str, Any]) -> None:
        self._attributes = attributes

    def get(self, name: str, default: Any, /) -> Any:
        return _functions_of(self._attributes.get(name, default))


class _Watching:
    """A walk through all that something consists of."""

    def __init__(self) -> None:
        self.parts: list[_FunctionAsItWas | _ClassAsItWas] = []
        self._seen: set[int] = set()

    def begin(self, thing: FunctionType | type) -> None:
        if isinstance(thing, type):
            self._class(thing)
        else:
            self._look_into(thing)

    def look_at(self, value: Any) -> Kept:
        """What to keep of a value. Raises _Varies."""
        kind = type(value)
        if kind.__module__ in ("typing", "types"):
            self._hint(value)
        if kind in _ATOMS or kind.__module__ == "typing" or (kind.__module__, kind.__qualname__) in _ATOMS_BY_NAME:
            return value
        if kind is FunctionType:
            self._look_into(value)
            return ref(value)
        if isinstance(value, type):
            return ref(value)
        if kind is tuple or kind is frozenset:
            if any(type(self.look_at(part)) is ref for part in value):
                raise _Varies  # it could refer back, and a tuple cannot be watched weakly
            return value
        if isinstance(value, ModuleType) and _is_importable(value):
            return value
        if kind is BuiltinFunctionType and (value.__self__ is None or type(value.__self__) is ModuleType):
            return value
        if isinstance(value, enum.Enum) and not goes_by_value(kind):
            return value
        raise _Varies

    def _hint(self, hint: Any) -> None:
        """A type hint, which keeps what it is made of."""
        if type(hint) in _OF_ONE_MESSAGE:
            raise _Varies
        for part in (*_parts_of(hint, "__args__"), *_parts_of(hint, "__metadata__")):
            if type(part) is not list and type(kept := self.look_at(part)) is ref and goes_by_value(kept()):
                raise _Varies

    def _look_into(self, function: FunctionType) -> None:
        if id(function) not in self._seen:
            self._seen.add(id(function))
            if goes_by_value(function):
                self._function(function)

    def _function(self, function: FunctionType) -> None:
        if function.__dict__.keys() - {"__wrapped__"}:
            raise _Varies
        scope = function.__globals__
        names = {name: self._look_at_slot(scope.get(name, _MISSING)) for name in global_names(function.__code__)}
        names |= self._hints(named_as_text(function.__annotations__), scope)
        cells = tuple(self._look_at_slot(_contents(cell)) for cell in function.__closure__ or ())
        uses_functions = any(type(kept) is ref and type(kept()) is FunctionType for kept in (*names.values(), *cells))
        if rebinds(function.__code__) or (uses_functions and sets_attributes(function.__code__)):
            raise _Varies
        for value in (*(function.__defaults__ or ()), *function.__annotations__.values()):
            self.look_at(value)
        self.parts.append(
            _FunctionAsItWas(
                ref(function),
                function.__code__,
                function.__defaults__,
                (function.__name__, function.__qualname__, function.__doc__),
                self._scope(function.__kwdefaults__ or {}),
                self._scope(function.__dict__),
                cells,
                _Scope.of(names),
                _sizes(function),
            )
        )

    def _scope(self, scope: Mapping[str, Any]) -> _Scope | None:
        return _Scope.of({name: self.look_at(value) for name, value in scope.items()})

    def _hints(self, names: Iterable[str], scope: Scope) -> dict[str, Kept]:
        """What annotations name as text, or would, were it there."""
        found = {name: scope.get(name, _MISSING) for name in names}
        return {name: self._look_at_slot(it) for name, it in found.items() if it is _MISSING or may_hint(it)}

    def _look_at_slot(self, value: Any) -> Kept:
        """As `look_at`, where nothing may stand."""
        return value if value is _MISSING else self.look_at(value)

    def _class(self, kind: Any) -> None:
        generated = generated_names(kind)
        attributes: dict[str, Kept] = {}
        for name, value in vars(kind).items():
            if isinstance(value, _SLOTS) or name in _LOOKED_AT_OTHERWISE or _is_of_the_enum(kind, name):
                continue
            if name in generated:
                attributes[name] = ref(value)
                continue
            functions = _functions_of(value)
            if functions is value:
                attributes[name] = self.look_at(value)
            else:
                attributes[name] = tuple(None if one is None else self.look_at(one) for one in functions)
        for field in vars(kind).get("__dataclass_fields__", {}).values():
            self._field(field)
        for member in vars(kind).get("_member_map_", {}).values():
            self.look_at(member._value_)
            if vars(member).keys() - _OF_A_MEMBER:
                raise _Varies
        bases = tuple(self.look_at(base) for base in kind.__bases__)
        annotations = self._scope(_annotations(kind))
        named = {kind.__qualname__, *named_as_text(annotations_of(kind))}
        in_its_module = self._hints(named, scope_of(kind))
        self.parts.append(
            _ClassAsItWas(
                *(
                    ref(kind),
                    bases,
                    _Scope.of(attributes),
                    annotations,
                    _Scope.of(in_its_module),
                    _sizes_of_class(kind),
                ),
                *(_registered(kind), _members(kind)),
            )
        )

    def _field(self, field: dataclasses.Field[Any]) -> None:
        """Of a dataclass: what is generated of it over there is what was generated here."""
        if field.metadata:
            raise _Varies
        for value in (field.default, field.default_factory):
            if value is not dataclasses.MISSING:
                self.look_at(value)


@asked_once
def rebinds(code: CodeType) -> bool:
    """Whether code may give another value to a global, or to a variable of the functions around it.

    >>> def reads(): return total
    >>> def counts():
    ...     global total
    ...     total += 1
    >>> rebinds(reads.__code__), rebinds(counts.__code__)
    (False, True)
    """
    return _rebinds(code, frozenset(code.co_freevars))


_REBINDING: Final = frozenset({"STORE_GLOBAL", "DELETE_GLOBAL"})
_REBINDING_FREE: Final = frozenset({"STORE_DEREF", "DELETE_DEREF"})
_SETTING: Final = frozenset({"STORE_ATTR", "DELETE_ATTR"})
_SEES_SCOPES: Final = frozenset({"eval", "exec", "globals", "locals", "vars"})
_SETS: Final = frozenset({"setattr", "delattr"})


def _rebinds(code: CodeType, free: frozenset[str]) -> bool:
    if not _SEES_SCOPES.isdisjoint(code.co_names):
        return True
    for instruction in dis.get_instructions(code):
        if instruction.opname in _REBINDING:
            return True
        if instruction.opname in _REBINDING_FREE and instruction.argval in free:
            return True
    return any(_rebinds(inner, free) for inner in codes_in(code))


@asked_once
def sets_attributes(code: CodeType) -> bool:
    """Whether it sets attributes, maybe of a function that it uses, or is."""
    if not _SETS.isdisjoint(code.co_names):
        return True
    if any(instruction.opname in _SETTING for instruction in dis.get_instructions(code)):
        return True
    return any(map(sets_attributes, codes_in(code)))


def functions_in(kind: type) -> Iterator[FunctionType]:
    """What stands in the class itself, as a method or in a descriptor."""
    for value in vars(kind).values():
        functions = _functions_of(value)
        yield from (one for one in (functions if functions is not value else [value]) if type(one) is FunctionType)


def _functions_of(value: Any) -> Any:
    """A descriptor as its kind and the functions that it stands for; any other value is its own."""
    kind = type(value)
    if kind is property:
        return kind, value.fget, value.fset, value.fdel
    if kind is classmethod or kind is staticmethod:
        return kind, value.__func__
    if kind is functools.cached_property:
        return kind, value.func
    return value


def _is_importable(module: ModuleType) -> bool:
    return sys.modules.get(module.__name__) is module and not module_goes_by_value(module.__name__)


def _annotations(kind: type) -> Mapping[str, Any]:
    """Those that have been evaluated: in Python 3.14 the others are code of the class."""
    annotations: Mapping[str, Any] = vars(kind).get("__annotations__", {})
    return annotations


def _parts_of(hint: Any, name: str) -> tuple[Any, ...]:
    parts = getattr(hint, name, ())
    return parts if type(parts) is tuple else ()


def _is_of_the_enum(kind: type, name: str) -> bool:
    """What the enum module has made of the members, which are looked at themselves."""
    if not isinstance(kind, enum.EnumMeta):
        return False
    is_its_own = name.startswith("_") and name.endswith("_") and not name.startswith("__")
    return is_its_own or name in kind._member_map_ or (name == "__new__" and "_new_member_" in vars(kind))


def _sizes_of_class(kind: type) -> tuple[int, int]:
    """How many attributes it has, without those that it gets by being used, and annotations."""
    own = kind.__dict__
    return len(own) - sum(map(own.__contains__, _SINCE_ITS_FIRST_USE)), len(_annotations(kind))


def _registered(kind: type) -> object:
    return abc.get_cache_token() if isinstance(kind, abc.ABCMeta) else None


def _members(kind: Any) -> tuple[tuple[str, int], ...]:
    if not isinstance(kind, enum.EnumMeta):
        return ()
    return tuple((name, len(vars(member))) for name, member in kind._member_map_.items())


def _sizes(function: FunctionType) -> tuple[int, int]:
    """How many defaults by keyword it has, and attributes."""
    return len(function.__kwdefaults__ or ()), len(function.__dict__)


def _is_still(now: Any, kept: Kept) -> bool:
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
