"""What a class of servers may not define, since it would only come to light when a server starts, or not at all."""

from __future__ import annotations

from typing import TypeVar

from beamlike.behaviours.servers.callbacks import Callbacks
from beamlike.behaviours.servers.typed_calls import TypedMethod

S = TypeVar("S", bound=Callbacks)


def check_class(cls: type[Callbacks], behaviour: type[Callbacks]) -> None:
    """TypeError for a class with an `__init__`, or with typed calls whose names `behaviour` needs for itself."""
    own = vars(cls)
    if "__init__" in own and "__dataclass_fields__" not in own:  # that of a dataclass was not written by its author
        raise TypeError(
            f"expected no __init__ in {cls.__name__}: a GenServer prepares its state in init(self, ...), "
            "which gets the arguments of start"
        )
    reserved = sorted(name for name in dir(behaviour) if not name.startswith("_"))
    taken = [name for name, value in own.items() if isinstance(value, TypedMethod) and name in reserved]
    if taken:
        raise TypeError(
            f"expected other names for typed calls of {cls.__name__} than {', '.join(taken)}: "
            f"every GenServer has {', '.join(reserved)} already"
        )


def made(cls: type[S]) -> S:
    """An object of the class, before its `init`."""
    try:
        return cls()
    except TypeError as error:
        raise TypeError(
            f"expected {cls.__name__}() to need no arguments: a GenServer prepares its state in init(self, ...)"
        ) from error
