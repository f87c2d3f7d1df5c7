"""A value in a few words, told without running anything of its own: no `__repr__`, no property, no `__len__`.

What the interpreter made itself is written out; of any other object its class and what lies in its dictionary.
"""

from __future__ import annotations

import datetime
import decimal
import fractions
import pathlib
import uuid
from collections import deque
from collections.abc import Iterable, Iterator
from itertools import islice
from types import FunctionType
from typing import Any, Final

from notebook_tui.runtime.columns import columns
from notebook_tui.runtime.live import is_exactly, kind_of, own_attributes, type_name
from notebook_tui.runtime.measured import dtype_text, is_of, module_name

LIMIT: Final = 80
_MORE: Final = "…"
_PLAIN: Final = (bool, float, complex, type(None), type(Ellipsis), range)
_WRITTEN: Final = (
    *(datetime.datetime, datetime.date, datetime.time, datetime.timedelta, decimal.Decimal, fractions.Fraction),
    *(pathlib.PosixPath, uuid.UUID),
)
"""Of the standard library, and written by it."""
_LARGE: Final = 400
"""Bits of an integer, beyond which writing it out takes long."""


def preview(value: object, limit: int = LIMIT, entries: int = 6, depth: int = 2) -> str:
    """At most `limit` characters, with so many entries of a container, and containers in it so deep.

    >>> preview([1, "a", [2, [3]]]), preview({"a": 1.5})
    ("[1, 'a', [2, […]]]", "{'a': 1.5}")
    >>> class Odd:
    ...     def __init__(self): self.x = 1
    ...     def __repr__(self): raise RuntimeError
    >>> preview(Odd())
    'Odd(x=1)'
    """
    try:
        text = _Writer(limit, entries).text(value, depth)
    except RuntimeError:  # a cell changes it meanwhile, in its own thread
        text = f"<{type_name(value)}>"
    return text if len(text) <= limit else text[: limit - 1] + _MORE


def named(value: Any) -> str:
    """A function, class or module in a value, by its name where that is certainly a name.

    >>> named(preview), named(int), named(print)
    ('preview()', 'int', '<builtin_function_or_method>')
    """
    if type(value) is FunctionType:
        return f"{value.__name__}()"
    if issubclass(type(value), type):
        return str(type.__dict__["__name__"].__get__(value))
    return f"<{type_name(value)}>"


class _Writer:
    def __init__(self, limit: int, entries: int) -> None:
        self._left = limit
        self._entries = entries

    def text(self, value: object, depth: int) -> str:
        text = self._text(value, depth)
        self._left -= len(text)
        return text

    def _text(self, value: Any, depth: int) -> str:
        if is_exactly(value, _PLAIN) or is_exactly(value, _WRITTEN):
            return repr(value)
        if type(value) is int:
            return repr(value) if value.bit_length() <= _LARGE else f"<int of {value.bit_length():,} bits>"
        if is_exactly(value, (str, bytes, bytearray)):
            room = max(8, self._left)
            return repr(value[:room]) + (_MORE if len(value) > room else "")
        if is_exactly(value, (list, tuple, set, frozenset, deque)):
            return self._sequence(value, depth)
        if type(value) is dict:
            pairs = ((self.text(key, 0), item) for key, item in self._some(dict.items(value)))
            return "{" + self._joined(((f"{key}: ", item) for key, item in pairs), len(value), depth) + "}"
        return self._other(value, depth)

    def _sequence(self, value: Any, depth: int) -> str:
        open, close = "[]" if type(value) is list else "()" if type(value) is tuple else "{}"
        name = "" if is_exactly(value, (list, tuple, set)) else type_name(value)
        inside = self._joined((("", item) for item in self._some(value)), len(value), depth)
        if type(value) is tuple and len(value) == 1:
            inside += ","
        return f"{name}({inside})" if name else f"{open}{inside}{close}"

    def _some(self, values: Iterable[Any]) -> list[Any]:
        return list(islice(values, self._entries))

    def _joined(self, named: Iterator[tuple[str, object]], count: int, depth: int) -> str:
        if depth <= 0:
            return _MORE if count else ""
        parts: list[str] = []
        for name, item in named:
            if self._left <= 0:
                break
            parts.append(name + self.text(item, depth - 1))
        return ", ".join([*parts, _MORE] if len(parts) < count else parts)

    def _other(self, value: Any, depth: int) -> str:
        if (dtype := dtype_text(value)) or (columns_ := columns(value)):
            return f"{dtype} {self._items(value)}".strip() if dtype else ", ".join(map(str, columns_[:30]))
        if module_name(value) == "numpy" and "generic" in [one.__name__ for one in type.mro(type(value))]:
            return repr(value.item())[: self._left] if is_exactly(value.item(), (bool, int, float, complex)) else ""
        if kind_of(value, otherwise="variable") != "variable":
            return named(value)
        own = [(name, item) for name, item in own_attributes(value) if type(name) is str and name[:1] != "_"]
        fields = ((f"{name}=", item) for name, item in own[: self._entries])
        return f"{type_name(value)}({self._joined(fields, len(own), depth)})"

    def _items(self, array: Any) -> str:
        """The first of an array of numbers."""
        if not is_of("numpy", "ndarray", type(array)) or array.dtype.kind not in "biufc":
            return ""
        items = array.flat[: self._entries].tolist()
        more = f", {_MORE}" if array.size > len(items) else ""
        return f"[{', '.join(format(item, '.6g') if type(item) is float else str(item) for item in items)}{more}]"
