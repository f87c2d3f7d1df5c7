"""A class that comes back is the one that left, untouched.

cloudpickle gives each class that it sends an id, and whoever receives that id again updates the class that it has. So
a worker sees a method that was patched meanwhile; but where the class was defined, its methods would be replaced
by the copies that come back, and those see copies of the notebook's variables in place of the variables themselves.

It also makes a class anew whenever one arrives and then drops it for the known one; an `__init_subclass__` or a
metaclass that registers classes would register the dropped ones.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias
from weakref import WeakSet

from cloudpickle.cloudpickle import _DYNAMIC_CLASS_TRACKER_BY_ID, _make_skeleton_class

from beamlike.code.reducers import Reduced

ClassState: TypeAlias = tuple[dict[str, Any], dict[str, Any]]

_received: WeakSet[type] = WeakSet()
_defined_here: WeakSet[type] = WeakSet()


def reduced_class(kind: type, reduced: Reduced) -> Reduced:
    """What cloudpickle makes of a class that goes by value, with our own way to make and to fill it."""
    if kind not in _received:
        _defined_here.add(kind)
    make, args, state, items, pairs, fill = reduced
    if make is _make_skeleton_class:  # which forgets in what a class is nested
        args[3]["__qualname__"] = kind.__qualname__
    return make_class, (make, *args), (fill, state), items, pairs, set_class_state


def make_class(make: Callable[..., type], *args: Any) -> type:
    """The class that `make(*args)` would make, or the one of that id that is here already."""
    *_, id, _ = args
    known: type | None = _DYNAMIC_CLASS_TRACKER_BY_ID.get(id)
    return make(*args) if known is None else known


def set_class_state(kind: type, fill_and_state: tuple[Any, ClassState]) -> None:
    """Fills or updates a class of another interpreter; leaves one of this interpreter as it is."""
    if kind in _defined_here:
        return
    _received.add(kind)
    fill, state = fill_and_state
    fill(kind, state)
