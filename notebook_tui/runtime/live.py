"""Live objects, looked at without running anything of theirs: no property, `__getattr__`, `__dir__` or `repr`.

As `inspect.getattr_static`, but for all attributes at once. What a dictionary holds is listed before it is looked at,
in one step of the interpreter, because a cell may change it meanwhile in another thread; and no more than `MOST` of it,
for that step holds up the cell.
"""

from __future__ import annotations

import ast
import builtins
import sys
from collections.abc import Mapping
from functools import partial
from itertools import islice
from types import (
    BuiltinFunctionType,
    ClassMethodDescriptorType,
    FunctionType,
    GetSetDescriptorType,
    MemberDescriptorType,
    MethodDescriptorType,
    MethodType,
    MethodWrapperType,
    ModuleType,
    WrapperDescriptorType,
)
from typing import Any, Literal, TypeAlias

from beamlike.kernel.record import frozen
from notebook_tui.runtime import typed_text

Kind: TypeAlias = Literal["variable", "function", "class", "module", "attribute", "keyword"]

FUNCTION_TYPES = (
    *(FunctionType, MethodType, BuiltinFunctionType, MethodDescriptorType, WrapperDescriptorType),
    *(MethodWrapperType, ClassMethodDescriptorType, classmethod, staticmethod, partial),
)
MOST = 100_000
"""Entries of one dictionary that are looked at."""

GETTERS = (GetSetDescriptorType, MemberDescriptorType)
"""Descriptors of the interpreter itself."""


_MODULE_DICT: Any = vars(ModuleType)["__dict__"]


@frozen
class Member:
    value: object
    """As it lies in the dictionary: a descriptor is not asked for what it stands for."""
    bound: bool = False
    """Whether it is a method of an object, which fills its first parameter."""


def members(owner: object) -> dict[str, Member]:
    """All attributes of `owner` that lie in a dictionary or slot, by name.

    >>> class Point:
    ...     def __init__(self): self.x = 1
    ...     @property
    ...     def y(self): raise RuntimeError
    >>> found = members(Point())
    >>> found["x"], type(found["y"].value)
    (Member(value=1, bound=False), <class 'property'>)
    """
    if issubclass(type(owner), type):
        return {name: Member(value) for name, value in _class_attributes(owner).items()}
    found = members_of_instance(type(owner))
    for name, value in own_attributes(owner):
        if type(name) is str and not (name in found and _has(found[name].value, "__set__")):
            found[name] = Member(value)
    return found


def members_of_instance(kind: object) -> dict[str, Member]:
    """What any object of that class has of it.

    >>> members_of_instance(str)["upper"].bound
    True
    """
    return {name: Member(value, bound=_is_method(value)) for name, value in _class_attributes(kind).items()}


def resolve(expression: str, namespace: Mapping[str, object]) -> Member | None:
    """What a chain of names, attributes, constant subscripts and literals stands for; None if only running it would
    tell, or if there is no such thing.

    >>> resolve("box['lid'].real", {"box": {"lid": 3}}) is None  # `real` is computed
    True
    >>> resolve("box['lid']", {"box": {"lid": 3}})
    Member(value=3, bound=False)
    """
    try:
        return _resolve(typed_text.expression(expression.strip()), namespace)
    except (SyntaxError, ValueError, RecursionError):
        return None


def declared(expression: str, namespace: Mapping[str, object]) -> Member | None:
    """As `resolve`; where the last attribute is computed, what computes it.

    >>> class Box:
    ...     @property
    ...     def lid(self): raise RuntimeError
    >>> type(declared("box.lid", {"box": Box()}).value)
    <class 'property'>
    """
    found = resolve(expression, namespace)
    owner, _, name = expression.rpartition(".")
    if found is None and owner:
        of = resolve(owner, namespace)
        found = members(of.value).get(name.strip()) if of is not None else None
    return found


def kind_of(value: object, otherwise: Kind) -> Kind:
    """What sort of thing an object is, for a list of proposals."""
    kind = type(value)
    if issubclass(kind, FUNCTION_TYPES):
        return "function"
    if issubclass(kind, type):
        return "class"
    if issubclass(kind, ModuleType):
        return "module"
    return otherwise


def text_items(mapping: object) -> dict[str, object]:
    """The entries of a dictionary whose keys are strings, in order; of anything else, none.

    >>> text_items({"a": 1, 2: "b"})
    {'a': 1}
    """
    if not issubclass(type(mapping), dict):
        return {}
    return {key: value for key, value in _entries(mapping) if type(key) is str}


def is_exactly(value: object, types: tuple[type, ...]) -> bool:
    """Whether its type is one of these: by identity, for a metaclass may have its own `==`, which `in` would run.

    >>> is_exactly(True, (int, bool)), is_exactly(True, (int,))
    (True, False)
    """
    return any(type(value) is one for one in types)


def loaded_dict(module: str) -> dict[str, object]:
    """The dictionary of a module that is loaded, past all that it says of itself; an empty one of any other."""
    loaded = sys.modules.get(module)
    if not issubclass(type(loaded), ModuleType):
        return {}
    found: dict[str, object] = _MODULE_DICT.__get__(loaded)
    return found


def type_name(value: object) -> str:
    # Through `type` itself, here and below: a metaclass may answer otherwise.
    name: str = type.__dict__["__name__"].__get__(type(value))
    return name


def _resolve(node: ast.expr, namespace: Mapping[str, object]) -> Member | None:
    match node:
        case ast.Name(name):
            return _named(name, namespace)
        case ast.Constant(value):
            return Member(value)
        case ast.JoinedStr():
            return Member("")
        case ast.List() | ast.Tuple() | ast.Dict() | ast.Set():
            return Member(_EMPTY[type(node)])
        case ast.Attribute(of, name):
            owner = _resolve(of, namespace)
            return None if owner is None else _attribute(owner.value, name)
        case ast.Subscript(of, ast.Constant(key)):
            owner = _resolve(of, namespace)
            return None if owner is None else _item(owner.value, key)
        case _:
            return None


_EMPTY: dict[type[ast.expr], object] = {ast.List: [], ast.Tuple: (), ast.Dict: {}, ast.Set: set()}


def _named(name: str, namespace: Mapping[str, object]) -> Member | None:
    for names in (namespace, vars(builtins)):
        if name in names:
            return Member(names[name])
    return None


def _attribute(owner: object, name: str) -> Member | None:
    member = members(owner).get(name)
    if member is None:
        return None
    value = member.value
    if type(value) is MemberDescriptorType and not issubclass(type(owner), type):
        try:
            return Member(value.__get__(owner))
        except AttributeError:  # an empty slot
            return None
    computed = _has(value, "__get__") and not issubclass(type(value), FUNCTION_TYPES)
    return None if computed else member


def _item(owner: object, key: Any) -> Member | None:
    if type(owner) is dict:
        # Not by a look-up: that may compare with another key, in that one's way.
        return next((Member(value) for own, value in _entries(owner) if type(own) is type(key) and own == key), None)
    if not is_exactly(owner, (list, tuple, str)):
        return None
    try:
        return Member(owner[key])  # type: ignore[index]
    except (LookupError, TypeError):
        return None


def _class_attributes(kind: Any) -> dict[str, object]:
    found: dict[str, object] = {}
    for one in reversed(ancestry(kind)):
        found.update(_class_dict(one))
    return found


def own_attributes(owner: object) -> list[tuple[object, object]]:
    """What an instance has in its own dictionary, in order.

    >>> class Point:
    ...     def __init__(self): self.x = 1
    >>> own_attributes(Point())
    [('x', 1)]
    """
    for one in ancestry(type(owner)):
        getter = _class_dict(one).get("__dict__")
        if getter is not None:
            # A class may have a `__dict__` of its own making, which only running it would tell.
            return _entries(getter.__get__(owner)) if is_exactly(getter, GETTERS) else []  # type: ignore[attr-defined]
    return []


def _entries(mapping: Any) -> list[tuple[object, object]]:
    """What is in a dictionary or an instance of a subclass, past all that the subclass says."""
    for _ in range(10):
        try:
            return list(islice(dict.items(mapping), MOST))
        except RuntimeError:  # it was changed meanwhile: by what a garbage collection ran, or where threads run at once
            continue
    return []


def ancestry(kind: Any) -> tuple[type, ...]:
    """The class itself and those that it inherits from, whatever its metaclass says."""
    found: tuple[type, ...] = type.__dict__["__mro__"].__get__(kind)
    return found


def _class_dict(kind: type) -> dict[str, object]:
    # `type(name, bases, {...})` takes keys of any kind.
    attributes: dict[object, object] = type.__dict__["__dict__"].__get__(kind).copy()
    return {name: value for name, value in attributes.items() if type(name) is str}


def _has(value: object, method: str) -> bool:
    return any(method in _class_dict(one) for one in ancestry(type(value)))


def _is_method(value: object) -> bool:
    return issubclass(type(value), FUNCTION_TYPES) and type(value) is not staticmethod
