"""A class is not defined again where it arrives: it is made of the parts that its definition left.

What ran at its definition, `__init_subclass__` and `__set_name__` of its bases and attributes, `__new__` and `__init__`
of its metaclass, has run, where the class was defined, and with the keywords that only the class statement had. So
none of that runs over there, as far as it is the user's own: an empty class of the same shape is made (bases,
metaclass, slots), and then filled with the attributes. In between, all that refers to it can arrive.

A class that comes back is the one that left, untouched. cloudpickle gives each class that it sends an id, and whoever
receives that id again updates the class that it has. So a worker sees a method that was patched meanwhile; but
where the class was defined, its methods would be replaced by the copies that come back, and those see copies of the
notebook's variables in place of the variables themselves.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from types import GetSetDescriptorType, MemberDescriptorType
from typing import Any, Final, TypeAlias
from weakref import WeakKeyDictionary, WeakSet

from cloudpickle.cloudpickle import (
    _DYNAMIC_CLASS_TRACKER_BY_ID,
    _get_or_create_tracker_id,
    _lookup_class_or_track,
)

from beamlike.code.by_value import goes_by_value, public_class, public_module
from beamlike.code.enums import enum_attributes, enum_shape, is_enum, make_enum, members_state, set_members
from beamlike.code.far_module import belongs
from beamlike.code.generated import GENERATED
from beamlike.code.making import MAKING, OF_OTHER_PYTHONS, check_metaclass, make, make_empty, native_metaclass
from beamlike.code.reducers import Reduced

_received: WeakSet[type] = WeakSet()
_defined_here: WeakSet[type] = WeakSet()
_filled: WeakKeyDictionary[type, frozenset[str]] = WeakKeyDictionary()
"""With the attributes of which names a received class was filled last."""

_HEAP_TYPE = 1 << 9
"""Of `__flags__`: made at run time, so not a part of the interpreter."""
_OF_THE_SHAPE = frozenset({"__module__", "__orig_bases__", "__firstlineno__", "__slots__"})
_MADE_ANEW = frozenset(
    {"__weakref__", "__slotnames__", "_abc_impl", "__annotate_func__", "__annotations_cache__", "__msgspec_cache__"}
)


def class_goes_by_value(kind: type) -> bool:
    """Whether a class travels itself: one made at run time, whose name is not everybody's."""
    return bool(kind.__flags__ & _HEAP_TYPE) and goes_by_value(kind)


def reduce_class(kind: type, names: dict[str, object]) -> Reduced | None:
    """As its shape, attributes and `names_of` if it goes by value, else None, unless its name is not everybody's."""
    if not kind.__flags__ & _HEAP_TYPE:
        return None
    if not goes_by_value(kind):
        home = public_module(kind)
        return (public_class, (home, kind.__qualname__)) if home is not None else None
    if kind not in _received:
        _defined_here.add(kind)
    with MAKING:  # else it could be seen while a hook of it is another's
        return _reduced(kind, names)


def _reduced(kind: type, names_in_its_module: dict[str, object]) -> Reduced:
    names = kind.__name__, kind.__bases__, _namespace(kind)
    native = native_metaclass(kind)
    check_metaclass(kind, native, names)
    args = (_get_or_create_tracker_id(kind), native, type(kind), *names)
    in_its_module = belongs, names_in_its_module
    if is_enum(kind):
        state = enum_attributes(kind), [(set_members, members_state(kind)), in_its_module]
        return make_class, (make_enum, *args, *enum_shape(kind)), state, None, None, fill_class
    attributes = _attributes(kind)
    parts = [(put_back, take_out(kind, attributes)) for concerns, take_out, put_back in GENERATED if concerns(kind)]
    return make_class, (make, *args), (attributes, [*parts, in_its_module]), None, None, fill_class


def make_class(
    make: Callable[..., type],
    id: str,
    native: type[type],
    metaclass: type[type],
    name: str,
    bases: tuple[type, ...],
    namespace: dict[str, object],
    *shape: Any,
) -> type:
    """An empty class of this shape, or the one of that id that is here already."""
    known: type | None = _DYNAMIC_CLASS_TRACKER_BY_ID.get(id)
    if known is not None:
        return known
    made: type = _lookup_class_or_track(id, make_empty(make, native, metaclass, name, bases, namespace, *shape))
    if made not in _defined_here:
        _received.add(made)
    return made


State: TypeAlias = tuple[object, int]
"""One of a class: who sends it, and a number that grows."""


class _Filling(threading.local):
    state: State | None = None
    """Which state of a class this thread is loading, where states are told apart."""


FILLING: Final = _Filling()
_filled_by: WeakKeyDictionary[type, State] = WeakKeyDictionary()


def is_filled_by(kind: type, state: State | None, *, newer: bool = False) -> bool:
    """Whether a class is in that state, or a newer one of the same sender; if `newer`, only in a newer one."""
    known = _filled_by.get(kind)
    if known is None or state is None or known[0] is not state[0]:
        return False
    return known[1] > state[1] or (known[1] == state[1] and not newer)


def fill_class(kind: type, state: tuple[dict[str, object], list[tuple[Callable[[type, Any], None], Any]]]) -> None:
    """Fills or updates a class of another interpreter; leaves one of this interpreter as it is."""
    if kind in _defined_here or is_filled_by(kind, FILLING.state, newer=True):
        return
    attributes, parts = state
    with MAKING:  # several threads may receive it
        if FILLING.state is None:
            _filled_by.pop(kind, None)
        else:
            _filled_by[kind] = FILLING.state
        for name in _filled.get(kind, frozenset()) - attributes.keys():
            if name in vars(kind):
                type.__delattr__(kind, name)
        _filled[kind] = frozenset(attributes)
        for name, value in attributes.items():
            if name not in OF_OTHER_PYTHONS:
                type.__setattr__(kind, name, value)
        for put_back, part in parts:
            put_back(kind, part)


def _namespace(kind: type) -> dict[str, object]:
    namespace = {name: vars(kind)[name] for name in _OF_THE_SHAPE if name in vars(kind)}
    namespace["__qualname__"] = kind.__qualname__
    if "__slots__" in namespace:
        namespace["__slots__"] = tuple(_slots(kind))
    return namespace


def _slots(kind: type) -> Iterator[str]:
    """As the class has them, with the names of private ones in full."""
    for name, value in vars(kind).items():
        if isinstance(value, MemberDescriptorType | GetSetDescriptorType) and value.__objclass__ is kind:
            yield name


def _attributes(kind: type) -> dict[str, object]:
    made_with_the_slots = set(_slots(kind))
    attributes = {
        name: value for name, value in vars(kind).items() if name not in _MADE_ANEW and name not in made_with_the_slots
    }
    for name in _OF_THE_SHAPE - {"__slots__"}:
        attributes.pop(name, None)
    if "__annotate_func__" in vars(kind):  # Python 3.14's, whose closure is the namespace of the class statement
        attributes["__annotations__"] = kind.__annotations__
    return attributes
