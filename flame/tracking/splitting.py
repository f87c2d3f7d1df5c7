"""Splits a result: what can travel goes, what cannot or is too large is replaced by what `keep` makes of it.

The parts of tuples, lists and dicts are looked at one by one, those of anything else go or stay together. If many
small parts are too large together, their compound stays as a whole, in place of a reference for each.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from beamlike.kernel.record import frozen
from flame.tracking.measured import TooLarge, measured
from flame.tracking.sizes import ATOMS, ITEM, REFERENCE, estimated_size, known_size, size_of_atoms
from flame.tracking.stays import Stays

WORTH_A_REFERENCE: Final = 8
"""A part that is no more than the limit by this stays only with the compound it is in."""

MOST_PARTS: Final = 10_000
"""A value of more compounds and unknown parts, or with more in one, is not looked through: it goes or stays whole."""


@frozen
class Part:
    """What stands for a part of the value: itself, or with other parts in it, or a reference."""

    value: Any
    size: int
    original: Any
    """Held, so that no other object gets its id."""

    @property
    def is_kept(self) -> bool:
        return isinstance(self.value, Stays)


class _TooTangled(Exception):
    """A compound holds itself, or there are too many parts."""


def split(value: Any, limit: int, keep: Callable[[Any], Any]) -> Any:
    """`value`, itself or with other parts, of at most about `limit` bytes. It is not changed.

    >>> split(({"small": 1}, b"x" * 1000), 500, keep=lambda value: f"{len(value)} bytes, kept")
    ({'small': 1}, '1000 bytes, kept')
    """
    try:
        return _Split(limit, keep).part(value).value
    except (_TooTangled, RecursionError):
        return value if _size(value, limit) is not None else keep(value)


class _Split:
    def __init__(self, limit: int, keep: Callable[[Any], Any]) -> None:
        self._limit = limit
        self._keep = keep
        self._parts: dict[int, Part] = {}
        self._open: set[int] = set()

    def part(self, value: Any) -> Part:
        if type(value) in ATOMS and (size := known_size(value) or 0) * WORTH_A_REFERENCE < self._limit:
            return Part(value, size, value)
        known = self._parts.get(id(value))
        if known is None:
            if id(value) in self._open or len(self._parts) > MOST_PARTS:
                raise _TooTangled
            self._open.add(id(value))
            known = self._parts[id(value)] = self._new_part(value)
            self._open.discard(id(value))
        return known

    def _new_part(self, value: Any) -> Part:
        kind = type(value)
        if kind is dict:
            return self._of_dict(value)
        if kind is list or kind is tuple or _is_named_tuple(value):
            return self._of_sequence(value)
        size = _size(value, self._limit)
        return self._kept(value) if size is None else Part(value, size, value)

    def _kept(self, value: Any) -> Part:
        return Part(self._keep(value), REFERENCE, value)

    def _of_sequence(self, value: Any) -> Part:
        fitted = self._fitted(value)
        if fitted is None:
            return self._kept(value)
        parts, size = fitted
        if all(new is old for new, old in zip(parts, value, strict=True)):
            return Part(value, size, value)
        kind = type(value)
        return Part(kind(parts) if kind in (list, tuple) else kind._make(parts), size, value)

    def _of_dict(self, value: dict[Any, Any]) -> Part:
        size_of_keys = _size(tuple(value), self._limit)
        fitted = None if size_of_keys is None else self._fitted(list(value.values()), size_of_keys)
        if fitted is None:
            return self._kept(value)
        parts, size = fitted
        if all(new is old for new, old in zip(parts, value.values(), strict=True)):
            return Part(value, size, value)
        return Part(dict(zip(value, parts, strict=True)), size, value)

    def _fitted(self, values: Any, beside: int = 0) -> tuple[Any, int] | None:
        """What stands for each of them, and their size with what is `beside` them; None if they are too many to fit,
        however large each is."""
        beside += ITEM * len(values)
        atoms = size_of_atoms(values)
        if atoms is not None and atoms + beside <= self._limit:
            return values, atoms + beside
        if len(values) > MOST_PARTS:
            if atoms is not None:
                return None
            raise _TooTangled
        parts = [self.part(value) for value in values]
        size = sum(part.size for part in parts) + beside
        for number in sorted(range(len(parts)), key=lambda number: -parts[number].size):
            if size <= self._limit:
                break
            if parts[number].is_kept or parts[number].size * WORTH_A_REFERENCE < self._limit:
                return None
            size += REFERENCE - parts[number].size
            parts[number] = self._kept(parts[number].original)
        return ([part.value for part in parts], size) if size <= self._limit else None


def _size(value: Any, limit: int) -> int | None:
    """About, in bytes; None if it cannot travel, or is larger than `limit`."""
    size = known_size(value)
    if size is None:
        size = estimated_size(value)
    if size is not None:
        return size if size <= limit else None
    try:
        return measured(value, limit)
    except TooLarge:
        return None


def _is_named_tuple(value: Any) -> bool:
    return isinstance(value, tuple) and hasattr(value, "_make")
