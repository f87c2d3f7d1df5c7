"""Which values of the cells above a run has changed in place, as far as their fingerprints tell at small cost.

A list that a cell appends to is the same object for everybody: what reads it below is out of date, though nobody has
bound its name.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Final

from notebook_tui.runtime.fingerprint import fingerprints

PARTS: Final = 4_000
"""Of all values together: what is beyond that is not looked at."""


class Contents:
    """The contents of what `names` stand for, as far as they can change; those that are `likely` to be looked at first.

    >>> names = {"a": [1], "b": {}, "c": "text"}
    >>> contents = Contents(names, lambda name: True)
    >>> names["a"].append(2)
    >>> list(contents.changed())
    ['a']
    """

    def __init__(self, names: Mapping[str, object], likely: Callable[[str], bool]) -> None:
        kinds = _mutable()
        values = [(name, value) for name, value in names.items() if type(value) in kinds]
        values.sort(key=lambda item: not likely(item[0]))
        self._values = dict(values)
        self._before = fingerprints(values, PARTS)

    def changed(self) -> dict[str, str]:
        """The names of the values that have changed since, with their fingerprints as they are now."""
        known = [(name, self._values[name]) for name, before in self._before.items() if before]
        return {name: now for name, now in fingerprints(known, PARTS).items() if now != self._before[name]}


def _mutable() -> frozenset[type]:
    numpy = sys.modules.get("numpy")
    array = getattr(numpy, "ndarray", None)
    return frozenset({list, dict, set, bytearray, tuple, *([array] if isinstance(array, type) else ())})
