"""Slotted dataclasses that are quick to make: a node has 250, the terminal 450 more, and makes them whenever it starts.

`frozen` does what `dataclass(frozen=True, slots=True)` does, at a tenth of the price: `__init__` is compiled once for
all classes whose fields are alike, and the other methods are shared. So does `slotted` what `dataclass(slots=True,
eq=False)` does: what changes is equal to itself alone. What is made for dataclasses (`fields`, `replace`, `match`)
works on all of them; `InitVar`, fields by keyword only, and a subclass by `dataclass(frozen=True)` are not for them.

A `record` costs a third to fill as well: what is frozen sets each field past its own lock, which made up a tenth of a
local call. The type checker refuses an assignment to a field of a record just as well; only for what users receive and
keep is it refused at run time, too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, Field, FrozenInstanceError, dataclass, field, fields
from functools import cache
from operator import attrgetter
from reprlib import recursive_repr
from types import CodeType, FunctionType
from typing import Any, Final, NoReturn, TypeVar, dataclass_transform

T = TypeVar("T")

_NOT_GIVEN: Final = object()


@dataclass_transform(eq_default=False, field_specifiers=(field,))
def slotted(cls: type[T]) -> type[T]:
    return _made(cls, _ASSIGN)


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def record(cls: type[T]) -> type[T]:
    made = _made(cls, _ASSIGN)
    _make_comparable(made)
    return made


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(cls: type[T]) -> type[T]:
    made = _made(cls, _PASS_THE_LOCK)
    _make_comparable(made)
    _make_portable(made)
    _add(made, __setattr__=_refuse_to_set, __delattr__=_refuse_to_delete)
    return made


_ASSIGN: Final = "self.{name} = {value}"
_PASS_THE_LOCK: Final = "set_{name}(self, {value})"


def _made(cls: type[T], statement: str) -> type[T]:
    """`statement` is how a field is set to its value."""
    if cls.__doc__ is None:
        cls.__doc__ = f"{cls.__name__}({', '.join(cls.__annotations__)})"  # else it is made of a signature, slowly
    made = dataclass(slots=True, init=False, repr=False, eq=False)(cls)
    _add(made, __init__=_init(made, statement), __repr__=_repr)
    return made


def _make_portable(made: type) -> None:
    state, restore = _pickling(tuple(it.name for it in fields(made)))
    _add(made, __getstate__=state, __setstate__=restore)


def _make_comparable(made: type) -> None:
    equals, hash_of = _comparing(tuple(it.name for it in fields(made) if it.compare))
    _add(made, __eq__=equals)
    if vars(made).get("__hash__") is None:  # which is what a class has that defines how it is compared
        made.__hash__ = hash_of  # type: ignore[method-assign, assignment]


def _add(cls: type, **methods: Callable[..., Any]) -> None:
    """But what its author has written stays."""
    for name, method in methods.items():
        if name not in vars(cls):
            setattr(cls, name, method)


def _init(cls: type, statement: str) -> Callable[..., None]:
    """Compiled once for all classes whose fields are alike; then each gets its own names in their places."""
    scope: dict[str, Any] = {"NOT_GIVEN": _NOT_GIVEN}
    names: dict[str, str] = {}
    parameters, body, defaults = ["self"], [], []
    for number, it in enumerate(fields(cls)):
        names[stand_in := f"f{number}"] = it.name
        scope[f"set_{stand_in}"] = getattr(cls, it.name).__set__
        body.append(statement.format(name=stand_in, value=_value(it, stand_in, scope)))
        if it.init:
            parameters.append(stand_in)
            defaults += _default(it)
            if defaults and not _default(it):
                raise TypeError(f"expected a default of {it.name!r}, for the one before it has one; got none")
    if hasattr(cls, "__post_init__"):
        body.append("self.__post_init__()")
    template = _compiled(f"def __init__({', '.join(parameters)}):\n {'; '.join(body) or 'pass'}")
    code = template.replace(
        co_varnames=tuple([names.get(it, it) for it in template.co_varnames]),
        co_names=tuple([names.get(it, it) for it in template.co_names]),
        co_qualname=f"{cls.__qualname__}.__init__",
    )
    init = FunctionType(code, scope, "__init__", tuple(defaults))
    init.__annotations__ = {it.name: it.type for it in fields(cls) if it.init} | {"return": None}
    return init


def _value(it: Field[Any], stand_in: str, scope: dict[str, Any]) -> str:
    """The expression of what the field is set to."""
    if it.default_factory is not MISSING:
        scope[f"make_{stand_in}"] = it.default_factory
        made = f"make_{stand_in}()"
        return f"{made} if {stand_in} is NOT_GIVEN else {stand_in}" if it.init else made
    if not it.init:
        scope[f"given_{stand_in}"] = it.default
        return f"given_{stand_in}"
    return stand_in


def _default(it: Field[Any]) -> list[Any]:
    """That of its parameter, if it has one."""
    if it.default_factory is not MISSING:
        return [_NOT_GIVEN]
    return [] if it.default is MISSING else [it.default]


@cache
def _compiled(text: str) -> CodeType:
    (code,) = [it for it in compile(text, f"<{__name__}>", "exec").co_consts if isinstance(it, CodeType)]
    return code


def _comparing(names: tuple[str, ...]) -> tuple[Callable[[Any, object], bool], Callable[[Any], int]]:
    """`__eq__` and `__hash__` by the values of these fields."""
    values = _values_of(names)

    def __eq__(self: Any, other: Any) -> bool:
        return values(self) == values(other) if other.__class__ is self.__class__ else NotImplemented

    def __hash__(self: Any) -> int:
        return hash(values(self))

    return __eq__, __hash__


def _values_of(names: tuple[str, ...]) -> Callable[[Any], tuple[Any, ...]]:
    if len(names) > 1:
        return attrgetter(*names)
    return lambda self: tuple([getattr(self, name) for name in names])


@recursive_repr()
def _repr(self: Any) -> str:
    shown = ", ".join([f"{it.name}={getattr(self, it.name)!r}" for it in fields(self) if it.repr])
    return f"{type(self).__qualname__}({shown})"


def _pickling(names: tuple[str, ...]) -> tuple[Callable[[Any], list[Any]], Callable[[Any, list[Any]], None]]:
    """How a record with these fields is taken apart and put together. To ask `fields` each time took longer than both:
    records are what nodes send each other most."""

    def state(self: Any) -> list[Any]:
        return [getattr(self, name) for name in names]

    def restore(self: Any, state: list[Any]) -> None:
        for name, value in zip(names, state, strict=True):
            object.__setattr__(self, name, value)

    return state, restore


def _refuse_to_set(self: object, name: str, value: object) -> NoReturn:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_to_delete(self: object, name: str) -> NoReturn:
    raise FrozenInstanceError(f"cannot delete field {name!r}")
