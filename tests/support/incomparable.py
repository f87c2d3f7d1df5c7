"""Bytes for tests of constant-time comparison."""

from __future__ import annotations


class Incomparable(bytes):
    """Bytes that must not be compared by ==, which tells by its time how much of a guess fits."""

    __hash__ = bytes.__hash__

    def __eq__(self, other: object) -> bool:
        raise AssertionError("compared by == or !=")

    __ne__ = __eq__
