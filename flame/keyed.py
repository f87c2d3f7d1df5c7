"""Values that a runner makes once for each key, such as a model that was loaded, and lends to each call of that key."""

from __future__ import annotations

import functools
from collections.abc import Callable, Hashable
from types import BuiltinFunctionType, FunctionType
from typing import Any, Protocol, TypeAlias

from flame.keys import Key, Keys
from flame.outcome import Outcome, Returned

Take: TypeAlias = Callable[[Outcome], None]
"""Gets the value as Returned, or why there is none."""


class Begin(Protocol):
    def __call__(self, function: Callable[..., Any], args: tuple[Any, ...], *, then: Take) -> object: ...


class _Value:
    __slots__ = ("evicted", "init", "made", "takers")

    def __init__(self, init: Callable[..., Any]) -> None:
        self.init = init
        self.made: Returned | None = None
        self.takers: list[Take] = []
        self.evicted = False


class KeyedValues:
    """For one thread."""

    def __init__(self) -> None:
        self._keys = Keys()
        self._values: dict[Key, _Value] = {}

    def get(self, key: Hashable, init: Callable[..., Any], begin: Begin, take: Take) -> None:
        """Has `take` get what `init(key)` returns, or has returned before. One that fails is called again the next
        time; another `init` than before, as after an edit, makes the value anew. `begin` has a function performed.
        Raises what the comparison with another key raises."""
        known = self._keys.of(key)
        value = self._values.get(known)
        if value is not None:
            value.evicted = False
        if value is None or not _is_same(value.init, init):
            value = self._values[known] = _Value(init)
            value.takers.append(take)
            begin(init, (key,), then=lambda outcome: self._made(known, value, outcome))
        elif value.made is None:
            value.takers.append(take)
        else:
            take(value.made)

    def evict(self, key: Hashable) -> None:
        """Forgets the value, which goes once the calls that use it have ended."""
        known = self._keys.of(key)
        value = self._values.get(known)
        if value is None:
            return
        value.evicted = True
        if value.made is not None:
            del self._values[known]

    def _made(self, key: Key, value: _Value, outcome: Outcome) -> None:
        if isinstance(outcome, Returned):
            value.made = outcome
        if (value.made is None or value.evicted) and self._values.get(key) is value:
            del self._values[key]
        takers, value.takers = value.takers, []
        for take in takers:
            take(outcome)


def _is_same(one: Callable[..., Any], other: Callable[..., Any]) -> bool:
    """A function that travels twice may come as two objects."""
    if one is other or type(one) is not type(other):
        return one is other
    if isinstance(one, FunctionType) and isinstance(other, FunctionType):
        return one.__code__ == other.__code__ and one.__qualname__ == other.__qualname__
    if isinstance(one, functools.partial) and isinstance(other, functools.partial):
        return _is_same(one.func, other.func) and _are_equal((one.args, one.keywords), (other.args, other.keywords))
    return not isinstance(one, BuiltinFunctionType | type)  # these come as what they are


def _are_equal(one: object, other: object) -> bool:
    try:
        return bool(one == other)
    except Exception:  # they are the user's objects, such as arrays
        return False
