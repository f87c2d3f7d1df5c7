"""Modules that stand for those of other nodes: what came by value is found in its module by name, while it is alive.

pickle, `typing.get_type_hints`, and whatever else knows a class by its module and name, look into `sys.modules`. So the
module of a notebook stands there on other nodes, too, with the newest of what has come of it. It holds that weakly, so
it keeps no version alive, and it leaves with the last of it. Where another module has that name already, it does not
stand there. `__main__` is each program's own, but for one that gives it up since it has nothing in it: a child's.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from importlib.machinery import PathFinder
from threading import RLock
from types import FunctionType, ModuleType
from typing import Any, Final
from weakref import WeakSet, ref

import cloudpickle

from beamlike.code.by_value import module_goes_by_value
from beamlike.code.hints import Scope, hints_in
from beamlike.kernel.current import running_nodes


class Annotations(dict[str, Any]):
    """Those of a class that came from elsewhere, and what their texts name, which has to live as long as it does."""

    __slots__ = ("names",)

    def __init__(self, annotations: dict[str, Any], names: dict[str, Any]) -> None:
        super().__init__(annotations)
        self.names = names

    def __reduce__(self) -> tuple[Any, ...]:
        return dict, (dict(self),)


class _Definitions:
    """What is alive of one module, by name, or by its id if its module does not have it under its name any more."""

    def __init__(self, module: str) -> None:
        self.module = _FarModule(module, self)
        self._name = module
        # Found on the path only: the finder of other nodes' modules would ask them.
        self._may_stand = "." not in module and module != "__main__" and PathFinder.find_spec(module) is None
        self._stays = False
        self._alive: dict[str | int, ref[Any]] = {}

    def add(self, thing: type | FunctionType, names: Mapping[str, Any]) -> None:
        """It is found under its name if it is so in `names`. They tell what is meant by a name now: what was is not
        found under it any more."""
        with _lock:
            _have_the_emptied_leave()
            _far[self._name] = self
            for name, meant in names.items():
                former = self.alive(name, meant)
                if former is not meant:
                    self._put(id(former), former)
                    del self._alive[name]
            self._put(thing.__qualname__ if names.get(thing.__qualname__) is thing else id(thing), thing)
            if self._may_stand and self._name not in sys.modules:
                sys.modules[self._name] = self.module
                cloudpickle.register_pickle_by_value(self.module)

    def _put(self, key: str | int, thing: Any) -> None:
        self._alive.pop(key, None)  # the newest is the last
        self._alive[key] = ref(thing, self._gone(key))

    def stand(self) -> None:
        """In place of whatever has the name, and for good."""
        self._stays = True
        sys.modules[self._name] = self.module

    def alive(self, name: str, default: Any) -> Any:
        reference = self._alive.get(name)
        thing = reference() if reference is not None else None
        return default if thing is None else thing

    def get(self, name: str, default: Any) -> Any:
        found = self.alive(name, _MISSING)
        return self.names().get(name, default) if found is _MISSING else found

    def names(self) -> dict[str, Any]:
        """What annotations of it name, and its own, which comes first."""
        alive = [(key, thing) for key, it in self._alive.copy().items() if (thing := it()) is not None]
        named = {name: value for _, thing in alive for name, value in _kept_names(thing).items()}
        return {**named, **{key: thing for key, thing in alive if isinstance(key, str) and key.isidentifier()}}

    def _gone(self, key: str | int) -> Callable[[ref[Any]], None]:
        def gone(reference: ref[Any]) -> None:
            if self._alive.get(key) is reference:
                del self._alive[key]
                if not self._alive:
                    _emptied.append(self)
                    _have_them_leave_soon()

        return gone

    def leave_if_empty(self) -> None:
        if self._alive or self._stays or _far.get(self._name) is not self:
            return
        del _far[self._name]
        if self._may_stand and sys.modules.get(self._name) is self.module:
            cloudpickle.unregister_pickle_by_value(self.module)
            del sys.modules[self._name]


class _ScopeOfOne:
    """What a class brought along, and what is alive of its module."""

    __slots__ = ("_brought", "_definitions")

    def __init__(self, thing: object, definitions: _Definitions) -> None:
        self._brought = _kept_names(thing)
        self._definitions = definitions

    def get(self, name: str, default: Any, /) -> Any:
        return self._brought[name] if name in self._brought else self._definitions.alive(name, default)


class _FarModule(ModuleType):
    __slots__ = ("__definitions",)

    def __init__(self, name: str, definitions: _Definitions) -> None:
        super().__init__(name)
        self.__definitions = definitions

    @property
    def __dict__(self) -> dict[str, Any]:  # type: ignore[override]
        """At this moment: who keeps it keeps the definitions."""
        return {**super().__dict__, **self.__definitions.names()}

    def __getattr__(self, name: str) -> Any:
        found = self.__definitions.get(name, _MISSING)
        if found is _MISSING:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}", name=name, obj=self)
        return found

    def __reduce__(self) -> tuple[Any, ...]:
        return module_named, (self.__name__,)


def _have_them_leave_soon() -> None:
    """Not now: the garbage collector may have come by in the midst of C code that looks through `sys.modules`. In a
    program whose nodes have all ended it is done when something else comes."""
    for node in running_nodes():
        with suppress(RuntimeError):  # its loop is closed
            node.scheduler.loop.call_soon_threadsafe(_have_the_emptied_leave)
            return


def _have_the_emptied_leave() -> None:
    with _lock:
        while _emptied:
            _emptied.popleft().leave_if_empty()


_MISSING: Final = object()
_lock = RLock()
_emptied: deque[_Definitions] = deque()
_far: dict[str, _Definitions] = {}
_came: WeakSet[Any] = WeakSet()
"""Classes and functions that came from elsewhere, as far as they were told where they belong."""


def stand_for_main() -> None:
    """From now on `__main__` shows what has come of other nodes' programs. For a program that has nothing in it itself,
    and is asked for nothing: its own module is found there no more."""
    _definitions_of("__main__").stand()


def module_named(name: str) -> ModuleType:
    """What stands under that name, or would."""
    return sys.modules.get(name) or _definitions_of(name).module


def scope_of(thing: type | FunctionType) -> Scope:
    """Where `thing` finds what it names: what it came with, then its module."""
    module = thing.__module__
    definitions = _far.get(module)
    if definitions is not None and thing in _came:
        return _ScopeOfOne(thing, definitions)
    found: dict[str, Any] = getattr(sys.modules.get(module), "__dict__", {})
    return found


def is_in_its_module(thing: type | FunctionType) -> bool:
    """Whether it is found there under its name."""
    first, *rest = thing.__qualname__.split(".")
    found = scope_of(thing).get(first, None)
    for name in rest:
        found = getattr(found, name, None)
    return found is thing


def names_of(kind: type, *, hints: bool = True) -> dict[str, Any]:
    """What a class that goes by value needs in its module: itself, if it is there, and what its annotations name."""
    if not module_goes_by_value(kind.__module__) and kind not in _came:
        return {}
    named = hints_in(annotations_of(kind), scope_of(kind)) if hints else {}
    names = {name: value for name, value in named.items() if value is not kind}
    return {**names, kind.__qualname__: kind} if is_in_its_module(kind) else names


def belongs(kind: type, names: dict[str, Any]) -> None:
    """A class that came, filled, with its `names_of` where it came from."""
    _came.add(kind)
    hints = {name: value for name, value in names.items() if value is not kind}
    if hints:
        type.__setattr__(kind, "__annotations__", Annotations(annotations_of(kind), hints))
    if names:
        _definitions_of(kind.__module__).add(kind, names)


def function_belongs(function: FunctionType) -> None:
    """A function that came, and is in its module."""
    _came.add(function)
    _definitions_of(function.__module__).add(function, {function.__qualname__: function})


def annotations_of(kind: type) -> dict[str, Any]:
    """Its own. Since Python 3.14 they are evaluated when they are asked for."""
    own = vars(kind)
    if "__annotate_func__" not in own:
        annotations: dict[str, Any] = own.get("__annotations__", {})
        return annotations
    try:
        return kind.__annotations__
    except Exception:  # what one of them names is not there yet
        return {}


def _kept_names(thing: object) -> dict[str, Any]:
    annotations = annotations_of(thing) if isinstance(thing, type) else None
    return annotations.names if isinstance(annotations, Annotations) else {}


def _definitions_of(module: str) -> _Definitions:
    known = _far.get(module)
    return known if known is not None else _far.setdefault(module, _Definitions(module))
