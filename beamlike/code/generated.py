"""What the standard library generates into classes: not sent, but generated again over there.

It is code without a source that anybody has, so it would go as bytecode, which another minor version of Python cannot
run; and a library of another version may generate something else.

Each of `GENERATED` is a triple: `concerns` says whether there is something generated in a class; `take_out` removes it
from the attributes that are sent and returns what it was generated from; `put_back` does so on arrival, once.
"""

from __future__ import annotations

import abc
import collections
import copy
import dataclasses
import inspect
import typing
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from operator import is_
from types import CodeType, FunctionType
from typing import Any, Final, TypeAlias
from weakref import WeakKeyDictionary

Attributes: TypeAlias = dict[str, Any]


def code_of(attribute: object) -> CodeType | None:
    """Of a function, also one inside a classmethod, staticmethod or wrapper."""
    function = inspect.unwrap(getattr(attribute, "__func__", attribute))  # type: ignore[arg-type]
    return function.__code__ if isinstance(function, FunctionType) else None


# Dataclasses. Their fields are attributes like any other.

_DATACLASS_METHODS: Final = frozenset(
    ["__init__", "__repr__", "__eq__", "__lt__", "__le__", "__gt__", "__ge__", "__hash__", "__setattr__", "__delattr__"]
)
_DATACLASS_OPTIONS: Final = ("init", "repr", "eq", "order", "unsafe_hash", "frozen")
_STAND_INS: Final[dict[str, object]] = {"_FIELD_CLASSVAR": typing.ClassVar, "_FIELD_INITVAR": dataclasses.InitVar}


_generated_with: WeakKeyDictionary[type, list[Any]] = WeakKeyDictionary()
"""The defaults of its fields, of a class that came from elsewhere."""


def _is_dataclass(kind: type) -> bool:
    return "__dataclass_params__" in vars(kind)


def _take_out_dataclass(kind: type, attributes: Attributes) -> tuple[dict[str, bool], dict[str, Any] | None]:
    params = attributes.pop("__dataclass_params__")
    if getattr(attributes.get("__replace__"), "__module__", None) == "dataclasses":  # since Python 3.13
        del attributes["__replace__"]
    annotations = None
    for name in _DATACLASS_METHODS & attributes.keys():
        code = code_of(attributes[name])
        if code is not None and code.co_filename == "<string>":
            method = attributes.pop(name)
            annotations = method.__annotations__ if name == "__init__" else annotations
    return {option: getattr(params, option) for option in _DATACLASS_OPTIONS}, annotations


def generated_names(kind: type) -> set[str]:
    """The attributes of a dataclass that follow from its fields and options."""
    if not _is_dataclass(kind):
        return set()
    found = ((name, code_of(vars(kind)[name])) for name in _DATACLASS_METHODS & vars(kind).keys())
    return {"__replace__", *(name for name, code in found if code is not None and code.co_filename == "<string>")}


def _put_back_dataclass(kind: Any, made_from: tuple[dict[str, bool], dict[str, Any] | None]) -> None:
    options, annotations = made_from
    defaults = [each for it in vars(kind)["__dataclass_fields__"].values() for each in (it.default, it.default_factory)]
    if _is_dataclass(kind):
        if all(map(is_, defaults, _generated_with.get(kind, defaults))):
            return
        for name in generated_names(kind) & vars(kind).keys():
            type.__delattr__(kind, name)
    _generated_with[kind] = defaults
    with _as_defined(kind, vars(kind)["__dataclass_fields__"]):
        dataclasses.dataclass(match_args=False, **options)(kind)
    if annotations is not None:
        kind.__init__.__annotations__ = annotations


@contextmanager
def _as_defined(kind: type, fields: dict[str, Any]) -> Iterator[None]:
    """While it lasts, the class looks as it did before `dataclass` saw it: each field is annotated and has its Field.

    Those of its bases too, which may have to be filled yet. Annotations are stand-ins: the real ones may be strings,
    to be looked up in a module that is not here. Nor may what is generated keep all that is in the class's module now.
    """
    concerned = (*fields, "__annotations__", "__dataclass_fields__", "__module__")
    kept = {name: vars(kind)[name] for name in concerned if name in vars(kind)}
    type.__delattr__(kind, "__dataclass_fields__")
    type.__setattr__(kind, "__module__", __name__)
    stand_ins = {name: _STAND_INS.get(field._field_type.name, object) for name, field in fields.items()}
    type.__setattr__(kind, "__annotations__", stand_ins)
    for name, field in fields.items():
        type.__setattr__(kind, name, _field_as_defined(kind, field))
    try:
        yield
    finally:
        for name in concerned:
            if name in kept:
                type.__setattr__(kind, name, kept[name])
            elif name in vars(kind):
                type.__delattr__(kind, name)


def _field_as_defined(kind: type, field: Any) -> Any:
    made = copy.copy(field)
    if "__slots__" in vars(kind) and not field.init and field.default is not dataclasses.MISSING:
        # Where a default stands in the class, `__init__` need not set it, and the slots are there already.
        made.default_factory = lambda: field.default
        made.default = dataclasses.MISSING
    return made


# Tuples with names: `collections.namedtuple` and `typing.NamedTuple`, which is made by it.


_Item = typing.TypeVar("_Item")


class _Generic(typing.NamedTuple, typing.Generic[_Item]): ...


_NAMEDTUPLE_CODES: Final = {code for attribute in vars(_Generic).values() if (code := code_of(attribute))}


def _is_namedtuple(kind: type) -> bool:
    return code_of(vars(kind).get("_make")) in _NAMEDTUPLE_CODES


def _take_out_namedtuple(kind: Any, attributes: Attributes) -> tuple[tuple[str, ...], Any, dict[str, Any]]:
    for name in list(attributes):
        if name == "__new__" or code_of(attributes[name]) in _NAMEDTUPLE_CODES:
            del attributes[name]
    return kind._fields, kind.__new__.__defaults__, kind.__new__.__annotations__


def _put_back_namedtuple(kind: type, made_from: tuple[tuple[str, ...], Any, dict[str, Any]]) -> None:
    fields, defaults, annotations = made_from
    if "__new__" in vars(kind):
        vars(kind)["__new__"].__func__.__defaults__ = defaults
        return
    alike: Any = collections.namedtuple(kind.__name__, fields, rename=True)  # type: ignore[misc]
    alike.__new__.__defaults__ = defaults
    alike.__new__.__annotations__ = annotations
    generated = {name: attribute for name, attribute in vars(alike).items() if code_of(attribute) is not None}
    if typing.Generic in kind.__bases__:
        generated["__class_getitem__"] = vars(_Generic)["__class_getitem__"]
    for name, attribute in generated.items():
        if name not in vars(kind):
            type.__setattr__(kind, name, attribute)


# Protocols: what `isinstance` compares, which each version of Python keeps in a way of its own.


def _is_protocol(kind: type) -> bool:
    """Or a class over one, which has such things too."""
    return "_is_protocol" in vars(kind)


def _take_out_protocol(kind: type, attributes: Attributes) -> bool:
    hook = code_of(attributes.get("__subclasshook__"))
    if hook is not None and hook.co_filename == typing.__file__:
        del attributes["__subclasshook__"]
    for name in ("__protocol_attrs__", "__non_callable_proto_members__", "__callable_proto_members_only__"):
        attributes.pop(name, None)
    return bool(vars(kind).get("_is_runtime_protocol"))


_PROTOCOL_META: Final[type] = type(typing.Protocol)


def _put_back_protocol(kind: type, runtime_checkable: bool) -> None:
    _PROTOCOL_META.__init__(kind, kind.__name__, kind.__bases__, {})  # type: ignore[misc]
    if runtime_checkable:
        typing.runtime_checkable(kind)


# Abstract classes: who is registered with them.


def _is_abstract(kind: type) -> bool:
    return isinstance(kind, abc.ABCMeta)


def _take_out_registered(kind: type, attributes: Attributes) -> list[type]:
    registered, *_ = abc._get_dump(kind)  # type: ignore[attr-defined]
    return [registered_kind for reference in registered if (registered_kind := reference()) is not None]


def _put_back_registered(kind: Any, registered: list[type]) -> None:
    for registered_kind in registered:
        abc.ABCMeta.register(kind, registered_kind)


GENERATED: Final[tuple[tuple[Callable[[type], bool], Callable[..., Any], Callable[[type, Any], None]], ...]] = (
    (_is_dataclass, _take_out_dataclass, _put_back_dataclass),
    (_is_namedtuple, _take_out_namedtuple, _put_back_namedtuple),
    (_is_protocol, _take_out_protocol, _put_back_protocol),
    (_is_abstract, _take_out_registered, _put_back_registered),
)
