"""Functions and classes that are the same in every call: all that they use is constant, and they rebind none of it.

Such a one need travel only once. Whether it still is what it was is asked before each call, so that is quick: what it
uses is compared by identity. Only what is understood wholly counts as constant; a list, a dict, an object of the user's
can change without becoming another one. What could refer back to what is watched is watched weakly.

A class is looked at by itself: a function that uses it only has to know that it is that class.
"""

from __future__ import annotations

import dataclasses
import enum
import sys
import types
from collections.abc import Iterable, Mapping
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any, Final, NewType, ParamSpec, TypeVarTuple
from weakref import ref

from beamlike.code.as_it_was import (
    MISSING,
    SINCE_ITS_FIRST_USE,
    ClassAsItWas,
    FunctionAsItWas,
    Kept,
    NamesAsTheyWere,
    contents,
    evaluated_annotations,
)
from beamlike.code.by_value import goes_by_value, module_goes_by_value
from beamlike.code.captures import global_names
from beamlike.code.class_functions import functions_of
from beamlike.code.far_module import annotations_of, scope_of
from beamlike.code.generated import generated_names
from beamlike.code.hints import Scope, may_hint, named_as_text
from beamlike.code.rebinding import rebinds, sets_attributes

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
_LOOKED_AT_OTHERWISE: Final = SINCE_ITS_FIRST_USE | frozenset(
    {"__annotations__", "__dataclass_fields__", "__dataclass_params__", "__orig_bases__", "_abc_impl"}
)
"""Attributes of a class that are looked at in ways of their own, or follow from others."""
_OF_A_MEMBER: Final = frozenset({"_value_", "_name_", "__objclass__", "_sort_order_", "_inverted_"})


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
    except _Varies:
        return None
    return Constant(watching.parts)


class Constant:
    """All that a constant function or class consists of, as it was."""

    def __init__(self, parts: Iterable[FunctionAsItWas | ClassAsItWas]) -> None:
        self._parts = tuple(parts)

    def along_with(self, others: Iterable[Constant]) -> Constant:
        """With what others consist of."""
        return Constant([*self._parts, *(part for other in others for part in other._parts)])

    def holds(self) -> bool:
        """Whether it is so still."""
        return all(part.holds() for part in self._parts)


class _Watching:
    """A walk through all that something consists of."""

    def __init__(self) -> None:
        self.parts: list[FunctionAsItWas | ClassAsItWas] = []
        self._seen: set[int] = set()
        self._ahead: list[FunctionType] = []

    def begin(self, thing: FunctionType | type) -> None:
        if isinstance(thing, type):
            self._class(thing)
        else:
            self._look_into(thing)
        while self._ahead:
            self._function(self._ahead.pop())

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
        """Later: they may call each other in a row that is longer than the stack is high."""
        if id(function) not in self._seen:
            self._seen.add(id(function))
            if goes_by_value(function):
                self._ahead.append(function)

    def _function(self, function: FunctionType) -> None:
        if function.__dict__.keys() - {"__wrapped__"}:
            raise _Varies
        scope = function.__globals__
        names = {name: self._look_at_slot(scope.get(name, MISSING)) for name in global_names(function.__code__)}
        names |= self._hints(named_as_text(function.__annotations__), scope)
        cells = tuple(self._look_at_slot(contents(cell)) for cell in function.__closure__ or ())
        uses_functions = any(type(kept) is ref and type(kept()) is FunctionType for kept in (*names.values(), *cells))
        if rebinds(function.__code__) or (uses_functions and sets_attributes(function.__code__)):
            raise _Varies
        for value in (*(function.__defaults__ or ()), *function.__annotations__.values()):
            self.look_at(value)
        keyword_defaults, attributes = self._scope(function.__kwdefaults__ or {}), self._scope(function.__dict__)
        self.parts.append(FunctionAsItWas.of(function, NamesAsTheyWere.of(names), cells, keyword_defaults, attributes))

    def _scope(self, scope: Mapping[str, Any]) -> NamesAsTheyWere | None:
        return NamesAsTheyWere.of({name: self.look_at(value) for name, value in scope.items()})

    def _hints(self, names: Iterable[str], scope: Scope) -> dict[str, Kept]:
        """What annotations name as text, or would, were it there."""
        found = {name: scope.get(name, MISSING) for name in names}
        return {name: self._look_at_slot(it) for name, it in found.items() if it is MISSING or may_hint(it)}

    def _look_at_slot(self, value: Any) -> Kept:
        """As `look_at`, where nothing may stand."""
        return value if value is MISSING else self.look_at(value)

    def _class(self, kind: Any) -> None:
        generated = generated_names(kind)
        attributes: dict[str, Kept] = {}
        for name, value in vars(kind).items():
            if isinstance(value, _SLOTS) or name in _LOOKED_AT_OTHERWISE or _is_of_the_enum(kind, name):
                continue
            if name in generated:
                attributes[name] = ref(value)
                continue
            functions = functions_of(value)
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
        annotations = self._scope(evaluated_annotations(kind))
        named = {kind.__qualname__, *named_as_text(annotations_of(kind))}
        in_its_module = NamesAsTheyWere.of(self._hints(named, scope_of(kind)))
        self.parts.append(ClassAsItWas.of(kind, bases, NamesAsTheyWere.of(attributes), annotations, in_its_module))

    def _field(self, field: dataclasses.Field[Any]) -> None:
        """Of a dataclass: what is generated of it over there is what was generated here."""
        if field.metadata:
            raise _Varies
        for value in (field.default, field.default_factory):
            if value is not dataclasses.MISSING:
                self.look_at(value)


def _is_importable(module: ModuleType) -> bool:
    return sys.modules.get(module.__name__) is module and not module_goes_by_value(module.__name__)


def _parts_of(hint: Any, name: str) -> tuple[Any, ...]:
    parts = getattr(hint, name, ())
    return parts if type(parts) is tuple else ()


def _is_of_the_enum(kind: type, name: str) -> bool:
    """What the enum module has made of the members, which are looked at themselves."""
    if not isinstance(kind, enum.EnumMeta):
        return False
    is_its_own = name.startswith("_") and name.endswith("_") and not name.startswith("__")
    return is_its_own or name in kind._member_map_ or (name == "__new__" and "_new_member_" in vars(kind))
