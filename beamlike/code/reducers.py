"""How those things travel that cloudpickle would send wrongly: each reducer answers as `__reduce__` does.

- An exception with an `__init__` of its own: pickle would call that with `args`, which need not fit its parameters.
- A cached function, a NewType or a ParamSpec of a notebook: pickle would send its name.
- A generic function (`functools.singledispatch`): it holds a cache of weak references.
- A variable of an enclosing function: pickle's functions would each get one of their own, and share it no more.
- A weak dictionary: it holds a function of its module's inside.
- A cached_property: until Python 3.12 it holds a lock.
- `dataclasses.MISSING`: fields are compared with it by `is`.
- A text file: cloudpickle would silently send a copy of the contents.
"""

from __future__ import annotations

import dataclasses
import functools
import io
import pickle
import platform
import sys
import typing
from collections.abc import Callable
from types import CellType, CodeType, FunctionType
from typing import Any, NewType, ParamSpec, ParamSpecArgs, ParamSpecKwargs, TypeAlias, TypeGuard, TypeVar, TypeVarTuple
from weakref import WeakKeyDictionary, WeakValueDictionary

from cloudpickle.cloudpickle import _get_or_create_tracker_id, _lookup_class_or_track

from beamlike.code.by_value import goes_by_value

TypeAliasType: type | None = getattr(typing, "TypeAliasType", None)
"""What a `type` statement makes, since Python 3.12."""

Reduced: TypeAlias = tuple[Any, ...]

CachedFunction: type = type(functools.cache(print))


def reduce_exception(error: BaseException) -> Reduced | None:
    """As the parts that its own `__init__` is not needed for; None where pickle's own way is right."""
    kind = type(error)
    if _in_python(kind.__reduce__) or _in_python(kind.__reduce_ex__):
        return None
    if not (_in_python(kind.__init__) or _in_python(kind.__new__)):
        return None
    reduced = error.__reduce__()
    assert isinstance(reduced, tuple)
    _, args, *state = reduced
    if isinstance(error, BaseExceptionGroup):  # whose `args` are those of a __new__ of its own
        args = error.message, error.exceptions
    return rebuild_exception, (kind, args), *state


def rebuild_exception(kind: type[BaseException], args: tuple[object, ...]) -> BaseException:
    """An exception with these `args`, made by the built-in class that `kind` stands on."""
    native = next(base for base in kind.__mro__ if _is_native_exception(base))
    error: BaseException = native.__new__(kind, *args)
    try:
        native.__init__(error, *args)
    except TypeError:
        # These are not the built-in's arguments, so the original never called its __init__ either.
        error.args = args
    return error


def _is_native_exception(kind: type) -> TypeGuard[type[BaseException]]:
    return issubclass(kind, BaseException) and not (_in_python(kind.__init__) or _in_python(kind.__new__))


def _in_python(method: object) -> bool:
    return isinstance(method, FunctionType)


def reduce_cached_function(cached: Any) -> Reduced | None:
    if not goes_by_value(cached):
        return None
    parameters = cached.cache_parameters()
    return rebuild_cached_function, (cached.__wrapped__, parameters["maxsize"], parameters["typed"])


def rebuild_cached_function(function: Callable[..., object], maxsize: int | None, typed: bool) -> object:
    return functools.lru_cache(maxsize, typed)(function)


_GENERIC_CODE: CodeType = functools.singledispatch(print).__code__  # type: ignore[attr-defined]
"""Of what `singledispatch` makes, all of it."""


def reduce_function(function: FunctionType) -> Reduced | None:
    """A generic function as its implementations by class; any other function is no matter of ours."""
    if function.__code__ is not _GENERIC_CODE or not goes_by_value(function):
        return None
    state = dict(function.registry), {**vars(function)}  # type: ignore[attr-defined]
    for name in _OF_SINGLEDISPATCH:
        del state[1][name]
    return make_generic, (function.__name__,), (state, _names_of(function)), None, None, fill_generic


_OF_SINGLEDISPATCH = ("register", "dispatch", "registry", "_clear_cache")


def _names_of(function: FunctionType) -> dict[str, object]:
    return {name: getattr(function, name) for name in functools.WRAPPER_ASSIGNMENTS if hasattr(function, name)}


def make_generic(name: str) -> object:
    """A generic function without any implementation; they may refer to it."""

    def none(*_: object) -> None: ...

    none.__name__ = name
    return functools.singledispatch(none)


def fill_generic(generic: Any, parts: Any) -> None:
    (registry, attributes), names = parts
    for kind, implementation in registry.items():
        generic.register(kind, implementation)
    vars(generic).update(attributes)
    for name, value in names.items():
        setattr(generic, name, value)


def reduce_generic_method(method: Any) -> Reduced:
    return rebuild_generic_method, (method.func, method.dispatcher)


def rebuild_generic_method(function: Callable[..., object], dispatcher: Any) -> object:
    method: functools.singledispatchmethod[object] = functools.singledispatchmethod(function)
    method.dispatcher = dispatcher
    return method


def reduce_cell(cell: CellType) -> Reduced:
    try:
        contents = (cell.cell_contents,)
    except ValueError:  # not assigned yet
        return CellType, ()
    return CellType, (), contents, None, None, fill_cell


def fill_cell(cell: CellType, contents: tuple[object]) -> None:
    (cell.cell_contents,) = contents


def reduce_weak_dictionary(mapping: Any) -> Reduced:
    return type(mapping), (dict(mapping),)


def reduce_new_type(new_type: Any) -> Reduced | None:
    return _reduce_known(new_type, NewType, new_type.__name__, new_type.__supertype__)


def reduce_type_parameter(parameter: Any) -> Reduced | None:
    options = {name: value for name in _TYPE_OPTIONS if (value := getattr(parameter, f"__{name}__", None))}
    constraints = getattr(parameter, "__constraints__", ())
    if type(parameter) is TypeVarTuple:
        options = {}
    return _reduce_known(parameter, make_type_parameter, type(parameter), parameter.__name__, constraints, options)


_TYPE_OPTIONS = ("bound", "covariant", "contravariant", "infer_variance")


def make_type_parameter(kind: type, name: str, constraints: tuple[object, ...], options: dict[str, object]) -> object:
    if sys.version_info < (3, 12):
        options.pop("infer_variance", None)
    return kind(name, *constraints, **options)


def _reduce_known(thing: Any, make: Callable[..., object], *args: object) -> Reduced | None:
    """With an id, as classes have one: it is the same object in every message, and here when it comes back."""
    if not goes_by_value(thing):
        return None
    return make_known, (_get_or_create_tracker_id(thing), make, args, thing.__module__)


def make_known(id: str, make: Callable[..., Any], args: tuple[object, ...], module: str) -> object:
    made = make(*args)
    made.__module__ = module
    known: object = _lookup_class_or_track(id, made)
    return known


def reduce_alias(alias: Any) -> Reduced | None:
    """A `type` statement: its value may refer to it, and is looked at over there not before somebody asks."""
    if not goes_by_value(alias):
        return None
    if alias.__type_params__:
        return rebuild_generic_alias, (alias.__name__, alias.__value__, alias.__type_params__)
    value: list[object] = []
    return make_alias, (alias.__name__, alias.__module__, value), (value, alias.__value__), None, None, fill_alias


def rebuild_generic_alias(name: str, value: object, parameters: tuple[object, ...]) -> object:
    return _alias_type(name)(name, value, type_params=parameters)


def make_alias(name: str, module: str, value: list[object]) -> object:
    _alias_type(name)
    if not name.isidentifier():
        raise ValueError(f"expected the name of a type alias, got {name!r}")
    scope: dict[str, Any] = {"__name__": module, "_value": value}
    exec(f"type {name} = _value[0]", scope)
    return scope[name]


def _alias_type(name: str) -> Callable[..., object]:
    if TypeAliasType is None:
        raise TypeError(
            f"expected Python 3.12 or newer, which has `type` statements such as that of `{name}`, and this is Python "
            f"{platform.python_version()}: write `{name}: TypeAlias = ...`"
        )
    return TypeAliasType


def fill_alias(_: object, value_and_content: tuple[list[object], object]) -> None:
    value, content = value_and_content
    value.append(content)


def reduce_arguments_of(arguments: Any) -> Reduced:
    return type(arguments), (arguments.__origin__,)


def reduce_cached_property(cached: functools.cached_property[object]) -> Reduced:
    return rebuild_cached_property, (cached.func, cached.attrname)


def rebuild_cached_property(function: Callable[[Any], object], name: str | None) -> object:
    cached = functools.cached_property(function)
    # Classes that go by value are filled by setattr, which calls no __set_name__.
    cached.attrname = name
    return cached


def reduce_missing(_: object) -> Reduced:
    return getattr, (dataclasses, "MISSING")


def reduce_text_file(file: io.TextIOWrapper) -> Reduced:
    for name in ("stdout", "stderr"):
        if file is getattr(sys, name):
            return getattr, (sys, name)
    raise pickle.PicklingError(f"cannot pickle the open file {file.name!r}")


BY_MODULE: dict[str, Callable[[Any], Reduced | None]] = {}
"""For instances of the classes that a module defines, where classes are not to be imported in order to be known."""

REDUCERS: dict[type, Callable[[Any], Reduced | None]] = {
    FunctionType: reduce_function,
    functools.singledispatchmethod: reduce_generic_method,
    CellType: reduce_cell,
    CachedFunction: reduce_cached_function,
    WeakKeyDictionary: reduce_weak_dictionary,
    WeakValueDictionary: reduce_weak_dictionary,
    NewType: reduce_new_type,
    TypeVar: reduce_type_parameter,
    ParamSpec: reduce_type_parameter,
    ParamSpecArgs: reduce_arguments_of,
    ParamSpecKwargs: reduce_arguments_of,
    TypeVarTuple: reduce_type_parameter,
    functools.cached_property: reduce_cached_property,
    type(dataclasses.MISSING): reduce_missing,
    io.TextIOWrapper: reduce_text_file,
}
"""Exact type to reducer; exceptions, which are many types, are asked for beside it."""
if TypeAliasType is not None:
    REDUCERS[TypeAliasType] = reduce_alias
