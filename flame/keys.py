"""Keys that users give, each with one that stands for it and is compared by what it is.

So their own __eq__ and __hash__ run where a key comes in, and nowhere else: a call that brings one which cannot be
compared fails by itself, and nothing that is under way does.
"""

from __future__ import annotations

from collections.abc import Hashable
from weakref import WeakValueDictionary


class Key:
    """Stands for `value`."""

    __slots__ = ("__weakref__", "value")

    def __init__(self, value: Hashable) -> None:
        self.value = value


class Keys:
    """One Key for all values that are equal, as long as somebody has it.

    >>> keys = Keys()
    >>> key = keys.of("a")
    >>> keys.of("a") is key, keys.of("b") is key
    (True, False)
    """

    def __init__(self) -> None:
        self._keys: WeakValueDictionary[Hashable, Key] = WeakValueDictionary()

    def of(self, value: Hashable) -> Key:
        """Raises what the comparison with another value raises."""
        key = self._keys.get(value)
        if key is None:
            key = self._keys[value] = Key(value)
        return key
