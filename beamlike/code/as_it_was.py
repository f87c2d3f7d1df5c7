"""Functions and classes as they were, and whether they still are so.

That is asked before each call, so it is quick: what they use is compared by identity. What could refer back to what is
watched is watched weakly.
"""

from __future__ import annotations

import abc
import enum
import types
from collections.abc import Mapping
from itertools import repeat
from operator import is_
from types import CodeType, FunctionType
from typing import Any, Final, TypeAlias
from weakref import ref

from beamlike.code.class_functions import functions_of
from beamlike.code.far_module import scope_of
from beamlike.code.hints import Scope
from beamlike.kernel.record import frozen

SINCE_ITS_FIRST_USE: Final = frozenset({"__slotnames__", "__msgspec_cache__"})
"""What is kept in a class when it is first pickled or decoded, and found out again by whoever lacks it."""
MISSING: Final = object()
_NONE_OF_THEM: Final = repeat(MISSING)

Kept: TypeAlias = Any
"""What is kept of a value to compare it with later: itself, a weak reference, or a tuple of such."""


@frozen
class NamesAsTheyWere:
    """What names stand for: the `same` objects, and those that are watched `weakly`."""

    same_names: tuple[str, ...]
    same: tuple[Kept, ...]
    weak_names: tuple[str, ...]
    weakly: tuple[Kept, ...]

    @classmethod
    def of(cls, kept: Mapping[str, Kept]) -> NamesAsTheyWere | None:
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
            _is_still(scope.get(name, MISSING), kept) for name, kept in zip(self.weak_names, self.weakly, strict=True)
        )


@frozen
class FunctionAsItWas:
    function: ref[FunctionType]
    code: CodeType
    defaults: tuple[Any, ...] | None
    names: tuple[str, str, str | None]
    keyword_defaults: NamesAsTheyWere | None
    attributes: NamesAsTheyWere | None
    cells: tuple[Kept, ...]
    scope: NamesAsTheyWere | None
    sizes: tuple[int, int]

    @classmethod
    def of(
        cls,
        function: FunctionType,
        scope: NamesAsTheyWere | None,
        cells: tuple[Kept, ...],
        keyword_defaults: NamesAsTheyWere | None,
        attributes: NamesAsTheyWere | None,
    ) -> FunctionAsItWas:
        names = function.__name__, function.__qualname__, function.__doc__
        own = ref(function), function.__code__, function.__defaults__, names
        return cls(*own, keyword_defaults, attributes, cells, scope, _sizes(function))

    def holds(self) -> bool:
        function = self.function()
        return (
            function is not None
            and function.__code__ is self.code
            and function.__defaults__ is self.defaults
            and (function.__name__, function.__qualname__, function.__doc__) == self.names
            and _sizes(function) == self.sizes
            and (self.scope is None or self.scope.holds(function.__globals__))
            and (not self.cells or all(map(_is_still, map(contents, function.__closure__ or ()), self.cells)))
            and (self.keyword_defaults is None or self.keyword_defaults.holds(function.__kwdefaults__ or {}))
            and (self.attributes is None or self.attributes.holds(function.__dict__))
        )


@frozen
class ClassAsItWas:
    kind: ref[type]
    bases: tuple[ref[type], ...]
    attributes: NamesAsTheyWere | None
    annotations: NamesAsTheyWere | None
    in_its_module: NamesAsTheyWere | None
    sizes: tuple[int, int]
    registered: object
    """Changes when a class is registered as one of an abstract one's."""
    members: tuple[tuple[str, int], ...]
    """Of an enumeration, and how many attributes each has."""

    @classmethod
    def of(
        cls,
        kind: type,
        bases: tuple[ref[type], ...],
        attributes: NamesAsTheyWere | None,
        annotations: NamesAsTheyWere | None,
        in_its_module: NamesAsTheyWere | None,
    ) -> ClassAsItWas:
        found = _sizes_of_class(kind), _registered(kind), _members(kind)
        return cls(ref(kind), bases, attributes, annotations, in_its_module, *found)

    def holds(self) -> bool:
        kind: Any = self.kind()
        return (
            kind is not None
            and _sizes_of_class(kind) == self.sizes
            and len(kind.__bases__) == len(self.bases)
            and all(map(_is_still, kind.__bases__, self.bases))
            and (self.annotations is None or self.annotations.holds(evaluated_annotations(kind)))
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
        return functions_of(self._attributes.get(name, default))


def evaluated_annotations(kind: type) -> Mapping[str, Any]:
    """Those that have been evaluated: in Python 3.14 the others are code of the class."""
    annotations: Mapping[str, Any] = vars(kind).get("__annotations__", {})
    return annotations


def _sizes_of_class(kind: type) -> tuple[int, int]:
    """How many attributes it has, without those that it gets by being used, and annotations."""
    own = kind.__dict__
    return len(own) - sum(map(own.__contains__, SINCE_ITS_FIRST_USE)), len(evaluated_annotations(kind))


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
        return now is not None and kept() is now
    if type(kept) is tuple and type(now) is tuple and len(now) == len(kept):
        return all(map(_is_still, now, kept))
    return False


def contents(cell: types.CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # not assigned yet
        return MISSING
