"""About how many bytes a value takes on its way, told quickly by what it is: nothing is pickled or copied for it."""

from __future__ import annotations

import array
import dataclasses
import pickle
from collections.abc import Collection
from itertools import chain
from typing import Any, Final

import beamlike as bl
from flame.tracking.stays import Stays

REFERENCE: Final = 400
"""Of a reference."""
ITEM: Final = 9
"""Of a number, and beside each part of a compound."""
MOST_PARTS: Final = 100_000
"""Of a value with more parts that are no plain ones the size is not told."""

_NUMBERS: Final = frozenset({type(None), bool, int, float, complex})
_TEXTS: Final = frozenset({str, bytes, bytearray})
ATOMS: Final = _NUMBERS | _TEXTS
_COMPOUNDS: Final = frozenset({tuple, list, set, frozenset})
_AS_OBJECT: Final = (object.__reduce__, object.__reduce_ex__)
_LIBRARIES: Final = frozenset({"numpy", "pandas", "polars", "pyarrow", "torch"})


def known_size(value: Any) -> int | None:
    """Of what surely travels and has no parts: atoms, buffers, arrays and tables. None for anything else.

    >>> known_size(b"x" * 1000), known_size(1.5), known_size([1]), known_size(print)
    (1000, 9, None, None)
    """
    kind = type(value)
    if kind is int:
        return max(ITEM, int(value).bit_length() // 8)
    if kind in _NUMBERS:
        return ITEM
    if kind in _TEXTS:
        return len(value)  # type: ignore[no-any-return]  # one of three types that mypy cannot see here
    if isinstance(value, Stays | bl.Pid | bl.Ref):
        return REFERENCE
    if kind is array.array:
        return len(value) * int(value.itemsize)
    if kind is pickle.PickleBuffer:
        return int(value.raw().nbytes)
    return _size_of_data(value) if kind.__module__.partition(".")[0] in _LIBRARIES else None


def size_of_atoms(values: Collection[Any]) -> int | None:
    """Of all of them; None if some are no atoms, which is found out quickly even for millions.

    >>> size_of_atoms([1, 2, "abc"]), size_of_atoms([1, []])
    (21, None)
    """
    kinds = set(map(type, values))
    if not kinds <= ATOMS:
        return None
    if kinds <= _NUMBERS:
        return ITEM * len(values)
    if kinds <= _TEXTS:
        return sum(map(len, values))
    return sum(len(value) if type(value) in _TEXTS else ITEM for value in values)


def estimated_size(value: Any) -> int | None:
    """Also of tuples, lists, dicts, sets and dataclasses, which is the sum of their parts. None if a part is unknown.

    >>> estimated_size({"a": [b"x" * 1000, 2]}), estimated_size([print])
    (1046, None)
    """
    parts, met, size = [value], {id(value)}, 0
    for part in parts:
        inner = parts_of(part)
        if inner is None:
            known = known_size(part)
            if known is None:
                return None
            size += known
            continue
        size += ITEM * len(inner)
        atoms = size_of_atoms(inner)
        if atoms is not None:
            size += atoms
            continue
        new = [one for one in inner if id(one) not in met]
        met.update(map(id, new))
        parts += new
        if len(parts) > MOST_PARTS:
            return None
    return size


def parts_of(value: Any) -> list[Any] | None:
    """The parts of a compound, None if it is none: keys and values of a dict, the fields of a dataclass."""
    kind = type(value)
    if kind is dict:
        return list(chain(value, value.values()))
    if kind in _COMPOUNDS or hasattr(kind, "_make"):
        return list(value)
    if dataclasses.is_dataclass(kind) and (kind.__reduce__, kind.__reduce_ex__) == _AS_OBJECT:
        return _fields(value)
    return None


def _fields(value: Any) -> list[Any] | None:
    """None if there is more in it than its fields."""
    names = {field.name for field in dataclasses.fields(value)}
    if not names.issuperset(getattr(value, "__dict__", ())):
        return None
    return [getattr(value, name, None) for name in names]


def _size_of_data(value: Any) -> int | None:
    """Of an array or a table; None for other things of those libraries, and for arrays of objects."""
    if getattr(getattr(value, "dtype", None), "hasobject", False):
        return None
    size = getattr(value, "nbytes", None)
    if isinstance(size, int):
        return size
    for name in ("estimated_size", "memory_usage"):  # polars; pandas, per column
        method = getattr(value, name, None)
        if callable(method):
            told = method() if name == "estimated_size" else method(deep=True)
            return int(getattr(told, "sum", lambda told=told: told)())
    return None
