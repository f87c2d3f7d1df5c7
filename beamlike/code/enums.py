"""An enumeration as its members: those are made by the enum module of the Python over there, which has a structure of
its own, from their names and values. A `__new__` or `__init__` of the user's has run and does not run again; what it
made of a member, its attributes, goes along.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Any

from beamlike.code.by_value import goes_by_value

_KEPT_BY_THE_MODULE = frozenset({"_value_", "_name_", "__objclass__", "_sort_order_", "_inverted_"})


def is_enum(kind: type) -> bool:
    return isinstance(kind, enum.EnumMeta)


class Member:
    """What a member is made of. No tuple, which the enum module would unpack."""

    def __init__(self, value: object, content: tuple[object, ...]) -> None:
        self.value = value
        self.content = content

    def __reduce__(self) -> tuple[Any, ...]:
        return Member, (self.value, self.content)


def enum_shape(kind: Any) -> tuple[dict[str, Member], enum.FlagBoundary | None]:
    """What `make_enum` takes beside what every class has."""
    members = {name: Member(member._value_, _content(member)) for name, member in kind.__members__.items()}
    return members, vars(kind).get("_boundary_")


def _content(member: Any) -> tuple[object, ...]:
    """What the built-in type under it, if any, is to be made of."""
    if _built_in(type(member)._member_type_) is object:
        return ()
    if hasattr(member, "__getnewargs__"):
        return tuple(member.__getnewargs__())
    return member._value_ if isinstance(member._value_, tuple) else (member._value_,)


def _built_in(kind: type) -> type:
    return next(base for base in kind.__mro__ if "__new__" in vars(base) and not hasattr(base.__new__, "__code__"))


def make_enum(
    native: type[enum.EnumMeta],
    metaclass: type[enum.EnumMeta],
    name: str,
    bases: tuple[type, ...],
    namespace: Mapping[str, object],
    members: Mapping[str, Member],
    boundary: enum.FlagBoundary | None,
) -> type:
    """The enumeration with its members, and nothing else of its own."""
    definition: Any = native.__prepare__(name, bases)
    hooks = {"__new__": _make_member, "__init__": _leave_as_made} if members else {}
    for key, value in {**namespace, **hooks, **members}.items():
        definition[key] = value
    made: type = native.__new__(metaclass, name, bases, definition, boundary=boundary)
    if hooks:
        type.__delattr__(made, "__init__")
    return made


def _make_member(cls: Any, made_of: Member) -> object:
    member: Any = _built_in(cls._member_type_).__new__(cls, *made_of.content)
    member._value_ = made_of.value
    return member


def _leave_as_made(*_: object) -> None: ...


def enum_attributes(kind: Any) -> dict[str, Any]:
    """The attributes that the user gave it."""
    return {
        name: value
        for name, value in vars(kind).items()
        if name == "__doc__" or (name not in kind.__members__ and (name not in _MACHINERY or _of_the_user(name, value)))
    }


class _Plain(enum.Enum): ...


class _Bits(enum.Flag): ...


class _Mixed(float, enum.Enum): ...


_MACHINERY = frozenset(
    {name for sample in (_Plain, _Bits, _Mixed) for name in vars(sample)} | {"__new_member__", "__firstlineno__"}
)


def _of_the_user(name: str, value: object) -> bool:
    if not name.startswith("__") and name != "_generate_next_value_":
        return False
    function: object = getattr(value, "__func__", value)
    return hasattr(function, "__code__") and function.__module__ != "enum" and goes_by_value(function)


def members_state(kind: Any) -> dict[str, dict[str, object]]:
    """What members have beside their values, by name; and the values that may change."""
    return {name: state for name, member in kind._member_map_.items() if (state := _state_of(member))}


def _state_of(member: Any) -> dict[str, object]:
    state = {key: value for key, value in vars(member).items() if key not in _KEPT_BY_THE_MODULE}
    try:
        hash(member._value_)
    except TypeError:
        state["_value_"] = member._value_
    return state


def set_members(kind: Any, states: Mapping[str, Mapping[str, object]]) -> None:
    for name, state in states.items():
        vars(kind._member_map_[name]).update(state)
