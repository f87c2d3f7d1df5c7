"""Values that a runner makes once for each key, such as a model that was loaded, and lends to each call of that key.

There are at most so many; the one that was used longest ago goes first, once the calls that use it have ended.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, Final, Protocol, TypeAlias

from flame.errand import CALLED_OFF
from flame.inits import is_same
from flame.keys import Key, Keys
from flame.outcome import Outcome, Returned

Take: TypeAlias = Callable[[Outcome], None]
"""Gets the value as Returned, or why there is none."""

MOST_VALUES: Final = 256
"""So many values a runner keeps, unless its pool says otherwise."""


class Making(Protocol):
    """A function that was begun."""

    def call_off(self) -> None: ...


class Begin(Protocol):
    def __call__(self, function: Callable[..., Any], args: tuple[Any, ...], *, then: Take) -> Making: ...


class _Value:
    __slots__ = ("evicted", "init", "made", "making", "takers")

    def __init__(self, init: Callable[..., Any]) -> None:
        self.init = init
        self.made: Returned | None = None
        self.making: Making | None = None
        self.takers: list[Take] = []
        self.evicted = False


class Wait:
    """Of one who waits for a value that is being made."""

    __slots__ = ("_key", "_take", "_value", "_values")

    def __init__(self, values: KeyedValues, key: Key, value: _Value, take: Take) -> None:
        self._values = values
        self._key = key
        self._value = value
        self._take = take

    def call_off(self) -> None:
        """It is told CALLED_OFF: at once, if others wait for the value, too. If not, nobody needs it: what makes it is
        called off, and it is told when that has ended."""
        self._values._leave(self._key, self._value, self._take)


class KeyedValues:
    """For one thread."""

    def __init__(self, most: int = MOST_VALUES) -> None:
        self._most = most
        self._keys = Keys()
        self._values: OrderedDict[Key, _Value] = OrderedDict()

    def get(self, key: Hashable, init: Callable[..., Any], begin: Begin, take: Take) -> Wait | None:
        """Has `take` get what `init(key)` returns, or has returned before. One that fails is called again the next
        time; another `init` than before, as after an edit, makes the value anew. `begin` has a function performed.
        Raises what the comparison with another key raises. None if the value was there."""
        known = self._keys.of(key)
        value = self._values.get(known)
        if value is not None:
            value.evicted = False
            self._values.move_to_end(known)
        if value is None or not is_same(value.init, init):
            value = self._values[known] = _Value(init)
            value.takers.append(take)
            self._forget_oldest()
            value.making = begin(init, (key,), then=lambda outcome: self._made(known, value, outcome))
        elif value.made is None:
            value.takers.append(take)
        else:
            take(value.made)
            return None
        return Wait(self, known, value, take)

    def evict(self, key: Hashable) -> None:
        """Forgets the value, which goes once the calls that use it have ended."""
        known = self._keys.of(key)
        value = self._values.get(known)
        if value is None:
            return
        value.evicted = True
        if value.made is not None:
            del self._values[known]

    def _forget_oldest(self) -> None:
        """What is being made does not count: there is a call for each."""
        made = [key for key, value in self._values.items() if value.made is not None]
        for key in made[: max(0, len(self._values) - self._most)]:
            del self._values[key]

    def _leave(self, key: Key, value: _Value, take: Take) -> None:
        if take not in value.takers:
            return
        if len(value.takers) > 1:
            value.takers.remove(take)
            take(CALLED_OFF)
            return
        if self._values.get(key) is value:  # who comes now has it made anew
            del self._values[key]
        if value.making is not None:
            value.making.call_off()

    def _made(self, key: Key, value: _Value, outcome: Outcome) -> None:
        if isinstance(outcome, Returned):
            value.made = outcome
        if (value.made is None or value.evicted) and self._values.get(key) is value:
            del self._values[key]
        takers, value.takers = value.takers, []
        for take in takers:
            take(outcome)
