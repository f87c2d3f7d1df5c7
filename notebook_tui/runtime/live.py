"""Live objects, looked at without running anything of theirs: no property, `__getattr__`, `__dir__` or `repr`.

As `inspect.getattr_static`, but for all attributes at once. Dictionaries are copied before they are read, in one step
of the interpreter, because a cell may change them meanwhile in another thread.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
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

Kind: TypeAlias = Literal["variable", "function", "class", "module", "attribute", "keyword"]

FUNCTION_TYPES = (
    *(FunctionType, MethodType, BuiltinFunctionType, MethodDescriptorType, WrapperDescriptorType),
    *(MethodWrapperType, ClassMethodDescriptorType, classmethod, staticmethod, partial),
)
GETTERS = (GetSetDescriptorType, MemberDescriptorType)
"""Descriptors of the interpreter itself."""


@dataclass(frozen=True, slots=True)
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
    found = {name: Member(value, bound=_is_method(value)) for name, value in _class_attributes(type(owner)).items()}
    for name, value in _own_attributes(owner):
        if type(name) is str and not (name in found and _has(found[name].value, "__set__")):
            found[name] = Member(value)
    return found


def resolve(expression: str, namespace: Mapping[str, object]) -> Member | None:
    """What a chain of names, attributes, constant subscripts and literals stands for; None if only running it would
    tell, or if there is no such thing.

    >>> resolve("box['lid'].real", {"box": {"lid": 3}}) is None  # `real` is computed
    True
    >>> resolve("box['lid']", {"box": {"lid": 3}})
    Member(value=3, bound=False)
    """
    try:
        return _resolve(ast.parse(expression.strip(), mode="eval").body, namespace)
    except (SyntaxError, ValueError, RecursionError):
        return None


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
    """The entries of a dictionary whose keys are strings, in order; of anything else, none."""
    if not issubclass(type(mapping), dict):
        return {}
    return {key: value for key, value in _entries(mapping) if type(key) is str}


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
    if type(owner) not in (dict, list, tuple, str):
        return None
    try:
        return Member(owner[key])  # type: ignore[index]
    except (LookupError, TypeError):
        return None


def _class_attributes(kind: Any) -> dict[str, object]:
    found: dict[str, object] = {}
    for one in reversed(_ancestry(kind)):
        found.update(_class_dict(one))
    return found


def _own_attributes(owner: object) -> list[tuple[object, object]]:
    for one in _ancestry(type(owner)):
        getter = _class_dict(one).get("__dict__")
        if getter is not None:
            # A class may have a `__dict__` of its own making, which only running it would tell.
            return _entries(getter.__get__(owner)) if type(getter) in GETTERS else []  # type: ignore[attr-defined]
    return []


def _entries(mapping: Any) -> list[tuple[object, object]]:
    """What is in a dictionary or an instance of a subclass, past all that the subclass says."""
    if type(mapping) is dict:
        return list(mapping.copy().items())
    for _ in range(10):
        try:
            return list(dict.items(mapping))
        except RuntimeError:  # it was changed meanwhile; unlike a plain one it cannot be copied in one step
            continue
    return []


def _ancestry(kind: type) -> tuple[type, ...]:
    ancestry: tuple[type, ...] = type.__dict__["__mro__"].__get__(kind)
    return ancestry


def _class_dict(kind: type) -> dict[str, object]:
    attributes: dict[str, object] = type.__dict__["__dict__"].__get__(kind).copy()
    return attributes


def _has(value: object, method: str) -> bool:
    return any(method in _class_dict(one) for one in _ancestry(type(value)))


def _is_method(value: object) -> bool:
    return issubclass(type(value), FUNCTION_TYPES) and type(value) is not staticmethod
