"""Empty classes, made anew of name, bases, metaclass and namespace, while nothing of the user's own runs."""

from __future__ import annotations

import sys
import typing
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from threading import RLock, get_ident
from types import BuiltinFunctionType
from typing import Any, Final
from weakref import WeakSet

from beamlike.code.by_value import goes_by_value
from beamlike.code.untravelable import CannotTravel

MAKING: Final = RLock()
"""Is held while hooks of classes are not their own."""


class _Sample: ...


OF_OTHER_PYTHONS: Final = frozenset({"__firstlineno__", "__static_attributes__"} - vars(_Sample).keys())
"""What each class has on a newer version and no class on this one; a protocol would take it for a part of itself."""


def make_empty(
    how: Callable[..., type], native: type[type], metaclass: type, name: str, bases: tuple[type, ...], *rest: object
) -> type:
    try:
        with without_hooks(bases):
            return how(native, metaclass, name, bases, *rest)
    except Exception:  # of a library's hook or metaclass, which may need a keyword that only the class statement had
        with without_hooks(bases, also_of_libraries=True):
            return how(_metaclass_of_python(native), metaclass, name, bases, *rest)


def make(
    native: type[type], metaclass: type[type], name: str, bases: tuple[type, ...], namespace: dict[str, object]
) -> type:
    own = {key: value for key, value in namespace.items() if key not in OF_OTHER_PYTHONS}
    made: type = native.__new__(metaclass, name, bases, own)
    native.__init__(made, name, bases, own)
    return made


_can_be_made: WeakSet[type] = WeakSet()


def check_metaclass(kind: type, native: type, names: tuple[Any, ...]) -> None:
    """A library's metaclass that is written in C may make no class of the parts of one; that is tried here first."""
    maker: type = next(meta for meta in native.__mro__ if "__new__" in vars(meta))
    in_c = type(vars(maker)["__new__"]) is BuiltinFunctionType
    if _is_of_python(maker) or not in_c or kind in _can_be_made:
        return
    try:
        make_empty(make, native, type(kind), *names)
    except Exception as error:
        raise CannotTravel(
            f"the class `{kind.__qualname__}` cannot travel, since {maker.__module__}.{maker.__qualname__} cannot make "
            "it anew elsewhere: define it in a module beside the notebook or script, which is imported there"
        ) from error
    _can_be_made.add(kind)


def native_metaclass(kind: type) -> type[type]:
    """The metaclass that makes it over there: the nearest that everybody has."""
    metaclass: type = type(kind)
    native: type[type] = next(meta for meta in metaclass.__mro__ if not goes_by_value(meta))
    # All that a TypedDict's does is to compute attributes, of bases that the class does not keep.
    return type if native is _TYPED_DICT_META else native


def _metaclass_of_python(metaclass: type) -> type[type]:
    found: type[type] = next(filter(_is_of_python, metaclass.__mro__))
    return found


def _is_of_python(kind: type) -> bool:
    return kind.__module__.partition(".")[0] in sys.stdlib_module_names


_TYPED_DICT_META = type(typing.TypedDict("_", {}))  # type: ignore[operator]


@contextmanager
def without_hooks(bases: Iterable[type], *, also_of_libraries: bool = False) -> Iterator[None]:
    """While it lasts, this thread calls no `__init_subclass__` of a class that travelled."""
    hooks = {
        owner: vars(owner)["__init_subclass__"]
        for base in bases
        for owner in base.__mro__
        if isinstance(vars(owner).get("__init_subclass__"), classmethod) and (also_of_libraries or goes_by_value(owner))
    }
    if not hooks:
        yield
        return
    with MAKING:
        for owner, hook in hooks.items():
            type.__setattr__(owner, "__init_subclass__", _for_other_threads(hook))
        try:
            yield
        finally:
            for owner, hook in hooks.items():
                type.__setattr__(owner, "__init_subclass__", hook)


def _for_other_threads(hook: Any) -> Any:
    """The hook, for classes that other threads define meanwhile."""
    maker = get_ident()

    def __init_subclass__(cls: type, /, **keywords: Any) -> None:
        if get_ident() != maker:
            hook.__get__(None, cls)(**keywords)

    return classmethod(__init_subclass__)
