"""What marks a reference, for those who look through values and need not know more of it."""

from __future__ import annotations


class Stays:
    """Stands for a value that stays where it is; it is small, and can travel."""

    __slots__ = ()
